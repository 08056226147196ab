"""Checks of how much was given: against the plan, the levels and the dose-modification table."""

from typing import Any

import pytest

from patients.models import DailyDosePeriod, DeviationStatus, ProtocolDeviation, Query, VitalSigns
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from tests.patients.dosing.conftest import in_a, in_b, ward
from tests.patients.dosing.ward import Ward

__all__ = ["in_a", "in_b", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"EC12f", "EC13b", "EC14a", "EC14b", "DT01"}
LOW = {"NEUT": ("0.9", "10*9/L"), "PLAT": ("184", "10*9/L")}


def drafts(ward: Ward, rule: str) -> list[str]:
    found = ProtocolDeviation.objects.filter(
        subject=ward.subject, rule=rule, status=DeviationStatus.DRAFT, entered_in_error=False
    )
    return [each.category for each in found]


def said(record: Any, check: str) -> str:
    return Query.objects.get(record_id=record.pk, form=record.form.oid, check_id=check, state="OPEN").message


# ---------------------------------------------------------------- the plan
@pytest.mark.parametrize(
    ("dose", "asks"), [("1683.25", 0), ("1600", 0), ("1599", 1), ("1767", 0), ("1768", 1)]
)
def test_a_dose_by_body_surface_may_differ_by_the_tolerance_of_the_study(
    dose: str, asks: int, in_b: Ward
) -> None:
    visit = in_b.visit_on("C1D1", 0)
    assert asked(in_b.infuse("GEMCITABINE", 0, dose, visit=visit), "EC16") == asks


def test_without_a_tolerance_any_other_dose_is_asked_about_and_says_so(in_b: Ward) -> None:
    in_b.decide(dose_tolerance_percent={"OXALIPLATIN": 5})
    visit = in_b.visit_on("C1D1", 0)
    planned = in_b.infuse("GEMCITABINE", 0, "1683.25", visit=visit)
    other = in_b.infuse("GEMCITABINE", 0, "1683", visit=visit)
    assert (asked(planned, "EC16"), asked(other, "EC16")) == (0, 1)
    assert "Whether it may differ cannot be determined: no tolerance for doses of Gemcitabine." in said(
        other, "EC16"
    )


def test_a_dose_beyond_the_tolerance_needs_a_reason_and_nothing_else(in_b: Ward) -> None:
    visit = in_b.visit_on("C1D1", 0)
    dose = in_b.infuse("GEMCITABINE", 0, "1260", visit=visit)
    assert fields_asked(dose, "EC16") == {"difference"}
    correct(in_b.coordinator, dose, difference="LABORATORY")
    assert asked(dose, "EC16") == 0


def test_a_fixed_dose_has_no_tolerance(in_a: Ward) -> None:
    assert asked(in_a.infuse("TORIPALIMAB", 0, "239", visit=in_a.visit_on("C1D1", 0)), "EC16") == 1


def test_lenvatinib_started_with_the_dose_of_the_other_band_is_a_deviation_until_corrected(
    ward: Any,
) -> None:
    light = ward("A", weight="59.9")
    period = light.take(0, None, "12", difference="PHYSICIAN_DECISION")
    assert fields_asked(period, "EC13") == {"dose"}
    assert "59.9 kg" in said(period, "EC13")
    assert drafts(light, "EC13") == ["DOSING"]
    correct(light.coordinator, period, dose="8", difference=None)
    assert asked(period, "EC13") == 0
    assert drafts(light, "EC13") == []


def test_a_later_dose_of_lenvatinib_needs_a_reason_and_is_no_starting_dose(in_a: Ward) -> None:
    in_a.take(0, 20, "12")
    reduced = in_a.take(21, None, "8")
    assert (asked(reduced, "EC13"), asked(reduced, "EC13b")) == (0, 1)
    correct(in_a.coordinator, reduced, difference="ADVERSE_EVENT")
    assert asked(reduced, "EC13b") == 0


# ---------------------------------------------------------------- weight
@pytest.mark.parametrize(("weight", "asks"), [("65.9", 0), ("66", 1), ("54.1", 0), ("54", 1)])
def test_a_change_of_weight_from_a_tenth_on_is_questioned_with_the_new_doses(
    weight: str, asks: int, in_b: Ward
) -> None:
    in_b.infuse("GEMCITABINE", 0, "1683.25", visit=in_b.visit_on("C1D1", 0))
    in_b.weigh(21, weight)
    record = VitalSigns.objects.filter(subject=in_b.subject).latest("pk")
    assert asked(record, "EC12f") == asks


def test_the_question_about_a_weight_tells_the_doses_before_and_after_it(in_b: Ward) -> None:
    in_b.infuse("GEMCITABINE", 0, "1683.25", visit=in_b.visit_on("C1D1", 0))
    words = said(in_b.weigh(21, "72"), "EC12f")
    assert "+20.0 % from the 60 kg that doses by body surface rest on" in words
    assert "Gemcitabine: 1843.91 mg instead of 1683.25 mg." in words
    assert "Oxaliplatin: 156.73 mg instead of 143.08 mg." in words


