"""Visits planned from the schedule; called by other actions, inside their recording."""

from collections.abc import Iterator
from datetime import date, timedelta

from patients.models import Allocation, Cycle, Subject, Visit, VisitStatus
from trials.models import Anchor, VisitDefinition


def plan_screening(subject: Subject) -> None:
    """The visits that are counted from consent; the first day of screening stands for it."""
    for definition in _definitions(subject, Anchor.CONSENT):
        _plan(subject, definition, subject.screened_on, definition.code)


def plan_cycle(subject: Subject, allocation: Allocation, number: int, first_day: date) -> Cycle:
    """A cycle and its visits, for the subject's arm. Whether it may be planned is decided by the caller."""
    cycle = Cycle(subject=subject, number=number, planned_on=first_day)
    cycle.save()
    for definition in _definitions(subject, Anchor.CYCLE):
        if definition.arm_id in (None, allocation.arm_id):
            _plan(subject, definition, first_day, f"C{number}{definition.code}", cycle)
    return cycle


def plan_from(subject: Subject, anchor: Anchor, first_day: date, until: date) -> None:
    """The visits counted from an anchor's day, recurring ones up to a day; what is planned stays as it is.

    Counted on the calendar from the anchor, so that a delayed dose never moves them.
    """
    planned = set(Visit.objects.filter(subject=subject).values_list("code", flat=True))
    for definition in _definitions(subject, anchor):
        for code, start in _occurrences(definition, first_day, until):
            if code not in planned:
                _plan(subject, definition, start, code)


def _occurrences(definition: VisitDefinition, first_day: date, until: date) -> Iterator[tuple[str, date]]:
    """Code and anchor day of each occurrence; a visit that does not recur has one, however late."""
    if not definition.every_days:
        yield definition.code, first_day
        return
    start, number = first_day, 1
    while start + timedelta(days=definition.day - 1) <= until:
        yield f"{definition.code}{number}", start
        start, number = start + timedelta(days=definition.every_days), number + 1


def replan_cycle(cycle: Cycle, first_day: date) -> None:
    """Move the planned visits of a cycle with its first day; what took place or was missed stays."""
    planned = Visit.objects.filter(cycle=cycle, status=VisitStatus.PLANNED).select_related(
        "definition", "subject"
    )
    for visit in planned:
        definition = visit.definition
        if definition is not None and visit.planned_on != _day(definition, first_day):
            _place(visit, definition, first_day)
            visit.version += 1
            visit.save()


def _definitions(subject: Subject, anchor: Anchor) -> list[VisitDefinition]:
    return list(VisitDefinition.objects.filter(study_id=subject.study_id, anchor=anchor).order_by("order"))


def _plan(
    subject: Subject, definition: VisitDefinition, anchor: date, code: str, cycle: Cycle | None = None
) -> None:
    visit = Visit(
        subject=subject,
        definition=definition,
        cycle=cycle,
        code=code,
        title=f"{definition.title}, cycle {cycle.number}" if cycle else definition.title,
        status=VisitStatus.PLANNED,
    )
    _place(visit, definition, anchor)
    visit.save()


def _place(visit: Visit, definition: VisitDefinition, anchor: date) -> None:
    """The planned day and window of a visit, counted from its anchor's day."""
    day = _day(definition, anchor)
    visit.planned_on = day
    visit.window_from = day - timedelta(days=definition.window_before_days)
    visit.window_to = day + timedelta(days=definition.window_after_days)


def _day(definition: VisitDefinition, anchor: date) -> date:
    return anchor + timedelta(days=definition.day - 1)
