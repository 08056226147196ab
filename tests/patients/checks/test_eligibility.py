"""Checks of eligibility, before randomization and after it."""

from typing import Any

import pytest

from patients.actions.randomize import randomize
from patients.actions.save_form import change_form, mark_entered_in_error
from patients.models import (
    Demographics,
    DoseAdministration,
    EligibilityAssessment,
    InformedConsent,
    LabSample,
    Query,
    QueryState,
    Subject,
)
from tests.factories import make_list
from tests.patients.checks.asking import asked
from tests.screening import MAN_OF_59, Clinic

pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"EC01c", "EC03a", "EC03b", "EC03c", "EC05"}


@pytest.fixture
def clinic(db: None) -> Clinic:
    return Clinic()


def changed(clinic: Clinic, record: Any, rows: Any = None, **data: Any) -> Any:
    record.refresh_from_db()
    return change_form(
        actor=clinic.coordinator,
        record=record,
        version=record.version,
        reason="misread",
        data=data,
        rows=rows,
    )


def messages(record: Any, check: str) -> list[str]:
    found = Query.objects.filter(
        form=record.form.oid, record_id=record.pk, check_id=check, state=QueryState.OPEN
    )
    return list(found.order_by("id").values_list("message", flat=True))


def form_of(subject: Subject) -> EligibilityAssessment:
    return EligibilityAssessment.objects.get(subject=subject, entered_in_error=False)


def correct(clinic: Clinic, subject: Subject, rule: str, **cell: str) -> None:
    form = form_of(subject)
    row = form.answers.get(rule__code=rule)
    changed(clinic, form, rows={"answers": [{"repeat": row.repeat, **cell}]})


def test_a_birth_after_consent_is_questioned_and_one_before_it_is_not(clinic: Clinic) -> None:
    person = Demographics.objects.get(subject=clinic.screened())
    assert asked(person, "EC01c") == 0
    changed(clinic, person, birth="2021-04")
    assert asked(person, "EC01c") == 1
    changed(clinic, person, birth="2021-03")  # it may still have been before
    assert asked(person, "EC01c") == 0


def test_an_answer_that_the_data_contradict_is_questioned_until_one_of_them_is_mended(clinic: Clinic) -> None:
    subject = clinic.screened(results={"PLAT": ("99", "10*9/L"), "PT": ("14.1", "s")})
    form = form_of(subject)
    assert messages(form, "EC05") == [
        "I7.1b is answered Yes, the data say No: Platelets 99 ×10⁹/L is not at least 100 ×10⁹/L.",
        "E6a is answered No, the data say Yes: Prothrombin Time 14.1 s is above 14 s.",
    ]
    correct(clinic, subject, "E6a", answer="Y")
    sample = LabSample.objects.get(subject=subject)
    platelets = sample.results.get(test__code="PLAT")
    changed(clinic, sample, rows={"results": [{"repeat": platelets.repeat, "value": "109"}]})
    assert messages(form, "EC05") == []


def test_an_answer_that_the_data_confirm_or_cannot_tell_is_not_questioned(clinic: Clinic) -> None:
    """A man's pregnancy test is not applicable, a missing examination leaves Child-Pugh open."""
    subject = clinic.screened(results={"PLAT": None}, examined=None, answers={"I9a": "NA"})
    assert asked(form_of(subject), "EC05") == 0


@pytest.mark.parametrize("record", [Demographics, InformedConsent], ids=lambda record: record.__name__)
def test_a_correction_of_another_form_asks_about_the_answer_that_rests_on_it(
    clinic: Clinic, record: Any
) -> None:
    subject = clinic.screened()
    form = form_of(subject)
    if record is Demographics:
        changed(clinic, Demographics.objects.get(subject=subject), age=76, birth="1944-05")
        assert messages(form, "EC05")[0].startswith(
            "I2 is answered Yes, the data say No: age at consent 76 years"
        )
    else:
        changed(clinic, InformedConsent.objects.get(subject=subject), signed_on="2021-03-02")
        assert messages(form, "EC05")[0].startswith("I1 is answered Yes, the data say No")


def test_what_stands_against_a_randomization_that_took_place_is_asked_for_each_criterion(
    clinic: Clinic,
) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened()
    form = form_of(subject)
    randomize(actor=clinic.coordinator, subject=subject)
    assert asked(form, "EC03a") == 0
    correct(clinic, subject, "E4", answer="Y")
    [message] = messages(form, "EC03a")
    assert "but E4 speaks against it: exclusion present: the exclusion rule" in message
    correct(clinic, subject, "E4", answer="N")
    assert asked(form, "EC03a") == 0


def test_before_randomization_an_open_criterion_is_no_contradiction(clinic: Clinic) -> None:
    assert asked(form_of(clinic.screened(answers={"E4": "Y"})), "EC03a") == 0


def test_an_answer_taken_out_after_randomization_is_asked_at_the_form(clinic: Clinic) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened()
    randomize(actor=clinic.coordinator, subject=subject)
    correct(clinic, subject, "E4", entered_in_error=True)
    [message] = messages(form_of(subject), "EC03a")
    assert message.endswith("not answered, and against it: E4.")


def test_an_eligibility_form_voided_after_randomization_is_missed(clinic: Clinic) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened()
    consent = InformedConsent.objects.get(subject=subject)
    randomize(actor=clinic.coordinator, subject=subject)
    assert asked(consent, "EC03b") == 0
    form = form_of(subject)
    mark_entered_in_error(
        actor=clinic.coordinator, record=form, version=form.version, reason="of another subject"
    )
    assert asked(consent, "EC03b") == 1
    clinic.answer(subject, {})
    assert asked(consent, "EC03b") == 0


def test_another_factor_that_excludes_is_given_with_its_reason(clinic: Clinic) -> None:
    subject = clinic.screened(answers={"E13": "Y", "E4": "Y"})
    form = form_of(subject)
    assert messages(form, "EC03c") == ["E13 excludes the subject: please give the reason."]
    correct(clinic, subject, "E13", comment="lives 900 km away, cannot come every three weeks")
    assert asked(form, "EC03c") == 0


def test_of_screening_results_only_those_of_the_panels_that_the_study_names_grow_old(clinic: Clinic) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened(person=MAN_OF_59)
    randomize(actor=clinic.coordinator, subject=subject)
    dose = {"drug": "TORIPALIMAB", "given": "Y", "given_on": "2021-03-20", "dose": "240"}
    clinic.enter(DoseAdministration, subject, dose, visit=subject.visits.get(code="C1D1"))
    [message] = messages(LabSample.objects.get(subject=subject), "EC06")
    # Hematology, chemistry and coagulation hold 10 of the results; thyroid and virology may be older.
    assert message.endswith(
        "at most 7 days are allowed: Neutrophils, Platelets, Hemoglobin, Albumin, Bilirubin and 5 more."
    )
