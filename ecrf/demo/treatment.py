"""The treatment of one life, day by day: visits, measurements, blood counts and what they do to the doses."""

import math
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from ecrf.demo.adverse_events import (
    GEMCITABINE,
    INTERRUPTED,
    LENVATINIB,
    OXALIPLATIN,
    REDUCED,
    TORIPALIMAB,
    Happening,
    draw_happenings,
)
from ecrf.demo.calendar import nearest_working_day, next_working_day
from ecrf.demo.laboratory import Influence, Laboratory, after_course, before_course
from ecrf.demo.plans import CYCLE_DAYS, Course, Plan

DELAY_DAYS = 7
OBSERVED_AFTER_LAST_DOSE = 30

# day 1 is given from these counts on; day 8 in full, at three quarters, or not at all
DAY_1_NEEDS = {"NEUT": 1.5, "PLAT": 100}
DAY_8_IN_FULL = {"NEUT": 1.0, "PLAT": 100}
DAY_8_AT_ALL = {"NEUT": 0.5, "PLAT": 50}
THREE_QUARTERS, FOUR_FIFTHS = 0.75, 0.8
SLOW_RECOVERY, DEEP_NADIR = 0.55, 0.4
"""What is left of the counts where a course bites more than usual: on day 1, on day 8."""

MISSED = (
    "Could not travel: restrictions during the epidemic",
    "Fever on the day before",
    "Subject was on a journey",
)
NO_DAY_8 = "No gemcitabine in this cycle"
LEVELS = {12: ((12, "QD"), (8, "QD"), (4, "QD"), (4, "QOD")), 8: ((8, "QD"), (4, "QD"), (4, "QOD"))}
"""Dose and frequency of lenvatinib by planned starting dose and number of reductions."""


@dataclass
class Measured:
    """Vital signs: kg, degrees Celsius, beats a minute, pairs of mm[Hg]."""

    weight: float
    temperature: float
    pulse: int
    pressures: list[tuple[int, int]]


@dataclass
class Dose:
    """A planned administration: the share of the planned dose, and why it is not the whole."""

    share: float = 1.0
    difference: str = ""
    detail: str = ""


@dataclass
class Day:
    """One visit of a cycle. `waited`: the day and the count that delayed it."""

    cycle: int
    day: int
    on: date
    results: dict[str, str]
    measured: Measured
    ecog: str = ""
    doses: dict[str, Dose] = field(default_factory=dict)
    waited: tuple[date, dict[str, str]] | None = None


@dataclass
class Missed:
    """A visit of a cycle that did not take place, and why."""

    cycle: int
    day: int
    why: str


@dataclass
class Period:
    """Lenvatinib from day to day: `level` counts the reductions, None is an interruption."""

    started: date
    ended: date
    level: int | None
    detail: str = ""


@dataclass
class Treatment:
    """The visits of the cycles, lenvatinib, the events; `last_day` is that of the last dose."""

    days: list[Day | Missed]
    periods: list[Period]
    happenings: list[Happening]
    last_day: date

    @property
    def attended(self) -> list[Day]:
        return [day for day in self.days if isinstance(day, Day)]


def draw_treatment(plan: Plan) -> Treatment:
    """Everything that happens to one randomized life under treatment."""
    course = plan.treated
    days = _Drawing(plan, course).draw()
    attended = [day.on for day in days if isinstance(day, Day)]
    last_dose = _last_dose(plan, course, attended[-1])
    happenings = draw_happenings(plan, attended[0], last_dose + timedelta(days=OBSERVED_AFTER_LAST_DOSE))
    periods = draw_periods(plan, attended[0], last_dose, happenings)
    return Treatment(days, periods, happenings, last_dose)


def _last_dose(plan: Plan, course: Course, last_visit: date) -> date:
    ends = [day for day in (course.progressed, course.died, course.lost) if day is not None]
    last = last_visit + timedelta(days=plan.draws("last dose").randint(8, 20))
    return max(last_visit, min([last, *(day - timedelta(days=1) for day in ends)]))


