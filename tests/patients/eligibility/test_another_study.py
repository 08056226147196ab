"""A study with other criteria is judged by the same code: its criteria are data."""

from pathlib import Path

import pytest

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.actions.save_form import create_form
from patients.models import (
    Demographics,
    EligibilityAssessment,
    InformedConsent,
    LabSample,
    MedicalHistory,
    Subject,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, eligible_answers, opened, person
from tests.patients.eligibility.conftest import judged, words_of
from tests.trials.protocol.paths import SECOND, copied
from trials.actions.errors import NotEligible
from trials.actions.randomization_list import import_list
from trials.models import Role, Site, Study, User
from trials.protocol.loading import load_protocol

pytestmark = pytest.mark.django_db
DAY = CONSENT_DAY.isoformat()

CRITERIA = """
criteria:
  - kind: INCLUSION
    number: 1
    text: Adults from 40 years on with raised blood pressure and enough potassium
    rules:
      - {code: A1, question: "Is the subject at least 40?", variable: AGE_AT_CONSENT, operator: between,
         threshold: 40-120, unit: a, evaluation: AUTOMATIC}
      - {code: A2, question: "Is the pressure raised?", variable: MEAN_BLOOD_PRESSURE, operator: either >=,
         threshold: 140/90, unit: "mm[Hg]", evaluation: AUTOMATIC}
      - {code: A3, question: "Is potassium normal?", variable: LAB, operator: between, threshold: 3.5-5.0,
         unit: mmol/L, options: {tests: [K]}, evaluation: AUTOMATIC}
      - {code: A4, question: "Does the subject weigh 40 kg or more?", variable: WEIGHT, operator: ">=",
         threshold: "40", unit: kg, evaluation: AUTOMATIC}
  - kind: EXCLUSION
    number: 1
    text: Diabetes or asthma
    rules:
      - {code: B1, question: "Is glucose 126 mg/dL or more?", variable: LAB, operator: ">=",
         threshold: "126", unit: mg/dL, options: {tests: [GLUC]}, evaluation: BOTH}
      - {code: B2, question: "Are there ketones in urine?", variable: LAB_WORD, operator: in,
         threshold: POSITIVE, options: {tests: [KETONES]}, evaluation: AUTOMATIC}
      - {code: B3, question: "Was there asthma, ever?", variable: MEDICAL_HISTORY, operator: any within,
         threshold: ever, options: {terms: [asthma], anchor: CONSENT}, evaluation: BOTH}
"""
RAISED = [{"systolic": 150, "diastolic": 85}, {"systolic": 148, "diastolic": 84}]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    directory = copied(SECOND, tmp_path)
    (directory / "eligibility.yaml").write_text(CRITERIA, encoding="utf-8")
    study = load_protocol(actor=User.objects.system_user(), paths=[directory]).study
    return Site.objects.get(study=study, code="N1")


@pytest.fixture
def study(site: Site) -> Study:
    rows = [{"number": "1", "arm": "X"}, {"number": "2", "arm": "Y"}]
    keeper = person(Role.RANDOMIZATION_KEEPER, site.study)
    import_list(actor=keeper, study=site.study, name="only list", rows=rows)
    return site.study


@pytest.fixture
def nurse(site: Site) -> User:
    return person(Role.COORDINATOR, site.study, site)


def screened(nurse: User, site: Site, glucose: tuple[str, str] = ("5.4", "mmol/L")) -> Subject:
    subject = enroll(actor=nurse, site=site, screened_on=CONSENT_DAY)
    visit = opened(nurse, subject, "BASE", CONSENT_DAY)

    def enter(form: object, data: dict[str, object], **more: object) -> None:
        create_form(actor=nurse, form=form, subject=subject, data=data, **more)  # type: ignore[arg-type]

    enter(InformedConsent, {"consented": "Y", "signed_on": DAY, "document_version": "1"})
    enter(Demographics, {"birth": "1961-05", "age": 59, "sex": "F", "childbearing_potential": "N"})
    for _occasion in range(2):
        pressures = {"blood_pressures": RAISED}
        enter(VitalSigns, {"measured_on": DAY, "weight": "70.5"}, visit=visit, rows=pressures)
    results = [("K", "4.1", "mmol/L"), ("GLUC", *glucose), ("KETONES", "negative", "")]
    rows = {"results": [dict(zip(("test", "value", "unit"), each, strict=True)) for each in results]}
    enter(LabSample, {"collected_on": DAY, "laboratory": "N1-LAB"}, visit=visit, rows=rows)
    answers = {"answers": eligible_answers(site.study)}
    enter(EligibilityAssessment, {"assessed_on": DAY}, rows=answers)
    return subject


def test_its_criteria_are_judged_from_its_own_tests_and_limits(nurse: User, site: Site, study: Study) -> None:
    subject = screened(nurse, site)
    assert [(line.rule.code, str(line.data.verdict)) for line in judged(subject).lines] == [
        *((code, "MET") for code in ("A1", "A2", "A3", "A4")),
        *((code, "NOT_MET") for code in ("B1", "B2", "B3")),
    ]
    assert words_of(subject, "B1") == "Glucose 97.2 mg/dL is not at least 126 mg/dL"
    assert randomize(actor=nurse, subject=subject).arm.code == "X"


def test_what_its_criteria_exclude_is_refused(nurse: User, site: Site, study: Study) -> None:
    subject = screened(nurse, site, glucose=("126", "mg/dL"))
    asthma = {"term": "Bronchial asthma", "started": "1980", "ongoing": "N", "ended": "1990"}
    create_form(actor=nurse, form=MedicalHistory, subject=subject, data=asthma)
    with pytest.raises(NotEligible) as refusal:
        randomize(actor=nurse, subject=subject)
    assert set(refusal.value.errors) == {"B1", "B3"}
    assert "Bronchial asthma (1980 to 1990)" in refusal.value.errors["B3"][0]
