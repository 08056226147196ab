"""Subjects of the registered study under treatment, entered as a coordinator enters them.

Consent is on 1 March 2021, randomization and the first day of treatment on 8 March.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from patients.actions.randomize import randomize
from patients.actions.visits import add_unscheduled_visit, open_cycle
from patients.derivations.expected_action import ExpectedAction, expected_action
from patients.facts import Facts, Moment
from patients.models import (
    AdverseEvent,
    DailyDosePeriod,
    Disposition,
    DoseAdministration,
    LabSample,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import make_list, opened, person, save
from tests.reentry import typed
from tests.screening import LABORATORY, Clinic
from trials.actions.dose_modifications import approve_dose_modifications
from trials.audit import clock
from trials.models import DoseModificationTable, Drug, Role, StudySetting

FIRST = date(2021, 3, 8)
COUNTS = {"NEUT": ("4.1", "10*9/L"), "PLAT": ("184", "10*9/L")}
CHEMISTRY = {
    "ALT": ("30", "U/L"),
    "AST": ("31", "U/L"),
    "BILI": ("12.5", "umol/L"),
    "CREAT": ("72", "umol/L"),
}
ALL_DRUGS = {"A": ("TORIPALIMAB", "LENVATINIB"), "B": ("LENVATINIB", "OXALIPLATIN", "GEMCITABINE")}


def day(later: int) -> date:
    """A day counted from the first day of treatment, which is 0."""
    return FIRST + timedelta(days=later)


class Ward(Clinic):
    """One subject in an arm. Days are counted from the first day of treatment."""

    def __init__(self, arm: str, weight: str = "60", **screened: Any) -> None:
        super().__init__()
        self.arm = arm
        make_list(self.study, arm)
        with clock.simulated(datetime(2021, 3, 8, 2, tzinfo=UTC)):
            self.subject: Subject = self.screened(weight=weight, **screened)
            randomize(actor=self.coordinator, subject=self.subject)
        self.subject.refresh_from_db()

    def approve(self) -> None:
        """The principal investigator approves the dose-modification table."""
        table = DoseModificationTable.objects.get(study=self.study)
        investigator = person(Role.INVESTIGATOR, self.study)
        approve_dose_modifications(
            actor=investigator, table=table, reason="agreed", reentry=typed(investigator)
        )

    def decide(self, **settings: Any) -> None:
        """Settings of the study as the principal investigator chose them."""
        for key, value in settings.items():
            setting = StudySetting.objects.get(study=self.study, key=key)
            setting.value = value
            save(self.study.chain, setting)

    def drug(self, code: str) -> Drug:
        return Drug.objects.get(study=self.study, code=code)

    @property
    def screening(self) -> Visit:
        return Visit.objects.get(subject=self.subject, code="SCR")

    def visit_on(self, code: str, later: int) -> Visit:
        """A visit of the schedule that took place on a day."""
        known = Visit.objects.get(subject=self.subject, code=code)
        return known if known.occurred_on else opened(self.coordinator, self.subject, code, day(later))

    def cycle(self, number: int, later: int) -> Visit:
        """Day 1 of a cycle, which is planned first where it is not the first one."""
        if not self.subject.cycles.filter(number=number).exists():
            open_cycle(actor=self.coordinator, subject=self.subject)
        return self.visit_on(f"C{number}D1", later)

    def unscheduled(self, later: int) -> Visit:
        return add_unscheduled_visit(
            actor=self.coordinator, subject=self.subject, occurred_on=day(later), why="treatment"
        )

    def bled(self, later: int, results: Mapping[str, tuple[str, str]] | None = None) -> LabSample:
        """Blood of a day: everything normal but what is given."""
        given = COUNTS | CHEMISTRY if results is None else results
        rows = [{"test": test, "value": value, "unit": unit} for test, (value, unit) in given.items()]
        data = {"collected_on": day(later).isoformat(), "laboratory": LABORATORY}
        return self.enter(LabSample, self.subject, data, visit=self.screening, rows={"results": rows})

    def infuse(
        self, drug: str, later: int, dose: str | None, visit: Visit | None = None, **more: Any
    ) -> DoseAdministration:
        answers = {"drug": drug, "given": "Y", "given_on": day(later).isoformat(), "dose": dose} | more
        return self.enter(DoseAdministration, self.subject, answers, visit=visit or self.screening)

    def take(
        self, later: int, until: int | None, dose: str | None, frequency: str | None = "QD", **more: Any
    ) -> DailyDosePeriod:
        ended = None if until is None else day(until).isoformat()
        answers = {"drug": "LENVATINIB", "started": day(later).isoformat(), "ended": ended}
        answers |= {"dose": dose, "frequency": frequency} | more
        return self.enter(DailyDosePeriod, self.subject, answers)

    def weigh(self, later: int, weight: str) -> VitalSigns:
        answers = {"measured_on": day(later).isoformat(), "weight": weight}
        return self.enter(VitalSigns, self.subject, answers, visit=self.screening)

    def event(
        self,
        term: str,
        grade: str | None,
        later: int,
        until: int | None = None,
        causes: tuple[str, ...] | None = None,
        **more: Any,
    ) -> AdverseEvent:
        """An adverse event that the named drugs of the arm caused (all of them, if none is named)."""
        related = ALL_DRUGS[self.arm] if causes is None else causes
        answers = {
            "term": term,
            "ctcae_term": term,
            "grade": grade,
            "started": day(later).isoformat(),
            "ongoing": "Y" if until is None else "N",
            "ended": None if until is None else day(until).isoformat(),
            "outcome": "NOT RECOVERED/NOT RESOLVED" if until is None else "RECOVERED/RESOLVED",
            "serious": "N",
        } | more
        rows = [
            {
                "drug": code,
                "causality": "PROBABLY RELATED" if code in related else "UNRELATED",
                "action": "DOSE NOT CHANGED",
            }
            for code in ALL_DRUGS[self.arm]
        ]
        return self.enter(AdverseEvent, self.subject, answers, rows={"drugs": rows})

    def ends(self, drug: str, later: int, reason: str = "COMPLETED", **more: Any) -> Disposition:
        answers = {"scope": "TREATMENT", "drug": drug, "ended_on": day(later).isoformat(), "reason": reason}
        return self.enter(Disposition, self.subject, answers | more)

    def facts(self, **moment: Any) -> Facts:
        return Facts([self.subject], Moment(**moment))

    def expected(self, drug: str, later: int, **moment: Any) -> ExpectedAction:
        return expected_action(self.facts(**moment), self.subject, self.drug(drug), day(later))
