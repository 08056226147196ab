"""Rows of a form: added, changed, voided, and what they are about."""

from typing import Any

import pytest

from patients.models import (
    BloodPressure,
    Subject,
    Visit,
    VitalSigns,
)
from tests.patients.conftest import correct, errors_of, events_of_casebook
from trials.actions.errors import Refused
from trials.models import User


def readings(form: Any) -> list[tuple[int, int, int, bool]]:
    return [
        (row.repeat, row.systolic, row.version, row.entered_in_error)
        for row in BloodPressure.objects.filter(parent=form).order_by("repeat")
    ]


def test_rows_are_added_changed_and_voided_in_one_act(
    coordinator: User, subject: Subject, pressures: VitalSigns
) -> None:
    before = len(events_of_casebook(subject))
    rows = [{"repeat": 1, "systolic": 121}, {"repeat": 2, "entered_in_error": True}, {"systolic": 140}]
    changed = correct(coordinator, pressures, rows={"blood_pressures": rows})
    assert readings(changed) == [(1, 121, 2, False), (2, 130, 2, True), (3, 140, 1, False)]
    assert changed.version == 2
    assert len(events_of_casebook(subject)) == before + 1


def test_a_row_that_is_not_sent_stays_as_it_is(coordinator: User, pressures: VitalSigns) -> None:
    changed = correct(coordinator, pressures, rows={"blood_pressures": [{"repeat": 2, "systolic": 131}]})
    assert readings(changed) == [(1, 120, 1, False), (2, 131, 2, False)]


def test_a_row_entered_in_error_cannot_be_changed_or_taken_back(
    coordinator: User, pressures: VitalSigns
) -> None:
    voided = correct(
        coordinator, pressures, rows={"blood_pressures": [{"repeat": 2, "entered_in_error": True}]}
    )
    for attempt in (
        {"systolic": 199},
        {"entered_in_error": False},
        {"missing_reasons": {"systolic": "UNKNOWN"}},
    ):
        with pytest.raises(Refused) as refusal:
            correct(coordinator, voided, rows={"blood_pressures": [{"repeat": 2} | attempt]})
        assert "entered in error" in errors_of(refusal)["blood_pressures"][0]["repeat"][0]
    assert readings(voided)[1] == (2, 130, 2, True)


def test_a_row_entered_in_error_may_be_sent_again_as_it_is(coordinator: User, pressures: VitalSigns) -> None:
    gone = {"repeat": 2, "entered_in_error": True}
    voided = correct(coordinator, pressures, rows={"blood_pressures": [gone]})
    assert correct(coordinator, voided, rows={"blood_pressures": [gone]}).version == voided.version


@pytest.mark.parametrize("repeat", [3, 0, -1, 10**30])
def test_a_row_that_does_not_exist_cannot_be_changed(
    coordinator: User, pressures: VitalSigns, repeat: int
) -> None:
    with pytest.raises(Refused) as refusal:
        correct(coordinator, pressures, rows={"blood_pressures": [{"repeat": repeat, "systolic": 121}]})
    assert errors_of(refusal) == {"blood_pressures": [{"repeat": [f"there is no row {repeat}"]}]}


def test_a_row_sent_twice_is_refused_because_one_would_be_lost(
    coordinator: User, pressures: VitalSigns
) -> None:
    rows = [{"repeat": 1, "systolic": 121}, {"repeat": 1, "systolic": 122}]
    with pytest.raises(Refused) as refusal:
        correct(coordinator, pressures, rows={"blood_pressures": rows})
    assert errors_of(refusal) == {"blood_pressures": [{}, {"repeat": ["row 1 is sent twice"]}]}


def test_a_form_holds_no_more_rows_than_it_may_however_they_arrive(
    coordinator: User, enter: Any, visit: Visit
) -> None:
    many = [{"systolic": 120, "diastolic": 80}] * 500
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01", rows={"blood_pressures": many})
    with pytest.raises(Refused, match="more than 500 rows"):
        correct(coordinator, form, rows={"blood_pressures": [{"systolic": 121}]})
    with pytest.raises(Refused, match="more than 500 rows"):
        enter(VitalSigns, visit=visit, rows={"blood_pressures": [*many, many[0]]})


def test_one_test_is_answered_once_in_a_sample(sample: Any) -> None:
    with pytest.raises(Refused, match="row 2 repeats"):
        sample(("ALT", "10", "U/L"), ("ALT", "11", "U/L"))


def test_a_test_may_be_answered_again_after_its_row_was_voided_in_the_same_act(
    coordinator: User, sample: Any
) -> None:
    form = sample(("HGB", "140", "g/L"), ("ALT", "10", "U/L"))
    rows = [{"test": "ALT", "value": "11", "unit": "U/L"}, {"repeat": 2, "entered_in_error": True}]
    changed = correct(coordinator, form, rows={"results": rows})
    assert list(changed.results.values_list("value", "entered_in_error")) == [
        ("140", False),
        ("10", True),
        ("11", False),
    ]


def test_a_row_may_take_the_test_of_a_row_that_is_voided_in_the_same_act(
    coordinator: User, sample: Any
) -> None:
    form = sample(("HGB", "140", "g/L"), ("ALT", "10", "U/L"))
    rows = [
        {"repeat": 1, "test": "ALT", "value": "12", "unit": "U/L"},
        {"repeat": 2, "entered_in_error": True},
    ]
    changed = correct(coordinator, form, rows={"results": rows})
    assert list(changed.results.values_list("test__code", "entered_in_error")) == [
        ("ALT", False),
        ("ALT", True),
    ]


def test_a_row_may_take_the_test_that_another_row_gives_up_in_the_same_act(
    coordinator: User, sample: Any
) -> None:
    form = sample(("HGB", "140", "g/L"), ("ALT", "10", "U/L"))
    rows = [
        {"repeat": 1, "test": "ALT", "value": "10", "unit": "U/L"},
        {"repeat": 2, "test": "UPROT", "value": "negative", "unit": None},
    ]
    changed = correct(coordinator, form, rows={"results": rows})
    assert list(changed.results.values_list("test__code", flat=True)) == ["ALT", "UPROT"]


def test_rows_that_exchange_their_tests_are_refused_in_words(coordinator: User, sample: Any) -> None:
    form = sample(("HGB", "140", "g/L"), ("ALT", "10", "U/L"))
    rows = [
        {"repeat": 1, "test": "ALT", "unit": "U/L"},
        {"repeat": 2, "test": "HGB", "unit": "g/L"},
    ]
    with pytest.raises(Refused) as refusal:
        correct(coordinator, form, rows={"results": rows})
    assert "exchange" in errors_of(refusal)["results"][0]
    assert list(form.results.values_list("test__code", flat=True)) == ["HGB", "ALT"]
