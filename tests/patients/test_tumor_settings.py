"""Each setting of tumor response is followed, and one that is missing or unknown is said."""

from typing import Any

import pytest

from patients.derivations.tumor_told import told_of_assessment
from patients.facts import Facts
from tests.patients.clinic import Clinic, after, both, clinic, liver, set_to
from trials.clinical.recist.response import Response
from trials.models import Study

__all__ = ["clinic", "liver"]


def test_each_setting_of_tumor_response_is_followed(liver: Clinic, study: Study) -> None:
    liver.scan(after(6), both("TOO SMALL TO MEASURE", "30"))
    liver.scan(after(9), both("5", "30"))
    liver.scan(after(15), both("90", "40"), last_scan_on=after(15, 4).isoformat())
    assert liver.course().progression.on == after(15, 4)  # type: ignore[union-attr]
    assert liver.course().best_confirmed.response is Response.SD  # type: ignore[union-attr]
    set_to(study, "progression_date", "FIRST_SCAN")
    set_to(study, "bor_confirmation_days", 21)
    set_to(study, "lesion_too_small_mm", 4)
    course = liver.course()
    assert course.progression.on == after(15)  # type: ignore[union-attr]
    assert course.best_confirmed.response is Response.PR  # type: ignore[union-attr]
    assert course.points[0].found.sum.mm == 34


def test_the_setting_of_the_duration_of_stable_disease_is_followed(liver: Clinic, study: Study) -> None:
    liver.scan(after(5), both("60", "40"))
    assert liver.course().best_unconfirmed.response is Response.SD  # type: ignore[union-attr]
    set_to(study, "sd_minimum_weeks", 6)
    assert liver.course().best_unconfirmed.response is Response.NE  # type: ignore[union-attr]


def test_the_setting_that_accepts_stable_disease_between_is_followed(liver: Clinic, study: Study) -> None:
    for week, sizes in ((6, both("40", "30")), (12, both("42", "32")), (18, both("40", "30"))):
        liver.scan(after(week), sizes)
    assert liver.course().best_confirmed.response is Response.SD  # type: ignore[union-attr]
    set_to(study, "bor_sd_between_accepted", True)
    assert liver.course().best_confirmed.response is Response.PR  # type: ignore[union-attr]


def test_the_setting_of_what_follows_a_complete_response_is_followed(liver: Clinic, study: Study) -> None:
    liver.scan(after(6), both("0", "0"))
    liver.scan(after(12), both("3", "0"))
    assert liver.responses() == ["CR", "PD"]
    set_to(study, "bor_after_complete_response", "NEVER_COMPLETE")
    assert liver.responses() == ["CR", "PR"]
    course = liver.course()
    assert (course.best_unconfirmed.response, course.progression) == (Response.PR, None)  # type: ignore[union-attr]
    assert course.remarks == (
        "CR on 2021-04-21 (UNS1) counts as PR: it never was complete: disease is seen on 2021-06-02 (UNS2)",
    )


def test_which_best_response_is_shown_is_the_settings_choice(liver: Clinic, study: Study) -> None:
    form = liver.scan(after(6), both("30", "20"))

    def best() -> list[tuple[str, str, str]]:
        told = told_of_assessment(Facts([form.subject]), form)
        return [(each.about, each.answer, each.reason) for each in told if each.about.startswith("Best")]

    whole = "Best overall response of the whole course"
    assert [each[:2] for each in best()] == [(f"{whole}, confirmed", "SD"), (f"{whole}, unconfirmed", "PR")]
    set_to(study, "bor_confirmation", "UNCONFIRMED")
    assert [each[:2] for each in best()] == [(f"{whole}, unconfirmed", "PR")]
    set_to(study, "bor_confirmation", None)
    refused = "cannot be determined: the setting bor_confirmation must be one of BOTH, CONFIRMED, UNCONFIRMED"
    assert best() == [("Best overall response", "", refused)]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "progression_date",
            "SOMETIME",
            "the setting progression_date of the study has an unknown value: LAST_SCAN is taken",
        ),
        (
            "bor_confirmation_days",
            None,
            "the setting bor_confirmation_days of the study is missing: 28 is taken",
        ),
        (
            "bor_sd_between_accepted",
            "yes",
            "the setting bor_sd_between_accepted of the study has an unknown value: False is taken",
        ),
        (
            "lesion_too_small_mm",
            -5,
            "the setting lesion_too_small_mm of the study has an unknown value: 5 is taken",
        ),
    ],
)
def test_a_setting_that_is_missing_or_unknown_is_said(
    liver: Clinic, study: Study, key: str, value: Any, words: str
) -> None:
    set_to(study, key, value)
    assert liver.course().remarks == (words,)
