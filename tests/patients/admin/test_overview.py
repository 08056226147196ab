"""What the page of a casebook says is still to be entered."""

from typing import Any

import pytest

from patients.admin.overview import overview
from patients.models import Withdrawal
from tests.patients.dosing.ward import Ward, day


@pytest.fixture
def in_b(db: None, settings: Any) -> Ward:
    settings.DEMO = True  # the simulated clock exists only there
    return Ward("B")


def missing_at(admitted: Ward, code: str) -> set[str]:
    lines = overview(admitted.subject, day(30), may_enter=True).visits
    line = next(line for line in lines if line.visit.code == code)
    return {chip.title for chip in line.chips if chip.state == "NOT_STARTED"}


def test_no_dose_is_asked_for_once_the_subject_withdrew_from_the_drugs_of_that_day(in_b: Ward) -> None:
    in_b.cycle(1, 0)
    second = in_b.cycle(2, 21)
    assert "Dose administration" in missing_at(in_b, second.code)
    for drug in ("GEMCITABINE", "OXALIPLATIN"):
        withdrawn = {"scope": "STUDY DRUG", "drug": drug, "withdrawn_by": "SUBJECT"}
        in_b.enter(Withdrawal, in_b.subject, withdrawn | {"withdrawn_on": day(20).isoformat()})
    assert "Dose administration" not in missing_at(in_b, second.code)
    assert "Dose administration" in missing_at(in_b, "C1D1")
