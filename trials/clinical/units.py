"""Conversion of laboratory results between units (UCUM codes) of one test, with exact factors.

Amount of substance and mass are joined test by test, with the factors that laboratories print (AMA Manual of
Style, 11th ed., SI conversion; hemoglobin per monomer). International units and units of enzyme activity are
the same only for tests that say so here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from trials.clinical.quantity import ARITHMETIC, measurable, positive


class UnitError(ValueError):
    """A unit that is not known, or two between which no conversion is; the message names them."""


@dataclass(frozen=True)
class Unit:
    """A unit as a multiple of the first one of its kind."""

    kind: str
    factor: Fraction


# The first unit of each kind is its base.
_KINDS: dict[str, dict[str, str]] = {
    "mass concentration": {
        "g/L": "1",
        "g/dL": "10",
        "mg/mL": "1",
        "mg/L": "0.001",
        "mg/dL": "0.01",
        "ug/mL": "0.001",
        "ug/L": "0.000001",
        "ug/dL": "0.00001",
        "ng/mL": "0.000001",
        "ng/dL": "0.00000001",
        "ng/L": "0.000000001",
        "pg/mL": "0.000000001",
    },
    "substance concentration": {
        "mol/L": "1",
        "mmol/L": "0.001",
        "umol/L": "0.000001",
        "nmol/L": "0.000000001",
        "pmol/L": "0.000000000001",
    },
    "charge concentration": {"eq/L": "1", "meq/L": "0.001"},
    "number concentration": {
        "10*9/L": "1",
        "10*12/L": "1000",
        "10*6/uL": "1000",
        "10*3/uL": "1",
        "10*6/L": "0.001",
        "10*3/mL": "0.001",
        "/uL": "0.001",
        "/mL": "0.000001",
    },
    "catalytic concentration": {
        "U/L": "1",
        "mU/L": "0.001",
        "uU/mL": "0.001",
        "mU/mL": "1",
        "U/mL": "1000",
        "kU/L": "1000",
        "ukat/L": "60",
        "nkat/L": "0.06",
    },
    "international units": {
        "[IU]/L": "1",
        "m[IU]/L": "0.001",
        "u[IU]/mL": "0.001",
        "m[IU]/mL": "1",
        "[IU]/mL": "1000",
        "k[IU]/L": "1000",
    },
    "arbitrary units": {"[arb'U]/mL": "1", "[arb'U]/L": "0.001"},
    "copies": {"{copies}/mL": "1", "{copies}/L": "0.001"},
    "mass in a day": {"g/(24.h)": "1", "g/d": "1", "mg/(24.h)": "0.001", "mg/d": "0.001"},
    "clearance": {"mL/min": "1", "mL/s": "60"},
    "time": {"s": "1", "ms": "0.001", "min": "60", "h": "3600"},
    "ratio": {"1": "1", "{ratio}": "1", "%": "0.01"},
    # Percent of a prothrombin time are its activity, which no factor joins with the INR.
    "normalized ratio": {"{INR}": "1"},
    "acidity": {"[pH]": "1"},
    "mass": {"kg": "1", "g": "0.001"},
    "length": {"m": "1", "cm": "0.01", "mm": "0.001"},
}

UNITS = {
    code: Unit(kind, Fraction(factor)) for kind, codes in _KINDS.items() for code, factor in codes.items()
}

_ACTIVITY = {"U/L": "1", "[IU]/L": "1"}
_ARBITRARY = {"[arb'U]/mL": "1", "U/mL": "1", "[IU]/mL": "1"}
_MONOVALENT = {"mmol/L": "1", "meq/L": "1"}
_CALCIUM = {"mmol/L": "1", "mg/dL": "4.0", "meq/L": "2"}
_CHOLESTEROL = {"mmol/L": "1", "mg/dL": "38.67"}

# Amounts of one test that are the same, by CDISC LBTESTCD: 88.4 umol/L of creatinine are 1 mg/dL.
EQUAL_AMOUNTS: dict[str, dict[str, str]] = {
    "CREAT": {"mg/dL": "1", "umol/L": "88.4"},
    "BILI": {"mg/dL": "1", "umol/L": "17.1"},
    "BILDIR": {"mg/dL": "1", "umol/L": "17.1"},
    "GLUC": {"mmol/L": "1", "mg/dL": "18.0"},
    "UREA": {"mmol/L": "1", "mg/dL": "6.006"},
    "UREAN": {"mmol/L": "1", "mg/dL": "2.801"},
    "URATE": {"mg/dL": "1", "umol/L": "59.48"},
    "CA": _CALCIUM,
    "CAION": _CALCIUM,
    "MG": {"mmol/L": "1", "mg/dL": "2.43", "meq/L": "2"},
    "PHOS": {"mmol/L": "1", "mg/dL": "3.097"},
    "SODIUM": _MONOVALENT,
    "K": _MONOVALENT,
    "CL": _MONOVALENT,
    "BICARB": _MONOVALENT,
    "CHOL": _CHOLESTEROL,
    "HDL": _CHOLESTEROL,
    "LDL": _CHOLESTEROL,
    "TRIG": {"mmol/L": "1", "mg/dL": "88.57"},
    "HGB": {"mmol/L": "1", "g/L": "16.114"},
    "T3FR": {"pg/mL": "1", "pmol/L": "1.536"},
    "T3": {"ng/mL": "1", "nmol/L": "1.536"},
    "T4FR": {"ng/dL": "1", "pmol/L": "12.87"},
    "T4": {"ug/dL": "1", "nmol/L": "12.87"},
    "CORTISOL": {"ug/dL": "1", "nmol/L": "27.59"},
    "ACTH": {"pg/mL": "1", "pmol/L": "0.2202"},
    "ALT": _ACTIVITY,
    "AST": _ACTIVITY,
    "ALP": _ACTIVITY,
    "GGT": _ACTIVITY,
    "LDH": _ACTIVITY,
    "CK": _ACTIVITY,
    "AMYLASE": _ACTIVITY,
    "LIPASET": _ACTIVITY,
    "TSH": _ACTIVITY,
    "HCG": _ACTIVITY,
    "CA19_9AG": _ARBITRARY,
    "CA125AG": _ARBITRARY,
    "AFP": {"[IU]/mL": "1", "ng/mL": "1.21"},
}

# Copies in one international unit differ by assay: the factor is given, never assumed.
VIRAL_LOADS = frozenset({"HBVDNA", "HCVRNA"})


def convert(
    value: Decimal, *, test: str, from_unit: str, to_unit: str, copies_per_iu: Decimal | None = None
) -> Decimal:
    """A result of a test (LBTESTCD) in another unit, exact or to 28 significant digits.

    `copies_per_iu` joins copies and international units of a viral load. Raises UnitError for a unit that
    is not known, in the exact spelling of UCUM, and for two units of the test that nothing joins; ValueError
    for a value that cannot be measured.

    >>> convert(Decimal(1), test="CREAT", from_unit="mg/dL", to_unit="umol/L")
    Decimal('88.4')
    >>> convert(Decimal("3.5"), test="ALB", from_unit="g/dL", to_unit="g/L")
    Decimal('35.0')
    >>> convert(Decimal(1), test="ALB", from_unit="mg", to_unit="g/L")
    Traceback (most recent call last):
    trials.clinical.units.UnitError: unit “mg” is not known
    """
    factor = _factor(test, from_unit, to_unit, copies_per_iu)
    multiplied = ARITHMETIC.multiply(measurable("value", value), Decimal(factor.numerator))
    return ARITHMETIC.divide(multiplied, Decimal(factor.denominator))


def convertible(test: str, from_unit: str, to_units: Iterable[str]) -> str | None:
    """The first of these units to which results of the test can be converted; None where there is none.

    >>> convertible("K", "meq/L", ["mg/dL", "mmol/L"])
    'mmol/L'
    """
    for unit in to_units:
        try:
            _factor(test, from_unit, unit, None)
        except UnitError:
            continue
        return unit
    return None


def _factor(test: str, from_unit: str, to_unit: str, copies_per_iu: Decimal | None) -> Fraction:
    """By how much a number in one unit is multiplied to stand in the other."""
    start, end = _known(from_unit), _known(to_unit)
    if start.kind == end.kind:
        return start.factor / end.factor
    amounts = _amounts(test, copies_per_iu)
    here = _amount_of_kind(amounts, start.kind)
    there = _amount_of_kind(amounts, end.kind)
    if here is None or there is None:
        raise UnitError(f"no conversion of {test} from {from_unit} to {to_unit} is known")
    return start.factor / here * there / end.factor


def _known(code: str) -> Unit:
    if code not in UNITS:
        raise UnitError(f"unit “{code}” is not known")
    return UNITS[code]


def _amounts(test: str, copies_per_iu: Decimal | None) -> Mapping[str, Fraction]:
    if test in VIRAL_LOADS and copies_per_iu is not None:
        return {"[IU]/mL": Fraction(1), "{copies}/mL": Fraction(positive("copies_per_iu", copies_per_iu))}
    return {unit: Fraction(amount) for unit, amount in EQUAL_AMOUNTS.get(test, {}).items()}


def _amount_of_kind(amounts: Mapping[str, Fraction], kind: str) -> Fraction | None:
    """The joined amount in the base unit of a kind."""
    found = (amount * UNITS[unit].factor for unit, amount in amounts.items() if UNITS[unit].kind == kind)
    return next(found, None)
