"""What happened on a day that nobody wrote down is named, and leaves open what it could decide."""

from typing import Any

import pytest

from ecrf.reports.choices import Confirmation
from patients.actions.save_form import mark_entered_in_error
from patients.facts import Moment
from patients.models import (
    DailyDosePeriod,
    Disposition,
    Procedure,
    SubsequentTherapy,
    TumorAssessment,
)
from tests.ecrf.reports.trial import Patient, Trial, told, words_of
from tests.patients.clinic import after
from trials.clinical.endpoints.result import Endpoint, Outcome
from trials.clinical.endpoints.rules import Censoring
from trials.clinical.undetermined import Undetermined


@pytest.mark.parametrize("started", [None, "2021"])
def test_further_therapy_of_which_the_start_is_not_known_leaves_the_best_response_open(
    trial: Trial, patient: Patient, started: str | None
) -> None:
    patient.looks(w6="60", w12="55")
    patient.enter(SubsequentTherapy, kind="SYSTEMIC", agents="Capecitabine", started=started)
    found = trial.endpoints(patient)
    for confirmation in Confirmation:
        best = found.best(confirmation)
        assert isinstance(best, Undetermined)
        assert best.missing == ("complete date on which new anticancer therapy began",)
    assert not [each for each in found.course.remarks if "began on" in each]
    assert all("cannot be determined" in point.does_not_count for point in found.course.points)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("PROGRESSIVE DISEASE", "for progression that no scan shows"),
        ("ADVERSE EVENT", "for another reason than progression"),
    ],
)
def test_the_end_of_treatment_without_its_day_is_not_passed_over(
    trial: Trial, patient: Patient, reason: str, words: str
) -> None:
    patient.looks(w6="60", w12="55")
    patient.ended("TORIPALIMAB", after(10), reason)
    patient.enter(Disposition, scope="TREATMENT", drug="LENVATINIB", reason=reason)
    outcome, missing = words_of(trial, patient)
    assert outcome == "UNDETERMINED"
    assert missing == (f"certain day or response: the end of all study treatment {words} (day unknown)",)
    assert told(trial, patient, Endpoint.OS) == ("CENSORED", after(12), "NO_EVENT")


def test_clinical_progression_without_a_day_is_progression_of_an_unknown_day(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="60", w12="55")
    patient.enter(
        TumorAssessment, visit=patient.visit(after(14)), clinical_progression="Y", assessor="INVESTIGATOR"
    )
    [reported] = trial.endpoints(patient).history.reported_progressions
    assert reported.dated == "clinical deterioration (day unknown)"
    assert told(trial, patient, Endpoint.OS) == ("CENSORED", after(14), "NO_EVENT")


