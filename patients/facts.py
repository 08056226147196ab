"""What is known of subjects: the one way in which derivations, checks and reports read captured data.

Two questions of time are kept apart. `as_of` is an instant of recording: what the database held then.
`cutoff` is a clinical day: what happened later is left out, whenever it was recorded.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar, cast

from django.apps import apps
from django.db.models import Model

from patients.fields import ClinicalField, instead_of
from patients.models import Allocation, CaseReportForm, Cycle, Row, Subject, Visit
from patients.reading import attach, clinical_span, forget_after, read
from trials.audit import clock
from trials.models import StudySetting
from trials.text import plain

F = TypeVar("F", bound=CaseReportForm)
T = TypeVar("T")


@dataclass(frozen=True)
class Moment:
    """When a derivation looks: an instant of recording (None: now), a clinical day (None: no limit)."""

    as_of: datetime | None = None
    cutoff: date | None = None


NOW = Moment()


@dataclass(frozen=True)
class Source:
    """A value that a derivation rests on, and where it stands.

    `row` is the section and number of a row, empty for a question of the form itself.
    """

    subject: str
    form: str
    path: str
    record_id: int
    repeat: int
    visit: str | None
    row: str
    field: str
    question: str
    value: str
    day: str | None

    def __str__(self) -> str:
        place = " ".join(part for part in (self.form, self.visit, f"#{self.repeat}", self.row) if part)
        return f"{self.question}: {self.value} ({place})"


def source(form: CaseReportForm, field: str, row: Row | None = None) -> Source:
    """The place of one answer: of the form, or of one of its rows."""
    holder: Any = row if row is not None else form
    known = holder._meta.get_field(field)
    span = clinical_span(form)
    written = span and (str(span[0]) if span[0] == span[1] else getattr(form, form.form.dated_by))
    visit = form.visit
    return Source(
        subject=form.subject.code,
        form=form.form.oid,
        path=form.form.path,
        record_id=form.pk,
        repeat=form.repeat,
        visit=visit.code if visit else None,
        row=f"{_section_of(form, row)} {row.repeat}" if row is not None else "",
        field=field,
        question=str(known.verbose_name),
        value=_quoted(known, getattr(holder, field)),
        day=written,
    )


def _quoted(field: Any, value: Any) -> str:
    """An answer as a derivation quotes it, to every reader: one that may identify stands on its form only."""
    identifying = isinstance(field, ClinicalField) and field.meaning.identifying
    return shown_answer(instead_of(field, value) if identifying else value)


def source_of_day(
    subject: Subject, path: str, key: int, visit: str | None, field: str, question: str, day: date
) -> Source:
    """The place of a day that stands on no form: of a visit, of the allocation."""
    return Source(
        subject=subject.code,
        form="",
        path=path,
        record_id=key,
        repeat=1,
        visit=visit,
        row="",
        field=field,
        question=question,
        value=str(day),
        day=str(day),
    )


def _section_of(form: CaseReportForm, row: Row) -> str:
    label = row._meta.label
    return next((name for name, model in form.form.rows.items() if model == label), "")


def shown_answer(value: Any) -> str:
    """An answer as text: a protocol item by its code, nothing as a dash."""
    if value is None:
        return "—"
    if isinstance(value, Model):
        return str(getattr(value, "code", value))
    return plain(value) if isinstance(value, Decimal) else str(value)


class Facts:
    """The forms of some subjects as they stood at a moment; each kind is read once, for all of them.

    Whatever is asked of it is read from these forms: nothing is written, and nothing read is saved again.
    Make a new one after something was written.
    """

    def __init__(self, subjects: Iterable[Subject], moment: Moment = NOW) -> None:
        self.subjects = {subject.pk: subject for subject in subjects}
        self.moment = moment
        self._forms: dict[type[Model], dict[int, list[Any]]] = {}
        self._by_key: dict[type[Model], dict[int, Any]] = {}
        self._rows: dict[type[Model], dict[int, list[Any]]] = {}
        self._derived: dict[tuple[Any, int], Any] = {}
        self._settings: dict[int, dict[str, StudySetting]] | None = None

    @cached_property
    def without_cutoff(self) -> "Facts":
        """The same subjects at the same instant of recording, up to any day."""
        if self.moment.cutoff is None:
            return self
        return Facts(self.subjects.values(), Moment(as_of=self.moment.as_of))

    def forms(self, model: type[F], subject: Subject) -> list[F]:
        """The subject's forms of one kind that are not in error: in order of their day, undated ones last."""
        if model not in self._forms:
            self._read_forms(model)
        return self._forms[model].get(subject.pk, [])

    def rows(self, form: CaseReportForm, name: str) -> list[Any]:
        """The rows of a form that are not in error, in their order."""
        model = apps.get_model(form.form.rows[name])
        if model not in self._rows:
            self._read_rows(model, type(form))
        return self._rows[model].get(form.pk, [])

    def visits(self, subject: Subject) -> list[Visit]:
        """The subject's visits, planned ones among them, in the order in which they were planned."""
        return self._plain(Visit).get(subject.pk, [])

    def cycles(self, subject: Subject) -> list[Cycle]:
        """The subject's cycles by their number."""
        return sorted(self._plain(Cycle).get(subject.pk, []), key=lambda cycle: cycle.number)

    def allocation(self, subject: Subject) -> Allocation | None:
        """The subject's allocation; None before randomization, and where it lies after the cutoff."""
        found = self._plain(Allocation).get(subject.pk, [])
        cutoff = self.moment.cutoff
        return next((each for each in found if cutoff is None or each.randomized_on <= cutoff), None)

    def today(self, subject: Subject) -> date:
        """The cutoff, or else the present day at the subject's site."""
        return self.moment.cutoff or clock.today(subject.site.time_zone)

    def once(self, derive: Callable[["Facts", Subject], T], subject: Subject) -> T:
        """What a derivation finds for a subject, found once however many checks ask."""
        key = derive, subject.pk
        if key not in self._derived:
            self._derived[key] = derive(self, subject)
        return cast("T", self._derived[key])

    def setting(self, subject: Subject, key: str) -> Any:
        """The value of a setting of the subject's study; None where the study does not have it."""
        found = self._setting(subject, key)
        return found.value if found is not None else None

    def setting_in_words(self, subject: Subject, key: str) -> str:
        """What a setting of the subject's study says; where the study does not have it, that."""
        found = self._setting(subject, key)
        return found.in_words() if found is not None else f"The study does not have the setting {key}."

    def _setting(self, subject: Subject, key: str) -> StudySetting | None:
        if self._settings is None:
            self._settings = self._read_settings()
        return self._settings.get(subject.study_id, {}).get(key)

    def _plain(self, model: Any) -> dict[int, list[Any]]:
        if model not in self._forms:
            found = read(model, self.moment.as_of, subject_id__in=list(self.subjects))
            self._place(model, found)
            attach(found, model, self._related(model))
        return self._forms[model]

    def _read_forms(self, model: Any) -> None:
        found = read(model, self.moment.as_of, subject_id__in=list(self.subjects))
        found = [form for form in found if not form.entered_in_error]
        self._plain(Visit)
        self._attach_visits(found)
        if self.moment.cutoff is not None:
            found = forget_after(found, self.moment.cutoff)
        found.sort(key=lambda form: ((clinical_span(form) or (date.max,))[0], form.pk))
        self._place(model, found)
        attach(found, model, self._related(model))

    def _attach_visits(self, found: Sequence[Any]) -> None:
        visits = self._by_key[Visit]
        for form in found:
            form.visit = visits.get(form.visit_id) if form.visit_id else None

    def _read_rows(self, model: Any, parent: Any) -> None:
        if parent not in self._forms:
            self._read_forms(parent)
        forms = self._by_key[parent]
        found = read(model, self.moment.as_of, parent__subject_id__in=list(self.subjects), parents=forms)
        found = [row for row in found if not row.entered_in_error and row.parent_id in forms]
        if self.moment.cutoff is not None:
            found = forget_after(found, self.moment.cutoff)
        found.sort(key=lambda row: (row.parent_id, row.repeat))
        by_form: dict[int, list[Any]] = defaultdict(list)
        for row in found:
            row.parent = forms[row.parent_id]
            by_form[row.parent_id].append(row)
        self._rows[model] = by_form
        attach(found, model, self._related(model))

    def _place(self, model: Any, found: Sequence[Any]) -> None:
        by_subject: dict[int, list[Any]] = defaultdict(list)
        for each in found:
            each.subject = self.subjects[each.subject_id]
            by_subject[each.subject_id].append(each)
        self._forms[model] = by_subject
        self._by_key[model] = {each.pk: each for each in found}

    def _related(self, model: Any) -> Any:
        """Forms that this kind refers to, by key: a lesion, an adverse event."""

        def records(target: type[Model]) -> dict[int, Any]:
            if target not in self._by_key:
                self._read_forms(target)
            return self._by_key[target]

        return records

    def _read_settings(self) -> dict[int, dict[str, StudySetting]]:
        studies = {subject.study_id for subject in self.subjects.values()}
        settings: dict[int, dict[str, StudySetting]] = defaultdict(dict)
        for each in read(StudySetting, self.moment.as_of, study_id__in=list(studies)):
            settings[each.study_id][each.key] = each
        return settings
