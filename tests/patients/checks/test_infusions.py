"""Checks of infusions: fixed doses, time, blood counts."""

from decimal import Decimal
from typing import Any

import pytest

from patients.actions.save_form import create_form
from patients.models import DoseAdministration, Subject, Visit
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.laboratory_work import add_tests, sampled, set_study
from trials.models import Study, User

CHECKS_TESTED_HERE = {"EC18b", "EC18c", "EC19a", "EC19b"}


def counts(neutrophils: str, platelets: int, **more: bool) -> dict[str, Any]:
    least = {"NEUT": neutrophils, "PLAT": platelets}
    return {test: {"at_least": number, "unit": "10*9/L"} | more for test, number in least.items()}


SETTINGS = {
    "minimum_infusion_minutes": {"TORIPALIMAB": {"first": 60, "later": 30}},
    "hematology_before_dose_days": 3,
    "minimum_counts_before_dose": {
        "OXALIPLATIN": {"1": counts("1.5", 100)},
        "GEMCITABINE": {"1": counts("1.5", 100), "8": counts("1.0", 100, full_dose_only=True)},
    },
    "dose_tolerance_percent": {"OXALIPLATIN": 5, "GEMCITABINE": 5},
}
GOOD = (("NEUT", "2.0", "10*9/L"), ("PLAT", "150", "10*9/L"))


@pytest.fixture
def infuse(coordinator: User) -> Any:
    """`infuse(subject, drug, day, visit="C1D1", **answers)`."""

    def run(subject: Subject, drug: str, day: str, visit: str = "C1D1", **answers: Any) -> DoseAdministration:
        return create_form(
            actor=coordinator,
            form=DoseAdministration,
            subject=subject,
            visit=Visit.objects.get(subject=subject, code=visit),
            data={"drug": drug, "given": "Y", "given_on": day} | answers,
        )

    return run


@pytest.fixture
def settings_of_the_study(study: Study) -> None:
    set_study(study, **SETTINGS)


@pytest.fixture
def counted(coordinator: User, in_arm_b: Subject, study: Study, settings_of_the_study: None) -> Any:
    """`counted(day, *results)`: a blood count of the subject in arm B."""
    add_tests(study)

    def run(day: str, *results: tuple[str, ...]) -> None:
        sampled(coordinator, in_arm_b, day, *results)

    return run


@pytest.mark.parametrize(("dose", "asks"), [("240", 0), ("0", 0), ("200", 1), ("240.5", 1), (None, 0)])
def test_toripalimab_is_given_whole_or_not_at_all(
    dose: str | None, asks: int, infuse: Any, in_arm_a: Subject
) -> None:
    given = infuse(in_arm_a, "TORIPALIMAB", "2021-03-08", dose=dose)
    assert asked(given, "EC18b") == asks


def test_a_dose_by_body_surface_may_be_reduced(infuse: Any, in_arm_b: Subject) -> None:
    assert asked(infuse(in_arm_b, "GEMCITABINE", "2021-03-08", dose="1000"), "EC18b") == 0


@pytest.mark.parametrize(("ended_at", "asks"), [("10:59", 1), ("11:00", 0), ("10:00", 0), (None, 0)])
def test_the_first_infusion_takes_an_hour(
    ended_at: str | None, asks: int, infuse: Any, in_arm_a: Subject, settings_of_the_study: None
) -> None:
    times = {"started_at": "10:00", "ended_at": ended_at}
    assert asked(infuse(in_arm_a, "TORIPALIMAB", "2021-03-08", dose="240", **times), "EC18c") == asks


@pytest.mark.parametrize(("ended_at", "asks"), [("10:29", 1), ("10:30", 0)])
def test_a_later_infusion_takes_half_an_hour(
    ended_at: str, asks: int, infuse: Any, in_arm_a: Subject, settings_of_the_study: None
) -> None:
    infuse(in_arm_a, "TORIPALIMAB", "2021-03-08", dose="240")
    times = {"started_at": "10:00", "ended_at": ended_at}
    assert asked(infuse(in_arm_a, "TORIPALIMAB", "2021-03-29", dose="240", **times), "EC18c") == asks


