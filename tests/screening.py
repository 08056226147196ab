"""A subject of the registered study whom nothing excludes, with all that its criteria ask for captured.

Each table is what is entered; a test changes what it is about.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import (
    Demographics,
    EcogAssessment,
    EligibilityAssessment,
    InformedConsent,
    LabSample,
    PhysicalExamination,
    Subject,
    TumorAssessment,
    TumorHistory,
    TumorLesion,
    Visit,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, coordinator_of, eligible_answers, opened
from trials.models import Site, Study, User
from trials.protocol.loading import load_protocol

PROTOCOL = Path(settings.BASE_DIR) / "fixtures" / "protocol" / "NCT04361331"
DAY = CONSENT_DAY.isoformat()
LABORATORY = "ZS-LAB"

MAN_OF_59 = {"birth": "1961-05", "age": 59, "sex": "M"}
WOMAN_OF_59 = {"birth": "1961-05", "age": 59, "sex": "F", "childbearing_potential": "N"}
CONSENT = {"consented": "Y", "signed_on": DAY, "document_version": "1.0", "tissue_consent": "Y"}
UNTREATED_TUMOR = {
    "histology": "ICC",
    "diagnosed": "2021-01",
    "extent": "UNRESECTABLE",
    "prior_resection": "N",
    "missing_reasons": {"last_systemic_therapy": "NOT_APPLICABLE"},
}
CLEAR = {"examined_on": DAY, "ascites": "NONE", "encephalopathy": "0"}
RESULTS = {
    "NEUT": ("4.1", "10*9/L"),
    "PLAT": ("184", "10*9/L"),
    "HGB": ("138", "g/L"),
    "ALB": ("41", "g/L"),
    "TSH": ("1.8", "m[IU]/L"),
    "T3FR": ("4.9", "pmol/L"),
    "T4FR": ("16.2", "pmol/L"),
    "BILI": ("12.5", "umol/L"),
    "ALT": ("30", "U/L"),
    "AST": ("31", "U/L"),
    "CREAT": ("72", "umol/L"),
    "PT": ("11.9", "s"),
    "INR": ("1.02", "{INR}"),
    "HBVDNA": ("negative", ""),
    "HCVRNA": ("negative", ""),
    "HIVAB": ("negative", ""),
}
PRESSURES = ((124, 78), (126, 80))
"""Read at each of two occasions."""


def registered_study() -> Study:
    """The study of the registry record, loaded from its files where the file of tests did not do so once."""
    loaded = Study.objects.filter(registry_id="NCT04361331").first()
    return loaded or load_protocol(actor=User.objects.system_user(), paths=[PROTOCOL]).study


class Clinic:
    """The site of the registered study, with a coordinator who enters what a test tells."""

    def __init__(self) -> None:
        self.study = registered_study()
        self.site = Site.objects.get(study=self.study, code="ZS")
        self.coordinator = coordinator_of(self.site)

    def enroll(self) -> Subject:
        return enroll(actor=self.coordinator, site=self.site, screened_on=CONSENT_DAY)

    def enter(self, form: Any, subject: Subject, data: Mapping[str, Any], **more: Any) -> Any:
        return create_form(actor=self.coordinator, form=form, subject=subject, data=data, **more)

    def visit(self, subject: Subject, day: date = CONSENT_DAY) -> Visit:
        """The screening visit, which took place."""
        known = subject.visits.get(code="SCR")
        return known if known.occurred_on else opened(self.coordinator, subject, "SCR", day)

    def screened(
        self,
        *,
        person: Mapping[str, Any] = MAN_OF_59,
        tumor: Mapping[str, Any] = UNTREATED_TUMOR,
        weight: str = "60",
        ecog: str = "1",
        examined: Mapping[str, Any] | None = CLEAR,
        results: Mapping[str, tuple[str, str] | None] | None = None,
        pressures: Sequence[tuple[int, int]] = PRESSURES,
        diameter: str | None = "42",
        answers: Mapping[str, str] | None = None,
    ) -> Subject:
        """A subject screened on one day. `results` replace those of RESULTS; None leaves a test out."""
        subject = self.enroll()
        visit = self.visit(subject)
        self.enter(InformedConsent, subject, CONSENT)
        self.enter(Demographics, subject, person)
        self.enter(TumorHistory, subject, tumor)
        for _occasion in range(2):
            rows = [{"systolic": systolic, "diastolic": diastolic} for systolic, diastolic in pressures]
            vital_signs = {"measured_on": DAY, "weight": weight, "height": "170"}
            self.enter(VitalSigns, subject, vital_signs, visit=visit, rows={"blood_pressures": rows})
        self.enter(EcogAssessment, subject, {"assessed_on": DAY, "grade": ecog}, visit=visit)
        if examined is not None:
            self.enter(PhysicalExamination, subject, examined, visit=visit)
        self.sample(subject, {**RESULTS, **(results or {})})
        if diameter is not None:
            self.lesion(subject, diameter)
        self.answer(subject, answers or {})
        return subject

    def sample(
        self, subject: Subject, results: Mapping[str, tuple[str, str] | None], on: str = DAY, **more: Any
    ) -> LabSample:
        """A sample of the laboratory of the site with these results."""
        rows = [
            {"test": test, "value": result[0], "unit": result[1]}
            for test, result in results.items()
            if result
        ]
        data = {"collected_on": on, "laboratory": LABORATORY, **more}
        return self.enter(LabSample, subject, data, visit=self.visit(subject), rows={"results": rows})

    def lesion(self, subject: Subject, diameter: str, **more: Any) -> TumorLesion:
        """A target lesion in the liver, measured by CT with slices of 5 mm."""
        seen = {"organ": "LIVER", "lymph_node": "N", "identified_on": DAY, "method": "CT SCAN"}
        data = {"label": "T1", "role": "TARGET", "slice_thickness": "5", **seen, **more}
        lesion = self.enter(TumorLesion, subject, data)
        scans = {
            "first_scan_on": DAY,
            "method": "CT SCAN",
            "slice_thickness": "5",
            "assessor": "INVESTIGATOR",
        }
        rows = [{"lesion": lesion.repeat, "state": "MEASURED", "diameter": diameter}]
        visit = self.visit(subject)
        self.enter(TumorAssessment, subject, scans, visit=visit, rows={"measurements": rows})
        return lesion

    def answer(self, subject: Subject, changed: Mapping[str, str]) -> EligibilityAssessment:
        """The eligibility form as of an eligible subject, with some answers changed."""
        rows = eligible_answers(self.study)
        for row in rows:
            row["answer"] = changed.get(row["rule"], row["answer"])
        return self.enter(EligibilityAssessment, subject, {"assessed_on": DAY}, rows={"answers": rows})
