"""Checks of drug accountability."""

from typing import Any

import pytest

from patients.models import DailyDosePeriod, DrugAccountability, Subject
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.laboratory_work import set_study
from tests.patients.conftest import correct
from trials.models import Study, User

CHECKS_TESTED_HERE = {"EC20a", "EC20b"}
DISPENSED = {
    "drug": "LENVATINIB",
    "batch_number": "L-1",
    "strength": "4",
    "dispensed_on": "2021-03-08",
    "capsules_dispensed": 63,
}
RETURNED = DISPENSED | {"returned_on": "2021-03-29", "capsules_returned": 0}


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        (DISPENSED, set()),
        (RETURNED, set()),
        (RETURNED | {"capsules_returned": 63}, set()),
        (RETURNED | {"capsules_returned": 64}, {"capsules_returned"}),
        (
            RETURNED | {"capsules_returned": 60, "capsules_lost": 4, "loss_reason": "fell into water"},
            {"capsules_returned"},
        ),
        (RETURNED | {"capsules_lost": 4}, {"loss_reason"}),
        (DISPENSED | {"capsules_returned": 3}, {"returned_on"}),
        (DISPENSED | {"returned_on": "2021-03-29"}, {"capsules_returned"}),
        (RETURNED | {"returned_on": "2021-03-07"}, {"returned_on"}),
        (RETURNED | {"capsules_returned": None, "missing_reasons": {"capsules_returned": "UNKNOWN"}}, set()),
    ],
)
def test_what_comes_back_fits_what_went_out(answers: dict[str, Any], fields: set[str], enter: Any) -> None:
    assert fields_asked(enter(DrugAccountability, **answers), "EC20a") == fields


@pytest.fixture
def in_plan(study: Study, casebook: Subject, fill: Any) -> DailyDosePeriod:
    """60 kg, 12 mg a day from March 8 on: 21 days ask for 63 capsules of 4 mg."""
    set_study(study, compliance_percent={"LENVATINIB": [80, 120]})
    return fill(
        DailyDosePeriod, {"drug": "LENVATINIB", "started": "2021-03-08", "dose": "12", "frequency": "QD"}
    )


@pytest.mark.parametrize(
    ("dispensed", "returned", "asks"),
    [(63, 0, 0), (63, 12, 0), (63, 13, 1), (75, 0, 0), (76, 0, 1), (90, 27, 0)],
)
def test_capsules_used_lie_between_80_and_120_percent_of_the_intake(
    dispensed: int, returned: int, asks: int, in_plan: DailyDosePeriod, fill: Any
) -> None:
    form = fill(
        DrugAccountability, RETURNED | {"capsules_dispensed": dispensed, "capsules_returned": returned}
    )
    assert asked(form, "EC20b") == asks


def test_an_interruption_that_was_reported_explains_what_came_back(
    in_plan: DailyDosePeriod, fill: Any, coordinator: User
) -> None:
    form = fill(DrugAccountability, RETURNED | {"capsules_returned": 30})
    assert fields_asked(form, "EC20b") == {"capsules_returned"}
    correct(coordinator, in_plan, ended="2021-03-18")
    pause = {"started": "2021-03-19", "ended": "2021-03-28", "dose": "0", "frequency": "QD"}
    fill(DailyDosePeriod, {"drug": "LENVATINIB"} | pause)
    assert asked(form, "EC20b") == 0


def test_two_packages_of_one_day_are_counted_together(in_plan: DailyDosePeriod, fill: Any) -> None:
    first = fill(DrugAccountability, RETURNED | {"capsules_dispensed": 33})
    assert asked(first, "EC20b") == 1
    second = fill(DrugAccountability, RETURNED | {"capsules_dispensed": 30})
    assert (asked(first, "EC20b"), asked(second, "EC20b")) == (0, 0)


def test_what_has_not_come_back_is_not_counted(in_plan: DailyDosePeriod, fill: Any) -> None:
    assert asked(fill(DrugAccountability, DISPENSED), "EC20b") == 0


def test_vials_of_an_infusion_have_no_intake_to_compare_with(in_plan: DailyDosePeriod, fill: Any) -> None:
    vials = {"drug": "TORIPALIMAB", "batch_number": "T-1", "strength": "240", "dispensed_on": "2021-03-08"}
    assert asked(fill(DrugAccountability, vials | {"vials_used": 1}), "EC20b") == 0
