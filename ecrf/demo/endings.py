"""How treatment and study end, in forms: dispositions, withdrawal, loss, death, what came afterwards."""

from datetime import date, timedelta
from typing import Any

from ecrf.demo.calendar import next_working_day
from ecrf.demo.course import REASONS
from ecrf.demo.desk import Desk
from ecrf.demo.outcomes import End, Stop
from ecrf.demo.terms import CHEMOTHERAPY, DRUGS, LENVATINIB, STOPPED_FOR
from ecrf.demo.treatment import Treatment
from patients.models import (
    Death,
    Disposition,
    LostToFollowUp,
    Procedure,
    TissueSample,
    TreatmentBeyondProgression,
    Withdrawal,
)

DECLARED_AFTER = 70
RESECTIONS = {
    # number of the life: extent, residual tumor, response, viable tumor in percent
    24: ("Extended right hemihepatectomy", "R0", "PARTIAL", "35"),
    33: ("Left hemihepatectomy with lymphadenectomy", "R1", "PARTIAL", "45"),
    66: ("Right hemihepatectomy", "R0", "MAJOR", "8"),
    59: ("Left hemihepatectomy", "R0", "PARTIAL", "30"),
}
KEEP_GOING = "Clinically stable, slow growth, no other option that promises more; drugs are well tolerated"


