"""Treatment of one randomized life, entered visit by visit."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ecrf.demo.desk import Desk
from ecrf.demo.events import Events
from ecrf.demo.follow_up import finish
from ecrf.demo.imaging import Imaging
from ecrf.demo.medication import Medication
from ecrf.demo.treatment import Day, draw_treatment
from ecrf.demo.visit_forms import Facts, fill_scheduled, sample
from patients.actions.visits import add_unscheduled_visit, miss_visit, open_cycle, open_visit
from patients.models import Visit

VISIT_CODE = {1: "D1", 8: "D8"}


def treat(desk: Desk) -> Iterator[datetime]:
    """Every visit under treatment, with doses, events and images as they come, and how it ends."""
    treatment = draw_treatment(desk.plan)
    medication = Medication(desk, treatment)
    events, imaging = Events(desk, treatment), Imaging(desk, treatment)
    for day in treatment.days:
        if day.on is None:
            yield desk.after_visit(desk.today + timedelta(days=day.day))
            _miss(desk, day)
            continue
        yield from imaging.until(day.on)
        if day.waited:
            yield desk.after_visit(day.waited[0])
            _counted_too_low(desk, day)
        yield desk.after_visit(day.on)
        if day.day == 1 and day.cycle > 1:
            with desk.act():
                open_cycle(actor=desk.entering(), subject=desk.subject)
        visit = _open(desk, day)
        facts = Facts(day.on, day.cycle, day.measured, None, day.ecog, day.results)
        fill_scheduled(desk, visit, VISIT_CODE[day.day], facts)
        medication.give(visit, day)
        medication.periods_until(day.on)
        events.until(day.on)
        desk.put_right()
    yield from imaging.until(treatment.last_day + timedelta(days=1))
    yield from finish(desk, treatment, medication, events)


def _planned(desk: Desk, code: str) -> Visit:
    return Visit.objects.select_related("subject__site", "definition", "cycle").get(
        subject=desk.subject, code=code
    )


def _open(desk: Desk, day: Day) -> Visit:
    visit = _planned(desk, f"C{day.cycle}{VISIT_CODE[day.day]}")
    assert day.on is not None
    with desk.act():
        return open_visit(actor=desk.entering(), visit=visit, occurred_on=day.on, version=visit.version)


def _miss(desk: Desk, day: Day) -> None:
    visit = _planned(desk, f"C{day.cycle}{VISIT_CODE[day.day]}")
    with desk.act():
        miss_visit(actor=desk.entering(), visit=visit, why=day.missed, version=visit.version)


def _counted_too_low(desk: Desk, day: Day) -> None:
    """The blood count that delayed a cycle, at a visit of its own."""
    assert day.waited is not None
    on, results = day.waited
    with desk.act():
        visit = add_unscheduled_visit(
            actor=desk.entering(),
            subject=desk.subject,
            occurred_on=on,
            why="Blood count before a course that was delayed",
        )
    sample(desk, visit, "HEMATOLOGY", Facts(on, results=results))
