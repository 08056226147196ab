"""How treatment and study end for one randomized life."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from ecrf.demo.adverse_events import GEMCITABINE, LENVATINIB, OXALIPLATIN, TORIPALIMAB
from ecrf.demo.calendar import next_working_day
from ecrf.demo.desk import Desk
from ecrf.demo.events import Events
from ecrf.demo.laboratory import Laboratory, under_lenvatinib
from ecrf.demo.medication import Medication
from ecrf.demo.treatment import OBSERVED_AFTER_LAST_DOSE, Treatment, measure
from ecrf.demo.visit_forms import Facts, fill_scheduled
from ecrf.demo.world import CUT_OFF
from patients.actions.visits import add_unscheduled_visit
from patients.models import Disposition

STILL_FOLLOWED_SHARE = 0.4
LAST_DAY_OF_STUDY = CUT_OFF - timedelta(days=7)


def finish(desk: Desk, treatment: Treatment, medication: Medication, events: Events) -> Iterator[datetime]:
    """End of treatment, the safety follow-up, and the end of the study where it came."""
    course = desk.plan.course
    assert course is not None
    yield desk.after_visit(treatment.last_day + timedelta(days=1))
    _end_of_treatment(desk, treatment, medication, events)
    observed = treatment.last_day + timedelta(days=OBSERVED_AFTER_LAST_DOSE)
    yield desk.after_visit(observed)
    events.until(observed)
    desk.put_right()
    yield desk.after_visit(observed + timedelta(days=21))
    desk.put_right()
    ended = _end_of_study(desk)
    if ended is not None:
        day, reason = ended
        yield desk.after_visit(max(day, desk.today))
        desk.enter(
            Disposition,
            {"scope": "STUDY", "ended_on": day.isoformat(), "reason": reason},
            actor=desk.deciding(),
        )


def _end_of_treatment(desk: Desk, treatment: Treatment, medication: Medication, events: Events) -> None:
    on = next_working_day(treatment.last_day + timedelta(days=1))
    if _came(desk, on):
        cycle = len(treatment.days)
        draw = desk.plan.draws("end of treatment")
        results = Laboratory(desk.plan).results(under_lenvatinib(desk.plan, cycle), draw)
        with desk.act():
            visit = add_unscheduled_visit(
                actor=desk.entering(), subject=desk.subject, occurred_on=on, why="End of treatment"
            )
        measured = measure(desk.plan, cycle, draw)
        fill_scheduled(desk, visit, "EOT", Facts(on, cycle, measured, None, "1", results))
    medication.periods_until(treatment.last_day)
    events.until(treatment.last_day)
    for data in _dispositions(desk, treatment):
        desk.enter(Disposition, data, actor=desk.deciding())


def _came(desk: Desk, on: date) -> bool:
    course = desk.plan.course
    assert course is not None
    gone = [day for day in (course.died, course.lost) if day is not None]
    return on <= desk.today and all(on < day for day in gone)


def _dispositions(desk: Desk, treatment: Treatment) -> list[dict[str, Any]]:
    """The end of each drug: chemotherapy is completed after its courses, the rest ends together."""
    course = desk.plan.course
    assert course is not None
    ends = {LENVATINIB: (treatment.last_day, course.stopped_for)}
    given: dict[str, date] = {}
    for day in treatment.days:
        for drug in day.doses:
            assert day.on is not None
            given[drug] = day.on
    completed = desk.plan.arm == "B" and len({day.cycle for day in treatment.days}) >= course.courses
    reasons = {
        TORIPALIMAB: course.stopped_for,
        OXALIPLATIN: "COMPLETED" if completed else course.stopped_for,
        GEMCITABINE: "COMPLETED" if completed else course.stopped_for,
    }
    ends |= {drug: (day, reasons[drug]) for drug, day in given.items()}
    return [
        {"scope": "TREATMENT", "drug": drug, "ended_on": day.isoformat(), "reason": reason}
        for drug, (day, reason) in sorted(ends.items())
    ]


def _end_of_study(desk: Desk) -> tuple[date, str] | None:
    """When and why the study ended; None for whoever is still followed."""
    course = desk.plan.course
    assert course is not None
    if course.died:
        return course.died, "DEATH"
    if course.lost:
        return course.lost, "LOST TO FOLLOW-UP"
    if desk.plan.draws("end of study").random() < STILL_FOLLOWED_SHARE:
        return None
    return LAST_DAY_OF_STUDY, "COMPLETED"
