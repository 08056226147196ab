"""Rare things that are told at day 1 of a cycle: an error with a study drug, a pregnancy of the partner."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from ecrf.demo.consents import Consents
from ecrf.demo.desk import Desk
from ecrf.demo.medication import Medication
from ecrf.demo.overdose import CONSEQUENCE, OVERDOSES, overdosed_on
from ecrf.demo.terms import DRUGS, LENVATINIB
from ecrf.demo.treatment import Treatment
from patients.models import AdverseEvent, MedicationError, PregnancyExposure

WHY_ENDED = "Outcome of the pregnancy told"
TEST_DAYS_BEFORE = 9
"""Days between the positive test and the visit at which the subject tells of it."""
ENDED_DAYS_BEFORE = {"LIVE BIRTH": 24, "SPONTANEOUS ABORTION": 2}
"""Days between the outcome and the visit at which it is told."""


class Rarities:
    """What one life has to tell that few others have."""

    def __init__(self, desk: Desk, treatment: Treatment, medication: Medication, consents: Consents) -> None:
        self.desk, self.treatment = desk, treatment
        self.medication, self.consents = medication, consents

    def tell(self, cycle: int, on: date) -> None:
        """Enter what is told at day 1 of a cycle, in the lives in which something is."""
        teller = TOLD.get((self.desk.plan.number, cycle))
        if teller is not None:
            teller(self, on)

    # ---------------------------------------------------------------- errors
    def overdose(self, on: date) -> None:
        plan = self.desk.plan
        first = overdosed_on(plan, self.treatment.attended)
        planned = self._daily_mg()
        event = AdverseEvent.objects.get(subject=self.desk.subject, ctcae_term=CONSEQUENCE[0])
        data = {
            "kind": "OVERDOSE",
            "occurred_on": str(first),
            "planned_amount": str(planned),
            "taken_amount": str(planned + OVERDOSES[plan.number].extra_mg),
            "consequences": "Y",
            "adverse_event": event.repeat,
            "description": "Two capsules a day too many at home, on two days: the new label was misread",
            "action": "Capsules counted, the label explained again; a diary is kept from now on",
        }
        self._error(data)

    def wrong_bottle(self, on: date) -> None:
        data = {
            "kind": "DISPENSING ERROR",
            "occurred_on": on.isoformat(),
            "planned_amount": str(self._daily_mg()),
            "taken_amount": str(self._daily_mg()),
            "consequences": "N",
            "description": "The bottle of another subject was handed out; noticed before a capsule was taken",
            "action": "Bottle exchanged on the same day, the pharmacy told",
        }
        self._error(data)

    def _daily_mg(self) -> int:
        return self.medication.starting_dose or 0

    def _error(self, data: dict[str, Any]) -> None:
        self.desk.enter(MedicationError, {"drug": LENVATINIB} | data, slips=False)

    # ---------------------------------------------------------------- pregnancies
    def pregnancy(self, on: date) -> None:
        """A pregnancy that goes on, and the partner's consent to hear of it."""
        self.consents.follow_pregnancy(on)
        self._pregnancy(on, {"outcome": "ONGOING", "detail": "The partner consented to the follow-up"})

    def birth(self, on: date) -> None:
        record = PregnancyExposure.objects.get(subject=self.desk.subject)
        answers = _ended("LIVE BIRTH", on) | {"child_abnormal": "N"}
        self.desk.change(record, WHY_ENDED, answers, actor=self.desk.deciding())

    def lost_pregnancy(self, on: date) -> None:
        answers = _ended("SPONTANEOUS ABORTION", on) | {
            "detail": "Ended in the seventh week. The partner wishes no follow-up",
            "missing_reasons": {"child_abnormal": "NOT_APPLICABLE"},
        }
        self._pregnancy(on, answers)

    def _pregnancy(self, on: date, answers: dict[str, Any]) -> None:
        tested = on - timedelta(days=TEST_DAYS_BEFORE)
        data = {
            "who": "PARTNER",
            "last_menstruation": f"{tested - timedelta(days=38):%Y-%m}",
            "positive_test_on": tested.isoformat(),
            "became_aware_on": on.isoformat(),
            "reported_on": on.isoformat(),
        }
        rows = [
            {"drug": drug, "last_taken": self._last_taken(drug, tested).isoformat()}
            for drug in DRUGS[self.desk.plan.arm]
        ]
        self.desk.enter(
            PregnancyExposure, data | answers, {"drugs": rows}, actor=self.desk.deciding(), slips=False
        )

    def _last_taken(self, drug: str, by: date) -> date:
        """The last dose of a drug up to a day; lenvatinib is taken daily."""
        if drug == LENVATINIB:
            return by
        given = [
            day.given_on for day in self.treatment.attended if drug in day.doses and day.doses[drug].share
        ]
        return max(day for day in given if day <= by)


def _ended(outcome: str, told: date) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "outcome_on": (told - timedelta(days=ENDED_DAYS_BEFORE[outcome])).isoformat(),
    }


TOLD: dict[tuple[int, int], Callable[[Rarities, date], None]] = {
    # number of the life, cycle at whose day 1 it is told
    (47, 6): Rarities.overdose,
    (61, 3): Rarities.wrong_bottle,
    (29, 4): Rarities.lost_pregnancy,
    (65, 8): Rarities.pregnancy,
    (65, 20): Rarities.birth,
}
