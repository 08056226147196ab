"""What a data cut-off leaves out of the times of a subject, and what it leaves open."""

from datetime import date
from typing import Any

from ecrf.reports.choices import Confirmation
from ecrf.reports.endpoints import response_steps
from patients.facts import Moment
from tests.ecrf.reports.trial import Patient, Trial
from tests.patients.clinic import after
from trials.clinical.endpoints.result import Endpoint, Outcome
from trials.clinical.recist.response import Response


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
