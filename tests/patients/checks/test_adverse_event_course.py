"""Checks of the records of one event over time."""

from typing import Any

import pytest

from patients.models import AdverseEvent, MedicalHistory
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from trials.models import User

CHECKS_TESTED_HERE = {"EC29a", "EC29b", "EC29c", "EC39"}
NAUSEA = {"term": "Feels sick", "ctcae_term": "Nausea", "grade": "1", "started": "2021-03-10"}


@pytest.fixture
def mild(enter: Any) -> AdverseEvent:
    """Nausea of grade 1 from March 10 to 14."""
    return enter(AdverseEvent, **NAUSEA, ended="2021-03-14", ongoing="N")


@pytest.mark.parametrize(
    ("second", "asks"),
    [
        ({"started": "2021-03-12", "ended": "2021-03-20"}, 1),
        ({"started": "2021-03-12", "ctcae_term": "NAUSEA ", "ended": "2021-03-12"}, 1),
        ({"started": "2021-03-15", "ended": "2021-03-20"}, 0),
        ({"started": "2021-03-12", "ctcae_term": "Vomiting"}, 0),
        ({"started": "2021-03", "ended": "2021-03-20"}, 0),
        ({"started": "2021-03-14", "grade": "2", "ended": "2021-03-20"}, 0),
        ({"ended": "2021-03-14"}, 1),
    ],
)
def test_two_records_of_one_term_that_share_days_are_questioned(
    second: dict[str, str], asks: int, mild: AdverseEvent, enter: Any
) -> None:
    later = enter(AdverseEvent, **NAUSEA | {"ongoing": "N"} | second)
    assert asked(later, "EC29a") == asks
    assert asked(mild, "EC29a") == 0


def test_an_event_without_term_is_no_double_of_another_without_term(enter: Any) -> None:
    for _each in range(2):
        record = enter(AdverseEvent, term="Unwell", started="2021-03-10", ongoing="Y")
    assert asked(record, "EC29a") == 0


def test_ending_the_earlier_record_answers_the_question(enter: Any, coordinator: User) -> None:
    first = enter(AdverseEvent, **NAUSEA, ongoing="Y")
    worse = enter(AdverseEvent, **NAUSEA | {"started": "2021-03-14", "grade": "2"}, ongoing="Y")
    assert asked(worse, "EC29a") == 1
    correct(coordinator, first, ongoing="N", ended="2021-03-14")
    assert asked(worse, "EC29a") == 0


@pytest.mark.parametrize(
    ("worse", "fields"),
    [
        ({}, set()),
        ({"grade": "1"}, {"grade"}),
        ({"ctcae_term": "Vomiting"}, {"worsened_from"}),
        ({"started": "2021-03-13"}, {"started"}),
        ({"started": "2021-03"}, set()),
    ],
)
def test_a_worsening_is_of_the_same_term_with_a_higher_grade_and_starts_at_the_end_of_the_milder_one(
    worse: dict[str, str], fields: set[str], mild: AdverseEvent, enter: Any
) -> None:
    given = NAUSEA | {"started": "2021-03-14", "grade": "2", "worsened_from": 1} | worse
    assert fields_asked(enter(AdverseEvent, **given), "EC29b") == fields


def test_a_milder_record_that_goes_on_must_end_where_it_got_worse(enter: Any) -> None:
    enter(AdverseEvent, **NAUSEA, ongoing="Y")
    worse = enter(AdverseEvent, **NAUSEA | {"started": "2021-03-14", "grade": "2", "worsened_from": 1})
    assert fields_asked(worse, "EC29b") == {"started"}


@pytest.mark.parametrize(
    ("second", "asks"),
    [
        ({"grade": "2"}, 1),
        ({"grade": "2", "worsened_from": 1}, 0),
        ({"grade": "1"}, 0),
        ({"grade": "2", "started": "2021-03-16"}, 0),
        ({"grade": "2", "ctcae_term": "Vomiting"}, 0),
    ],
)
def test_a_higher_grade_that_follows_at_once_is_asked_whether_it_is_a_worsening(
    second: dict[str, Any], asks: int, mild: AdverseEvent, enter: Any
) -> None:
    assert asked(enter(AdverseEvent, **NAUSEA | {"started": "2021-03-14"} | second), "EC29c") == asks


@pytest.mark.parametrize(
    ("history", "event", "asks"),
    [
        ({"term": "nausea", "ongoing": "Y"}, {}, 1),
        ({"term": "Feels  sick", "ongoing": "Y"}, {}, 1),
        ({"term": "Nausea", "ongoing": "N"}, {}, 0),
        ({"term": "Gout", "ongoing": "Y"}, {}, 0),
        ({"term": "Nausea", "ongoing": "Y"}, {"worsened_from": 1}, 0),
    ],
)
def test_a_condition_ongoing_at_consent_is_an_event_only_where_it_got_worse(
    history: dict[str, str], event: dict[str, Any], asks: int, enter: Any
) -> None:
    enter(MedicalHistory, **history)
    if event:
        enter(AdverseEvent, **NAUSEA)
    assert asked(enter(AdverseEvent, **NAUSEA | event), "EC39") == asks


def test_a_history_entered_later_is_compared_too(enter: Any) -> None:
    event = enter(AdverseEvent, **NAUSEA)
    enter(MedicalHistory, term="Nausea", ongoing="Y")
    assert asked(event, "EC39") == 1