class _Drawing:
    """Cycle after cycle, each resting on the counts of the one before."""

    def __init__(self, plan: Plan, course: Course) -> None:
        self.plan, self.course = plan, course
        self.draw_from = plan.draws("treatment")
        self.laboratory = Laboratory(plan)
        self.chemotherapy_share = 1.0
        self.days: list[Day | Missed] = []

    def draw(self) -> list[Day | Missed]:
        planned = self.plan.start + timedelta(days=self.draw_from.randint(1, 4))
        for cycle in range(1, self.course.cycles + 1):
            on = nearest_working_day(
                planned + timedelta(days=self.draw_from.choice((-1, 0, 0, 0, 0, 1, 2)) if cycle > 1 else 0)
            )
            if cycle > 1 and self._over(on):
                break
            started = self._day_1(cycle, on)
            if self._with_chemotherapy(cycle):
                self._day_8(cycle, started)
            elif self.plan.arm == "B":
                self.days.append(Missed(cycle, 8, NO_DAY_8))
            planned = started + timedelta(days=CYCLE_DAYS)
        return self.days

    def _over(self, on: date) -> bool:
        ends = (self.course.progressed, self.course.died, self.course.lost)
        return any(end is not None and on + timedelta(days=DELAY_DAYS) >= end for end in ends)

    def _with_chemotherapy(self, cycle: int) -> bool:
        return self.plan.arm == "B" and cycle <= self.course.courses

    def _day_1(self, cycle: int, on: date) -> date:
        influence = before_course(self.plan, cycle, self._with_chemotherapy(cycle - 1))
        if cycle == 1:
            influence = {}
        elif self.draw_from.random() < 0.1:
            influence = _deeper(influence)
        results, waited = self._results(influence), None
        if self._with_chemotherapy(cycle) and not _reaches(results, DAY_1_NEEDS):
            waited = (on, results)
            on = next_working_day(on + timedelta(days=DELAY_DAYS))
            self.chemotherapy_share = FOUR_FIFTHS
            results = self._recovered(influence)
        day = Day(cycle, 1, on, results, measure(self.plan, cycle, self.draw_from), self._ecog(cycle))
        day.waited, day.doses = waited, self._doses_of_day_1(cycle)
        self.days.append(day)
        return on

    def _recovered(self, influence: Influence) -> dict[str, str]:
        results = self._results({**influence, "NEUT": 0.9, "PLAT": 0.85})
        floor = {"NEUT": "1.74", "PLAT": "104"}
        return results | {
            code: text for code, text in floor.items() if float(results[code]) < DAY_1_NEEDS[code]
        }

    def _day_8(self, cycle: int, started: date) -> None:
        on = nearest_working_day(started + timedelta(days=7 + self.draw_from.choice((-1, 0, 0, 0, 1))))
        if self.draw_from.random() < 0.05:
            self.days.append(Missed(cycle, 8, self.draw_from.choice(MISSED)))
            return
        influence = after_course(self.plan, cycle)
        if self.draw_from.random() < 0.08:
            influence = _deeper(influence, DEEP_NADIR)
        results = self._results(influence)
        day = Day(cycle, 8, on, results, measure(self.plan, cycle, self.draw_from))
        day.doses = {GEMCITABINE: self._dose_of_day_8(results)}
        self.days.append(day)

    def _results(self, influence: Influence) -> dict[str, str]:
        return self.laboratory.results(influence, self.draw_from)

    def _doses_of_day_1(self, cycle: int) -> dict[str, Dose]:
        if self.plan.arm == "A":
            return {TORIPALIMAB: Dose()}
        if not self._with_chemotherapy(cycle):
            return {}
        return {OXALIPLATIN: self._reduced(), GEMCITABINE: self._reduced()}

    def _reduced(self) -> Dose:
        if self.chemotherapy_share == 1:
            return Dose()
        return Dose(self.chemotherapy_share, "ADVERSE_EVENT", "Reduced after cytopenia of an earlier cycle")

    def _dose_of_day_8(self, results: dict[str, str]) -> Dose:
        if _reaches(results, DAY_8_IN_FULL):
            return self._reduced()
        if not _reaches(results, DAY_8_AT_ALL):
            self.chemotherapy_share = FOUR_FIFTHS
            return Dose(0, "LABORATORY", "Omitted: neutrophils or platelets too low on day 8")
        return Dose(
            THREE_QUARTERS * self.chemotherapy_share, "LABORATORY", "Neutrophils or platelets low on day 8"
        )

    def _ecog(self, cycle: int) -> str:
        worse = self.draw_from.random() < 0.05 * min(cycle, 8)
        return "1" if worse or self.plan.body.ecog == "1" else "0"


def _reaches(results: dict[str, str], needed: dict[str, float]) -> bool:
    return all(float(results[code]) >= limit for code, limit in needed.items())


def _deeper(influence: Influence, share: float = SLOW_RECOVERY) -> Influence:
    return influence | {code: influence.get(code, 1.0) * share for code in ("NEUT", "PLAT")}


def measure(plan: Plan, cycle: int, draw: random.Random, readings: int = 1) -> Measured:
    """Vital signs of one day; cycle 0 is screening."""
    own = plan.draws("vital signs")
    systolic, diastolic = own.gauss(121, 8), own.gauss(76, 5)
    if plan.failing_rule == "E5":
        systolic, diastolic = 154, 97
    elif plan.response.pressure and cycle >= 2:
        systolic, diastolic = systolic + (25 if cycle <= 3 else 10), diastolic + (14 if cycle <= 3 else 6)
    pressures = [(round(draw.gauss(systolic, 4)), round(draw.gauss(diastolic, 3))) for _ in range(readings)]
    weight = plan.body.weight * (1 - 0.004 * min(cycle, 10)) * math.exp(draw.gauss(0, 0.006 if cycle else 0))
    return Measured(round(weight, 1), round(draw.gauss(36.5, 0.2), 1), round(draw.gauss(76, 7)), pressures)


def draw_periods(plan: Plan, first: date, last: date, happenings: list[Happening]) -> list[Period]:
    """Lenvatinib from first to last day: interrupted and reduced as the events of this life say."""
    draw = plan.draws("lenvatinib")
    periods = [Period(first, last, 0)]
    for each in happenings:
        current = periods[-1]
        day = each.started + timedelta(days=draw.randint(1, 3))
        action = each.drugs[LENVATINIB][1]
        level = current.level or 0
        if action not in (INTERRUPTED, REDUCED) or day <= current.started or day >= last or level >= 2:
            continue
        current.ended = day - timedelta(days=1)
        detail = each.ctcae
        if action == INTERRUPTED:
            resumed = day + timedelta(days=draw.randint(5, 14))
            if resumed >= last:
                periods.append(Period(day, last, None, detail))
                break
            periods.append(Period(day, resumed - timedelta(days=1), None, detail))
            day = resumed
            level += each.grade >= 3
        else:
            level += 1
        periods.append(Period(day, last, level, detail if level else ""))
    return periods
