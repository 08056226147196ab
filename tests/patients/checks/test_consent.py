"""Nothing of the study before consent, and each new version of the document signed in time."""

from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    DailyDosePeriod,
    EligibilityAssessment,
    InformedConsent,
    LabSample,
    MedicalHistory,
    PregnancyExposure,
    ProtocolDeviation,
    Subject,
    SurvivalFollowUp,
    TissueSample,
    TumorLesion,
    Visit,
    VitalSigns,
)
from tests.factories import opened
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.laboratory_work import set_study
from tests.patients.conftest import A_DAY_LATER, correct
from tests.patients.dosing.conftest import in_a, ward
from tests.patients.dosing.ward import Ward
from trials.models import Study, User

__all__ = ["in_a", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"EC02a", "EC02b", "EC02c", "EC02d", "EC04a", "IC01", "IC02"}
DOSE = {"drug": "LENVATINIB", "started": "2021-03-08", "dose": "12", "frequency": "QD"}


@pytest.fixture
def tell(coordinator: User, casebook: Subject) -> Any:
    """Consent is of 1 March 2021, version 1.0."""

    def create(form: Any, rows: Any = None, **data: Any) -> Any:
        visit = Visit.objects.get(subject=casebook, code="SCR") if form.form.at_visit else None
        return create_form(actor=coordinator, form=form, subject=casebook, data=data, rows=rows, visit=visit)

    return create


def consent_of(subject: Subject) -> InformedConsent:
    return InformedConsent.objects.filter(subject=subject, entered_in_error=False).earliest("signed_on")


# ---------------------------------------------------------------- before consent
@pytest.mark.parametrize(("day", "asks"), [("2021-02-28", 1), ("2021-03-01", 0)])
def test_what_is_measured_before_consent_is_questioned(day: str, asks: int, tell: Any) -> None:
    assert asked(tell(VitalSigns, measured_on=day, weight="60"), "EC02a") == asks


def test_a_date_known_in_part_is_questioned_only_where_it_certainly_lies_before(tell: Any) -> None:
    sample = {"kind": "FRESH", "material": "SLIDES"}
    asks = [asked(tell(TissueSample, collected_on=day, **sample), "EC02b") for day in ("2021-03", "2021-02")]
    assert asks == [0, 1]


def test_every_date_of_a_form_counts(tell: Any) -> None:
    contact = {"source": "CLINIC", "status": "ALIVE", "contacted_on": "2021-06-01"}
    record = tell(SurvivalFollowUp, **contact, last_known_alive_on="2021-02-01")
    assert fields_asked(record, "EC02a") == {"last_known_alive_on"}


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (MedicalHistory, {"term": "Gout", "started": "2010", "ongoing": "Y"}),
        (ConcomitantMedication, {"medication": "Aspirin", "started": "2020-01", "ongoing": "Y"}),
        (AdverseEvent, {"term": "Rash", "started": "2021-02-01"}),
        (PregnancyExposure, {"who": "PARTNER", "last_menstruation": "2021-02-01"}),
    ],
)
def test_history_and_medication_may_begin_before_consent_and_events_are_asked_elsewhere(
    form: Any, data: dict[str, Any], tell: Any
) -> None:
    record = tell(form, **data)
    assert (asked(record, "EC02a"), asked(record, "EC02b")) == (0, 0)


def test_blood_drawn_before_consent_is_asked_whether_it_was_routine(tell: Any) -> None:
    record = tell(LabSample, collected_on="2021-02-27", laboratory="ZS-LAB")
    assert (asked(record, "EC02a"), fields_asked(record, "EC02b")) == (0, {"collected_on"})


def test_a_lesion_may_be_known_before_consent(tell: Any) -> None:
    lesion = {"label": "T1", "role": "TARGET", "organ": "LIVER", "lymph_node": "N", "method": "CT SCAN"}
    assert asked(tell(TumorLesion, **lesion, identified_on="2021-02-20"), "EC02b") == 0


def test_a_corrected_consent_asks_anew_about_everything(
    tell: Any, casebook: Subject, coordinator: User
) -> None:
    record = tell(VitalSigns, measured_on="2021-03-05", weight="60")
    correct(coordinator, consent_of(casebook), signed_on="2021-03-06")
    assert asked(record, "EC02a") == 1
    correct(coordinator, consent_of(casebook), signed_on="2021-03-05")
    assert asked(record, "EC02a") == 0


def test_a_visit_before_consent_is_questioned(casebook: Subject, coordinator: User) -> None:
    visit = Visit.objects.get(subject=casebook, code="SCR")
    assert asked(visit, "EC02c") == 0
    correct(coordinator, consent_of(casebook), signed_on="2021-03-02")
    assert fields_asked(visit, "EC02c") == {"occurred_on"}


