"""Laboratory results that look as if they were typed in another unit."""

from decimal import Decimal

import pytest

from trials.clinical.plausible import LIMITS, implausible
from trials.clinical.reading import Reading
from trials.clinical.units import UNITS


@pytest.mark.parametrize(
    ("test", "number", "unit"),
    [
        ("HGB", "12", "g/L"),
        ("HGB", "120", "g/dL"),
        ("CREAT", "1.0", "umol/L"),
        ("CREAT", "88", "mg/dL"),
        ("ALB", "4.2", "g/L"),
        ("CA", "9.5", "mmol/L"),
        ("FIBRINO", "300", "g/L"),
        ("GLUC", "95", "mmol/L"),
        ("URATE", "5", "umol/L"),
        ("BILI", "0.9", "umol/L"),
    ],
)
def test_a_number_of_another_unit_is_implausible(test: str, number: str, unit: str) -> None:
    found = implausible(test, Reading(Decimal(number)), unit)
    assert found is not None
    assert found.unit == unit


@pytest.mark.parametrize(
    ("test", "number", "unit"),
    [
        ("HGB", "25", "g/L"),
        ("HGB", "250", "g/L"),
        ("HGB", "12", "g/dL"),
        ("CREAT", "1.0", "mg/dL"),
        ("NEUT", "0", "10*9/L"),
        ("PLAT", "3", "10*9/L"),
        ("BILI", "600", "umol/L"),
    ],
)
def test_a_number_of_a_very_sick_person_is_plausible(test: str, number: str, unit: str) -> None:
    assert implausible(test, Reading(Decimal(number)), unit) is None


def test_only_what_is_certain_is_implausible() -> None:
    assert implausible("HGB", Reading(Decimal(300), "<"), "g/L") is None
    assert implausible("HGB", Reading(Decimal(250), ">"), "g/L") is not None


def test_without_a_unit_or_limits_nothing_is_said() -> None:
    assert implausible("HGB", Reading(Decimal(12)), None) is None
    assert implausible("HGB", Reading(Decimal(12)), "mol") is None
    assert implausible("CEA", Reading(Decimal(12000)), "ng/mL") is None


@pytest.mark.parametrize("test", LIMITS)
def test_every_limit_is_in_a_known_unit_and_in_order(test: str) -> None:
    limits = LIMITS[test]
    assert limits.unit in UNITS
    assert limits.low < limits.high