class Endings:
    """The ends of one life's treatment and study."""

    def __init__(self, desk: Desk, treatment: Treatment) -> None:
        self.desk, self.treatment = desk, treatment
        self.course, self.outcome = treatment.course, desk.plan.outcome
        self.ended: set[str] = set()
        self.beyond: Any = None

    # ---------------------------------------------------------------- treatment
    def of_chemotherapy(self, on: date) -> None:
        """The end of oxaliplatin and gemcitabine after the last course."""
        for drug, last in self._last_doses().items():
            if drug in CHEMOTHERAPY and drug not in self.ended:
                self._end(drug, last, on, "COMPLETED", "")

    def of_treatment(self) -> None:
        """The end of every drug that is still given."""
        stop = self.outcome.stop
        reason, detail = REASONS[stop]
        if stop is Stop.WITHDRAWAL:
            self._withdrawals()
        if stop is Stop.ADVERSE_EVENT:
            detail = STOPPED_FOR[self.desk.plan.number][0]
        last_doses = self._last_doses()
        for drug in DRUGS[self.desk.plan.arm]:
            if drug not in self.ended:
                self._end(drug, last_doses.get(drug), self.treatment.last_day, reason, detail)
        if self.beyond is not None:
            self._end_beyond()

    def _end(self, drug: str, last: date | None, on: date, reason: str, detail: str) -> None:
        data: dict[str, Any] = {
            "scope": "TREATMENT",
            "drug": drug,
            "ended_on": on.isoformat(),
            "reason": reason,
        }
        if last is not None:
            data["last_dose_on"] = last.isoformat()
        if detail:
            data["detail"] = detail
        self.desk.enter(Disposition, data, actor=self.desk.deciding(), slips=False)
        self.ended.add(drug)

    def _last_doses(self) -> dict[str, date]:
        found = {
            drug: day.given_on
            for day in self.treatment.attended
            for drug, dose in day.doses.items()
            if dose.share
        }
        taken = [period.ended for period in self.treatment.periods if period.level is not None]
        return found | {LENVATINIB: max(taken)}

    def _withdrawals(self) -> None:
        on = self.treatment.last_day.isoformat()
        scopes = ("CONTACT",) if self.outcome.end is End.WITHDREW else ("STUDY VISITS",)
        for scope in ("STUDY DRUG", *scopes):
            data = {
                "scope": scope,
                "withdrawn_on": on,
                "withdrawn_by": "SUBJECT",
                "reason": "Wishes to be treated near home",
                "keep_data": "Y",
            }
            self.desk.enter(Withdrawal, data, actor=self.desk.deciding(), slips=False)

    # ---------------------------------------------------------------- beyond progression
    def goes_beyond(self, number_of_consent: str) -> None:
        """The decision to go on although the disease progressed."""
        seen = self.course.progressed
        if seen is None:
            return
        decided = next_working_day(seen.day + timedelta(days=2)).isoformat()
        drugs = [drug for drug in DRUGS[self.desk.plan.arm] if drug not in self.ended]
        rows = [{"drug": drug, "continued": "Y"} for drug in drugs]
        data = {
            "progressed_on": seen.day.isoformat(),
            "decided_on": decided,
            "decided_by": "PRINCIPAL INVESTIGATOR",
            "clinically_stable": "Y",
            "reason": KEEP_GOING,
            "consent_signed_on": decided,
            "consent_version": number_of_consent,
        }
        self.beyond = self.desk.enter(
            TreatmentBeyondProgression, data, {"drugs": rows}, actor=self.desk.deciding(), slips=False
        )

    def _end_beyond(self) -> None:
        last = self.treatment.last_day.isoformat()
        ended = {
            "ended_on": last,
            "benefit_assessed_on": last,
            "benefit": "N",
            "benefit_in_words": "Further slow growth on two scans; treatment was ended",
        }
        self.desk.change(
            self.beyond, "Treatment beyond progression has ended", ended, actor=self.desk.deciding()
        )

    # ---------------------------------------------------------------- surgery
    def of_surgery(self) -> None:
        """Resection after downstaging, with pathology and a sample of the tissue."""
        on, plan = self.course.resected, self.desk.plan
        if on is None:
            return
        extent, residual, response, viable = RESECTIONS[plan.number]
        data = {
            "kind": "RESECTION",
            "name": "Liver resection after downstaging",
            "performed_on": on.isoformat(),
            "organ": "LIVER",
            "indication": "Confirmed partial response, resectable by decision of the tumor board",
            "intent": "CURATIVE",
            "elsewhere": "N",
            "extent": extent,
            "pathology": f"Cholangiocarcinoma with regression; viable tumor {viable} %, {residual}",
            "residual": residual,
            "pathological_response": response,
            "viable_tumor": viable,
        }
        self.desk.enter(Procedure, data, actor=self.desk.deciding(), slips=False)
        tissue = {
            "kind": "RESECTION",
            "collected_on": on.isoformat(),
            "organ": "LIVER",
            "primary_tumor": "Y",
            "material": "PARAFFIN BLOCK",
            "blocks": 4,
            "adequate": "Y",
            "tissue_consent": "Y",
        }
        self.desk.enter(TissueSample, tissue, slips=False)

    # ---------------------------------------------------------------- study
    def of_study(self, on: date) -> None:
        """Death, loss, withdrawal or the end of the study for all."""
        match self.outcome.end:
            case End.DIED:
                self._death(on)
                reason = "DEATH"
            case End.LOST:
                self._loss(on)
                reason = "LOST TO FOLLOW-UP"
            case End.WITHDREW:
                reason = "WITHDRAWAL BY SUBJECT"
            case End.ALIVE:
                reason = "COMPLETED"
        data = {"scope": "STUDY", "ended_on": on.isoformat(), "reason": reason}
        self.desk.enter(Disposition, data, actor=self.desk.deciding(), slips=False)

    def _death(self, on: date) -> None:
        draw = self.desk.plan.draws("death")
        data = {
            "died_on": on.isoformat(),
            "cause": "DISEASE PROGRESSION",
            "cause_in_words": "Intrahepatic cholangiocarcinoma, liver failure by tumor growth",
            "autopsy": "N",
            "place": draw.choice(("HOSPITAL", "HOME", "HOSPITAL", "SITE")),
            "source": draw.choice(("FAMILY", "FAMILY", "PHYSICIAN")),
            "known_on": self.desk.today.isoformat(),
        }
        self.desk.enter(Death, data, actor=self.desk.deciding(), slips=False)

    def _loss(self, on: date) -> None:
        attempts = [
            {
                "tried_on": next_working_day(on + timedelta(days=days)).isoformat(),
                "method": method,
                "reached": "NOBODY",
                "result": result,
            }
            for days, method, result in (
                (24, "TELEPHONE", "No answer on three days"),
                (38, "LETTER", "No reply"),
                (55, "PHYSICIAN", "Not seen there since"),
            )
        ]
        data = {
            "last_contact_on": on.isoformat(),
            "declared_on": next_working_day(on + timedelta(days=DECLARED_AFTER - 8)).isoformat(),
        }
        self.desk.enter(LostToFollowUp, data, {"attempts": attempts}, actor=self.desk.deciding(), slips=False)
