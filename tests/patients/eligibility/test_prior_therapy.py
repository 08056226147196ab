"""Criteria about earlier therapy: what was given, when it ended, and how far back that counts."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.models import MedicalHistory, PriorTherapy, Subject
from tests.patients.eligibility.conftest import judged, line_of, verdict_of, words_of
from tests.screening import UNTREATED_TUMOR, Clinic

TREATED_TUMOR = {key: value for key, value in UNTREATED_TUMOR.items() if key != "missing_reasons"}
CAPECITABINE = {
    "kind": "ADJUVANT",
    "agents": "capecitabine",
    "contains_pd1": "N",
    "contains_lenvatinib": "N",
    "contains_gemcitabine": "N",
    "ongoing": "N",
}
GEMCITABINE = CAPECITABINE | {"kind": "SYSTEMIC", "agents": "gemcitabine", "contains_gemcitabine": "Y"}
ANTIBODY = CAPECITABINE | {"kind": "SYSTEMIC", "agents": "camrelizumab", "contains_pd1": "Y"}


@pytest.fixture
def treated(clinic: Clinic) -> Callable[..., Subject]:
    """`treated(CAPECITABINE, ended="2020-07")`: consent is on 2021-03-01, so 6 months reach to 2020-09-01."""

    def screened(*therapies: dict[str, Any], tumor: dict[str, Any] | None = None, **dates: str) -> Subject:
        ended = dates.get("ended", "2020-07")
        told = {**TREATED_TUMOR, "last_systemic_therapy": ended} if tumor is None else tumor
        subject = clinic.screened(tumor=told)
        for therapy in therapies:
            clinic.enter(PriorTherapy, subject, {"started": "2019-05", "ended": ended, **therapy, **dates})
        return subject

    return screened


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        ("2020-08-31", "MET"),
        ("2020-09-01", "NOT_MET"),  # not more than 6 months ago
        ("2020-08", "MET"),
        ("2020-09", "NOT_MET"),
        ("2019", "MET"),
        ("2020", "UNDETERMINED"),
        ("2021-01", "NOT_MET"),
    ],
)
def test_six_months_without_systemic_therapy_count_back_in_calendar_months_from_consent(
    treated: Callable[..., Subject], ended: str, verdict: str
) -> None:
    assert verdict_of(treated(CAPECITABINE, ended=ended), "I6b") == verdict


def test_an_end_known_to_the_year_only_is_named_as_the_reason(treated: Callable[..., Subject]) -> None:
    subject = treated(GEMCITABINE, ended="2020")
    expected = (
        "cannot be determined: the end of gemcitabine is known to the year only, 2020 "
        "(lenvatinib or gemcitabine from 2020-09-01 on (6 months before consent on 2021-03-01))"
    )
    assert words_of(subject, "E3a") == expected
    # The record gives the data alone the decision here: what they cannot tell blocks.
    assert judged(subject).refusals == {"E3a": [expected]}


def test_gemcitabine_in_the_last_six_months_excludes_and_before_them_does_not(
    treated: Callable[..., Subject],
) -> None:
    assert verdict_of(treated(GEMCITABINE, ended="2020-09-01"), "E3a") == "MET"
    assert verdict_of(treated(GEMCITABINE, ended="2020-08-31"), "E3a") == "NOT_MET"
    assert verdict_of(treated(CAPECITABINE, ended="2021-01"), "E3a") == "NOT_MET"


def test_an_ongoing_therapy_is_within_any_time(treated: Callable[..., Subject]) -> None:
    ongoing = GEMCITABINE | {"ongoing": "Y", "ended": None}
    assert verdict_of(treated(ongoing, tumor=UNTREATED_TUMOR), "E3a") == "MET"


def test_a_therapy_said_to_be_ongoing_and_to_have_ended_leaves_its_end_open(
    treated: Callable[..., Subject],
) -> None:
    assert verdict_of(treated(GEMCITABINE | {"ongoing": "Y"}, ended="2019-07"), "E3a") == "UNDETERMINED"


def test_a_therapy_that_began_within_the_time_needs_no_end(treated: Callable[..., Subject]) -> None:
    begun = GEMCITABINE | {"started": "2020-10", "ended": None}
    assert verdict_of(treated(begun, tumor=UNTREATED_TUMOR), "E3a") == "MET"


def test_months_may_count_back_from_randomization(
    treated: Callable[..., Subject], decide: Callable[..., None]
) -> None:
    subject = treated(GEMCITABINE, ended="2020-12")
    assert (verdict_of(subject, "I6b"), verdict_of(subject, "E3a")) == ("NOT_MET", "MET")
    decide(i6_anchor="RANDOMIZATION")
    assert (verdict_of(subject, "I6b"), verdict_of(subject, "E3a")) == ("MET", "MET")
    decide(e3_anchor="RANDOMIZATION")
    assert verdict_of(subject, "E3a") == "NOT_MET"
    assert line_of(subject, "E3a").data.settings["e3_anchor"] == "RANDOMIZATION"


def test_an_antibody_against_pd1_excludes_for_ever_unless_six_months_bind_both_clauses(
    treated: Callable[..., Subject], decide: Callable[..., None]
) -> None:
    subject = treated(ANTIBODY, ended="2015-03")
    assert verdict_of(subject, "E3b") == "MET"
    assert "at any time: camrelizumab" in words_of(subject, "E3b")
    decide(e3_scope="BOTH_CLAUSES")
    assert verdict_of(subject, "E3b") == "NOT_MET"
    decide(e3_scope="NEITHER")
    assert words_of(subject, "E3b") == "cannot be determined: no reading of the setting e3_scope (NEITHER)"


def test_a_therapy_of_which_nobody_wrote_down_what_it_held_leaves_the_question_open(
    treated: Callable[..., Subject],
) -> None:
    subject = treated({"kind": "SYSTEMIC", "agents": "trial drug", "ongoing": "N"}, ended="2015-03")
    assert words_of(subject, "E3b").startswith("cannot be determined: not recorded whether trial drug is one")
    assert verdict_of(subject, "E3a") == "NOT_MET"  # whatever it held, it ended long before


def test_no_prior_therapy_must_have_been_said_by_somebody(treated: Callable[..., Subject]) -> None:
    subject = treated(tumor=TREATED_TUMOR)
    assert words_of(subject, "E3b") == "cannot be determined: no answer to “End of the last systemic therapy”"
    assert set(judged(subject).refusals) == {"E3a", "E3b"}


def test_a_last_therapy_that_is_told_but_not_recorded_is_not_passed_over(
    treated: Callable[..., Subject],
) -> None:
    subject = treated(CAPECITABINE, tumor={**TREATED_TUMOR, "last_systemic_therapy": "2021-02"})
    assert verdict_of(subject, "I6b") == "NOT_MET"
    assert verdict_of(subject, "E3a") == "UNDETERMINED"  # it may have held gemcitabine


def test_radiotherapy_and_surgery_exclude_only_where_the_study_sets_a_time(
    clinic: Clinic, treated: Callable[..., Subject], decide: Callable[..., None]
) -> None:
    radiotherapy = CAPECITABINE | {"kind": "RADIOTHERAPY", "agents": "radiotherapy"}
    subject = treated(radiotherapy, tumor=UNTREATED_TUMOR, ended="2021-02-28")
    assert judged(subject).findings == ()
    decide(prior_radiotherapy_washout_days=100000)
    assert set(judged(subject).refusals) == {"WASHOUT-RT"}
    decide(prior_radiotherapy_washout_days=28, prior_surgery_washout_days=28)
    table = judged(subject)
    assert table.findings == ()
    assert [line.rule.code for line in table.lines[-2:]] == ["WASHOUT-RT", "WASHOUT-SURG"]
    assert table.lines[-1].data.words.startswith("no surgery from")


def test_a_tuberculosis_of_the_last_year_is_shown_and_judged_by_the_investigator(clinic: Clinic) -> None:
    subject = clinic.screened()
    assert verdict_of(subject, "E9b") == "NOT_MET"
    clinic.enter(
        MedicalHistory, subject, {"term": "Pulmonary Tuberculosis", "started": "2020", "ongoing": "Y"}
    )
    assert verdict_of(subject, "E9b") == "UNDETERMINED"
    assert "the investigator judges" in words_of(subject, "E9b")
    assert judged(subject).findings == ()


def test_an_examination_before_consent_fails_the_first_criterion(clinic: Clinic) -> None:
    subject = clinic.screened()
    assert verdict_of(subject, "I1") == "MET"
    clinic.sample(subject, {"ALT": ("30", "U/L")}, on="2021-02-28")
    assert words_of(subject, "I1") == (
        "examination for the study before consent on 2021-03-01: Laboratory sample (2021-02-28)"
    )
    assert set(judged(subject).refusals) == {"I1"}
