"""A study with other arms, drugs and visits is loaded and run by the same code."""

from datetime import date
from decimal import Decimal

import pytest

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.actions.save_form import create_form
from patients.derivations.dose import planned_dose
from patients.models import EligibilityAssessment, InformedConsent, Visit, VitalSigns
from tests.factories import eligible_answers, opened, person
from tests.trials.protocol.paths import REGISTRY, SECOND
from trials.actions.randomization_list import create_list, replay
from trials.models import Drug, Role, Site, User
from trials.protocol.loading import load_protocol

pytestmark = pytest.mark.django_db

DAY = date(2021, 3, 1)


def test_a_subject_of_another_study_is_enrolled_randomized_and_dosed_by_its_own_protocol() -> None:
    load_protocol(actor=User.objects.system_user(), paths=[REGISTRY])
    study = load_protocol(actor=User.objects.system_user(), paths=[SECOND]).study
    site = Site.objects.get(study=study, code="N1")
    nurse, keeper = person(Role.COORDINATOR, study, site), person(Role.RANDOMIZATION_KEEPER, study)
    made = create_list(actor=keeper, study=study, name="only list", length=6)
    assert sorted(made.slots.values_list("arm__code", flat=True)) == ["X", "X", "X", "X", "Y", "Y"]
    assert replay(made)

    subject = enroll(actor=nurse, site=site, screened_on=DAY)
    assert subject.code == "N1-001"
    consent = {"consented": "Y", "signed_on": DAY.isoformat(), "document_version": "1"}
    create_form(actor=nurse, form=InformedConsent, subject=subject, data=consent)
    visit = opened(nurse, subject, "BASE", DAY)
    weight = {"measured_on": DAY.isoformat(), "weight": Decimal("70.5")}
    create_form(actor=nurse, form=VitalSigns, subject=subject, visit=visit, data=weight)
    rows = {"answers": eligible_answers(study)}
    data = {"assessed_on": DAY.isoformat()}
    create_form(actor=nurse, form=EligibilityAssessment, subject=subject, data=data, rows=rows)

    arm = randomize(actor=nurse, subject=subject).arm
    drugs = {drug.code: drug.pk for drug in Drug.objects.filter(study=study)}
    planned = {code: planned_dose(subject, pk, DAY).dose for code, pk in drugs.items()}
    if arm.code == "X":
        assert planned == {"XOLOL": Decimal(5), "YPRIL": None}
    else:
        assert planned == {"XOLOL": None, "YPRIL": Decimal("12.5")}
    expected = {"BASE", "C1MONTH"} if arm.code == "Y" else {"BASE"}
    assert set(Visit.objects.filter(subject=subject).values_list("code", flat=True)) == expected