def test_therapy_that_only_a_contact_tells_of_leaves_the_times_open(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60", w12="55", w18="130")
    patient.alive(after(8))
    patient.alive(after(14), new_therapy="Y")
    found = trial.endpoints(patient)
    [therapy] = found.history.new_therapies
    assert therapy.between == (after(8), after(14))
    outcome, missing = words_of(trial, patient)
    words = f"new anticancer therapy told at the contact on {after(14)}, of which there is no form"
    assert (outcome, missing) == (
        "UNDETERMINED",
        (f"certain day or response: {words} (from {after(8)} to {after(14)})",),
    )
    assert words in found.course.remarks
    assert isinstance(found.best(Confirmation.CONFIRMED), Undetermined)
    assert told(trial, patient, censoring=Censoring.EMA) == ("EVENT", after(18), "PROGRESSION")
    assert told(trial, patient, Endpoint.OS) == ("CENSORED", after(18), "NO_EVENT")


def test_therapy_that_only_a_contact_tells_of_began_after_the_last_dose(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="60", w12="130")
    patient.alive(after(20), new_therapy="Y")
    [therapy] = trial.endpoints(patient).history.new_therapies
    assert therapy.between == (after(0), after(20))
    patient.enter(
        DailyDosePeriod,
        drug="LENVATINIB",
        started=after(1).isoformat(),
        ended=after(13).isoformat(),
        dose="8",
        frequency="QD",
    )
    assert told(trial, patient) == ("EVENT", after(12), "PROGRESSION")


def test_therapy_that_a_form_holds_is_not_told_a_second_time(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60", w12="55")
    patient.further_therapy(after(10))
    patient.alive(after(14), new_therapy="Y")
    assert [each.words for each in trial.endpoints(patient).history.new_therapies] == [
        "new anticancer therapy"
    ]
    assert told(trial, patient) == ("CENSORED", after(6), "NEW_THERAPY")


def test_therapy_that_a_contact_tells_of_before_that_of_the_form_is_another_one(
    trial: Trial, patient: Patient
) -> None:
    patient.alive(after(8), new_therapy="Y")
    patient.further_therapy(after(30))
    therapies = trial.endpoints(patient).history.new_therapies
    assert [each.between for each in therapies] == [None, (after(0), after(8))]


def test_therapy_told_after_the_cutoff_may_have_begun_before_it(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60", w12="55")
    patient.alive(after(8))
    patient.alive(after(20), new_therapy="Y")
    [therapy] = trial.endpoints(patient, Moment(cutoff=after(15))).history.new_therapies
    assert therapy.between == (after(8), after(20))
    assert trial.endpoints(patient, Moment(cutoff=after(7))).history.new_therapies == ()


def undated(patient: Patient, visit: Any, **data: Any) -> None:
    size = [{"lesion": patient.number("T1"), "state": "MEASURED", "diameter": "55"}]
    patient.enter(TumorAssessment, rows={"measurements": size}, visit=visit, **data)


def test_scans_without_a_date_are_named_and_leave_progression_open(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60", w12="55")
    undated(patient, patient.visit(after(18)), assessor="INVESTIGATOR")
    found = trial.endpoints(patient).time(Endpoint.PFS, trial.choices())
    assert found.outcome is Outcome.UNDETERMINED
    assert found.missing == ("certain day or response: assessment UNS3 (day unknown)",)
    assert "Assessment UNS3: its scans have no date." in found.words
    assert told(trial, patient, Endpoint.OS) == ("CENSORED", after(18), "NO_EVENT")


def test_a_baseline_scan_without_a_date_is_not_a_missing_one(trial: Trial) -> None:
    patient = trial.patient()
    form = TumorAssessment.objects.get(subject=patient.subject)
    mark_entered_in_error(actor=trial.coordinator, record=form, version=1, reason="Another subject")
    undated(patient, patient.screening)
    outcome, missing = words_of(trial, patient)
    assert (outcome, missing) == ("UNDETERMINED", ("day of assessment SCR #2",))


def test_why_an_assessment_could_not_be_judged_is_said(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60")
    patient.scan(after(12), {})
    found = trial.endpoints(patient).time(Endpoint.PFS, trial.choices())
    assert (found.time.on, found.time.is_event) == (after(6), False)  # type: ignore[union-attr]
    [step] = [each.words for each in found.steps if "UNS2" in each.words]
    assert "NE on" in step
    assert "T1" in step


def test_a_lesion_without_a_role_is_left_out_and_that_is_said(trial: Trial, patient: Patient) -> None:
    patient.lesion("T2", role="")
    found = trial.endpoints(patient)
    assert "lesion T2 has no role and is left out" in found.course.remarks
    words = found.time(Endpoint.PFS, trial.choices()).words
    assert "Remark: lesion T2 has no role and is left out." in words


def test_a_local_therapy_without_a_day_leaves_progression_open_and_the_best_response_says_so(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="60", w12="55")
    patient.enter(Procedure, kind="ABLATION", name="Ablation", indication="Oligoprogression")
    found = trial.endpoints(patient)
    assert "ablation (day unknown): assessments after it count for the best response" in found.course.remarks
    outcome, missing = words_of(trial, patient)
    assert outcome == "UNDETERMINED"
    assert missing == ("certain day or response: local anticancer therapy (day unknown)",)
