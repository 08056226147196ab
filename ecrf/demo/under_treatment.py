"""Treatment of one randomized life, entered visit by visit."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ecrf.demo.desk import Desk
from ecrf.demo.events import Events
from ecrf.demo.follow_up import finish
from ecrf.demo.imaging import Imaging
from ecrf.demo.medication import Medication
from ecrf.demo.treatment import Day, Missed, draw_treatment
from ecrf.demo.visit_forms import Facts, fill_scheduled, sample
from patients.actions.visits import add_unscheduled_visit, open_cycle

VISIT_CODE = {1: "D1", 8: "D8"}


def treat(desk: Desk) -> Iterator[datetime]:
    """Every visit under treatment, with doses, events and images as they come, and how it ends."""
    treatment = draw_treatment(desk.plan)
    medication = Medication(desk, treatment)
    events, imaging = Events(desk, treatment), Imaging(desk, treatment)
    for day in treatment.days:
        if isinstance(day, Missed):
            yield desk.after_visit(desk.today + timedelta(days=day.day))
            desk.miss(_code(day), day.why)
            continue
        yield from imaging.until(day.on)
        if day.waited:
            yield desk.after_visit(day.waited[0])
            _counted_too_low(desk, *day.waited)
        yield desk.after_visit(day.on)
        if day.day == 1 and day.cycle > 1:
            with desk.act():
                open_cycle(actor=desk.entering(), subject=desk.subject)
        visit = desk.open(_code(day), day.on)
        facts = Facts(day.on, day.cycle, day.measured, None, day.ecog, day.results)
        fill_scheduled(desk, visit, VISIT_CODE[day.day], facts)
        medication.give(visit, day)
        medication.periods_until(day.on)
        events.until(day.on)
        desk.put_right()
    yield from imaging.until(treatment.last_day + timedelta(days=1))
    yield from finish(desk, treatment, medication, events)


def _code(day: Day | Missed) -> str:
    return f"C{day.cycle}{VISIT_CODE[day.day]}"


def _counted_too_low(desk: Desk, on: date, results: dict[str, str]) -> None:
    """The blood count that delayed a cycle, at a visit of its own."""
    with desk.act():
        visit = add_unscheduled_visit(
            actor=desk.entering(),
            subject=desk.subject,
            occurred_on=on,
            why="Blood count before a course that was delayed",
        )
    sample(desk, visit, "HEMATOLOGY", Facts(on, results=results))
