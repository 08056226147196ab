"""Screening of one life: consent, history, measurements, eligibility, and how it ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from ecrf.demo.calendar import AFTER_VISITS, is_working_day, next_working_day, working_moment
from ecrf.demo.consents import Consents
from ecrf.demo.desk import Desk
from ecrf.demo.histories import draw_conditions, history_form, medicine_form, prior_forms, tumor_form
from ecrf.demo.laboratory import Laboratory
from ecrf.demo.plans import Fate, Plan, randomization_moment
from ecrf.demo.treatment import measure
from ecrf.demo.tumor_forms import Reader
from ecrf.demo.visit_forms import Facts, fill_scheduled, pressures_only
from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.models import (
    ConcomitantMedication,
    Demographics,
    Disposition,
    EligibilityAssessment,
    MedicalHistory,
    PriorTherapy,
    Subject,
    TissueSample,
    TumorHistory,
    Visit,
    VitalSigns,
)
from trials.models import CriterionKind

READINGS = 4
ARCHIVAL = {
    "kind": "ARCHIVAL",
    "organ": "LIVER",
    "primary_tumor": "Y",
    "material": "SLIDES",
    "slides": 10,
    "adequate": "Y",
    "tissue_consent": "Y",
}
ONLY_FOR_WOMEN = {"I9a", "I9b", "I9c"}
WHY_NOT = {
    "I3": "Performance status 2",
    "I4": "Child-Pugh class B",
    "I7.1b": "Platelets below 100",
    "I7.3a": "Bilirubin above 1.5 times the upper limit",
    "I7.4b": "Creatinine clearance below 60 mL/min",
    "I8": "No measurable lesion on computed tomography",
    "E2": "Gastric cancer four years ago",
    "E5": "Blood pressure not controlled with two drugs",
    "E7": "HBV DNA above 2000 copies/mL",
    "E9a": "Cholangitis under intravenous antibiotics",
}


def screen(desk: Desk, enrolled: dict[int, Subject], lesions: dict[str, int]) -> Iterator[datetime]:
    """From the first signature to randomization, failure, or (second site) an open end.

    `lesions` takes the numbers of the lesions identified, by their labels.
    """
    plan = desk.plan
    yield desk.on(plan.screened_on)
    _enroll(desk, enrolled)
    _first_sitting(desk)
    on = _day_of_measurements(plan)
    yield desk.at(working_moment(on, desk.draw, AFTER_VISITS))
    visit = desk.open("SCR", on)
    _measurements(desk, visit, on)
    if plan.fate is Fate.RANDOMIZED:
        desk.enter(TissueSample, ARCHIVAL | {"collected_on": on.isoformat()}, slips=False)
    reader = Reader(desk, numbers=lesions)
    if reader.tumor.organs:
        reader.baseline(visit, _between(plan.screened_on, on, plan.draws("baseline scan")))
    yield desk.on(_day_of_judgment(plan))
    # Nobody is judged by a slip of the pen.
    desk.put_right(everything=True)
    _answer_criteria(desk)
    if plan.fate is Fate.FAILED:
        _fail(desk)
    if plan.fate is not Fate.RANDOMIZED:
        return
    yield desk.at(randomization_moment(plan))
    with desk.act():
        allocation = randomize(actor=desk.deciding(), subject=desk.subject)
    if (allocation.arm.code, allocation.randomized_on) != (plan.arm, plan.randomized_on):
        raise RuntimeError("the list gives another arm, or on another day, than the plan")


def _enroll(desk: Desk, enrolled: dict[int, Subject]) -> None:
    plan = desk.plan
    with desk.act():
        desk.subject = enroll(
            actor=desk.entering(),
            site=desk.cast.sites[plan.site],
            screened_on=plan.screened_on,
            previous=enrolled[plan.previous] if plan.previous else None,
            is_synthetic=True,
        )
    enrolled[plan.number] = desk.subject


def _first_sitting(desk: Desk) -> None:
    plan = desk.plan
    Consents(desk).first()
    # A first entry of a failing life is right at once: the record ends too early to find a slip.
    desk.enter(Demographics, _demographics(plan), slips=plan.fate is Fate.RANDOMIZED)
    for condition, began in draw_conditions(plan):
        history = desk.enter(MedicalHistory, history_form(condition, began))
        if condition.medicine:
            taken = medicine_form(condition, condition.medicine, began, history.repeat)
            desk.enter(ConcomitantMedication, taken)
    desk.enter(TumorHistory, tumor_form(plan), slips=False)
    for data in prior_forms(plan):
        desk.enter(PriorTherapy, data, slips=False)


def _demographics(plan: Plan) -> dict[str, Any]:
    own: dict[str, Any] = {"birth": plan.body.birth, "age": plan.body.age, "sex": plan.body.sex}
    if plan.body.sex == "M":
        return own
    if plan.can_bear_children:
        return own | {"childbearing_potential": "Y", "contraception_agreed": "Y"}
    since = str(int(plan.body.birth[:4]) + 49)
    return own | {
        "childbearing_potential": "N",
        "no_childbearing_reason": "POSTMENOPAUSAL",
        "postmenopausal_since": since,
    }


def _day_of_measurements(plan: Plan) -> date:
    """Shortly before randomization, so that the results are fresh at the first dose."""
    if plan.randomized_on is None:
        return next_working_day(plan.screened_on + timedelta(days=1))
    day = plan.randomized_on - timedelta(days=plan.draws("measurements").randint(2, 3))
    while not is_working_day(day):
        day -= timedelta(days=1)
    return max(day, plan.screened_on)


def _between(first: date, last: date, draw: Random) -> date:
    """A working day between two."""
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    return draw.choice([day for day in days if is_working_day(day)])


def _measurements(desk: Desk, visit: Visit, on: date) -> None:
    """All measurements of screening; blood pressure on a second occasion, three readings in all."""
    plan = desk.plan
    draw = plan.draws("screening results")
    measured = measure(plan, 0, draw, readings=READINGS)
    once, again = measured.pressures[:1], measured.pressures[1:]
    earlier = replace(measured, pressures=once)
    desk.enter(VitalSigns, *pressures_only(earlier, plan.screened_on), visit, slips=False)
    facts = Facts(
        on=on,
        cycle=0,
        measured=replace(measured, pressures=again),
        height=plan.body.height,
        ecog="2" if plan.failing_rule == "I3" else plan.body.ecog,
        results=_screening_results(plan, draw),
    )
    fill_scheduled(desk, visit, "SCR", facts)


def _screening_results(plan: Plan, draw: Random) -> dict[str, str]:
    results = Laboratory(plan).results({}, draw)
    if plan.failing_rule == "E7":
        results |= {"HBSAG": "positive", "HBVDNA": "185000"}
    return results


def _day_of_judgment(plan: Plan) -> date:
    if plan.randomized_on is None:
        return next_working_day(plan.screened_on + timedelta(days=plan.draws("judgment").randint(3, 8)))
    day = plan.randomized_on - timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def _answer_criteria(desk: Desk) -> None:
    answers = [
        _answer(rule.code, rule.criterion.kind, rule.may_be_not_applicable, desk.plan)
        for rule in desk.cast.rules
    ]
    desk.enter(
        EligibilityAssessment,
        {"assessed_on": desk.today.isoformat()},
        {"answers": answers},
        actor=desk.deciding(),
    )


def _answer(code: str, kind: str, may_be_not_applicable: bool, plan: Plan) -> dict[str, str]:
    eligible, not_eligible = ("Y", "N") if kind == CriterionKind.INCLUSION else ("N", "Y")
    if code == plan.failing_rule:
        return {"rule": code, "answer": not_eligible, "comment": WHY_NOT[code]}
    if may_be_not_applicable and code in ONLY_FOR_WOMEN and plan.body.sex == "M":
        return {"rule": code, "answer": "NA"}
    return {"rule": code, "answer": eligible}


def _fail(desk: Desk) -> None:
    ended = {
        "scope": "SCREENING",
        "ended_on": desk.today.isoformat(),
        "reason": "SCREEN FAILURE",
        "detail": WHY_NOT[desk.plan.failing_rule],
    }
    desk.enter(Disposition, ended, actor=desk.deciding())
