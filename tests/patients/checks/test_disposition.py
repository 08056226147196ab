"""Checks of how screening, treatment and the study ended, and of treatment after progression."""

from datetime import UTC, datetime
from typing import Any

import pytest

from patients.actions.queries import run_checks
from patients.actions.save_form import mark_entered_in_error
from patients.models import (
    AdverseEvent,
    Disposition,
    EligibilityAssessment,
    InformedConsent,
    LostToFollowUp,
    Subject,
    SurvivalFollowUp,
    TreatmentBeyondProgression,
    TumorAssessment,
    Withdrawal,
)
from tests.factories import person
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from tests.patients.dosing.conftest import in_a, in_b, ward
from tests.patients.dosing.ward import Ward, day
from trials.audit import clock
from trials.models import Role

__all__ = ["in_a", "in_b", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {
    *(f"DS{number:02}" for number in range(1, 11)),
    "EC15c",
    "EC35a",
    "EC35b",
}


def tell(ward: Ward, form: Any, rows: Any = None, **data: Any) -> Any:
    visit = ward.screening if form.form.at_visit else None
    return ward.enter(form, ward.subject, data, visit=visit, rows=rows)


def ended(ward: Ward, scope: str, later: int = 100, **data: Any) -> Disposition:
    return tell(ward, Disposition, scope=scope, ended_on=day(later).isoformat(), **data)


# ---------------------------------------------------------------- one record
def test_the_end_of_treatment_names_its_drug_and_no_other_end_does(in_a: Ward) -> None:
    assert fields_asked(ended(in_a, "TREATMENT", reason="COMPLETED"), "DS01") == {"drug"}
    assert fields_asked(ended(in_a, "STUDY", reason="COMPLETED", drug="LENVATINIB"), "DS01") == {"drug"}
    assert asked(in_a.ends("LENVATINIB", 100), "DS01") == 0
    assert asked(ended(in_a, "STUDY", reason="COMPLETED"), "DS01") == 0


def test_the_end_of_a_drug_of_the_other_arm_is_questioned(in_a: Ward) -> None:
    asks = [asked(in_a.ends(drug, 100), "EC15c") for drug in ("GEMCITABINE", "TORIPALIMAB")]
    assert asks == [1, 0]


def test_the_end_of_a_drug_is_told_once(in_a: Ward) -> None:
    first, other, again = (in_a.ends(drug, 100) for drug in ("LENVATINIB", "TORIPALIMAB", "LENVATINIB"))
    assert [asked(each, "DS02") for each in (first, other, again)] == [0, 0, 1]
    mark_entered_in_error(actor=in_a.coordinator, record=first, version=1, reason="told twice")
    assert asked(again, "DS02") == 0


@pytest.mark.parametrize(
    ("reason", "detail", "asks"), [("OTHER", None, 1), ("OTHER", "moved away", 0), ("COMPLETED", None, 0)]
)
def test_another_reason_is_told_in_words(reason: str, detail: str | None, asks: int, in_a: Ward) -> None:
    assert asked(ended(in_a, "STUDY", reason=reason, detail=detail), "DS06") == asks


def test_who_is_lost_has_a_page_of_the_loss(in_a: Ward) -> None:
    lost = ended(in_a, "STUDY", reason="LOST TO FOLLOW-UP")
    assert fields_asked(lost, "DS05") == {"reason"}
    tell(in_a, LostToFollowUp, last_contact_on="2021-04-01", declared_on="2021-06-01")
    assert asked(lost, "DS05") == 0


def test_who_withdrew_has_a_page_of_the_withdrawal(in_a: Ward) -> None:
    withdrew = in_a.ends("LENVATINIB", 100, reason="WITHDRAWAL BY SUBJECT")
    assert asked(withdrew, "DS05") == 1
    tell(in_a, Withdrawal, scope="STUDY DRUG", withdrawn_on="2021-06-01", withdrawn_by="SUBJECT")
    assert asked(withdrew, "DS05") == 0


def test_a_drug_stopped_for_an_event_was_withdrawn_for_one(in_a: Ward) -> None:
    event = in_a.event("Proteinuria", "3", 20)
    stopped = in_a.ends("LENVATINIB", 100, reason="ADVERSE EVENT")
    assert asked(stopped, "DS05") == 1
    rows = AdverseEvent.objects.get(pk=event.pk).drugs.filter(drug__code="LENVATINIB")
    line = {"repeat": rows.get().repeat, "action": "DRUG WITHDRAWN"}
    correct(in_a.coordinator, event, rows={"drugs": [line]})
    assert asked(stopped, "DS05") == 0


# ---------------------------------------------------------------- doses
@pytest.mark.parametrize(("until", "asks"), [(100, 0), (101, 1), (None, 1)])
def test_no_dose_follows_the_end_of_treatment(until: int | None, asks: int, in_a: Ward) -> None:
    in_a.take(0, until, "12")
    assert asked(in_a.ends("LENVATINIB", 100), "DS03") == asks


def test_a_pause_that_goes_on_is_no_dose_after_the_end(in_a: Ward) -> None:
    in_a.take(0, 90, "12")
    in_a.take(91, None, "0")
    assert asked(in_a.ends("LENVATINIB", 100), "DS03") == 0


def test_a_dose_entered_after_the_end_is_asked_about_at_the_end(in_a: Ward) -> None:
    end = in_a.ends("TORIPALIMAB", 30)
    in_a.infuse("TORIPALIMAB", 31, "0", given="N", difference="ADVERSE_EVENT")
    assert asked(end, "DS03") == 0
    in_a.infuse("TORIPALIMAB", 31, "240")
    assert fields_asked(end, "DS03") == {"ended_on"}


@pytest.mark.parametrize(("last", "asks"), [(90, 0), (89, 1)])
def test_the_last_dose_is_the_last_one_recorded(last: int, asks: int, in_a: Ward) -> None:
    in_a.take(0, 90, "12")
    end = in_a.ends("LENVATINIB", 100, last_dose_on=day(last).isoformat())
    assert fields_asked(end, "DS04") == ({"last_dose_on"} if asks else set())


def test_who_was_never_dosed_has_no_dose(in_a: Ward) -> None:
    end = in_a.ends("TORIPALIMAB", 100, reason="NEVER DOSED")
    assert asked(end, "DS04") == 0
    in_a.infuse("TORIPALIMAB", 0, "240")
    assert fields_asked(end, "DS04") == {"reason"}


def test_who_ended_the_study_has_ended_every_drug(in_a: Ward) -> None:
    end = ended(in_a, "STUDY", reason="COMPLETED")
    assert asked(end, "DS07") == 1
    in_a.ends("TORIPALIMAB", 90)
    assert asked(end, "DS07") == 1
    in_a.ends("LENVATINIB", 90)
    assert asked(end, "DS07") == 0


# ---------------------------------------------------------------- screening
def screened(ward: Ward) -> Subject:
    with clock.simulated(datetime(2021, 3, 8, 2, tzinfo=UTC)):
        return ward.screened()


def screening_failure(ward: Ward, subject: Subject, **data: Any) -> Disposition:
    answers = {"scope": "SCREENING", "ended_on": "2021-03-08", "reason": "SCREEN FAILURE"} | data
    return ward.enter(Disposition, subject, answers)


def test_a_screening_failure_says_which_criterion_was_not_met(in_a: Ward) -> None:
    subject = screened(in_a)
    assert asked(screening_failure(in_a, subject, detail="portal hypertension"), "DS08") == 0
    subject = screened(in_a)
    failure = screening_failure(in_a, subject)
    assert fields_asked(failure, "DS08") == {"detail"}
    criteria = EligibilityAssessment.objects.get(subject=subject)
    first = criteria.answers.filter(rule__criterion__kind="EXCLUSION").first()
    assert first is not None
    correct(in_a.coordinator, criteria, rows={"answers": [{"repeat": first.repeat, "answer": "Y"}]})
    assert asked(failure, "DS08") == 0


def test_a_randomized_subject_is_no_screening_failure(in_a: Ward) -> None:
    assert asked(screening_failure(in_a, screened(in_a)), "DS09") == 0
    assert asked(screening_failure(in_a, in_a.subject), "DS09") == 1


@pytest.mark.parametrize(("today", "asks"), [(28, 0), (29, 1)])
def test_screening_that_is_over_is_asked_for_by_the_command_alone(today: int, asks: int, in_a: Ward) -> None:
    subject = screened(in_a)
    consent = InformedConsent.objects.get(subject=subject)
    run_on(in_a, subject, datetime(2021, 3, today, 2, tzinfo=UTC))
    assert asked(consent, "DS10") == asks


def test_an_open_screening_is_answered_by_its_end_without_the_command(in_a: Ward) -> None:
    subject = screened(in_a)
    consent = InformedConsent.objects.get(subject=subject)
    correct(in_a.coordinator, consent, copy_given="Y")
    assert asked(consent, "DS10") == 0
    run_on(in_a, subject, datetime(2021, 5, 1, tzinfo=UTC))
    assert asked(consent, "DS10") == 1
    screening_failure(in_a, subject, detail="portal hypertension")
    assert asked(consent, "DS10") == 0


def run_on(ward: Ward, subject: Subject, moment: datetime) -> None:
    manager = person(Role.DATA_MANAGER, ward.study)
    subject = Subject.objects.select_related("study", "site", "chain").get(pk=subject.pk)
    with clock.simulated(moment):
        run_checks(actor=manager, subjects=[subject])


# ---------------------------------------------------------------- progression
def progression(ward: Ward, later: int = 42, response: str = "PD") -> TumorAssessment:
    return tell(
        ward,
        TumorAssessment,
        first_scan_on=day(later).isoformat(),
        method="CT SCAN",
        assessor="INVESTIGATOR",
        overall_response=response,
        new_lesions="N",
    )


def go_on(ward: Ward, rows: Any = None, **data: Any) -> TreatmentBeyondProgression:
    answers = {"progressed_on": day(42).isoformat(), "decided_on": day(43).isoformat()} | data
    return tell(ward, TreatmentBeyondProgression, rows=rows, **answers)


@pytest.mark.parametrize(("until", "asks"), [(42, 0), (49, 0), (50, 1), (None, 1)])
def test_a_drug_taken_a_week_after_progression_needs_a_decision(
    until: int | None, asks: int, in_a: Ward
) -> None:
    in_a.take(0, until, "12")
    assert asked(progression(in_a), "EC35a") == asks


def test_stable_disease_needs_none(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    assert asked(progression(in_a, response="SD"), "EC35a") == 0


@pytest.mark.parametrize(
    ("decision", "asks"),
    [
        ({}, 0),
        ({"rows": {"drugs": [{"drug": "LENVATINIB", "continued": "Y"}]}}, 0),
        ({"rows": {"drugs": [{"drug": "LENVATINIB", "continued": "N"}]}}, 1),
        ({"rows": {"drugs": [{"drug": "TORIPALIMAB", "continued": "Y"}]}}, 1),
        ({"ended_on": day(45).isoformat()}, 1),
        ({"decided_on": day(60).isoformat()}, 1),
    ],
)
def test_the_decision_covers_the_drug_and_its_days(decision: dict[str, Any], asks: int, in_a: Ward) -> None:
    in_a.take(0, 50, "12")
    scans = progression(in_a)
    assert asked(scans, "EC35a") == 1
    go_on(in_a, **decision)
    assert asked(scans, "EC35a") == asks


def test_only_the_first_progression_is_asked_about(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    first, second = progression(in_a), progression(in_a, later=84)
    assert (asked(first, "EC35a"), asked(second, "EC35a")) == (1, 0)


def test_a_progression_told_at_a_contact_counts_too(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    contact = tell(
        in_a,
        SurvivalFollowUp,
        contacted_on=day(60).isoformat(),
        status="ALIVE",
        progressed="Y",
        progressed_on=day(42).isoformat(),
    )
    assert fields_asked(contact, "EC35a") == {"progressed_on"}


def test_who_stopped_for_progression_has_one_on_record(in_a: Ward) -> None:
    stopped = in_a.ends("LENVATINIB", 43, reason="PROGRESSIVE DISEASE")
    other = in_a.ends("TORIPALIMAB", 43, reason="ADVERSE EVENT")
    assert (asked(stopped, "EC35b"), asked(other, "EC35b")) == (1, 0)
    progression(in_a)
    assert asked(stopped, "EC35b") == 0


@pytest.mark.parametrize(("scanned", "asks"), [(50, 0), (51, 1)])
def test_the_scans_follow_a_stop_for_progression_within_a_week(scanned: int, asks: int, in_a: Ward) -> None:
    progression(in_a, later=scanned)
    assert asked(in_a.ends("LENVATINIB", 43, reason="PROGRESSIVE DISEASE"), "EC35b") == asks
