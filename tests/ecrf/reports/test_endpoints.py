"""Times to event and responses of a subject, from the forms that a coordinator entered."""

from datetime import date
from typing import Any

import pytest

from ecrf.reports.choices import Confirmation
from ecrf.reports.endpoints import AnalysisSet, SubjectEndpoints, response_steps
from patients.actions.save_form import mark_entered_in_error
from patients.actions.visits import miss_visit
from patients.facts import Moment, Source
from patients.models import (
    DailyDosePeriod,
    Disposition,
    DoseAdministration,
    LostToFollowUp,
    Procedure,
    ProtocolDeviation,
    SubsequentTherapy,
    TumorAssessment,
    Withdrawal,
)
from tests.ecrf.reports.trial import Patient, Trial
from tests.factories import screened_subject
from tests.patients.clinic import after
from trials.clinical.endpoints.result import Endpoint, Outcome
from trials.clinical.endpoints.rules import Censoring, Handling
from trials.clinical.recist.response import Response
from trials.clinical.undetermined import Undetermined


@pytest.fixture
def patient(trial: Trial) -> Patient:
    return trial.patient()


def told(
    trial: Trial, patient: Patient, endpoint: Endpoint = Endpoint.PFS, **under: Any
) -> tuple[str, Any, str]:
    """Outcome, day and rule of a time."""
    chosen = trial.choices()
    if under:
        chosen = chosen.under(under.get("censoring", chosen.rules.censoring), under.get("resection"))
    found = trial.endpoints(patient).time(endpoint, chosen)
    assert found.time is not None, found.words
    return found.outcome.value, found.time.on, found.time.rule.value


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
    assert [each.value for each in visits] == ["Did not take place (Ward was closed)", "Planned", "Planned"]


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


def test_what_happened_after_the_cutoff_is_left_out(trial: Trial, patient: Patient) -> None:
    patient.looks(w6="80", w12="130")
    patient.died(after(16))
    trial.set("os_alive_after_cutoff", "LAST_CONTACT")
    moment = Moment(cutoff=after(12, -1))
    found = trial.endpoints(patient, moment)
    for endpoint, expected in ((Endpoint.PFS, after(6)), (Endpoint.OS, after(6))):
        time = found.time(endpoint, trial.choices())
        assert time.time is not None
        assert (time.outcome, time.time.on) == (Outcome.CENSORED, expected)


def test_a_death_of_the_month_of_the_cutoff_may_lie_on_either_side_of_it(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="80")
    patient.died("2021-09")
    found = trial.endpoints(patient, Moment(cutoff=date(2021, 9, 10))).time(Endpoint.OS, trial.choices())
    assert found.outcome is Outcome.UNDETERMINED
    assert found.earliest is not None
    assert (found.earliest.outcome, found.earliest.on) == (Outcome.EVENT, date(2021, 9, 1))
    assert found.latest is not None
    assert (found.latest.outcome, found.latest.on) == (Outcome.CENSORED, date(2021, 9, 10))


def alive_at(trial: Trial, patient: Patient, cutoff: date) -> tuple[str, date]:
    found = trial.endpoints(patient, Moment(cutoff=cutoff)).time(Endpoint.OS, trial.choices())
    assert found.time is not None, found.words
    return found.outcome.value, found.time.on


def test_who_is_known_alive_or_to_have_died_after_the_cutoff_was_alive_on_it(
    trial: Trial, patient: Patient
) -> None:
    other = trial.patient()
    patient.looks(w6="80")
    assert alive_at(trial, patient, after(10)) == ("CENSORED", after(6))
    patient.alive(after(12), last_known_alive_on=after(8).isoformat())
    assert alive_at(trial, patient, after(10)) == ("CENSORED", after(8))
    patient.alive(after(13))
    other.died(after(14))
    assert [alive_at(trial, each, after(10)) for each in (patient, other)] == [("CENSORED", after(10))] * 2
    trial.set("os_alive_after_cutoff", "LAST_CONTACT")
    assert alive_at(trial, patient, after(10)) == ("CENSORED", after(6))


def spanning(patient: Patient, size: str, **more: Any) -> None:
    days = {"first_scan_on": after(12, -1).isoformat(), "last_scan_on": after(12, 2).isoformat()}
    patient.scan(after(12), {"T1": size}, **days, **more)


def test_an_assessment_that_the_cutoff_cuts_short_gives_no_response_and_it_is_said(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="90")
    spanning(patient, "40")
    cut = trial.endpoints(patient, Moment(cutoff=after(12)))
    assert cut.best_response(Confirmation.UNCONFIRMED) is Response.SD
    assert any(
        "went on after the data cut-off" in step.words for step in response_steps(cut, Confirmation.CONFIRMED)
    )
    pfs = cut.time(Endpoint.PFS, trial.choices())
    assert pfs.time is not None
    assert pfs.time.on == after(6)
    assert "does not count: its scans went on after the data cut-off" in pfs.words
    whole = trial.endpoints(patient, Moment(cutoff=after(12, 2)))
    assert whole.best_response(Confirmation.UNCONFIRMED) is Response.PR


def test_a_new_lesion_seen_before_the_cutoff_is_progression_though_the_assessment_went_on(
    trial: Trial, patient: Patient
) -> None:
    patient.looks(w6="90")
    patient.lesion("N1", "NEW", on=after(12, -1), certain="UNEQUIVOCAL")
    spanning(patient, "90", new_lesions="Y")
    found = trial.endpoints(patient, Moment(cutoff=after(12))).time(Endpoint.PFS, trial.choices())
    assert found.time is not None
    assert (found.outcome, found.time.on) == (Outcome.EVENT, after(12, -1))


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


def words_of(
    trial: Trial, patient: Patient, endpoint: Endpoint = Endpoint.PFS
) -> tuple[str, tuple[str, ...]]:
    """The outcome of a time, and what is missing for it."""
    found = trial.endpoints(patient).time(endpoint, trial.choices())
    return found.outcome.value, found.missing


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