def test_a_treatment_without_a_consent_on_record_is_a_deviation(
    tell: Any, casebook: Subject, coordinator: User
) -> None:
    period = tell(DailyDosePeriod, **DOSE)
    criteria = EligibilityAssessment.objects.get(subject=casebook)
    assert (asked(period, "EC02d"), asked(criteria, "EC02d")) == (0, 0)
    mark_entered_in_error(
        actor=coordinator, record=consent_of(casebook), version=1, reason="of somebody else"
    )
    assert (asked(period, "EC02d"), asked(criteria, "EC02d")) == (1, 1)
    drafts = ProtocolDeviation.objects.filter(rule="EC02d", status="DRAFT")
    assert {draft.category for draft in drafts} == {"CONSENT"}
    tell(InformedConsent, consented="Y", signed_on="2021-03-01", document_version="1.0")
    assert (asked(period, "EC02d"), asked(criteria, "EC02d")) == (0, 0)


def test_a_consent_that_was_refused_is_none(tell: Any, casebook: Subject, coordinator: User) -> None:
    correct(coordinator, consent_of(casebook), consented="N")
    assert asked(tell(DailyDosePeriod, **DOSE), "EC02d") == 1


def test_consent_after_randomization_is_questioned(casebook: Subject, coordinator: User) -> None:
    consent = consent_of(casebook)
    assert asked(consent, "EC04a") == 0
    randomized_on = casebook.allocation.randomized_on
    correct(coordinator, consent, signed_on=randomized_on.isoformat())
    assert asked(consent, "EC04a") == 0


def test_a_consent_signed_the_day_after_randomization_is_questioned(in_a: Ward) -> None:
    late = correct(in_a.coordinator, consent_of(in_a.subject), signed_on="2021-03-09")
    assert fields_asked(late, "EC04a") == {"signed_on"}


# ---------------------------------------------------------------- versions
VERSIONS = [
    {"version": "2.0", "valid_from": "2021-03-02"},
    {"version": "1.0", "valid_from": "2020-01-01"},
]


@pytest.fixture
def two_versions(study: Study) -> None:
    set_study(study, consent_versions=VERSIONS)


def signed(tell: Any, on: str, version: str = "2.0", **more: Any) -> InformedConsent:
    again = {"kind": "RE-CONSENT", "consented": "Y", "document_version": version, "signed_on": on}
    return tell(InformedConsent, **again | more)


def test_a_new_version_is_asked_for_once_the_subject_came_under_it(
    two_versions: None, casebook: Subject, coordinator: User
) -> None:
    consent = consent_of(casebook)
    correct(coordinator, consent, copy_given="Y")
    assert asked(consent, "IC01") == 0
    opened(coordinator, casebook, "C1D1", A_DAY_LATER)
    assert fields_asked(consent, "IC01") == {"document_version"}
    assert ProtocolDeviation.objects.get(rule="IC01").category == "CONSENT"


@pytest.mark.parametrize(
    ("consent", "asks"),
    [
        ({"on": "2021-03-02"}, 0),
        ({"on": "2021-03-03"}, 1),
        ({"on": "2021-03-02", "version": "1.0"}, 1),
        ({"on": "2021-03-02", "consented": "N"}, 1),
        ({"on": "2021-03-02", "kind": "TISSUE"}, 1),
    ],
)
def test_the_new_version_is_signed_by_the_first_visit_under_it(
    consent: dict[str, Any], asks: int, two_versions: None, casebook: Subject, coordinator: User, tell: Any
) -> None:
    opened(coordinator, casebook, "C1D1", A_DAY_LATER)
    signed(tell, **consent)
    assert asked(consent_of(casebook), "IC01") == asks


def test_a_study_that_names_no_versions_asks_for_none(casebook: Subject, coordinator: User) -> None:
    opened(coordinator, casebook, "C1D1", A_DAY_LATER)
    assert asked(consent_of(casebook), "IC01") == 0


# ---------------------------------------------------------------- samples
SAMPLE = {"kind": "ARCHIVAL", "material": "SLIDES", "collected_on": "2021-03-02"}


def test_a_sample_says_no_more_about_consent_than_the_subject_signed(
    tell: Any, casebook: Subject, coordinator: User
) -> None:
    sample = tell(TissueSample, **SAMPLE, tissue_consent="Y", genetic_consent="Y")
    assert fields_asked(sample, "IC02") == {"tissue_consent", "genetic_consent"}
    correct(coordinator, consent_of(casebook), tissue_consent="Y")
    assert fields_asked(sample, "IC02") == {"genetic_consent"}
    signed(tell, on="2021-03-01", kind="GENETIC")
    assert fields_asked(sample, "IC02") == set()


def test_a_sample_that_claims_no_consent_is_not_questioned(tell: Any) -> None:
    assert asked(tell(TissueSample, **SAMPLE, tissue_consent="N"), "IC02") == 0
