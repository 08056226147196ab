"""Checks of vital signs."""

from collections.abc import Iterator

from patients.checks.common import value_is_unusual
from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import Severity, VitalSigns


def pressures_are_reversed(form: VitalSigns, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "blood_pressures"):
        systolic, diastolic = getattr(row, "systolic", None), getattr(row, "diastolic", None)
        if systolic is not None and diastolic is not None and systolic <= diastolic:
            yield Hit(
                "systolic", "The systolic pressure is not above the diastolic one: are they exchanged?", row
            )


CHECKS = (
    Check(
        "EC12a",
        ("VS",),
        Severity.HARD,
        pressures_are_reversed,
        asks="The systolic pressure is higher than the diastolic one.",
    ),
    Check(
        "EC12b",
        ("VS",),
        Severity.SOFT,
        value_is_unusual,
        asks="A vital sign outside its usual limits is confirmed.",
    ),
)
