"""A day-1 form shows the planned dose, the expected action and their reasons, and fills nothing in."""

from collections.abc import Callable
from typing import Any

from patients.derivations.tellers import expected, told
from patients.derivations.told import Told
from tests.patients.dosing.ward import CHEMISTRY, COUNTS, Ward, day


def before(ward: Ward, form: str = "EC") -> dict[str, Told]:
    """What is told at day 1 of the first cycle, by what it is about."""
    found = expected(ward.facts(), form, ward.subject, ward.cycle(1, 0))
    return {each.about: each for each in found}


def beside(ward: Ward, form: Any) -> Told:
    """What is said of the dose itself: is it as expected?"""
    (found,) = [each for each in told(ward.facts(), form) if each.about.startswith(str(form.drug))]
    return found


def exposure(ward: Ward, form: Any) -> Told:
    (found,) = [each for each in told(ward.facts(), form) if each.about.startswith("Exposure")]
    return found


def test_the_plan_and_the_expected_action_stand_beside_the_empty_form(in_b: Ward) -> None:
    in_b.bled(0, COUNTS | CHEMISTRY | {"PLAT": ("62", "10*9/L")})
    shown = before(in_b)
    plan = shown[f"Planned dose of Oxaliplatin on {day(0)}"]
    assert (plan.answer, plan.reason[:19]) == ("143.08 mg", "85 mg/m2 x 1.6833 m")
    action = shown[f"Expected action with Oxaliplatin on {day(0)}"]
    assert action.answer.startswith("hold, because of OXA-02 “Platelets too low for the start of a course”")
    assert "version 1" in action.reason
    assert [source.form for source in action.sources] == ["LB"]
    assert len(shown) == 6


def test_until_the_table_is_approved_only_the_plan_is_told(ward: Callable[..., Ward]) -> None:
    shown = before(ward("A"), "ECD")
    assert shown[f"Planned dose of Lenvatinib on {day(0)}"].answer == "12 mg"
    action = shown[f"Expected action with Lenvatinib on {day(0)}"]
    assert action.answer.startswith("not approved for this study (")
    assert "is not signed by the principal investigator" in action.answer
    assert action.sources == ()


def test_what_cannot_be_determined_says_why(in_b: Ward) -> None:
    action = before(in_b)[f"Expected action with Gemcitabine on {day(0)}"]
    assert action.answer == ""
    assert "no neutrophils within 3 days up to 2021-03-08" in action.reason


def test_before_randomization_no_dose_is_expected_and_that_is_said(in_b: Ward) -> None:
    (line,) = expected(in_b.facts(cutoff=day(-1)), "EC", in_b.subject, None)
    assert (line.about, line.reason) == ("No dose is expected", "the subject is not randomized")


def test_a_filled_form_says_whether_the_dose_was_as_expected(in_b: Ward) -> None:
    in_b.bled(0)
    visit = in_b.cycle(1, 0)
    whole = in_b.infuse("OXALIPLATIN", 0, "143", visit)
    half = in_b.infuse("GEMCITABINE", 0, "800", visit)
    assert beside(in_b, whole).answer == "as expected"
    assert beside(in_b, half).answer == "differs from the expected action"
    assert beside(in_b, half).reason == "given: 800 mg"


def test_without_a_tolerance_it_is_not_told_whether_another_dose_is_as_expected(in_b: Ward) -> None:
    in_b.bled(0)
    in_b.decide(dose_tolerance_percent={"OXALIPLATIN": 5})
    visit = in_b.cycle(1, 0)
    planned, other = (in_b.infuse(drug, 0, "143.08", visit) for drug in ("OXALIPLATIN", "GEMCITABINE"))
    assert beside(in_b, planned).answer == "as expected"
    said = beside(in_b, other)
    assert said.answer == ""
    assert "no tolerance for doses of Gemcitabine" in said.reason


def test_where_something_is_missing_it_is_told_that_nothing_can_be_said(in_b: Ward) -> None:
    visit = in_b.cycle(1, 0)
    in_b.visit_on("C1D8", 7)
    in_b.bled(7, {"PLAT": ("60", "10*9/L")})
    in_b.infuse("GEMCITABINE", 0, "1683", visit)
    eighth = in_b.infuse("GEMCITABINE", 7, "1000")
    found = beside(in_b, eighth)
    assert found.answer == ""
    assert found.reason.startswith("given: 1000 mg; it cannot be told whether that is as expected: no ")


def test_a_dose_tells_the_exposure_up_to_its_day(in_b: Ward) -> None:
    first = in_b.infuse("OXALIPLATIN", 0, "143.08", in_b.cycle(1, 0))
    second = in_b.infuse("OXALIPLATIN", 28, "143.08", in_b.cycle(2, 28))
    assert exposure(in_b, first).answer == "85 mg/m² in 1 course, relative dose intensity 100 %"
    assert exposure(in_b, second).about == f"Exposure to Oxaliplatin up to {day(28)}"
    assert exposure(in_b, second).answer == "170 mg/m² in 2 courses, relative dose intensity 85.7 %"
    assert len(exposure(in_b, second).sources) == 2


def test_a_period_of_a_daily_drug_counts_up_to_its_last_day(in_a: Ward) -> None:
    in_a.take(0, 9, "12")
    paused = in_a.take(10, 19, "0", difference="ADVERSE_EVENT")
    reduced = in_a.take(20, 29, "8", difference="ADVERSE_EVENT")
    assert exposure(in_a, paused).answer == "120 mg, relative dose intensity 100 %"
    assert exposure(in_a, reduced).answer == "200 mg, relative dose intensity 55.6 %"


def test_an_exposure_that_is_not_known_says_what_is_missing(in_a: Ward) -> None:
    in_a.take(0, 9, "12")
    after_a_gap = in_a.take(12, 19, "12")
    found = exposure(in_a, after_a_gap)
    assert (found.answer, found.reason) == (
        "",
        f"cannot be determined: no dose from {day(10)} to {day(11)}",
    )


def test_a_new_form_shows_the_exposure_to_each_drug_so_far(in_b: Ward) -> None:
    in_b.infuse("OXALIPLATIN", 0, "143.08", in_b.cycle(1, 0))
    shown = expected(in_b.facts(), "EC", in_b.subject, in_b.cycle(2, 21))
    found = [each.about for each in shown if each.about.startswith("Exposure")]
    assert found == [f"Exposure to Oxaliplatin up to {day(21)}"]


def test_an_exposure_of_one_day_is_told_in_the_singular(in_b: Ward) -> None:
    period = in_b.take(0, 0, "12")
    assert " over 1 day from " in exposure(in_b, period).reason
