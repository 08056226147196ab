"""Lenvatinib from day to day, and what is done with each drug for an event: interrupted, reduced, stopped."""

from datetime import date, timedelta

from ecrf.demo.adverse_events import INTERRUPTED, NOT_CHANGED, REDUCED, WITHDRAWN, Happening
from ecrf.demo.course import Course
from ecrf.demo.cycles import SURGERY_FROM, SURGERY_UNTIL
from ecrf.demo.plans import Plan
from ecrf.demo.terms import DRUGS, LENVATINIB, STOPPED_FOR
from ecrf.demo.treatment import Day, Dose, Period

LEVELS = {12: ((12, "QD"), (8, "QD"), (4, "QD"), (4, "QOD")), 8: ((8, "QD"), (4, "QD"), (4, "QOD"))}
"""Dose and frequency of lenvatinib by planned starting dose and number of reductions."""
LOWEST_LEVEL = 2
SHORTEST_EVENT = 4
PAUSE_DAYS = (6, 12)
MILD_CHANGES = {
    # share of the events of grade 2 for which lenvatinib is reduced
    "Palmar-plantar erythrodysesthesia syndrome": 0.6,
    "Proteinuria": 0.5,
    "Hypertension": 0.2,
    "Fatigue": 0.25,
    "Diarrhea": 0.2,
    "Platelet count decreased": 0.2,
    "Gastric hemorrhage": 1.0,
}


class Periods:
    """The periods of one life, in order; each event that changes the dose is told so."""

    def __init__(self, plan: Plan, course: Course, first: date, last: date) -> None:
        self.draw = plan.draws("lenvatinib")
        self.course, self.last = course, last
        self.stopped_for = STOPPED_FOR.get(plan.number)
        self.found = [Period(first, last, 0)]

    def follow(self, happenings: list[Happening]) -> list[Period]:
        """The periods, with every action on lenvatinib set."""
        surgery = self.course.resected
        for each in sorted(happenings, key=lambda each: each.started):
            if surgery and each.started >= surgery - timedelta(days=SURGERY_FROM + PAUSE_DAYS[1] + 3):
                self._rest(surgery)
                surgery = None
            if not self._is_around_surgery(each.started):
                self._answer(each)
        if surgery:
            self._rest(surgery)
        return self.found

    def _is_around_surgery(self, day: date) -> bool:
        surgery = self.course.resected
        return surgery is not None and -SURGERY_FROM - 18 <= (day - surgery).days <= SURGERY_UNTIL

    def _answer(self, event: Happening) -> None:
        current = self.found[-1]
        level = current.level or 0
        day = event.started + timedelta(days=1)
        lasts = ((event.ended or self.last) - event.started).days
        fits = current.started < day < self.last and lasts >= SHORTEST_EVENT and level < LOWEST_LEVEL
        ends_treatment = self.stopped_for == (event.ctcae, event.grade)
        if not fits or not event.is_blamed_on(LENVATINIB) or ends_treatment:
            return
        if event.grade >= 3:
            self._pause(event, day, level + 1)
        elif event.grade == 2 and self.draw.random() < MILD_CHANGES.get(event.ctcae, 0):
            self._begin(Period(day, self.last, level + 1, "ADVERSE_EVENT", event.ctcae))
            event.actions[LENVATINIB] = REDUCED

    def _pause(self, event: Happening, day: date, level: int) -> None:
        """Interrupted, then resumed one level lower."""
        again = day + timedelta(days=self.draw.randint(*PAUSE_DAYS))
        event.actions[LENVATINIB] = INTERRUPTED
        until = min(again - timedelta(days=1), self.last)
        self._begin(Period(day, until, None, "ADVERSE_EVENT", event.ctcae))
        if again < self.last:
            self._begin(Period(again, self.last, level, "ADVERSE_EVENT", event.ctcae))

    def _rest(self, surgery: date) -> None:
        """No lenvatinib around a resection; then on as before."""
        before = self.found[-1]
        day, until = surgery - timedelta(days=SURGERY_FROM), surgery + timedelta(days=SURGERY_UNTIL)
        self._begin(Period(day, until, None, "PHYSICIAN_DECISION", "Resection"))
        resumed = Period(until + timedelta(days=1), self.last, before.level or 0)
        if before.level:
            resumed.difference, resumed.detail = before.difference, before.detail
        self._begin(resumed)

    def _begin(self, period: Period) -> None:
        self.found[-1].ended = period.started - timedelta(days=1)
        self.found.append(period)


def actions_on_infusions(plan: Plan, days: list[Day], happenings: list[Happening]) -> None:
    """Set what was done with every drug for every event, from what was given."""
    stopped = STOPPED_FOR.get(plan.number)
    for event in happenings:
        for drug in DRUGS[plan.arm]:
            event.actions.setdefault(drug, NOT_CHANGED)
            if drug != LENVATINIB and event.is_blamed_on(drug):
                event.actions[drug] = _action(drug, days, event)
            if stopped == (event.ctcae, event.grade):
                event.actions[drug] = WITHDRAWN


def _action(drug: str, days: list[Day], event: Happening) -> str:
    """The first change of this drug while the event lasts, for an event that is a reason for one."""
    if event.grade < 2:
        return NOT_CHANGED
    for day in days:
        dose = day.doses.get(drug)
        if dose is None or not event.lasts_on(day.given_on):
            continue
        if dose.share < 1 and _is_reason(event, dose):
            return REDUCED if dose.share else INTERRUPTED
    return NOT_CHANGED


def _is_reason(event: Happening, dose: Dose) -> bool:
    """Whether a dose was changed for this event."""
    if dose.difference == "LABORATORY":
        return event.test in ("NEUT", "PLAT")
    hepatitis = "Hepatitis" in dose.detail and event.test == "ALT"
    return dose.difference == "ADVERSE_EVENT" and (event.ctcae in dose.detail or hepatitis)