def test_an_infusion_that_was_left_out_is_not_the_first(
    infuse: Any, in_arm_a: Subject, settings_of_the_study: None
) -> None:
    infuse(in_arm_a, "TORIPALIMAB", "2021-03-08", given="N", dose="0")
    times = {"started_at": "10:00", "ended_at": "10:30"}
    assert asked(infuse(in_arm_a, "TORIPALIMAB", "2021-03-29", dose="240", **times), "EC18c") == 1


@pytest.mark.parametrize(
    ("day", "results", "asks"),
    [
        ("2021-03-08", GOOD, 0),
        ("2021-03-05", GOOD, 0),
        ("2021-03-04", GOOD, 1),
        ("2021-03-09", GOOD, 1),
        ("2021-03-08", GOOD[:1], 1),
    ],
)
def test_a_blood_count_is_at_most_three_days_old_before_chemotherapy(
    day: str, results: Any, asks: int, counted: Any, infuse: Any, in_arm_b: Subject
) -> None:
    counted(day, *results)
    assert asked(infuse(in_arm_b, "OXALIPLATIN", "2021-03-08", dose="143"), "EC19a") == asks


def test_a_count_entered_after_the_dose_answers_the_question(
    counted: Any, infuse: Any, in_arm_b: Subject
) -> None:
    dose = infuse(in_arm_b, "GEMCITABINE", "2021-03-08", dose="1683")
    assert fields_asked(dose, "EC19a") == {"given_on"}
    counted("2021-03-07", *GOOD)
    assert asked(dose, "EC19a") == 0


def test_no_count_is_asked_for_before_other_drugs_and_doses_left_out(
    counted: Any, infuse: Any, in_arm_b: Subject
) -> None:
    other = infuse(in_arm_b, "TORIPALIMAB", "2021-03-08", dose="240")
    left_out = infuse(in_arm_b, "GEMCITABINE", "2021-03-08", given="N", dose="0")
    assert (asked(other, "EC19a"), asked(left_out, "EC19a")) == (0, 0)


@pytest.mark.parametrize(
    ("results", "asks"),
    [
        ((("NEUT", "1.5", "10*9/L"), ("PLAT", "100", "10*9/L")), 0),
        ((("NEUT", "1.49", "10*9/L"), ("PLAT", "100", "10*9/L")), 1),
        ((("NEUT", "1.5", "10*9/L"), ("PLAT", "99", "10*3/uL")), 1),
        ((("NEUT", "<1.0", "10*9/L"), ("PLAT", "100", "10*9/L")), 1),
        ((("NEUT", "<2.0", "10*9/L"), ("PLAT", "100", "10*9/L")), 0),
        ((("NEUT", "1.0"), ("PLAT", "100", "10*9/L")), 0),
    ],
)
def test_a_dose_on_day_1_under_a_low_count_is_questioned(
    results: Any, asks: int, counted: Any, infuse: Any, in_arm_b: Subject
) -> None:
    counted("2021-03-08", *results)
    assert asked(infuse(in_arm_b, "OXALIPLATIN", "2021-03-08", dose="143"), "EC19b") == asks


def test_the_newest_count_decides(counted: Any, infuse: Any, in_arm_b: Subject) -> None:
    counted("2021-03-06", ("NEUT", "1.2", "10*9/L"))
    counted("2021-03-08", *GOOD)
    assert asked(infuse(in_arm_b, "OXALIPLATIN", "2021-03-08", dose="143"), "EC19b") == 0


@pytest.mark.parametrize(
    ("neutrophils", "share", "asks"), [("0.9", "1.00", 1), ("0.9", "0.75", 0), ("1.0", "1.00", 0)]
)
def test_on_day_8_a_low_count_questions_only_the_full_dose(
    neutrophils: str, share: str, asks: int, counted: Any, infuse: Any, in_arm_b: Subject
) -> None:
    counted("2021-03-15", ("NEUT", neutrophils, "10*9/L"), ("PLAT", "150", "10*9/L"))
    planned = infuse(in_arm_b, "GEMCITABINE", "2021-03-08", dose="1").planned_dose
    given = round(planned * Decimal(share), 2)
    dose = infuse(in_arm_b, "GEMCITABINE", "2021-03-15", visit="C1D8", dose=str(given))
    assert asked(dose, "EC19b") == asks