def test_a_small_change_counts_from_the_weight_that_doses_rest_on_not_from_the_last_one(in_b: Ward) -> None:
    in_b.infuse("GEMCITABINE", 0, "1683.25", visit=in_b.visit_on("C1D1", 0))
    assert asked(in_b.weigh(21, "63.5"), "EC12f") == 0
    assert asked(in_b.weigh(42, "66"), "EC12f") == 1


def test_without_doses_by_body_surface_a_weight_is_held_against_the_one_before(in_a: Ward) -> None:
    assert asked(in_a.weigh(21, "64"), "EC12f") == 0
    jumped = in_a.weigh(42, "72")
    assert "+12.5 % from the 64 kg that was measured before" in said(jumped, "EC12f")


# ---------------------------------------------------------------- levels
@pytest.mark.parametrize(
    ("weight", "dose", "frequency", "asks"),
    [
        ("60", "8", "QD", 0),
        ("60", "4", "QD", 0),
        ("60", "4", "QOD", 0),
        ("60", "10", "QD", 1),
        ("60", "8", "QOD", 1),
        ("60", "0", "QD", 0),
        ("59", "4", "QOD", 0),
        ("59", "12", "QD", 1),
    ],
)
def test_a_daily_dose_is_one_of_the_levels_of_the_subject(
    weight: str, dose: str, frequency: str, asks: int, ward: Any
) -> None:
    subject = ward("A", weight=weight)
    subject.take(0, 20, "12" if weight == "60" else "8")
    period = subject.take(21, None, dose, frequency, difference="ADVERSE_EVENT")
    assert asked(period, "EC14a") == asks
    assert asks == 0 or "4 mg every other day" in said(period, "EC14a")


def test_a_reduced_dose_that_is_raised_again_is_questioned_also_after_a_pause(in_a: Ward) -> None:
    in_a.take(0, 9, "12")
    assert asked(in_a.take(10, 19, "8", difference="ADVERSE_EVENT"), "EC14b") == 0
    assert asked(in_a.take(20, 29, "0", difference="ADVERSE_EVENT"), "EC14b") == 0
    again = in_a.take(30, None, "8", difference="ADVERSE_EVENT")
    assert asked(again, "EC14b") == 0
    correct(in_a.coordinator, again, dose="12", difference=None)
    assert "8 mg once a day from 2021-03-18" in said(again, "EC14b")


def test_every_other_day_is_half_of_every_day(in_a: Ward) -> None:
    in_a.take(0, 9, "12")
    in_a.take(10, 19, "4", "QOD", difference="ADVERSE_EVENT")
    assert asked(in_a.take(20, None, "4", difference="ADVERSE_EVENT"), "EC14b") == 1


# ---------------------------------------------------------------- the dose-modification table
def test_a_dose_given_against_the_approved_table_drafts_a_deviation(in_b: Ward) -> None:
    in_b.bled(0, LOW)
    dose = in_b.infuse("OXALIPLATIN", 0, "143.08", visit=in_b.visit_on("C1D1", 0))
    assert "expected: hold" in said(dose, "DT01")
    assert drafts(in_b, "DT01") == ["DOSING"]


def test_a_lower_dose_with_its_reason_is_asked_about_with_what_the_expectation_rests_on(in_b: Ward) -> None:
    in_b.bled(0)
    visit = in_b.visit_on("C1D1", 0)
    dose = in_b.infuse("OXALIPLATIN", 0, "100", visit=visit, difference="ADVERSE_EVENT")
    assert said(dose, "DT01") == (
        "Oxaliplatin on 2021-03-08: given 100 mg (reason given: Adverse event); expected: give 143.08 mg; "
        "no row of the table applies, the planned dose."
    )


def test_a_result_entered_after_the_dose_asks_and_one_corrected_withdraws_the_draft(in_b: Ward) -> None:
    in_b.bled(0)
    dose = in_b.infuse("OXALIPLATIN", 0, "143.08", visit=in_b.visit_on("C1D1", 0))
    assert asked(dose, "DT01") == 0
    low = in_b.bled(0, LOW)
    assert asked(dose, "DT01") == 1
    correct(in_b.coordinator, low, rows={"results": [{"repeat": 1, "value": "4.9"}]})
    assert asked(dose, "DT01") == 0
    assert drafts(in_b, "DT01") == []


def test_a_table_that_is_not_approved_questions_nothing(ward: Any) -> None:
    subject = ward("B")
    subject.bled(0, LOW)
    dose = subject.infuse("OXALIPLATIN", 0, "143.08", visit=subject.visit_on("C1D1", 0))
    assert asked(dose, "DT01") == 0
    assert drafts(subject, "DT01") == []


def test_a_daily_dose_that_goes_on_against_the_table_is_asked_about_once(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    in_a.event("Hypertension", "3", later=20)
    in_a.cycle(1, 0)
    in_a.cycle(2, 21)
    in_a.cycle(3, 42)
    period = DailyDosePeriod.objects.get(subject=in_a.subject)
    assert asked(period, "DT01") == 1
    assert drafts(in_a, "DT01") == ["DOSING"]
