"""A blood pressure that no adverse event tells of is remarked where a row of the drug names hypertension."""

import pytest

from patients.derivations.tellers import expected
from patients.models import VitalSigns
from tests.patients.dosing.ward import COUNTS, Ward, day

REMARK = "blood pressure 182/112 mmHg on 2021-03-18 is grade 3 by its numbers; no adverse event says so"


def read(ward: Ward, later: int, *pressures: tuple[int, int]) -> None:
    rows = [{"systolic": systolic, "diastolic": diastolic} for systolic, diastolic in pressures]
    answers = {"measured_on": day(later).isoformat()}
    ward.enter(
        VitalSigns, ward.subject, answers, visit=ward.unscheduled(later), rows={"blood_pressures": rows}
    )


def remarks(ward: Ward, later: int, drug: str = "LENVATINIB") -> tuple[str, ...]:
    return ward.expected(drug, later).remarks


@pytest.fixture
def taking(in_a: Ward) -> Ward:
    in_a.bled(0)
    in_a.take(0, None, "12")
    return in_a


def test_a_blood_pressure_of_grade_3_is_remarked_and_decides_nothing(taking: Ward) -> None:
    read(taking, 10, (138, 84), (182, 112))
    assert remarks(taking, 12) == (REMARK,)
    assert taking.expected("LENVATINIB", 12).rows == ()


def test_it_is_remarked_beside_the_expected_action(taking: Ward) -> None:
    read(taking, 10, (182, 112))
    taking.bled(10, COUNTS)
    visit = taking.unscheduled(12)
    told = {each.about: each for each in expected(taking.facts(), "ECD", taking.subject, visit)}
    action = told[f"Expected action with Lenvatinib on {day(12)}"]
    assert REMARK in action.reason


@pytest.mark.parametrize(("later", "remarked"), [(31, True), (32, False)])
def test_it_counts_as_long_as_a_qtcf_does(taking: Ward, later: int, remarked: bool) -> None:
    read(taking, 10, (182, 112))
    assert bool(remarks(taking, later)) is remarked


def test_the_newest_blood_pressure_counts(taking: Ward) -> None:
    read(taking, 10, (182, 112))
    read(taking, 11, (128, 78))
    assert remarks(taking, 12) == ()


def test_a_blood_pressure_of_grade_2_is_not_remarked(taking: Ward) -> None:
    read(taking, 10, (158, 98))
    assert remarks(taking, 12) == ()


@pytest.mark.parametrize(
    ("grade", "began", "ended", "remarked"),
    [
        ("3", 10, None, False),
        ("4", 8, 15, False),
        ("2", 10, None, True),
        ("3", 2, 9, True),
        ("3", 13, None, True),
    ],
)
def test_an_adverse_event_of_that_grade_and_time_says_it(
    taking: Ward, grade: str, began: int, ended: int | None, remarked: bool
) -> None:
    read(taking, 10, (182, 112))
    taking.event("Hypertension", grade, began, ended, causes=("LENVATINIB",))
    assert bool(remarks(taking, 12)) is remarked


def test_a_drug_without_a_row_on_hypertension_has_no_remark(taking: Ward) -> None:
    read(taking, 10, (182, 112))
    assert remarks(taking, 12, "TORIPALIMAB") == ()
