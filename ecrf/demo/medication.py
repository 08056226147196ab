"""Doses of one life: infusions as they were given, lenvatinib from day to day."""

from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from ecrf.demo.desk import Desk
from ecrf.demo.periods import LEVELS
from ecrf.demo.terms import GEMCITABINE, LENVATINIB, OXALIPLATIN, TORIPALIMAB
from ecrf.demo.treatment import Day, Dose, Period, Treatment
from patients.derivations.dose import planned_dose
from patients.models import DailyDosePeriod, DoseAdministration, Visit
from trials.models import Drug

STEP_MG = Decimal(10)
SHARE_ROUNDED = 0.7
BATCHES = {TORIPALIMAB: "TOR", OXALIPLATIN: "OXA", GEMCITABINE: "GEM"}
MINUTES = {TORIPALIMAB: 30, OXALIPLATIN: 120, GEMCITABINE: 30}
FIRST_TORIPALIMAB_MINUTES = 60
ROUNDED = ("ROUNDING", "Rounded to 10 mg")


class Medication:
    """What is entered about doses, and what is still to be entered."""

    def __init__(self, desk: Desk, treatment: Treatment) -> None:
        self.desk = desk
        self.drugs = {drug.code: drug for drug in Drug.objects.filter(study=desk.cast.study)}
        self.rounds = desk.draw.random() < SHARE_ROUNDED
        self.periods = list(treatment.periods)
        self.open: tuple[DailyDosePeriod, Period] | None = None
        self.starting_dose: int | None = None

    # ---------------------------------------------------------------- infusions
    def give(self, visit: Visit, day: Day) -> None:
        """The administrations of one visit, one after another."""
        on = day.given_on
        begins = datetime.combine(on, time(9, 30)) + timedelta(minutes=self.desk.draw.randrange(0, 90, 5))
        for drug, dose in day.doses.items():
            minutes = FIRST_TORIPALIMAB_MINUTES if drug == TORIPALIMAB and day.cycle == 1 else MINUTES[drug]
            ends = begins + timedelta(minutes=minutes)
            self._administer(visit, drug, dose, on, begins, ends)
            begins = ends + timedelta(minutes=15)

    def _administer(
        self, visit: Visit, drug: str, dose: Dose, on: date, begins: datetime, ends: datetime
    ) -> None:
        answers: dict[str, Any] = {"drug": drug, "given_on": on.isoformat()}
        if dose.share == 0:
            answers |= {
                "given": "N",
                "dose": "0",
                "difference": dose.difference,
                "difference_detail": dose.detail,
            }
        else:
            answers |= {
                "given": "Y",
                "started_at": f"{begins:%H:%M}",
                "ended_at": f"{ends:%H:%M}",
                "batch_number": f"{BATCHES[drug]}{on:%y%m}{self.desk.draw.randrange(100):02d}",
            }
            answers |= self._amount(drug, dose, on)
            if self.desk.draw.random() < 0.02:
                del answers["batch_number"]
                answers["missing_reasons"] = {"batch_number": "UNKNOWN"}
        self.desk.enter(DoseAdministration, answers, visit=visit)

    def _amount(self, drug: str, dose: Dose, on: date) -> dict[str, str]:
        planned = self._planned(drug, on)
        wanted = planned * Decimal(str(dose.share))
        given = wanted.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        if self.rounds or dose.share != 1:
            given = (wanted / STEP_MG).quantize(Decimal(1), ROUND_HALF_EVEN) * STEP_MG
        amount = {"dose": str(given)}
        if dose.difference:
            return amount | {"difference": dose.difference, "difference_detail": dose.detail}
        if given != planned:
            return amount | dict(zip(("difference", "difference_detail"), ROUNDED, strict=True))
        return amount

    def _planned(self, drug: str, on: date) -> Decimal:
        found = planned_dose(self.desk.subject, self.drugs[drug].pk, on)
        if found.dose is None:
            raise LookupError(found.note)
        return found.dose

    # ---------------------------------------------------------------- lenvatinib
    def periods_until(self, day: date) -> None:
        """Enter the periods that began by a day, and close the one that ended."""
        while True:
            if self.open is not None:
                record, period = self.open
                if period.ended > day:
                    return
                self.open = None
                self.desk.change(record, "Period ended: last day added", {"ended": period.ended.isoformat()})
            if not self.periods or self.periods[0].started > day:
                return
            self._begin(self.periods.pop(0), day)

    def _begin(self, period: Period, day: date) -> None:
        dose, frequency = self.level(period)
        answers: dict[str, Any] = {
            "drug": LENVATINIB,
            "started": period.started.isoformat(),
            "dose": str(dose),
            "frequency": frequency,
        }
        if period.difference:
            answers |= {"difference": period.difference, "difference_detail": period.detail}
        if period.ended <= day:
            answers["ended"] = period.ended.isoformat()
        record = self.desk.enter(DailyDosePeriod, answers, slips=False)
        if period.ended > day:
            self.open = (record, period)

    def level(self, period: Period) -> tuple[int, str]:
        """Dose in mg and frequency of a period, as it was taken; 0 mg for an interruption."""
        if self.starting_dose is None:
            self.starting_dose = int(self._planned(LENVATINIB, period.started))
        if period.level is None:
            return 0, "QD"
        dose, frequency = LEVELS[self.starting_dose][period.level]
        return dose + period.extra_mg, frequency
