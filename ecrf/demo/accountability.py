"""Capsules of lenvatinib handed out on day 1 of a cycle, and what comes back at the next visit."""

from datetime import date, timedelta

from ecrf.demo.desk import Desk
from ecrf.demo.medication import Medication
from ecrf.demo.terms import LENVATINIB
from ecrf.demo.treatment import Treatment
from patients.models import DrugAccountability

CAPSULE_MG = 4
BOTTLE = 30
FORGETFUL_SHARE = 0.15


class Accountability:
    """What one life has at home; entered when it is counted."""

    def __init__(self, desk: Desk, treatment: Treatment, medication: Medication) -> None:
        self.desk, self.medication = desk, medication
        self.periods = list(treatment.periods)
        self.draw = desk.plan.draws("capsules")
        self.dispensed_on: date | None = None

    def count(self, on: date, *, last: bool = False) -> None:
        """Count what was handed out before, and hand out anew unless this is the last time."""
        if self.dispensed_on is not None:
            self._enter(self.dispensed_on, on)
        self.dispensed_on = None if last else on

    def _enter(self, since: date, on: date) -> None:
        needed = sum(self._capsules(since + timedelta(days=each)) for each in range((on - since).days))
        if not needed:
            return  # nothing is handed out for an interruption
        bottles = max(1, round(max(self._capsules(since), self._capsules(since + timedelta(days=1)))))
        dispensed = max(bottles * BOTTLE, -(-round(needed) // BOTTLE) * BOTTLE)
        forgotten = 1 if needed > 20 and self.draw.random() < FORGETFUL_SHARE else 0
        data: dict[str, object] = {
            "drug": LENVATINIB,
            "batch_number": f"LEN{since:%y%m}{self.draw.randrange(10)}",
            "strength": str(CAPSULE_MG),
            "dispensed_on": since.isoformat(),
            "capsules_dispensed": dispensed,
            "returned_on": on.isoformat(),
            "capsules_returned": dispensed - round(needed) + forgotten,
        }
        self.desk.enter(DrugAccountability, data, slips=False)

    def _capsules(self, day: date) -> float:
        """Capsules of one day; half a one where they are taken every other day."""
        for period in self.periods:
            if period.started <= day <= period.ended:
                dose, frequency = self.medication.level(period)
                return dose / CAPSULE_MG / (2 if frequency == "QOD" else 1)
        return 0
