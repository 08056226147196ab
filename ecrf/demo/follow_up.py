"""How treatment and study end for one randomized life."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from ecrf.demo.adverse_events import GEMCITABINE, LENVATINIB, OXALIPLATIN, TORIPALIMAB
from ecrf.demo.calendar import nearest_working_day, next_working_day
from ecrf.demo.desk import Desk
from ecrf.demo.events import Events
from ecrf.demo.laboratory import Laboratory, under_lenvatinib
from ecrf.demo.medication import Medication
from ecrf.demo.treatment import OBSERVED_AFTER_LAST_DOSE, Treatment, measure
from ecrf.demo.visit_forms import Facts, fill_scheduled
from ecrf.demo.world import CUT_OFF
from patients.models import Disposition, Visit, VisitStatus

STILL_FOLLOWED_SHARE = 0.4
MISSED_SHARE = 0.06
LAST_DAY_OF_STUDY = CUT_OFF - timedelta(days=7)
NOT_NEEDED = "Treatment had ended"
GONE = {"DEATH": "Subject has died", "LOST TO FOLLOW-UP": "Subject could not be reached"}
NO_CONTACT = "Nobody answered the telephone"


def finish(desk: Desk, treatment: Treatment, medication: Medication, events: Events) -> Iterator[datetime]:
    """End of treatment, the follow-up visits, and the end of the study where it came."""
    on = next_working_day(treatment.last_day + timedelta(days=1))
    yield desk.after_visit(on)
    _end_of_treatment(desk, treatment, medication, events)
    _closing_visit(desk, treatment, "EOT", on)
    safety = nearest_working_day(treatment.last_day + timedelta(days=OBSERVED_AFTER_LAST_DOSE))
    yield desk.after_visit(safety)
    events.until(safety)
    _closing_visit(desk, treatment, "SFU", safety)
    desk.put_right()
    yield from _survival(desk)
    ended = _end_of_study(desk)
    if ended is not None:
        day, reason = ended
        yield desk.after_visit(max(day + timedelta(days=1), desk.today))
        desk.put_right()
        data = {"scope": "STUDY", "ended_on": day.isoformat(), "reason": reason}
        desk.enter(Disposition, data, actor=desk.deciding())


def _end_of_treatment(desk: Desk, treatment: Treatment, medication: Medication, events: Events) -> None:
    medication.periods_until(treatment.last_day)
    events.until(treatment.last_day)
    for data in _dispositions(desk, treatment):
        desk.enter(Disposition, data, actor=desk.deciding())
    left = Visit.objects.filter(subject=desk.subject, status=VisitStatus.PLANNED, definition__code="IMG")
    for code in left.order_by("pk").values_list("code", flat=True):
        desk.miss(code, NOT_NEEDED)


def _closing_visit(desk: Desk, treatment: Treatment, code: str, on: date) -> None:
    """A visit after the last dose with everything that is measured at it, or why there was none."""
    why_not = _gone_by(desk, on)
    if why_not:
        desk.miss(code, why_not)
        return
    cycle = treatment.attended[-1].cycle + 1
    draw = desk.plan.draws(code)
    results = Laboratory(desk.plan).results(under_lenvatinib(desk.plan, cycle), draw)
    visit = desk.open(code, on)
    fill_scheduled(desk, visit, code, Facts(on, None, measure(desk.plan, cycle, draw), None, "1", results))


def _survival(desk: Desk) -> Iterator[datetime]:
    """Contacts every three months, as long as there is somebody to be asked."""
    draw = desk.plan.draws("survival")
    for number in count(1):
        code = f"SURV{number}"
        planned = desk.planned(code).planned_on or CUT_OFF
        on = nearest_working_day(planned + timedelta(days=draw.randint(-6, 6)))
        if on >= LAST_DAY_OF_STUDY or _gone_by(desk, on):
            return
        yield desk.after_visit(on)
        # The calendar grows by visits that took place: the last one on it is never missed.
        if draw.random() < MISSED_SHARE and desk.is_planned(f"SURV{number + 1}"):
            desk.miss(code, NO_CONTACT)
        else:
            desk.open(code, on)
        desk.put_right()


def _gone_by(desk: Desk, day: date) -> str:
    """Why nobody can come on a day; empty when somebody can."""
    course = desk.plan.treated
    if course.died and course.died <= day:
        return GONE["DEATH"]
    if course.lost and course.lost < day:
        return GONE["LOST TO FOLLOW-UP"]
    return ""


def _dispositions(desk: Desk, treatment: Treatment) -> list[dict[str, Any]]:
    """The end of each drug: chemotherapy is completed after its courses, the rest ends together."""
    course = desk.plan.treated
    ends = {LENVATINIB: (treatment.last_day, course.stopped_for)}
    given: dict[str, date] = {}
    for day in treatment.attended:
        for drug in day.doses:
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
    course = desk.plan.treated
    if course.died:
        return course.died, "DEATH"
    if course.lost:
        return course.lost, "LOST TO FOLLOW-UP"
    if desk.plan.draws("end of study").random() < STILL_FOLLOWED_SHARE:
        return None
    return LAST_DAY_OF_STUDY, "COMPLETED"
