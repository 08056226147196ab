"""Cycle after cycle of one life, each resting on the counts of the one before."""

import random
from collections.abc import Mapping
from datetime import date, timedelta

from ecrf.demo.adverse_events import Happening
from ecrf.demo.blood_counts import grade_of
from ecrf.demo.calendar import in_window, next_working_day
from ecrf.demo.course import Course
from ecrf.demo.event_plan import severe_results
from ecrf.demo.laboratory import (
    Influence,
    Laboratory,
    after_course,
    before_course,
    underactive_thyroid,
)
from ecrf.demo.plans import CYCLE_DAYS, Plan
from ecrf.demo.terms import (
    CHEMOTHERAPY,
    GEMCITABINE,
    OXALIPLATIN,
    STOPPED_FOR,
    TORIPALIMAB,
    WITH_CHEMOTHERAPY,
    WITH_TORIPALIMAB,
)
from ecrf.demo.treatment import Day, Dose, Measured, Missed, measure

DELAY_DAYS = 7
DAY_1_WINDOW, DAY_8_WINDOW = 3, 2
SURGERY_FROM, SURGERY_UNTIL = 15, 33
"""Days before and after a resection without a study drug."""

# day 1 is given from these counts on; day 8 in full, at three quarters, or not at all
DAY_1_NEEDS = {"NEUT": 1.5, "PLAT": 100}
DAY_8_IN_FULL = {"NEUT": 1.0, "PLAT": 100}
DAY_8_AT_ALL = {"NEUT": 0.5, "PLAT": 50}
THREE_QUARTERS, FOUR_FIFTHS = 0.75, 0.8
SLOW_RECOVERY, DEEP_NADIR = 0.55, 0.62
"""What is left of the counts where a course bites more than usual: on day 1, on day 8."""

MISSED = (
    "Could not travel: restrictions during the epidemic",
    "Fever on the day before",
    "Subject was on a journey",
)

ON_DAY_8 = {"PLAT": {3: "36", 4: "18"}, "NEUT": {3: "0.78", 4: "0.41"}}
ON_DAY_1 = {
    # what is told of the cycle of a severe result and of the ones after it
    ("HGB", 3): ({"HGB": "77"}, {"HGB": "92"}, {"HGB": "101"}),
    ("ALT", 3): ({"ALT": "311", "AST": "228"}, {"ALT": "148", "AST": "97"}, {"ALT": "71", "AST": "52"}),
    ("PROT", 1): ({"PROT": "1+"}, {"PROT": "1+"}, {"PROT": "trace"}),
    ("PROT", 2): ({"PROT": "2+", "PROTEXR": "1.68"}, {"PROT": "2+", "PROTEXR": "1.31"}, {"PROT": "negative"}),
    ("PROT", 3): ({"PROT": "4+", "PROTEXR": "3.92"}, {"PROT": "2+", "PROTEXR": "1.85"}, {"PROT": "trace"}),
}
SEVERE_FROM_CYCLE = {"HGB": 4, "ALT": 3, "PROT": 3, "PLAT": 2, "NEUT": 2}
HOLDS_TORIPALIMAB = {"Pneumonitis", "Colitis", "Rash maculo-papular"}


