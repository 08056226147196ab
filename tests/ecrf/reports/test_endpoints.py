"""Times to event and responses of a subject, from the forms that a coordinator entered."""

from datetime import date
from typing import Any

import pytest

from ecrf.reports.choices import Confirmation
from ecrf.reports.endpoints import AnalysisSet, SubjectEndpoints
from patients.actions.save_form import mark_entered_in_error
from patients.actions.visits import miss_visit
from patients.facts import Source
from patients.models import (
    DailyDosePeriod,
    DoseAdministration,
    LostToFollowUp,
    Procedure,
    ProtocolDeviation,
    TumorAssessment,
    Withdrawal,
)
from tests.ecrf.reports.trial import Patient, Trial, told, words_of
from tests.factories import screened_subject
from tests.patients.clinic import after
from trials.clinical.endpoints.result import Endpoint, Outcome
from trials.clinical.endpoints.rules import Censoring, Handling
from trials.clinical.recist.response import Response


def test_growth_of_the_lesion_is_progression_on_the_day_of_the_scan(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80", w12="97")
    assert told(trial, patient) == ("EVENT", after(12), "PROGRESSION")


def test_the_steps_to_a_progression_say_what_decided_it(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80", w12="97")
    steps = trial.endpoints(patient).time(Endpoint.PFS, trial.choices()).steps
    why = "sum 97 mm is 21.3 % and 17 mm above the nadir of 80 mm"
    assert [why in step.words for step in steps if step.words.startswith("First event")] == [True]
    [assessed] = [step for step in steps if f"PD on {after(12)}: {why}" in step.words]
    assert assessed.sources
    [before] = [step for step in steps if f"on {after(6)}" in step.words and "Assessment" in step.words]
    assert before.words.endswith(f"on {after(6)}.")


def test_a_new_lesion_is_progression_on_the_day_it_was_first_seen(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80")
    patient.lesion("N1", "NEW", on=after(12, -2), certain="UNEQUIVOCAL")
    patient.scan(
        after(12),
        {"T1": "80"},
        new_lesions="Y",
        first_scan_on=after(12, -2).isoformat(),
        last_scan_on=after(12).isoformat(),
    )
    assert told(trial, patient) == ("EVENT", after(12, -2), "PROGRESSION")


def test_without_progression_the_last_assessment_that_could_be_judged_counts(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80", w12="NOT EVALUATED")
    assert told(trial, patient) == ("CENSORED", after(6), "NO_EVENT")


def test_new_therapy_censors_under_the_rules_of_one_agency_and_not_of_the_other(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80", w12="130")
    patient.further_therapy(after(8))
    assert told(trial, patient) == ("CENSORED", after(6), "NEW_THERAPY")
    assert told(trial, patient, censoring=Censoring.EMA) == ("EVENT", after(12), "PROGRESSION")


@pytest.mark.parametrize(
    ("resection", "expected"),
    [
        (Handling.IGNORE, ("EVENT", after(18), "PROGRESSION")),
        (Handling.CENSOR, ("CENSORED", after(6), "RESECTION")),
        (Handling.EVENT, ("EVENT", after(8), "RESECTION")),
    ],
)
def test_a_resection_counts_as_the_setting_says(
    trial: Trial, patient: Patient, resection: Handling, expected: Any
) -> None:
    patient.looks(w6="50", w12="50", w18="130")
    patient.resected(after(8))
    assert told(trial, patient, resection=resection) == expected


def test_a_resection_for_which_it_was_decided_counts_as_decided(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="50", w12="50", w18="130")
    patient.resected(after(8), survival_handling="EVENT")
    assert told(trial, patient) == ("EVENT", after(8), "RESECTION")


def test_an_operation_told_as_resection_and_as_therapy_is_a_resection(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="50", w12="50", w18="130")
    patient.resected(after(8))
    patient.further_therapy(after(8), kind="SURGERY", agents="Hemihepatectomy")
    assert told(trial, patient) == ("EVENT", after(18), "PROGRESSION")


def test_two_missed_assessments_before_a_death_censor_at_the_last_scan(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    patient.died(after(24))
    assert told(trial, patient) == ("CENSORED", after(6), "MISSED_ASSESSMENTS")
    assert told(trial, patient, Endpoint.OS) == ("EVENT", after(24), "DEATH")


def test_missed_assessments_are_named_by_their_visits_and_lead_to_them(
    trial: Trial, patient: Patient
) -> None:
    due = patient.subject.visits.get(code="IMG1")
    miss_visit(actor=patient.coordinator, visit=due, why="Ward was closed", version=due.version)
    patient.died(after(24))
    steps = trial.endpoints(patient).time(Endpoint.PFS, trial.choices()).steps
    [missed] = [step for step in steps if "without an adequate scan" in step.words]
    visits = [each for each in missed.sources if isinstance(each, Source)]
    assert [(each.path, each.field) for each in visits] == [("visits", "status")] * len(visits)
    assert [each.visit for each in visits] == ["IMG1", "IMG2", "IMG3"]
    assert all(f"{each.visit} {each.day}" in missed.words for each in visits)
    assert [each.value for each in visits] == ["Did not take place", "Planned", "Planned"]


@pytest.mark.parametrize(
    ("reasons", "rule"),
    [
        (("ADVERSE EVENT", "ADVERSE EVENT"), "DISCONTINUATION"),
        (("ADVERSE EVENT", "PROGRESSIVE DISEASE"), "PROGRESSION"),
        (("COMPLETED", "RESECTION AFTER DOWNSTAGING"), "PROGRESSION"),
    ],
)
def test_the_end_of_all_treatment_for_another_reason_censors(
    trial: Trial, patient: Patient, reasons: tuple[str, str], rule: str
) -> None:
    patient.looks(w6="80", w12="130")
    for drug, reason in zip(("LENVATINIB", "TORIPALIMAB"), reasons, strict=True):
        patient.ended(drug, after(8), reason)
    assert told(trial, patient)[2] == rule
    trial.set("pfs_discontinuation", "FOLLOW")
    assert told(trial, patient)[2] == "PROGRESSION"


def test_as_long_as_a_drug_of_the_arm_is_given_treatment_has_not_ended(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80", w12="130")
    patient.ended("LENVATINIB", after(8), "ADVERSE EVENT")
    assert told(trial, patient)[2] == "PROGRESSION"


def test_survival_is_censored_at_the_last_sign_of_life_of_any_form(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80")
    assert told(trial, patient, Endpoint.OS)[1] == after(6)
    patient.alive(after(40))
    assert told(trial, patient, Endpoint.OS) == ("CENSORED", after(40), "NO_EVENT")


def test_a_death_known_to_the_month_leaves_survival_undetermined_and_names_its_source(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    patient.died("2021-09")
    found = trial.endpoints(patient).time(Endpoint.OS, trial.choices())
    assert (found.outcome, found.time) == (Outcome.UNDETERMINED, None)
    assert found.earliest is not None
    assert found.latest is not None
    assert (found.earliest.on, found.latest.on) == (date(2021, 9, 1), date(2021, 9, 30))
    sources = [each for step in found.steps for each in step.sources if isinstance(each, Source)]
    assert ("DD", "died_on", "2021-09") in {(each.form, each.field, each.value) for each in sources}


def test_the_day_on_which_the_site_learned_of_a_death_bounds_it(trial: Trial, patient: Patient) -> None:
    patient.died("2021-09", known_on="2021-09-12")
    found = trial.endpoints(patient).time(Endpoint.OS, trial.choices())
    assert found.latest is not None
    assert found.latest.on == date(2021, 9, 12)


def test_a_death_that_only_a_contact_tells_is_no_time_but_is_not_overlooked(
    trial: Trial, patient: Patient
) -> None:
    patient.alive(after(20))
    patient.alive(after(30), status="DEAD", last_known_alive_on=after(20).isoformat())
    found = trial.endpoints(patient).time(Endpoint.OS, trial.choices())
    assert found.outcome is Outcome.UNDETERMINED
    assert "the death told at a contact (day unknown)" in found.words


def test_a_visit_after_the_recorded_death_is_a_contradiction(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80")
    patient.died(after(4))
    found = trial.endpoints(patient).time(Endpoint.OS, trial.choices())
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ("records that agree",))


def test_progression_told_at_a_contact_without_scans_counts_for_one_agency_only(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    patient.alive(after(10), progressed="Y", progressed_on=after(9).isoformat())
    assert told(trial, patient) == ("CENSORED", after(6), "NO_EVENT")
    assert told(trial, patient, censoring=Censoring.EMA) == ("EVENT", after(9), "REPORTED_PROGRESSION")


def test_an_assessment_without_the_answer_on_new_lesions_leaves_progression_open(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    patient.scan(after(12), {"T1": "80"}, new_lesions=None)
    found = trial.endpoints(patient).time(Endpoint.PFS, trial.choices())
    assert found.outcome is Outcome.UNDETERMINED
    assert "undetermined on 2021-06-02" in found.words


def test_both_readings_of_response_and_how_long_it_lasted(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60", w12="60", w18="90")
    found = trial.endpoints(patient)
    assert found.best_response(Confirmation.CONFIRMED) is Response.PR
    time = found.time(Endpoint.DOR, trial.choices(), Confirmation.CONFIRMED)
    assert time.time is not None
    assert (time.origin, time.time.on, time.time.days) == (after(6), after(18), 85)


def test_a_response_that_no_scan_confirms_is_one_by_one_reading_only(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="60", w12="90")
    found = trial.endpoints(patient)
    assert found.best_response(Confirmation.UNCONFIRMED) is Response.PR
    assert found.best_response(Confirmation.CONFIRMED) is Response.SD
    assert found.time(Endpoint.DOR, trial.choices(), Confirmation.CONFIRMED).outcome is Outcome.NOT_APPLICABLE


def test_a_form_entered_in_error_is_no_scan(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80", w12="130")
    scan = TumorAssessment.objects.order_by("id").last()
    assert scan is not None
    mark_entered_in_error(
        actor=patient.coordinator, record=scan, version=scan.version, reason="other subject"
    )
    assert told(trial, patient) == ("CENSORED", after(6), "NO_EVENT")


def test_clinical_deterioration_without_progression_on_the_scans_is_an_event_for_the_ema_alone(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    patient.scan(after(12), {"T1": "80"}, clinical_progression="Y")
    assert told(trial, patient) == ("CENSORED", after(12), "NO_EVENT")
    assert told(trial, patient, censoring=Censoring.EMA) == ("EVENT", after(12), "REPORTED_PROGRESSION")
    trial.set("pfs_clinical_progression", "EVENT")
    assert told(trial, patient) == ("EVENT", after(12), "REPORTED_PROGRESSION")


def test_treatment_that_ends_for_progression_that_no_scan_shows_is_censored_or_an_event(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    for drug in ("TORIPALIMAB", "LENVATINIB"):
        patient.ended(drug, after(9), "PROGRESSIVE DISEASE")
    patient.died(after(11))
    assert told(trial, patient) == ("CENSORED", after(6), "UNDOCUMENTED_PROGRESSION")
    assert told(trial, patient, censoring=Censoring.EMA) == ("EVENT", after(9), "UNDOCUMENTED_PROGRESSION")
    patient.looks(w10="130")
    assert told(trial, patient) == ("EVENT", after(10), "PROGRESSION")


def sets(found: SubjectEndpoints) -> set[str]:
    return {each.value for each in found.sets}


def test_who_was_randomized_treated_and_judged_is_in_the_sets(trial: Trial) -> None:
    untreated, treated, judged = trial.patient(treated=False), trial.patient(), trial.patient()
    judged.looks(w6="80")
    assert sets(trial.endpoints(untreated)) == {"ITT"}
    assert sets(trial.endpoints(treated)) == {"ITT", "TREATED"}
    assert sets(trial.endpoints(judged)) == {"ITT", "TREATED", "EVALUABLE", "PER_PROTOCOL"}


@pytest.mark.parametrize(("status", "inside"), [("CONFIRMED", False), ("DRAFT", True), ("REJECTED", True)])
def test_a_confirmed_important_deviation_leaves_the_per_protocol_set(
    trial: Trial, patient: Patient, status: str, inside: bool
) -> None:
    patient.looks(w6="80")
    patient.enter(
        ProtocolDeviation,
        occurred_on=after(2).isoformat(),
        noticed_on=after(3).isoformat(),
        category="DOSING",
        description="Twice the dose",
        important="Y",
        status=status,
        rejected_reason="None" if status == "REJECTED" else None,
    )
    assert (AnalysisSet.PER_PROTOCOL in trial.endpoints(patient).sets) is inside


def test_who_withdrew_the_use_of_its_data_is_in_no_set(trial: Trial, patient: Patient) -> None:
    patient.enter(
        Withdrawal,
        scope="USE OF DATA",
        withdrawn_on=after(5).isoformat(),
        withdrawn_by="SUBJECT",
        keep_data="N",
    )
    found = trial.endpoints(patient)
    assert (found.sets, found.data_withheld) == (frozenset(), True)


def test_time_may_count_from_the_first_dose(trial: Trial) -> None:
    patient = trial.patient(treated=False)
    patient.enter(
        DoseAdministration,
        drug="TORIPALIMAB",
        given="Y",
        given_on=after(0, 3).isoformat(),
        dose="240",
        visit=patient.visit(after(0, 3)),
    )
    patient.alive(after(10))
    trial.set("pfs_origin", "FIRST_DOSE")
    time = trial.endpoints(patient).time(Endpoint.OS, trial.choices()).time
    assert time is not None
    assert time.days == (after(10) - after(0, 3)).days + 1


def test_the_end_of_contact_is_told(trial: Trial, patient: Patient) -> None:
    patient.enter(LostToFollowUp, last_contact_on=after(8).isoformat(), declared_on=after(12).isoformat())
    found = trial.endpoints(patient).time(Endpoint.OS, trial.choices())
    assert found.time is not None
    assert found.time.on == after(8)
    assert f"Contact ended: lost to follow-up ({after(12)})." in found.words


def test_a_subject_that_is_not_randomized_has_no_time(trial: Trial) -> None:
    subject = screened_subject(trial.coordinator, trial.site)
    patient = Patient(trial.coordinator, subject, subject.visits.get(code="SCR"))
    found = trial.endpoints(patient)
    assert (found.arm, found.sets) == (None, frozenset())
    time = found.time(Endpoint.PFS, trial.choices())
    assert (time.outcome, time.missing) == (Outcome.UNDETERMINED, ("day of randomization",))


def test_a_resection_without_a_day_is_no_matter_where_the_setting_ignores_it(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="60", w12="55")
    patient.enter(Procedure, kind="RESECTION", name="Hemihepatectomy", indication="Downstaged")
    assert told(trial, patient) == ("CENSORED", after(12), "NO_EVENT")
    trial.set("pfs_resection", "CENSOR")
    assert words_of(trial, patient)[0] == "UNDETERMINED"
    [remark] = [each for each in trial.endpoints(patient).course.remarks if "downstaging" in each]
    assert remark.endswith("(day unknown): assessments after it count for the best response")


def test_a_dose_without_its_day_makes_a_treated_subject(trial: Trial) -> None:
    patient = trial.patient(treated=False)
    assert AnalysisSet.TREATED not in trial.endpoints(patient).sets
    patient.enter(DailyDosePeriod, drug="LENVATINIB", dose="12", frequency="QD")
    assert AnalysisSet.TREATED in trial.endpoints(patient).sets
