"""The casebook of one subject at a glance: visits, forms and their state; a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import CharField, F, Value
from django.utils.translation import gettext as _

from patients.admin.addresses import add_url, page_url
from patients.admin.marks import Badge, badges
from patients.admin.pages.laboratory import panel_name
from patients.admin.worklists import OUT_OF_THE_STUDY
from patients.derivations.schedule import (
    Conditions,
    Presence,
    Timing,
    conditions_of,
    day_of,
    expected_forms,
    scheduled_forms,
    timing_of,
    words_of,
)
from patients.facts import Facts
from patients.forms import FormDefinition, definitions
from patients.marks import Closures, FormPlace, closures_over, marks_of
from patients.models import EntryState, Lock, LockKind, Query, QueryState, Subject, Visit
from patients.selectors import visits_of
from trials.models import ScheduledForm

OPEN = (Presence.MISSING, Presence.NOT_YET, Presence.UNDETERMINED)
NOWHERE = (Timing.MISSED, Timing.NOT_DUE)


@dataclass
class Chip:
    """A form, filled or still open, as the casebook shows it."""

    title: str
    url: str
    state: str
    words: str
    note: str = ""
    queries: int = 0
    marks: list[Badge] = field(default_factory=list)


@dataclass
class VisitLine:
    """A visit with its forms, and where it stands against its window."""

    visit: Visit
    timing: Timing
    words: str
    chips: list[Chip] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)
    closed_by: Lock | None = None

    @property
    def closed_as(self) -> LockKind | None:
        """How the visit is closed, with or by itself."""
        return LockKind(self.closed_by.kind) if self.closed_by is not None else None

    @property
    def status(self) -> str:
        return "PLANNED" if self.timing is Timing.NOT_YET_DUE else self.timing


@dataclass
class FormLine:
    """A form that belongs to no visit, with all its entries."""

    group: str
    title: str
    chips: list[Chip]
    add_url: str


@dataclass
class Overview:
    visits: list[VisitLine]
    forms: list[FormLine]
    counts: dict[str, int]
    open_queries: int


def overview(subject: Subject, today: date, may_enter: bool, closures: Closures | None = None) -> Overview:
    """Everything that the page of a subject shows about its forms.

    `closures` over the subject, where they were read before.
    """
    closures = closures_over([subject]) if closures is None else closures
    kinds = {definition.oid: definition for definition in definitions()}
    records = records_of(subject, closures)
    queries = Counter(
        Query.objects.filter(subject=subject, state=QueryState.OPEN).values_list("form", "record_id")
    )
    due = scheduled_forms(subject.study_id)
    asked = [each for forms in due.values() for each in forms]
    conditions = conditions_of(Facts([subject]), subject, asked)
    visits = [
        _visit_line(
            subject,
            visit,
            records,
            due.get(visit.definition_id, []),
            conditions,
            kinds,
            queries,
            today,
            may_enter,
            closures,
        )
        for visit in sorted(visits_of(subject), key=day_of)
    ]
    forms = [
        _form_line(subject, definition, records, queries, may_enter)
        for definition in sorted(kinds.values(), key=lambda kind: kind.standing)
        if not definition.at_visit
    ]
    states = Counter(record["entry_state"] for record in records)
    started = sum(1 for line in visits for chip in line.chips if chip.state == "NOT_STARTED")
    counts = {str(EntryState(state).label): number for state, number in states.items()}
    if started:
        counts[_("Not started")] = started
    return Overview(visits, forms, counts, sum(queries.values()))


def records_of(subject: Subject, closures: Closures | None = None) -> list[dict[str, Any]]:
    """Every form of the subject that is in force, with its marks."""
    records = list(_records(subject, definitions()))
    places = [FormPlace((each["oid"], each["key"]), subject, each["visit_id"]) for each in records]
    marks = marks_of(places, closures)
    return [{**each, "marks": marks[each["oid"], each["key"]]} for each in records]


def _records(subject: Subject, kinds: Iterable[FormDefinition]) -> Iterator[dict[str, Any]]:
    """Every form of the subject that is in force, of all kinds in one query."""
    parts = [
        kind.model._default_manager.filter(subject=subject, entered_in_error=False)
        .order_by()
        .annotate(
            oid=Value(kind.oid, output_field=CharField()),
            key=F("pk"),
            group=F("panel") if kind.oid == "LB" else Value(None, output_field=CharField()),
            called=_called_by(kind),
        )
        .values("oid", "key", "visit_id", "repeat", "version", "entry_state", "group", "called")
        for kind in kinds
    ]
    first, *others = parts
    records: Any = first.union(*others, all=True).order_by("oid", "key")
    yield from records


def _called_by(kind: FormDefinition) -> Any:
    """What an entry is called beside its number: the first answer of its headline, where that is a word."""
    first = next(iter(kind.model.form.headline), None)
    item = kind.item(first) if first is not None else None
    if item is None or item.identifying or item.kind not in ("text", "code", "protocol item"):
        return Value(None, output_field=CharField())
    return F(f"{item.name}__name") if item.refers else F(item.name)


def _called(definition: FormDefinition, record: dict[str, Any]) -> str:
    """What an entry is called, in words."""
    first = next(iter(definition.model.form.headline), "")
    labels = dict(definition.item(first).codelist) if record["called"] else {}
    return labels.get(record["called"], record["called"] or "")


def _numbered(definition: FormDefinition, record: dict[str, Any]) -> str:
    """The number of an entry, by which other forms name it, and what it is called."""
    return f"#{record['repeat']} {_called(definition, record)}".strip()


def _visit_line(
    subject: Subject,
    visit: Visit,
    records: list[dict[str, Any]],
    due: list[ScheduledForm],
    conditions: Conditions,
    kinds: dict[str, FormDefinition],
    queries: Counter[Any],
    today: date,
    may_enter: bool,
    closures: Closures,
) -> VisitLine:
    closed = next(iter(closures.over(subject, visit.pk)), None)
    may_enter = may_enter and closed is None
    timing, off = timing_of(visit, today)
    if timing is Timing.OVERDUE and subject.status in OUT_OF_THE_STUDY:
        timing = Timing.NOT_YET_DUE  # nobody is asked for it any more
    line = VisitLine(visit, timing, words_of(timing, off), closed_by=closed)
    here = [record for record in records if record["visit_id"] == visit.pk]
    line.chips = [_chip(kinds[record["oid"]], record, queries) for record in here]
    if timing in NOWHERE:
        return line
    filled: dict[tuple[str, str], list[str]] = {}
    for record in here:
        filled.setdefault((record["oid"], record["group"] or ""), []).append(record["entry_state"])
    for each in expected_forms(visit, due, kinds, filled, {}, conditions):
        if kinds[each.form].at_visit and each.presence in OPEN:
            line.chips.append(_open_chip(subject, visit, kinds[each.form], each.panel, may_enter))
    if may_enter:
        present = {record["oid"] for record in here}
        line.more = [
            (definition.title, add_url(definition.model, subject, visit.pk))
            for definition in sorted(kinds.values(), key=lambda kind: kind.standing)
            if definition.at_visit and (definition.repeats or definition.oid not in present)
        ]
    return line


def _open_chip(
    subject: Subject, visit: Visit, definition: FormDefinition, panel: str, may_enter: bool
) -> Chip:
    more = {"panel": panel} if panel else {}
    url = add_url(definition.model, subject, visit.pk, **more) if may_enter else ""
    return Chip(_name(definition, panel), url, "NOT_STARTED", _("Not started"))


def _name(definition: FormDefinition, group: str | None) -> str:
    """A laboratory sample is known by its panel."""
    return panel_name(group) if group else definition.title


def _chip(definition: FormDefinition, record: dict[str, Any], queries: Counter[Any]) -> Chip:
    return Chip(
        title=_name(definition, record["group"]),
        url=page_url(definition.model, "change", record["key"]),
        state=record["entry_state"],
        words=str(EntryState(record["entry_state"]).label),
        note="" if record["group"] else _told_apart(definition, record),
        queries=queries[definition.oid, record["key"]],
        marks=badges(record["marks"]),
    )


def _told_apart(definition: FormDefinition, record: dict[str, Any]) -> str:
    """A second entry has its number; a first one what it is called, if it is called something."""
    return _numbered(definition, record) if record["repeat"] > 1 else _called(definition, record)


def _form_line(
    subject: Subject,
    definition: FormDefinition,
    records: list[dict[str, Any]],
    queries: Counter[Any],
    may_enter: bool,
) -> FormLine:
    own = [record for record in records if record["oid"] == definition.oid]
    chips = [_chip(definition, record, queries) for record in own]
    if definition.repeats and len(own) > 1:
        for chip, record in zip(chips, own, strict=True):
            chip.note = _numbered(definition, record)
    can_add = may_enter and (definition.repeats or not own)
    url = add_url(definition.model, subject) if can_add else ""
    return FormLine(str(definition.group.label), definition.title, chips, url)
