"""Exposure, courses and accountability from the doses and capsules that were recorded."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from patients.actions.visits import open_cycle
from patients.derivations.accountability import Accountability, accountabilities, unusual_intake
from patients.derivations.courses import courses_begun, early_end, excess_courses
from patients.derivations.exposure import DrugExposure, exposures
from patients.models import DrugAccountability, Visit
from tests.patients.dosing.ward import Ward, day
from trials.actions.errors import WrongState
from trials.clinical.exposure import Exposure
from trials.clinical.undetermined import Undetermined


def of(ward: Ward, drug: str, **moment: Any) -> DrugExposure:
    found = exposures(ward.facts(**moment), ward.subject)
    return next(each for each in found if each.drug.code == drug)


def known(found: DrugExposure) -> Exposure:
    assert isinstance(found.exposure, Exposure), found.words
    return found.exposure


def unknown(found: DrugExposure) -> tuple[str, ...]:
    assert isinstance(found.exposure, Undetermined), found.words
    return found.exposure.missing


def course(ward: Ward, number: int, later: int, share: str = "1", day_8: bool = True) -> None:
    """A cycle with GEMOX by the plan, or a share of it."""
    visit = ward.cycle(number, later)
    oxaliplatin, gemcitabine = Decimal("143.08") * Decimal(share), Decimal("1683.25") * Decimal(share)
    ward.infuse("OXALIPLATIN", later, str(round(oxaliplatin, 2)), visit)
    ward.infuse("GEMCITABINE", later, str(round(gemcitabine, 2)), visit)
    if day_8:
        eighth = ward.visit_on(f"C{number}D8", later + 7)
        ward.infuse("GEMCITABINE", later + 7, str(round(gemcitabine, 2)), eighth)


# ---------------------------------------------------------------- exposure
def test_dose_intensity_is_told_by_the_surface_of_each_dose(ward: Callable[..., Ward]) -> None:
    admitted = ward("B")
    course(admitted, 1, 0)
    course(admitted, 2, 21, day_8=False)
    course(admitted, 3, 49, share="0.75")
    oxaliplatin, gemcitabine = known(of(admitted, "OXALIPLATIN")), known(of(admitted, "GEMCITABINE"))
    assert (oxaliplatin.days, oxaliplatin.courses, oxaliplatin.last) == (70, 3, day(49))
    assert round(oxaliplatin.cumulative, 2) == Decimal("233.75")  # 85 + 85 + 63.75 mg/m2
    assert round(oxaliplatin.relative, 3) == Decimal("0.825")
    assert (gemcitabine.days, gemcitabine.last) == (70, day(56))
    assert round(gemcitabine.relative, 3) == Decimal("0.675")  # 4500 of 6667 mg/m2
    told = of(admitted, "OXALIPLATIN")
    assert told.unit == "mg/m2"
    assert told.courses == ((1, day(0)), (2, day(21)), (3, day(49)))
    assert {source.form for source in told.sources} == {"EC"}
    assert "relative dose intensity 0.82" in told.words


def test_the_planned_intensity_of_lenvatinib_is_that_of_the_weight_band(ward: Callable[..., Ward]) -> None:
    light = ward("A", weight="59.9")
    light.take(0, 9, "8")
    light.take(10, 14, "0")
    light.take(15, 19, "4")
    found = known(of(light, "LENVATINIB"))
    assert (found.cumulative, found.days, found.planned_per_week) == (100, 20, 56)
    assert found.relative == Decimal("0.625")


def test_an_ongoing_dose_counts_up_to_the_cutoff_and_has_no_end_without_one(
    ward: Callable[..., Ward],
) -> None:
    admitted = ward("A")
    admitted.take(0, None, "12")
    assert of(admitted, "LENVATINIB").exposure == Undetermined((f"last day of the dose taken from {day(0)}",))
    cut = of(admitted, "LENVATINIB", cutoff=day(13))
    assert (known(cut).cumulative, known(cut).days) == (168, 14)


def test_what_was_given_after_the_cutoff_is_not_counted(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    admitted.infuse("TORIPALIMAB", 21, "240", admitted.cycle(2, 21))
    assert known(of(admitted, "TORIPALIMAB")).cumulative == 480
    before = of(admitted, "TORIPALIMAB", cutoff=day(20))
    assert known(before).cumulative == 240


def test_a_dose_that_is_not_recorded_is_not_counted_as_nothing(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.infuse("TORIPALIMAB", 0, None, admitted.cycle(1, 0))
    assert of(admitted, "TORIPALIMAB").exposure == Undetermined((f"dose given on {day(0)}",))


def test_a_dose_whose_day_is_not_recorded_is_not_left_out(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(2, 21), given_on=None)
    admitted.take(0, 9, "12")
    admitted.take(0, None, "8", started=None)
    assert unknown(of(admitted, "TORIPALIMAB")) == ("day of dose no. 1 at C2D1",)
    assert unknown(of(admitted, "LENVATINIB")) == ("first day of daily dose period no. 2",)


def test_a_dose_by_surface_without_a_surface_says_that_the_surface_is_missing(
    ward: Callable[..., Ward],
) -> None:
    admitted = ward("B")
    admitted.infuse("OXALIPLATIN", -30, "140")
    assert unknown(of(admitted, "OXALIPLATIN")) == (f"body surface area for the dose given on {day(-30)}",)


def test_a_dose_of_which_nobody_said_whether_it_was_given_is_not_left_out(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    admitted.infuse("TORIPALIMAB", 21, "240", admitted.cycle(2, 21), given=None)
    missing = (f"answer whether dose no. 1 on {day(21)} was given",)
    assert unknown(of(admitted, "TORIPALIMAB")) == missing


def test_a_daily_dose_without_its_frequency_is_not_counted_as_one_a_day(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.take(0, 9, "12", frequency=None, missing_reasons={"frequency": "UNKNOWN"})
    missing = Undetermined((f"frequency of the dose taken from {day(0)}",))
    assert of(admitted, "LENVATINIB").exposure == missing


def test_before_randomization_there_is_no_exposure(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    assert exposures(admitted.facts(cutoff=day(-1)), admitted.subject) == []
    assert of(admitted, "TORIPALIMAB").exposure == Undetermined(("dose that was given",))
    assert of(admitted, "LENVATINIB").exposure == Undetermined(("dose that was taken",))


# ---------------------------------------------------------------- courses
@pytest.fixture
def eight_courses(ward: Callable[..., Ward]) -> Ward:
    admitted = ward("B")
    for number in range(8):
        later = 21 * number
        admitted.infuse("GEMCITABINE", later, "1683.25", admitted.cycle(number + 1, later))
        admitted.infuse("OXALIPLATIN", later, "143.08", admitted.cycle(number + 1, later))
    return admitted


def test_a_ninth_course_is_not_planned(eight_courses: Ward) -> None:
    with pytest.raises(WrongState) as refused:
        open_cycle(actor=eight_courses.coordinator, subject=eight_courses.subject)
    said = str(refused.value)
    assert "Oxaliplatin and Gemcitabine had the last of at most 8 courses" in said
    assert "Cycles then go on with Lenvatinib." in said
    assert eight_courses.subject.cycles.count() == 8


def test_after_the_end_of_both_drugs_cycles_go_on_with_lenvatinib_alone(eight_courses: Ward) -> None:
    eight_courses.ends("OXALIPLATIN", 150)
    with pytest.raises(WrongState, match="Gemcitabine had the last"):
        open_cycle(actor=eight_courses.coordinator, subject=eight_courses.subject)
    eight_courses.ends("GEMCITABINE", 150)
    for number in (9, 10):
        eight_courses.cycle(number, 21 * (number - 1))
    codes = set(Visit.objects.filter(subject=eight_courses.subject).values_list("code", flat=True))
    assert {"C8D8", "C9D1", "C10D1"} <= codes
    assert not {"C9D8", "C10D8"} & codes


def test_a_study_may_stop_lenvatinib_with_the_last_course(eight_courses: Ward) -> None:
    eight_courses.ends("OXALIPLATIN", 150)
    eight_courses.ends("GEMCITABINE", 150)
    eight_courses.decide(after_courses_of_others={"LENVATINIB": "STOP"})
    with pytest.raises(WrongState, match="Treatment ends with the last course"):
        open_cycle(actor=eight_courses.coordinator, subject=eight_courses.subject)


def test_where_nothing_is_decided_no_cycle_follows_the_last_course(eight_courses: Ward) -> None:
    eight_courses.ends("OXALIPLATIN", 150)
    eight_courses.ends("GEMCITABINE", 150)
    eight_courses.decide(after_courses_of_others={})
    with pytest.raises(WrongState) as refused:
        open_cycle(actor=eight_courses.coordinator, subject=eight_courses.subject)
    assert (
        "Whether treatment goes on after the last course of Oxaliplatin and Gemcitabine "
        "cannot be determined: no decision on Lenvatinib after the last course of the others."
    ) in str(refused.value)


def test_a_ninth_course_that_was_given_is_recorded_and_told(eight_courses: Ward) -> None:
    assert excess_courses(eight_courses.facts(), eight_courses.subject) == []
    given = eight_courses.infuse("GEMCITABINE", 168, "1683.25", eight_courses.unscheduled(168))
    (excess,) = excess_courses(eight_courses.facts(), eight_courses.subject)
    assert (excess.form.pk, excess.number) == (given.pk, 9)
    assert excess.words == "Gemcitabine was given in course 9; the protocol allows 8 courses."


def test_cycles_of_which_no_dose_is_recorded_count_as_courses(ward: Callable[..., Ward]) -> None:
    admitted = ward("B")
    for number in range(8):
        admitted.cycle(number + 1, 21 * number)
    with pytest.raises(WrongState, match="at most 8 courses"):
        open_cycle(actor=admitted.coordinator, subject=admitted.subject)


def test_a_cycle_in_which_chemotherapy_was_left_out_is_no_course(ward: Callable[..., Ward]) -> None:
    admitted = ward("B")
    for number in range(8):
        visit = admitted.cycle(number + 1, 21 * number)
        for drug in ("GEMCITABINE", "OXALIPLATIN"):
            answers = {"given": "N", "difference": "LABORATORY"} if number == 3 else {}
            admitted.infuse(drug, 21 * number, "0" if answers else "100", visit, **answers)
    elements = admitted.subject.allocation.arm.regimen.exclude(maximum_cycles=None)
    facts = admitted.facts()
    assert {courses_begun(facts, admitted.subject, each) for each in elements} == {7}
    assert open_cycle(actor=admitted.coordinator, subject=admitted.subject).number == 9


def test_arm_a_has_no_last_cycle(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    for number in range(10):
        admitted.cycle(number + 1, 21 * number)
    assert open_cycle(actor=admitted.coordinator, subject=admitted.subject).number == 11


@pytest.mark.parametrize(
    ("reason", "asks"), [("COMPLETED", True), ("ADVERSE EVENT", False), ("PROGRESSIVE DISEASE", False)]
)
def test_an_end_before_the_sixth_course_needs_a_reason(
    ward: Callable[..., Ward], reason: str, asks: bool
) -> None:
    admitted = ward("B")
    course(admitted, 1, 0)
    form = admitted.ends("OXALIPLATIN", 10, reason=reason)
    said = early_end(admitted.facts(), form)
    assert bool(said) is asks
    assert not asks or said.startswith("Oxaliplatin ended after 1 of at least 6 courses")


def test_an_end_after_the_sixth_course_needs_none(eight_courses: Ward) -> None:
    form = eight_courses.ends("OXALIPLATIN", 150)
    assert early_end(eight_courses.facts(), form) == ""
    lenvatinib = eight_courses.ends("LENVATINIB", 150)
    assert early_end(eight_courses.facts(), lenvatinib) == ""


# ---------------------------------------------------------------- accountability
def capsules(ward: Ward, dispensed: str, returned: str | None, later: int = 0, **more: Any) -> Any:
    answers = {
        "drug": "LENVATINIB",
        "batch_number": "L1",
        "strength": "4",
        "dispensed_on": day(later).isoformat(),
        "capsules_dispensed": dispensed,
        "capsules_returned": returned,
        "returned_on": day(later + 21).isoformat() if returned is not None else None,
    } | more
    return ward.enter(DrugAccountability, ward.subject, answers)


def account(ward: Ward) -> Accountability:
    (found,) = accountabilities(ward.facts(), ward.subject)
    return found


def asked(ward: Ward) -> str:
    return unusual_intake(ward.facts(), ward.subject, account(ward))


def test_capsules_are_held_against_the_intake_that_was_reported(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.take(0, None, "12")
    capsules(admitted, "70", "7")
    found = account(admitted)
    assert (found.used, found.reported, found.planned) == (252, 252, 252)
    assert (found.compliance, found.agreement) == (100, 100)
    assert asked(admitted) == ""
    assert {source.form for source in found.sources} == {"DA", "ECD"}


@pytest.mark.parametrize(("returned", "asks"), [("20", False), ("21", True)])
def test_an_intake_outside_the_shares_of_the_study_is_asked_about(
    ward: Callable[..., Ward], returned: str, asks: bool
) -> None:
    admitted = ward("A")
    admitted.take(0, None, "12")
    capsules(admitted, "71", returned)  # 80 % of 63 capsules are 50.4
    assert bool(asked(admitted)) is asks


def test_an_interruption_that_was_reported_explains_capsules_that_came_back(
    ward: Callable[..., Ward],
) -> None:
    admitted = ward("A")
    admitted.take(0, 9, "12")
    admitted.take(10, None, "0")
    capsules(admitted, "63", "33")
    found = account(admitted)
    assert (found.used, found.reported) == (120, 120)
    assert asked(admitted) == ""


def test_where_the_reported_intake_is_not_known_the_plan_is_asked_for(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    capsules(admitted, "63", "33")
    found = account(admitted)
    assert found.reported == Undetermined((f"dose from {day(0)} to {day(20)}",))
    assert "47.6 % of the planned dose" in asked(admitted)


def test_capsules_of_two_strengths_are_counted_together(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.take(0, None, "12")
    capsules(admitted, "21", "0")
    capsules(admitted, "21", "0", strength="8", batch_number="L2")
    assert (account(admitted).used, account(admitted).agreement) == (252, 100)


def test_capsules_that_were_lost_were_not_taken(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    capsules(admitted, "63", "10", capsules_lost="3", loss_reason="dropped")
    assert account(admitted).used == 200


def test_before_the_return_nothing_can_be_said(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    admitted.take(0, None, "12")
    capsules(admitted, "63", None)
    found = account(admitted)
    assert found.used == Undetermined(("capsules returned", f"return of what was dispensed on {day(0)}"))
    assert asked(admitted) == ""


def test_a_number_of_lost_capsules_that_is_unknown_is_not_taken_for_none(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    capsules(admitted, "63", "10", missing_reasons={"capsules_lost": "UNKNOWN"})
    assert account(admitted).used == Undetermined(("number of the capsules lost",))


def test_more_capsules_returned_than_dispensed_make_no_intake(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    capsules(admitted, "10", "11")
    assert isinstance(account(admitted).used, Undetermined)