class Cycles:
    """The visits of the cycles of one life."""

    def __init__(self, plan: Plan, course: Course, happenings: list[Happening]) -> None:
        self.plan, self.course, self.happenings = plan, course, happenings
        self.draw_from = plan.draws("treatment")
        self.laboratory = Laboratory(plan)
        self.severe = severe_results(plan)
        self.scanned = {scan.on for scan in course.scans}
        self.chemotherapy_share = 1.0
        self.days: list[Day | Missed] = []

    def draw(self, first_dose: date) -> list[Day | Missed]:
        planned, cycle = first_dose, 1
        while True:
            late = self.draw_from.choice((-1, 0, 0, 0, 0, 1, 2)) if cycle > 1 else 0
            on = in_window(planned, planned + timedelta(days=late), DAY_1_WINDOW, DAY_1_WINDOW)
            if cycle > 1 and on >= self.course.treated_until:
                return self.days
            started = self._day_1(cycle, on)
            if self.with_chemotherapy(cycle):
                self._day_8(cycle, started)
            planned, cycle = started + timedelta(days=CYCLE_DAYS), cycle + 1

    def with_chemotherapy(self, cycle: int) -> bool:
        """Whether oxaliplatin and gemcitabine belong to a cycle."""
        return self.plan.arm in WITH_CHEMOTHERAPY and 1 <= cycle <= self.course.courses

    def closing(self, cycle: int, on: date, draw: random.Random) -> tuple[dict[str, str], Measured]:
        """What is measured at a visit after the last dose, when most has recovered."""
        influence = before_course(self.plan, cycle, False) | self._thyroid(on)
        return self.laboratory.results(influence, draw), self._measured(cycle, on, draw)

    # ---------------------------------------------------------------- day 1
    def _day_1(self, cycle: int, on: date) -> date:
        influence = before_course(self.plan, cycle, self.with_chemotherapy(cycle - 1)) | self._thyroid(on)
        if cycle == 1:
            influence = {}
        elif self.with_chemotherapy(cycle) and self.draw_from.random() < 0.1:
            influence = _deeper(influence)
        results = self._results(influence, self._told_on_day_1(cycle))
        day = Day(cycle, 1, on, results, self._measured(cycle, on, self.draw_from), self._ecog(cycle))
        self.days.append(day)
        if self.with_chemotherapy(cycle) and not _reaches(results, DAY_1_NEEDS):
            again = next_working_day(on + timedelta(days=DELAY_DAYS))
            if again in self.scanned:
                again = next_working_day(again + timedelta(days=1))
            if again < self.course.treated_until:
                self.chemotherapy_share = FOUR_FIFTHS
                day.recounted = (again, self._recovered(influence))
        day.doses = self._doses_of_day_1(cycle, day)
        return day.given_on if any(dose.share for dose in day.doses.values()) else on

    def _told_on_day_1(self, cycle: int) -> Mapping[str, str]:
        for test, grade in self.severe.items():
            after = cycle - SEVERE_FROM_CYCLE[test]
            told = ON_DAY_1.get((test, grade), ())
            if 0 <= after < len(told):
                return told[after]
        return {}

    def _recovered(self, influence: Influence) -> dict[str, str]:
        results = self._results({**influence, "NEUT": 0.9, "PLAT": 0.85})
        floor = {"NEUT": "1.74", "PLAT": "104"}
        low = {code: text for code, text in floor.items() if float(results[code]) < DAY_1_NEEDS[code]}
        return results | low

    def _doses_of_day_1(self, cycle: int, day: Day) -> dict[str, Dose]:
        if self._around_surgery(day.on):
            resting = Dose(0, "PHYSICIAN_DECISION", "No study drug around the resection")
            return {TORIPALIMAB: resting} if self.plan.arm in WITH_TORIPALIMAB else {}
        if self.plan.arm in WITH_TORIPALIMAB:
            return {TORIPALIMAB: self._toripalimab(day)}
        if not self.with_chemotherapy(cycle):
            return {}
        if not _reaches(day.recounted[1] if day.recounted else day.results, DAY_1_NEEDS):
            omitted = Dose(0, "LABORATORY", "Omitted: neutrophils or platelets too low on day 1")
            return dict.fromkeys(CHEMOTHERAPY, omitted)
        return {OXALIPLATIN: self._reduced(), GEMCITABINE: self._reduced()}

    def _toripalimab(self, day: Day) -> Dose:
        held = next(
            (
                each.ctcae
                for each in self.happenings
                if each.ctcae in HOLDS_TORIPALIMAB and each.grade >= 3 and each.lasts_on(day.on)
            ),
            "Hepatitis" if grade_of("ALT", day.results, self.plan.body.sex) >= 3 else "",
        )
        return Dose(0, "ADVERSE_EVENT", f"Held: {held}") if held else Dose()

    def _around_surgery(self, on: date) -> bool:
        surgery = self.course.resected
        return surgery is not None and -SURGERY_FROM <= (on - surgery).days <= SURGERY_UNTIL

    # ---------------------------------------------------------------- day 8
    def _day_8(self, cycle: int, started: date) -> None:
        due = started + timedelta(days=7)
        wanted = due + timedelta(days=self.draw_from.choice((-1, 0, 0, 0, 1)))
        on = in_window(due, wanted, DAY_8_WINDOW, DAY_8_WINDOW)
        told = self._told_on_day_8(cycle, started)
        if on > self.course.treated_until or self._around_surgery(on):
            self.days.append(Missed(cycle, 8, "No gemcitabine in this cycle any more"))
            return
        if abs((on - due).days) > DAY_8_WINDOW:
            self.days.append(Missed(cycle, 8, "Public holiday: no day in the window"))
            return
        if not told and self.draw_from.random() < 0.05:
            self.days.append(Missed(cycle, 8, self.draw_from.choice(MISSED)))
            return
        influence = after_course(self.plan, cycle)
        if self.draw_from.random() < 0.08:
            influence = _deeper(influence, DEEP_NADIR)
        results = self._results(influence, told)
        day = Day(cycle, 8, on, results, self._measured(cycle, on, self.draw_from))
        day.doses = {GEMCITABINE: self._dose_of_day_8(results)}
        self.days.append(day)

    def _told_on_day_8(self, cycle: int, started: date) -> Mapping[str, str]:
        test = next((test for test in ON_DAY_8 if test in self.severe), "")
        if not test or cycle != self._severe_cycle(test, started, cycle):
            return {}
        return {test: ON_DAY_8[test][self.severe[test]]}

    def _severe_cycle(self, test: str, started: date, cycle: int) -> int:
        """Early, or last of all where the event ends the treatment."""
        if self.plan.number not in STOPPED_FOR:
            return SEVERE_FROM_CYCLE[test]
        is_last = started + timedelta(days=CYCLE_DAYS - 3) >= self.course.treated_until
        return cycle if is_last or cycle == self.course.courses else 0

    def _dose_of_day_8(self, results: dict[str, str]) -> Dose:
        if _reaches(results, DAY_8_IN_FULL):
            return self._reduced()
        if not _reaches(results, DAY_8_AT_ALL):
            self.chemotherapy_share = FOUR_FIFTHS
            return Dose(0, "LABORATORY", "Omitted: neutrophils or platelets too low on day 8")
        return Dose(
            THREE_QUARTERS * self.chemotherapy_share, "LABORATORY", "Neutrophils or platelets low on day 8"
        )

    # ---------------------------------------------------------------- both
    def _results(self, influence: Influence, told: Mapping[str, str] | None = None) -> dict[str, str]:
        return self.laboratory.results(influence, self.draw_from, told or {})

    def _measured(self, cycle: int, on: date, draw: random.Random) -> Measured:
        lately = on - timedelta(days=CYCLE_DAYS - 1)
        raised = [each for each in self._lasting("Hypertension", on) if each.started >= lately]
        pressure = max((each.grade for each in raised), default=0)
        loses = any(each.ctcae == "Weight loss" for each in self.happenings)
        return measure(self.plan, cycle, draw, pressure, loses)

    def _thyroid(self, on: date) -> Influence:
        grade = max((each.grade for each in self._lasting("Hypothyroidism", on)), default=0)
        return underactive_thyroid(grade) if grade else {}

    def _lasting(self, ctcae: str, on: date) -> list[Happening]:
        return [each for each in self.happenings if each.ctcae == ctcae and each.lasts_on(on)]

    def _reduced(self) -> Dose:
        if self.chemotherapy_share == 1:
            return Dose()
        return Dose(self.chemotherapy_share, "ADVERSE_EVENT", "Reduced after cytopenia of an earlier cycle")

    def _ecog(self, cycle: int) -> str:
        worse = self.draw_from.random() < 0.04 * min(cycle, 8)
        return "1" if worse or self.plan.body.ecog == "1" else "0"


def _reaches(results: Mapping[str, str], needed: dict[str, float]) -> bool:
    return all(float(results[code]) >= limit for code, limit in needed.items())


def _deeper(influence: Influence, share: float = SLOW_RECOVERY) -> Influence:
    return influence | {code: influence.get(code, 1.0) * share for code in ("NEUT", "PLAT")}
