"""Limits outside which a laboratory result is probably typed in another unit or misplaced a decimal point.

Such a result is a fact that somebody must confirm, not an impossible one. Limits are wide: they hold the
results of very sick people, and lie between the numbers that two usual units of a test give (hemoglobin of 12
is of g/dL, of 120 of g/L). Tests by CDISC LBTESTCD, units UCUM. A test that is not listed has no limits.
"""

from dataclasses import dataclass
from decimal import Decimal

from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading
from trials.clinical.units import UnitError, convert


@dataclass(frozen=True)
class Limits:
    """Smallest and largest plausible number, in a unit."""

    low: Decimal
    high: Decimal
    unit: str


_TABLE = """
    WBC        0.05   500      10*9/L
    NEUT       0      300      10*9/L
    LYM        0      400      10*9/L
    MONO       0      60       10*9/L
    EOS        0      100      10*9/L
    HGB        25     250      g/L
    PLAT       1      3000     10*9/L
    ALT        1      20000    U/L
    AST        1      20000    U/L
    ALP        5      5000     U/L
    GGT        1      5000     U/L
    BILI       2      1200     umol/L
    BILDIR     0.1    900      umol/L
    ALB        10     70       g/L
    CREAT      15     2500     umol/L
    UREA       0.5    100      mmol/L
    GLUC       0.5    60       mmol/L
    SODIUM     95     200      mmol/L
    K          1      12       mmol/L
    CA         0.8    5        mmol/L
    CAION      0.3    3        mmol/L
    MG         0.1    6        mmol/L
    PHOS       0.1    6        mmol/L
    CL         60     160      mmol/L
    URATE      20     2500     umol/L
    LDH        20     30000    U/L
    CK         2      300000   U/L
    AMYLASE    2      20000    U/L
    LIPASET    1      30000    U/L
    PT         5      250      s
    INR        0.5    20       {INR}
    APTT       10     300      s
    FIBRINO    0.1    20       g/L
    DDIMER     0      200      mg/L
    TSH        0      1000     m[IU]/L
    T3FR       0.3    80       pmol/L
    T4FR       0.5    200      pmol/L
    T3         0.1    25       nmol/L
    T4         2      600      nmol/L
    CHOL       0.5    40       mmol/L
    TRIG       0.1    120      mmol/L
    HDL        0.05   8        mmol/L
    LDL        0.1    35       mmol/L
    HBA1C      2      25       %
    CORTISOL   1      6000     nmol/L
    PROTEXR    0      60       g/(24.h)
"""

LIMITS = {
    test: Limits(Decimal(low), Decimal(high), unit)
    for test, low, high, unit in (line.split() for line in _TABLE.strip().splitlines())
}


def implausible(test: str, result: Reading, unit: str | None) -> Limits | None:
    """The limits, in the unit of the result, outside which it certainly lies; None where it does not.

    None, too, where nothing can be said: no limits of the test, no unit, or one that is not convertible.

    >>> implausible("HGB", Reading(Decimal(12)), "g/L")
    Limits(low=Decimal('25'), high=Decimal('250'), unit='g/L')
    >>> implausible("HGB", Reading(Decimal(12)), "g/dL") is None
    True
    """
    if test not in LIMITS or not unit:
        return None
    known = LIMITS[test]
    try:
        low, high = (
            convert(limit, test=test, from_unit=known.unit, to_unit=unit) for limit in (known.low, known.high)
        )
    except UnitError:
        return None
    outside = result.is_below(low) is Truth.YES or result.is_above(high) is Truth.YES
    return Limits(low, high, unit) if outside else None
