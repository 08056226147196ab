"""Visits planned from the schedule; called by other actions, inside their recording."""

from datetime import date, timedelta

from patients.models import Allocation, Cycle, Subject, Visit, VisitStatus
from trials.models import Anchor, VisitDefinition


def plan_screening(subject: Subject) -> None:
    """The visits that are counted from consent; the first day of screening stands for it."""
    for definition in _definitions(subject, Anchor.CONSENT):
        _plan(subject, definition, subject.screened_on, definition.code)


def plan_cycle(subject: Subject, allocation: Allocation, number: int, first_day: date) -> Cycle:
    """A cycle and its visits, for the subject's arm; the visits counted from randomization with it.

    Raises nothing: whether a cycle may be planned is decided by the caller.
    """
    cycle = Cycle(subject=subject, number=number, planned_on=first_day)
    cycle.save()
    for definition in _definitions(subject, Anchor.CYCLE):
        if definition.arm_id in (None, allocation.arm_id):
            _plan(subject, definition, first_day, f"C{number}{definition.code}", cycle)
    return cycle


def plan_recurring(subject: Subject, randomized_on: date, until: date) -> None:
    """Visits that recur on the calendar from randomization, up to a day: a delayed dose never moves them."""
    planned = set(Visit.objects.filter(subject=subject).values_list("code", flat=True))
    for definition in _definitions(subject, Anchor.RANDOMIZATION):
        occurrence = 1
        while True:
            step = (definition.every_days or 0) * (occurrence - 1)
            anchor = randomized_on + timedelta(days=step)
            if anchor + timedelta(days=definition.day - 1) > until:
                break
            code = f"{definition.code}{occurrence}" if definition.every_days else definition.code
            if code not in planned:
                _plan(subject, definition, anchor, code)
            if not definition.every_days:
                break
            occurrence += 1


def _definitions(subject: Subject, anchor: Anchor) -> list[VisitDefinition]:
    return list(VisitDefinition.objects.filter(study_id=subject.study_id, anchor=anchor).order_by("order"))


def _plan(
    subject: Subject, definition: VisitDefinition, anchor: date, code: str, cycle: Cycle | None = None
) -> None:
    day = anchor + timedelta(days=definition.day - 1)
    Visit(
        subject=subject,
        definition=definition,
        cycle=cycle,
        code=code,
        title=f"{definition.title}, cycle {cycle.number}" if cycle else definition.title,
        status=VisitStatus.PLANNED,
        planned_on=day,
        window_from=day - timedelta(days=definition.window_before_days),
        window_to=day + timedelta(days=definition.window_after_days),
    ).save()
