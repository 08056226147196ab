"""Conversion between the units of a laboratory test."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ucumvert import PintUcumRegistry

from trials.clinical.units import EQUAL_AMOUNTS, UNITS, UnitError, convert, convertible

D = Decimal
LABORATORY = Path(__file__).parents[2] / "fixtures/protocol/NCT04361331/laboratory.yaml"
# Activity and mass of one enzyme: no factor joins them.
NOT_JOINED = {("CKMB", "U/L", "ng/mL")}
# Grams in a mole.
MOLAR_MASS = {
    "CREAT": 113.12, "BILI": 584.66, "BILDIR": 584.66, "GLUC": 180.16, "UREA": 60.056, "UREAN": 28.013,
    "URATE": 168.11, "CA": 40.078, "CAION": 40.078, "MG": 24.305, "PHOS": 30.974, "CHOL": 386.65,
    "HDL": 386.65, "LDL": 386.65, "TRIG": 885.4, "HGB": 16114.0, "T3FR": 650.97, "T3": 650.97,
    "T4FR": 776.87, "T4": 776.87, "CORTISOL": 362.46, "ACTH": 4541.1,
}  # fmt: skip


@pytest.fixture(scope="module")
def ucum() -> PintUcumRegistry:
    return PintUcumRegistry()


@pytest.mark.parametrize(
    ("test", "value", "from_unit", "to_unit", "expected"),
    [
        ("CREAT", "1", "mg/dL", "umol/L", "88.4"),
        ("CREAT", "88.4", "umol/L", "mg/dL", "1"),
        ("BILI", "2", "mg/dL", "umol/L", "34.2"),
        ("GLUC", "5.5", "mmol/L", "mg/dL", "99"),
        ("CA", "2.5", "mmol/L", "mg/dL", "10"),
        ("CA", "2.5", "mmol/L", "meq/L", "5"),
        ("CA", "10", "mg/dL", "meq/L", "5"),
        ("MG", "2.43", "mg/dL", "mmol/L", "1"),
        ("ALB", "3.5", "g/dL", "g/L", "35"),
        ("UREA", "6.006", "mg/dL", "mmol/L", "1"),
        ("URATE", "7", "mg/dL", "umol/L", "416.36"),
        ("HGB", "120", "g/L", "g/dL", "12"),
        ("NEUT", "1.5", "10*9/L", "10*3/uL", "1.5"),
        ("NEUT", "1.5", "10*9/L", "10*3/mL", "1500"),
        ("NEUT", "1500", "/uL", "10*9/L", "1.5"),
        ("TSH", "4.2", "m[IU]/L", "u[IU]/mL", "4.2"),
        ("TSH", "4.2", "mU/L", "m[IU]/L", "4.2"),
        ("T4FR", "1", "ng/dL", "pmol/L", "12.87"),
        ("T3FR", "1", "pg/mL", "pmol/L", "1.536"),
        ("CA19_9AG", "37", "U/mL", "[arb'U]/mL", "37"),
        ("CRP", "5", "mg/L", "mg/dL", "0.5"),
        ("ALT", "1", "ukat/L", "U/L", "60"),
        ("K", "4.1", "meq/L", "mmol/L", "4.1"),
        ("PROTEXR", "1500", "mg/(24.h)", "g/(24.h)", "1.5"),
    ],
)
def test_a_result_is_converted_with_the_factor_that_laboratories_print(
    test, value, from_unit, to_unit, expected
):
    assert convert(D(value), test=test, from_unit=from_unit, to_unit=to_unit) == D(expected)


def test_copies_and_international_units_are_joined_by_the_factor_given_and_no_other():
    load = {"test": "HBVDNA", "from_unit": "[IU]/mL", "to_unit": "{copies}/mL"}
    assert convert(D(2000), copies_per_iu=D("5.6"), **load) == D(11200)
    with pytest.raises(UnitError, match=r"no conversion of HBVDNA from \[IU\]/mL to {copies}/mL"):
        convert(D(2000), **load)
    with pytest.raises(ValueError, match="copies_per_iu must be above zero"):
        convert(D(2000), copies_per_iu=D(0), **load)


def test_the_factor_of_copies_is_of_viral_loads_only():
    with pytest.raises(UnitError):
        convert(D(1), test="AFP", from_unit="[IU]/mL", to_unit="{copies}/mL", copies_per_iu=D(5))


@pytest.mark.parametrize("unit", ["mg/dl", "10^9/L", "µmol/L", "", "stone"])
def test_an_unknown_unit_is_named_and_never_assumed(unit):
    for units in ({"from_unit": "umol/L", "to_unit": unit}, {"from_unit": unit, "to_unit": "umol/L"}):
        with pytest.raises(UnitError, match=f"unit “{re.escape(unit)}” is not known"):
            convert(D(1), test="CREAT", **units)


def test_units_that_nothing_joins_are_both_named():
    with pytest.raises(UnitError, match="no conversion of ALB from g/L to mmol/L is known"):
        convert(D(40), test="ALB", from_unit="g/L", to_unit="mmol/L")


def test_a_value_that_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="value must be a finite number"):
        convert(D("NaN"), test="ALB", from_unit="g/L", to_unit="g/dL")


def test_the_first_unit_that_can_be_reached_is_chosen():
    assert convertible("BILI", "mg/dL", ["10*9/L", "umol/L"]) == "umol/L"
    assert convertible("BILI", "mg/dL", ["10*9/L"]) is None
    assert convertible("BILI", "unknown", ["umol/L"]) is None


def study_units() -> list[tuple[str, str, str]]:
    tests = yaml.safe_load(LABORATORY.read_text(encoding="utf-8"))["tests"]
    return [(test["code"], unit, test["unit"]) for test in tests for unit in test.get("units", ())]


@pytest.mark.parametrize(("test", "unit", "preferred"), study_units())
def test_each_unit_of_the_study_is_converted_to_the_preferred_one(test, unit, preferred):
    if (test, unit, preferred) in NOT_JOINED:
        with pytest.raises(UnitError):
            convert(D(1), test=test, from_unit=unit, to_unit=preferred)
    else:
        assert convert(D(1), test=test, from_unit=unit, to_unit=preferred, copies_per_iu=D(5)) > 0


PAIRS = [
    (test, one, other)
    for test in sorted(EQUAL_AMOUNTS)
    for one in UNITS
    for other in UNITS
    if one != other
    and {UNITS[one].kind, UNITS[other].kind} <= {UNITS[unit].kind for unit in EQUAL_AMOUNTS[test]}
]


@settings(deadline=None)
@given(pair=st.sampled_from(PAIRS), value=st.decimals("0.1", "100000", places=5))
def test_a_result_comes_back_from_another_unit_as_it_was(pair, value):
    test, one, other = pair
    there = convert(value, test=test, from_unit=one, to_unit=other)
    back = convert(there, test=test, from_unit=other, to_unit=one)
    assert abs(back - value) <= value * D("1e-25")


@settings(deadline=None)
@given(pair=st.sampled_from(PAIRS), values=st.tuples(*[st.decimals("0.001", "1000", places=4)] * 2))
def test_conversion_keeps_the_order_of_results(pair, values):
    test, one, other = pair
    smaller, larger = sorted(values)
    here, there = (convert(each, test=test, from_unit=one, to_unit=other) for each in (smaller, larger))
    assert here <= there


# What the registry cannot read: an annotation alone, pH.
UNREAD = {"{INR}", "{ratio}", "[pH]"}
KINDS = [
    (one, other)
    for one in UNITS
    for other in UNITS
    if one < other and UNITS[one].kind == UNITS[other].kind and not {one, other} & UNREAD
]


def test_factors_within_a_kind_are_those_of_ucum(ucum):
    for one, other in KINDS:
        expected = (ucum.from_ucum(one) / ucum.from_ucum(other)).to("dimensionless").magnitude
        found = convert(D(1), test="any", from_unit=one, to_unit=other)
        assert float(found) == pytest.approx(expected, rel=1e-12), (one, other)


def test_kinds_do_not_mix_what_ucum_keeps_apart(ucum):
    bases = {unit.kind: ucum.from_ucum(code) for code, unit in UNITS.items() if code not in UNREAD}
    assert bases["mass concentration"].check("[mass]/[volume]")
    assert bases["substance concentration"].check("[substance]/[volume]")
    assert bases["number concentration"].check("1/[volume]")
    assert bases["catalytic concentration"].check("[substance]/[time]/[volume]")
    assert bases["mass in a day"].check("[mass]/[time]")
    assert bases["clearance"].check("[volume]/[time]")


@pytest.mark.parametrize("test", sorted(MOLAR_MASS))
def test_printed_factors_are_those_of_the_molar_mass(test):
    grams = convert(D(1), test=test, from_unit="mol/L", to_unit="g/L")
    assert float(grams) == pytest.approx(MOLAR_MASS[test], rel=0.003)


def test_every_test_that_joins_mass_and_substance_has_its_molar_mass_here():
    joined = {
        test
        for test, amounts in EQUAL_AMOUNTS.items()
        if {"mass concentration", "substance concentration"} <= {UNITS[unit].kind for unit in amounts}
    }
    assert joined == set(MOLAR_MASS)


@pytest.mark.parametrize("unit", ["%", "1", "s"])
def test_an_inr_is_no_percentage_of_activity_and_no_time(unit: str) -> None:
    assert convertible("INR", "{INR}", [unit]) is None
    assert convertible("INR", unit, ["{INR}"]) is None
