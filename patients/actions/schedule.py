"""Visits planned from the schedule; called by other actions, inside their recording."""

from collections.abc import Iterator
from datetime import date, timedelta

from patients.derivations.participation import Halt, activity_of, days_over, halts, imaging_visits
from patients.facts import Facts
from patients.models import Allocation, Cycle, DoseAdministration, Subject, Visit, VisitStatus, YesNo
from patients.selectors import current
from trials.models import Anchor, VisitDefinition

WHY_LENGTH = 200
WAITING = (VisitStatus.PLANNED, VisitStatus.NOT_DUE)
"""Visits that neither took place nor were missed."""


def plan_screening(subject: Subject) -> None:
    """The visits that are counted from consent; the first day of screening stands for it."""
    for definition in _definitions(subject, Anchor.CONSENT):
        _plan(subject, definition, subject.screened_on, definition.code)


def plan_cycle(subject: Subject, allocation: Allocation, number: int, first_day: date) -> Cycle:
    """A cycle and its visits, for the subject's arm. Whether it may be planned is decided by the caller.

    A later day of the cycle is left out once nothing is given on it any more.
    """
    cycle = Cycle(subject=subject, number=number, planned_on=first_day)
    cycle.save()
    over = days_over(Facts([subject]), subject)
    for definition in _definitions(subject, Anchor.CYCLE):
        if definition.arm_id in (None, allocation.arm_id) and definition.day not in over:
            _plan(subject, definition, first_day, f"C{number}{definition.code}", cycle)
    return cycle


def plan_from(subject: Subject, anchor: Anchor, first_day: date, until: date) -> None:
    """The visits counted from an anchor's day, recurring ones up to a day; what is planned stays as it is.

    Counted on the calendar from the anchor, so that a delayed dose never moves them. What is planned into
    a time in which it is not due (after death, while lost) says so.
    """
    planned = set(Visit.objects.filter(subject=subject).values_list("code", flat=True))
    for definition in _definitions(subject, anchor):
        for code, start in _occurrences(definition, first_day, until):
            if code not in planned:
                _plan(subject, definition, start, code)
    settle(subject)


def _occurrences(definition: VisitDefinition, first_day: date, until: date) -> Iterator[tuple[str, date]]:
    """Code and anchor day of each occurrence up to a day; the first, or only, one however late."""
    if not definition.every_days:
        yield definition.code, first_day
        return
    start, number = first_day, 1
    while number == 1 or start + timedelta(days=definition.day - 1) <= until:
        yield f"{definition.code}{number}", start
        start, number = start + timedelta(days=definition.every_days), number + 1


def replan_from(subject: Subject, anchor: Anchor, first_day: date) -> None:
    """Move the waiting visits of an anchor whose day was corrected."""
    waiting = Visit.objects.filter(subject=subject, definition__anchor=anchor, status__in=WAITING)
    for visit in waiting.select_related("definition", "subject"):
        definition = visit.definition
        if definition is None:
            continue
        number = int(visit.code.removeprefix(definition.code) or 1)
        _move(visit, definition, first_day + timedelta(days=(definition.every_days or 0) * (number - 1)))


def cycle_follows(visit: Visit) -> None:
    """The visit on day 1, or a dose at it, says when its cycle started; the other days count from there.

    A dose that was given later than the visit delays the cycle. A day 1 that is corrected to missed takes
    the start back.
    """
    if visit.cycle_id is None or visit.definition is None or visit.definition.day != 1:
        return
    cycle = Cycle.locked(pk=visit.cycle_id)
    started_on = _first_dose(visit) if visit.occurred_on is not None else None
    if cycle.started_on != started_on:
        cycle.started_on, cycle.version = started_on, cycle.version + 1
        cycle.save()
        replan_cycle(cycle, cycle.started_on or cycle.planned_on)


def _first_dose(visit: Visit) -> date | None:
    """The day of the visit, or of the first dose given at it, whichever is later."""
    doses = current(DoseAdministration, visit.subject).filter(visit=visit, given=YesNo.YES)
    given = (
        doses.filter(given_on__gte=visit.occurred_on).order_by("given_on").values_list("given_on", flat=True)
    )
    return given.first() or visit.occurred_on


def replan_cycle(cycle: Cycle, first_day: date) -> None:
    """Move the waiting visits of a cycle with its first day; what took place or was missed stays."""
    waiting = Visit.objects.filter(cycle=cycle, status__in=WAITING).select_related("definition", "subject")
    for visit in waiting:
        if visit.definition is not None:
            _move(visit, visit.definition, first_day)


def settle(subject: Subject) -> None:
    """Let each waiting visit say whether it is still due, and if not, why; a halt taken back is undone."""
    waiting = Visit.objects.filter(subject=subject, status__in=WAITING, definition__isnull=False)
    found = halts(Facts([subject]), subject)
    imaging = imaging_visits(subject.study_id)
    for visit in waiting.select_related("definition", "subject"):
        why = _why_not_due(visit, found, imaging)
        status = VisitStatus.NOT_DUE if why else VisitStatus.PLANNED
        if (visit.status, visit.missed_reason) != (status, why):
            visit.status, visit.missed_reason, visit.version = status, why, visit.version + 1
            visit.save()


def _why_not_due(visit: Visit, found: list[Halt], imaging: frozenset[int]) -> str:
    assert visit.definition is not None  # noqa: S101 (asked for by the query)
    activity = activity_of(visit.definition, imaging)
    own = (halt for halt in found if halt.concerns(visit.definition, activity) and halt.covers(visit))
    return next((halt.why for halt in own), "")[:WHY_LENGTH]


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


def _move(visit: Visit, definition: VisitDefinition, anchor: date) -> None:
    if visit.planned_on != _day(definition, anchor):
        _place(visit, definition, anchor)
        visit.version += 1
        visit.save()


def _place(visit: Visit, definition: VisitDefinition, anchor: date) -> None:
    """The planned day and window of a visit, counted from its anchor's day."""
    day = _day(definition, anchor)
    visit.planned_on = day
    visit.window_from = day - timedelta(days=definition.window_before_days)
    visit.window_to = day + timedelta(days=definition.window_after_days)


def _day(definition: VisitDefinition, anchor: date) -> date:
    return anchor + timedelta(days=definition.day - 1)
