"""Import many forms of one kind: all of them or none, one event for each casebook, written in sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, QuerySet

from patients.actions.answers import Answers, Context, clean_form, context_of
from patients.actions.closed import why_closed
from patients.actions.effects import take_effect
from patients.actions.entry import (
    NOT_DONE_REASON_LENGTH,
    asked_content,
    check_visit,
    fill,
    prepare,
    rows_to_save,
)
from patients.derivations.known import Known
from patients.forms import FormDefinition, definition_of
from patients.marks import closures_over
from patients.models import CaseReportForm, Row, Subject, Visit
from patients.selectors import visible
from trials.actions.errors import Closed, Refused
from trials.actions.given import needed, text
from trials.audit.recording import Act, Recording, recording
from trials.models import Study, User
from trials.roles import Verb, require_within

MAXIMUM_LINES = 20_000
MAXIMUM_REJECTED = 1000
NAMES_AT_ONCE = 500  # parameters of one statement
_Place = tuple[int, int | None]  # subject and visit
PLACE = ("subject", "visit", "not_done_reason")


@dataclass
class ImportReport:
    """What became of every line. When none is rejected, received = stored + unchanged.

    `rejected` maps line numbers (from 1) to errors by field. With anything rejected, nothing is stored;
    lines after the thousandth rejected one are counted, not looked at. `closed`: a line was rejected
    because its casebook or visit is frozen or locked.
    """

    received: int = 0
    stored: int = 0
    unchanged: int = 0
    rejected: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    dry_run: bool = False
    closed: bool = False


@dataclass
class _Line:
    number: int
    subject: Subject
    visit: Visit | None
    answers: Answers
    rows: Mapping[str, Sequence[Answers]]
    not_done_reason: str
    form: Any = None
    lines: dict[str, list[Row]] = field(default_factory=dict)


def import_forms(
    *,
    actor: User,
    study: Study,
    form: type[CaseReportForm],
    lines: Iterable[Mapping[str, Any]],
    reason: str,
    dry_run: bool = False,
) -> ImportReport:
    """Store forms sent by another system. `reason` says where they come from and stands on every event.

    Each line holds `subject` (code), `visit` (code, where the form has one), the fields, rows by name, and
    best an `external_id`: a line whose external id is stored already with the same answers is unchanged,
    so that an import may be repeated; with other answers it is rejected, because a correction has a reason
    of its own. Raises NotPermitted, ReasonRequired, Refused (more than 20,000 lines).
    """
    reason = needed(reason)
    role = require_within(actor, Verb.IMPORT, study)
    definition = definition_of(form)
    report = ImportReport(dry_run=dry_run)
    read = _read(actor, study, definition, lines, report)
    subjects = {line.subject.pk: line.subject for line in read}
    if not subjects:
        return report
    act = Act(actor, role, f"import {definition.oid}", reason)
    with recording([subject.chain for subject in subjects.values()], act) as record:
        fresh = _build(definition, read, report)
        if report.rejected or dry_run:
            report.stored = 0 if report.rejected else len(fresh)
        else:
            _store(record, definition, fresh)
            report.stored = len(fresh)
    return report


def _read(
    actor: User,
    study: Study,
    definition: FormDefinition,
    lines: Iterable[Mapping[str, Any]],
    report: ImportReport,
) -> list[_Line]:
    """Every line with its subject, visit and cleaned answers; the others are rejected with their errors."""
    allowed = (
        visible(Subject, actor, Verb.IMPORT)
        .filter(study=study)
        .select_related("site__study", "study", "chain")
    )
    subjects: dict[str, Subject] = {subject.code: subject for subject in allowed}
    visits = _visits(definition, subjects)
    contexts: dict[int, Context] = {}
    read = []
    for number, sent in enumerate(lines, start=1):
        if number > MAXIMUM_LINES:
            raise Refused(f"An import has at most {MAXIMUM_LINES} lines; divide it.")
        report.received = number
        if len(report.rejected) >= MAXIMUM_REJECTED:
            continue
        try:
            read.append(_read_line(number, sent, definition, subjects, visits, contexts))
        except Refused as refusal:
            report.rejected[number] = refusal.errors
    return read


def _visits(definition: FormDefinition, subjects: Mapping[str, Subject]) -> dict[tuple[int, str], Visit]:
    if not definition.at_visit:
        return {}
    known = Visit.objects.filter(subject__in=subjects.values())
    return {(visit.subject_id, visit.code): visit for visit in known}


def _read_line(
    number: int,
    sent: Any,
    definition: FormDefinition,
    subjects: Mapping[str, Subject],
    visits: Mapping[tuple[int, str], Visit],
    contexts: dict[int, Context],
) -> _Line:
    if not isinstance(sent, Mapping):
        raise Refused("A line must be an object of fields and their values.")
    code = sent.get("subject")
    subject = subjects.get(code) if isinstance(code, str) else None
    if subject is None:
        raise Refused({"subject": ["is not a known subject"]})
    if subject.site_id not in contexts:
        contexts[subject.site_id] = context_of(subject.site)
    context = contexts[subject.site_id].within(subject)
    code = sent.get("visit")
    visit = visits.get((subject.pk, code)) if isinstance(code, str) else None
    if code not in (None, "") and visit is None and definition.at_visit:
        raise Refused({"visit": ["is not a visit of this subject"]})
    if code not in (None, "") and not definition.at_visit:
        raise Refused({"visit": ["must be empty: this form belongs to the whole casebook"]})
    check_visit(definition, subject, visit)
    data = {key: value for key, value in sent.items() if key not in (*PLACE, *definition.rows)}
    rows = {name: sent[name] for name in definition.rows if name in sent}
    answers, row_answers = clean_form(definition, data, rows, context)
    not_done = text("not_done_reason", sent.get("not_done_reason"), limit=NOT_DONE_REASON_LENGTH)
    return _Line(number, subject, visit, answers, row_answers, not_done)


def _build(definition: FormDefinition, read: Sequence[_Line], report: ImportReport) -> list[_Line]:
    """The forms to be stored, under the locks of their casebooks; known ones are counted as unchanged."""
    subjects = {line.subject.pk for line in read}
    existing = definition.model._default_manager.filter(subject__in=subjects)
    by_external_id = _stored(definition, existing, read)
    counted: Any = existing.values("subject_id", "visit_id").annotate(last=Max("repeat"))
    repeats: dict[_Place, int] = {(each["subject_id"], each["visit_id"]): each["last"] for each in counted}
    alive: set[_Place] = set(existing.filter(entered_in_error=False).values_list("subject_id", "visit_id"))
    fresh, known = [], Known()
    closures = closures_over({line.subject.pk: line.subject for line in read}.values())
    for line in read:
        if len(report.rejected) >= MAXIMUM_REJECTED:
            break
        try:
            if _is_known(definition, line, by_external_id, known):
                report.unchanged += 1
                continue
            if why := why_closed(closures, line.subject, line.visit):
                raise Closed(why)
            _make(definition, line, repeats, alive, known)
            if line.form.external_id:
                by_external_id[line.subject.pk, line.form.external_id] = line.form
            fresh.append(line)
        except Refused as refusal:
            report.rejected[line.number] = refusal.errors
            report.closed = report.closed or isinstance(refusal, Closed)
    return fresh


def _stored(
    definition: FormDefinition, existing: QuerySet[Any], read: Sequence[_Line]
) -> dict[tuple[int, str], Any]:
    """The stored forms that the lines name by external id, with their rows; never whole casebooks."""
    named = sorted({line.answers.external_id for line in read if line.answers.external_id})
    found = {}
    for start in range(0, len(named), NAMES_AT_ONCE):
        forms = existing.filter(external_id__in=named[start : start + NAMES_AT_ONCE])
        # A form entered in error comes first, so that one entered again in its place is the one that counts.
        for form in forms.order_by("-entered_in_error", "id").prefetch_related(*definition.rows):
            found[form.subject_id, form.external_id] = form
    return found


def _is_known(
    definition: FormDefinition,
    line: _Line,
    by_external_id: Mapping[tuple[int, str], Any],
    known: Known,
) -> bool:
    stored = by_external_id.get((line.subject.pk, line.answers.external_id or ""))
    if stored is None:
        return False
    if stored.pk is None:
        raise Refused({"external_id": ["stands twice in this import"]})
    candidate = _blank(definition, line)
    lines = rows_to_save(definition, candidate, line.rows)
    prepare(definition, candidate, lines, line.not_done_reason, known)
    # Only what was sent is compared: a dose planned or a range corrected since then is no other answer.
    same = asked_content(definition, candidate) == asked_content(definition, stored) and all(
        [asked_content(section, row) for row in lines[name]]
        == [asked_content(section, row) for row in getattr(stored, name).all()]
        for name, section in definition.rows.items()
    )
    if not same:
        raise Refused(
            {"external_id": ["is stored with other answers; correct that form with a reason of its own"]}
        )
    return True


def _make(
    definition: FormDefinition,
    line: _Line,
    repeats: dict[_Place, int],
    alive: set[_Place],
    known: Known,
) -> None:
    place = (line.subject.pk, line.visit.pk if line.visit else None)
    if not definition.repeats and place in alive:
        raise Refused({"detail": ["this form exists already for this subject or visit"]})
    alive.add(place)
    repeats[place] = repeats.get(place, 0) + 1
    line.form = _blank(definition, line)
    line.form.repeat = repeats[place]
    line.lines = rows_to_save(definition, line.form, line.rows)
    prepare(definition, line.form, line.lines, line.not_done_reason, known)


def _blank(definition: FormDefinition, line: _Line) -> Any:
    form = definition.model(
        subject=line.subject,
        visit=line.visit,
        form_version=definition.version,
        protocol_version=line.subject.study.protocol_version,
    )
    fill(form, line.answers)
    return form


def _store(record: Recording, definition: FormDefinition, fresh: Sequence[_Line]) -> None:
    forms = [line.form for line in fresh]
    record.save_all(forms)
    for name in definition.rows:
        rows = [row for line in fresh for row in line.lines[name]]
        for line in fresh:
            for row in line.lines[name]:
                row.parent = line.form
        record.save_all(rows)
    take_effect(forms)
