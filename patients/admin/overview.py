"""The casebook of one subject at a glance: visits, forms and their state; a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import CharField, F, Value
from django.utils.translation import gettext as _

from patients.admin.addresses import add_url, page_url
from patients.admin.pages.laboratory import panel_name
from patients.admin.worklists import OUT_OF_THE_STUDY
from patients.forms import FormDefinition, definitions
from patients.models import EntryState, Query, QueryState, Subject, Visit, VisitStatus
from patients.selectors import visits_of
from trials.models import ScheduledForm

FLOW = ("IC", "DM", "MH", "TH", "IE", "CM", "ECD", "AE", "DS")
"""The order in which a coordinator meets the forms that belong to no visit."""


@dataclass
class Chip:
    """A form, filled or still open, as the casebook shows it."""

    title: str
    url: str
    state: str
    words: str
    note: str = ""
    queries: int = 0


@dataclass
class VisitLine:
    """A visit with its forms."""

    visit: Visit
    overdue: bool
    chips: list[Chip] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "OVERDUE" if self.overdue else self.visit.status

    @property
    def words(self) -> str:
        return _("Overdue") if self.overdue else str(self.visit.get_status_display())


@dataclass
class FormLine:
    """A form that belongs to no visit, with all its entries."""

    title: str
    chips: list[Chip]
    add_url: str


@dataclass
class Overview:
    visits: list[VisitLine]
    forms: list[FormLine]
    counts: dict[str, int]
    open_queries: int


def overview(subject: Subject, today: date, may_enter: bool) -> Overview:
    """Everything that the page of a subject shows about its forms."""
    kinds = {definition.oid: definition for definition in definitions()}
    records = list(_records(subject, kinds.values()))
    queries = Counter(
        Query.objects.filter(subject=subject, state=QueryState.OPEN).values_list("form", "record_id")
    )
    due = _scheduled(subject)
    visits = [
        _visit_line(
            subject, visit, records, due.get(visit.definition_id, []), kinds, queries, today, may_enter
        )
        for visit in sorted(visits_of(subject), key=_day)
    ]
    forms = [
        _form_line(subject, definition, records, queries, may_enter)
        for definition in sorted(kinds.values(), key=_place)
        if not definition.at_visit
    ]
    states = Counter(record["entry_state"] for record in records)
    started = sum(1 for line in visits for chip in line.chips if chip.state == "NOT_STARTED")
    counts = {str(EntryState(state).label): number for state, number in states.items()}
    if started:
        counts[_("Not started")] = started
    return Overview(visits, forms, counts, sum(queries.values()))


def _place(definition: FormDefinition) -> int:
    """Where a form stands among those of the whole casebook; one that is not in the list comes last."""
    return FLOW.index(definition.oid) if definition.oid in FLOW else len(FLOW)


def _records(subject: Subject, kinds: Iterable[FormDefinition]) -> Iterator[dict[str, Any]]:
    """Every form of the subject that is in force, of all kinds in one query."""
    parts = [
        kind.model._default_manager.filter(subject=subject, entered_in_error=False)
        .order_by()
        .annotate(
            oid=Value(kind.oid, output_field=CharField()),
            key=F("pk"),
            group=F("panel") if kind.oid == "LB" else Value(None, output_field=CharField()),
        )
        .values("oid", "key", "visit_id", "repeat", "entry_state", "group")
        for kind in kinds
    ]
    first, *others = parts
    records: Any = first.union(*others, all=True).order_by("oid", "key")
    yield from records


def _day(visit: Visit) -> tuple[date, int]:
    """Where a visit stands on the page: on the day it took place, else on the day it is planned for."""
    return (visit.occurred_on or visit.planned_on or date.max, visit.pk)


def _scheduled(subject: Subject) -> dict[int | None, list[ScheduledForm]]:
    due: dict[int | None, list[ScheduledForm]] = {}
    for each in ScheduledForm.objects.filter(study_id=subject.study_id).order_by("pk"):
        due.setdefault(each.visit_id, []).append(each)
    return due


def _visit_line(
    subject: Subject,
    visit: Visit,
    records: list[dict[str, Any]],
    due: list[ScheduledForm],
    kinds: dict[str, FormDefinition],
    queries: Counter[Any],
    today: date,
    may_enter: bool,
) -> VisitLine:
    overdue = (
        visit.status == VisitStatus.PLANNED
        and visit.window_to is not None
        and visit.window_to < today
        and subject.status not in OUT_OF_THE_STUDY
    )
    line = VisitLine(visit, overdue)
    here = [record for record in records if record["visit_id"] == visit.pk]
    line.chips = [_chip(kinds[record["oid"]], record, queries) for record in here]
    if visit.status == VisitStatus.MISSED:
        return line
    filled = Counter((record["oid"], record["group"] or "") for record in here)
    first_cycle = visit.cycle is None or visit.cycle.number == 1
    for each in due:
        definition = kinds.get(each.form)
        if definition is None or not definition.at_visit or (each.first_cycle_only and not first_cycle):
            continue
        if filled[each.form, each.panel]:
            filled[each.form, each.panel] -= 1
        else:
            line.chips.append(_open_chip(subject, visit, definition, each.panel, may_enter))
    if may_enter:
        present = {record["oid"] for record in here}
        line.more = [
            (definition.title, add_url(definition.model, subject, visit.pk))
            for definition in kinds.values()
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
        note=f"#{record['repeat']}" if record["repeat"] > 1 and not record["group"] else "",
        queries=queries[definition.oid, record["key"]],
    )


def _form_line(
    subject: Subject,
    definition: FormDefinition,
    records: list[dict[str, Any]],
    queries: Counter[Any],
    may_enter: bool,
) -> FormLine:
    own = [record for record in records if record["oid"] == definition.oid]
    chips = [_chip(definition, record, queries) for record in own]
    if definition.repeats and len(chips) > 1:
        for number, chip in enumerate(chips, 1):
            chip.note = f"#{number}"
    can_add = may_enter and (definition.repeats or not own)
    return FormLine(definition.title, chips, add_url(definition.model, subject) if can_add else "")
