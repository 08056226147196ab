"""Checks of pregnancy tests and of pregnancies under exposure."""

from typing import Any

import pytest

from patients.models import (
    Demographics,
    EligibilityAssessment,
    PregnancyExposure,
    PregnancyTest,
    Subject,
    Visit,
)
from tests.patients.checks.asking import MAN, asked, fields_asked
from tests.patients.checks.laboratory_work import add_tests, sampled
from trials.audit import clock
from trials.models import Site, Study, User

CHECKS_TESTED_HERE = {"EC43a", "EC43b", "EC43c", "EC43d", "EC43e", "EC43f"}
WOMAN = {"birth": "1981-05", "age": 39, "sex": "F"}
ABLE = WOMAN | {"childbearing_potential": "Y"}
NOT_ABLE = WOMAN | {"childbearing_potential": "N", "no_childbearing_reason": "STERILIZED"}
TEST = {"performed_on": "2021-03-01", "specimen": "URINE", "result": "NEGATIVE"}
EXPOSURE = {
    "who": "SUBJECT",
    "positive_test_on": "2021-03",
    "became_aware_on": "2021-03-20",
    "outcome": "ONGOING",
}


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        (WOMAN, {"childbearing_potential"}),
        (WOMAN | {"missing_reasons": {"childbearing_potential": "UNKNOWN"}}, set()),
        (ABLE, set()),
        (NOT_ABLE, set()),
        (WOMAN | {"childbearing_potential": "N"}, {"no_childbearing_reason"}),
        (ABLE | {"no_childbearing_reason": "POSTMENOPAUSAL"}, {"no_childbearing_reason"}),
        (MAN, set()),
        (MAN | {"childbearing_potential": "N"}, {"childbearing_potential", "no_childbearing_reason"}),
    ],
)
def test_a_woman_is_asked_whether_she_can_bear_children_and_a_man_is_not(
    answers: dict[str, Any], fields: set[str], enter: Any
) -> None:
    assert fields_asked(enter(Demographics, **answers), "EC43a") == fields


@pytest.mark.parametrize("test", ["strip", "blood", "unfinished", "at another visit"])
def test_a_woman_who_can_bear_children_is_tested_at_screening(
    test: str, enter: Any, subject: Subject, visit: Visit, study: Study, site: Site, coordinator: User
) -> None:
    add_tests(study)
    demographics = enter(Demographics, **ABLE)
    assert asked(demographics, "EC43b") == 0
    enter(EligibilityAssessment, assessed_on="2021-03-01")
    assert fields_asked(demographics, "EC43b") == {"childbearing_potential"}
    if test == "strip":
        enter(PregnancyTest, visit=visit, **TEST)
    elif test == "blood":
        sampled(coordinator, subject, "2021-03-01", ("HCG", "<1", "m[IU]/mL"))
    elif test == "unfinished":
        enter(PregnancyTest, visit=visit, performed_on="2021-03-01", specimen="URINE")
    assert asked(demographics, "EC43b") == (0 if test in ("strip", "blood") else 1)


def test_a_woman_who_cannot_bear_children_needs_no_test(enter: Any) -> None:
    demographics = enter(Demographics, **NOT_ABLE)
    enter(EligibilityAssessment, assessed_on="2021-03-01")
    assert asked(demographics, "EC43b") == 0


@pytest.mark.parametrize(
    ("who", "asks"),
    [(MAN, 1), (NOT_ABLE, 1), (ABLE, 0), (WOMAN, 0)],
    ids=["man", "not able", "able", "woman"],
)
def test_a_pregnancy_test_of_somebody_who_cannot_be_pregnant_is_questioned(
    who: dict[str, Any],
    asks: int,
    enter: Any,
    visit: Visit,
    subject: Subject,
    study: Study,
    coordinator: User,
) -> None:
    add_tests(study)
    strip = enter(PregnancyTest, visit=visit, **TEST)
    blood = sampled(coordinator, subject, "2021-03-01", ("HCG", "<1", "m[IU]/mL"), ("ALT", "20", "U/L"))
    assert (asked(strip, "EC43c"), asked(blood, "EC43d")) == (0, 0)
    enter(Demographics, **who)
    assert (asked(strip, "EC43c"), asked(blood, "EC43d")) == (asks, asks)


def test_a_positive_test_during_treatment_asks_for_the_page_of_the_pregnancy(fill: Any) -> None:
    today = clock.today("Asia/Shanghai").isoformat()
    test = fill(PregnancyTest, TEST | {"result": "POSITIVE", "performed_on": today})
    assert fields_asked(test, "EC43e") == {"result"}
    fill(PregnancyExposure, EXPOSURE)
    assert asked(test, "EC43e") == 0


def test_a_positive_test_before_randomization_is_a_matter_of_eligibility(fill: Any) -> None:
    assert asked(fill(PregnancyTest, TEST | {"result": "POSITIVE"}), "EC43e") == 0


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({}, set()),
        ({"outcome": "LIVE BIRTH"}, {"outcome_on"}),
        ({"outcome": "LIVE BIRTH", "outcome_on": "2021-12"}, set()),
        ({"outcome": "ONGOING", "outcome_on": "2021-12"}, {"outcome_on"}),
        ({"outcome": "UNKNOWN"}, set()),
    ],
)
def test_the_outcome_of_a_pregnancy_has_a_date_once_it_is_over(
    answers: dict[str, str], fields: set[str], enter: Any
) -> None:
    assert fields_asked(enter(PregnancyExposure, **EXPOSURE | answers), "EC43f") == fields


def test_a_man_is_not_pregnant_but_his_partner_may_be(enter: Any) -> None:
    enter(Demographics, **MAN)
    assert fields_asked(enter(PregnancyExposure, **EXPOSURE), "EC43f") == {"who"}
    assert asked(enter(PregnancyExposure, **EXPOSURE | {"who": "PARTNER"}), "EC43f") == 0
