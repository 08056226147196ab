"""Liver function: the Child-Pugh score (Pugh et al., Br J Surg 1973;60:646-649, with INR)."""

from dataclasses import astuple, dataclass
from decimal import Decimal
from enum import StrEnum

from trials.clinical.quantity import measurable, positive
from trials.clinical.undetermined import Undetermined


class Ascites(StrEnum):
    """Ascites as the score distinguishes it; MODERATE stands for moderate or more."""

    NONE = "NONE"
    SLIGHT = "SLIGHT"
    MODERATE = "MODERATE"


# The two limits of 2 points, both included. Published tables round the SI limits, so a value is compared
# in the unit in which it was reported and never converted: 1.99 mg/dL is 34.03 umol/L.
_TWO_POINTS = {
    #               unit       from            to
    "bilirubin": {"mg/dL": (Decimal(2), Decimal(3)), "umol/L": (Decimal(34), Decimal(51))},
    "albumin": {"g/dL": (Decimal("2.8"), Decimal("3.5")), "g/L": (Decimal(28), Decimal(35))},
}
# In these diseases bilirubin rises early, before the liver fails (Pugh 1973: 4 and 10 mg/dL).
_CHOLESTATIC_BILIRUBIN = {"mg/dL": (Decimal(4), Decimal(10)), "umol/L": (Decimal(68), Decimal(170))}
_INR_TWO_POINTS = (Decimal("1.7"), Decimal("2.3"))
_PROLONGATION_S_TWO_POINTS = (Decimal(4), Decimal(6))
_ASCITES_POINTS = {Ascites.NONE: 1, Ascites.SLIGHT: 2, Ascites.MODERATE: 3}
_ENCEPHALOPATHY_POINTS = (1, 2, 2, 3, 3)  # by West Haven grade 0 to 4
_LOWEST_TOTAL = {"C": 10, "B": 7, "A": 5}


@dataclass(frozen=True)
class ChildPugh:
    """Points (1 to 3) of each item."""

    bilirubin: int
    albumin: int
    coagulation: int
    ascites: int
    encephalopathy: int

    @property
    def points(self) -> int:
        """Total, 5 to 15."""
        return sum(astuple(self))

    @property
    def child_class(self) -> str:
        """A (5 to 6 points), B (7 to 9) or C (10 to 15)."""
        return next(letter for letter, lowest in _LOWEST_TOTAL.items() if self.points >= lowest)


def child_pugh(
    *,
    bilirubin: Decimal | None,
    bilirubin_unit: str,
    albumin: Decimal | None,
    albumin_unit: str,
    inr: Decimal | None,
    prothrombin_prolongation_s: Decimal | None = None,
    ascites: Ascites | None,
    encephalopathy_grade: int | None,
    primary_cholangitis: bool = False,
) -> ChildPugh | Undetermined:
    """Child-Pugh points and class.

    Points 1 / 2 / 3: bilirubin <2 / 2-3 / >3 mg/dL (34 / 51 umol/L); albumin >3.5 / 2.8-3.5 / <2.8 g/dL
    (35 / 28 g/L); INR <1.7 / 1.7-2.3 / >2.3; ascites none / slight / moderate or more; encephalopathy
    grade 0 / 1-2 / 3-4. Units are UCUM: mg/dL or umol/L, g/dL or g/L. Where there is no INR, the
    prolongation of the prothrombin time over control in seconds is used: <4 / 4-6 / >6. With
    `primary_cholangitis` (primary biliary or primary sclerosing) bilirubin counts <4 / 4-10 / >10 mg/dL
    (68 / 170 umol/L).
    Undetermined when an item is None. Raises ValueError for an unknown unit or grade and for a value
    that cannot be measured.

    >>> score = child_pugh(
    ...     bilirubin=Decimal(2), bilirubin_unit="mg/dL", albumin=Decimal(35), albumin_unit="g/L",
    ...     inr=Decimal(1), ascites=Ascites.NONE, encephalopathy_grade=0,
    ... )
    >>> score.points, score.child_class
    (7, 'B')
    """
    items = {
        "bilirubin": _bilirubin_points(bilirubin, bilirubin_unit, primary_cholangitis),
        "albumin": _albumin_points(albumin, albumin_unit),
        "INR": _coagulation_points(inr, prothrombin_prolongation_s),
        "ascites": None if ascites is None else _ASCITES_POINTS[Ascites(ascites)],
        "encephalopathy": _encephalopathy_points(encephalopathy_grade),
    }
    points = [value for value in items.values() if value is not None]
    if len(points) < len(items):
        return Undetermined(tuple(name for name, value in items.items() if value is None))
    return ChildPugh(*points)


def _rising(value: Decimal, two_points: tuple[Decimal, Decimal]) -> int:
    lower, upper = two_points
    return 1 + (value >= lower) + (value > upper)


def _bilirubin_points(value: Decimal | None, unit: str, primary_cholangitis: bool) -> int | None:
    limits = _limits("bilirubin", unit)
    if primary_cholangitis:
        limits = _CHOLESTATIC_BILIRUBIN[unit]
    return None if value is None else _rising(positive("bilirubin", value), limits)


def _albumin_points(value: Decimal | None, unit: str) -> int | None:
    limits = _limits("albumin", unit)
    return None if value is None else 4 - _rising(positive("albumin", value), limits)


def _coagulation_points(inr: Decimal | None, prolongation_s: Decimal | None) -> int | None:
    if inr is not None:
        return _rising(positive("inr", inr), _INR_TWO_POINTS)
    if prolongation_s is not None:
        return _rising(measurable("prothrombin_prolongation_s", prolongation_s), _PROLONGATION_S_TWO_POINTS)
    return None


def _encephalopathy_points(grade: int | None) -> int | None:
    if grade is None:
        return None
    if grade not in range(len(_ENCEPHALOPATHY_POINTS)):
        raise ValueError("encephalopathy_grade must be from 0 to 4")
    return _ENCEPHALOPATHY_POINTS[grade]


def _limits(item: str, unit: str) -> tuple[Decimal, Decimal]:
    limits = _TWO_POINTS[item]
    if unit not in limits:
        raise ValueError(f"{item}_unit must be one of {', '.join(limits)}")
    return limits[unit]
