"""Numbers, units and counts in the words that people read; machines get UCUM codes and full numbers.

Every sentence, page and list takes its units from the one table here.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from trials.clinical.quantity import ARITHMETIC
from trials.text import plain

EXACT_PLACES = 5
"""A number with no more decimals than a result can be typed with is shown as it is."""
SHOWN_PLACES, SHOWN_DIGITS = 2, 3

TIMES = {"d": "day", "wk": "week", "mo": "month", "a": "year"}
UNITS = {
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "meq/L": "mEq/L",
    "eq/L": "Eq/L",
    "g/(24.h)": "g/24 h",
    "mg/(24.h)": "mg/24 h",
    "ULN": "× ULN",
    "xULN": "× ULN",
    "1": "",
    "{INR}": "",
    "{ratio}": "",
    "[pH]": "",
}
_PARTS = (
    ("10*12", "×10¹²"),
    ("10*9", "×10⁹"),
    ("10*6", "×10⁶"),
    ("10*3", "×10³"),
    ("m2", "m²"),
    ("[arb'U]", "U"),
    ("[IU]", "IU"),
    ("{copies}", "copies"),
)
_MICRO = re.compile(r"(?<![A-Za-z])u(?=(L|g|mol|kat|U|IU|m)\b)")


def printed_unit(ucum: str) -> str:
    """A UCUM unit as people write it; empty for what is only a number.

    >>> printed_unit("10*9/L"), printed_unit("umol/L"), printed_unit("mg/m2"), printed_unit("a")
    ('×10⁹/L', 'µmol/L', 'mg/m²', 'years')
    >>> printed_unit("10*3/uL"), printed_unit("u[IU]/mL"), printed_unit("{copies}/mL"), printed_unit("{INR}")
    ('×10³/µL', 'µIU/mL', 'copies/mL', '')
    """
    if ucum in TIMES:
        return f"{TIMES[ucum]}s"
    if ucum in UNITS:
        return UNITS[ucum]
    printed = ucum
    for code, shown in _PARTS:
        printed = printed.replace(code, shown)
    return _MICRO.sub("µ", printed)


def measured(number: Decimal | int, ucum: str, *limits: Decimal) -> str:
    """A number with its unit, short enough to be read; that it is rounded is said where a limit is near.

    >>> measured(Decimal("1.50"), "10*9/L"), measured(1, "a"), measured(Decimal(662) / 9, "mL/min")
    ('1.5 ×10⁹/L', '1 year', '73.56 mL/min')
    >>> measured(Decimal("59.99721111"), "mL/min", Decimal(60))
    '59.997 mL/min (rounded)'
    """
    return either((Decimal(number),), ucum, *limits)


def off_whole(number: Decimal, ucum: str) -> str:
    """A number with its unit where no limits are at hand: never rounded onto a whole number, as they are.

    >>> off_whole(Decimal("59.99721111"), "mL/min"), off_whole(Decimal(60), "mL/min")
    ('59.997 mL/min (rounded)', '60 mL/min')
    """
    return measured(number, ucum, number.to_integral_value())


def either(numbers: Sequence[Decimal], ucum: str, *limits: Decimal, signs: Sequence[str] = ()) -> str:
    """Numbers of which one is right, with their unit; `signs` are comparators that stand before them.

    >>> either((Decimal(65), Decimal(66)), "a"), either((Decimal(20),), "ng/mL", signs=("<",))
    ('65 or 66 years', '<20 ng/mL')
    """
    found = [shortened(number, *limits) for number in numbers]
    before = signs or [""] * len(found)
    shown = " or ".join(f"{sign}{text}" for sign, (text, _near) in zip(before, found, strict=True))
    said = " (rounded)" if any(near for _text, near in found) else ""
    return f"{with_unit(shown, ucum)}{said}"


def with_unit(shown: str, ucum: str) -> str:
    """A number that is written already, with its unit.

    >>> with_unit("18 to 75", "a"), with_unit("1", "d"), with_unit("2", "{INR}")
    ('18 to 75 years', '1 day', '2')
    """
    if ucum in TIMES:
        return f"{shown} {TIMES[ucum]}{'' if shown == '1' else 's'}"
    return f"{shown} {printed_unit(ucum)}".strip()


def normal_range(low: Decimal | None, high: Decimal | None, ucum: str) -> str:
    """Limits of normal with their unit, one of which may be open; empty for none.

    >>> normal_range(Decimal(9), Decimal("50.0"), "U/L"), normal_range(None, Decimal(37), "[arb'U]/mL")
    ('9 to 50 U/L', 'up to 37 U/mL')
    >>> normal_range(Decimal("1.04"), None, "mmol/L"), normal_range(None, None, "U/L")
    ('from 1.04 mmol/L', '')
    """
    if low is None and high is None:
        return ""
    if low is None:
        return f"up to {with_unit(plain(high), ucum)}"
    if high is None:
        return f"from {with_unit(plain(low), ucum)}"
    return with_unit(f"{plain(low)} to {plain(high)}", ucum)


def counted(number: int, noun: str, nouns: str = "") -> str:
    """How many of something.

    >>> counted(1, "day"), counted(3, "day"), counted(2, "capsule was", "capsules were")
    ('1 day', '3 days', '2 capsules were')
    """
    return f"{number} {noun if abs(number) == 1 else nouns or f'{noun}s'}"


def shortened(number: Decimal, *limits: Decimal, exact: int = EXACT_PLACES) -> tuple[str, bool]:
    """A computed number for reading, on its side of every limit; whether that took more decimals than usual.

    A number with no more than `exact` decimals is shown as it is.

    >>> sixty = Decimal(60)
    >>> shortened(Decimal(662) / 9, sixty), shortened(Decimal("59.99721111"), sixty)
    (('73.56', False), ('59.997', True))
    >>> shortened(Decimal("4.215")), shortened(Decimal("0.00123456"))
    (('4.215', False), ('0.00123', False))
    >>> shortened(Decimal("431.2537"), exact=2), shortened(Decimal("499.9996"), Decimal(500), exact=2)
    (('431.25', False), ('499.9996', True))
    """
    if _places(number) <= exact:
        return plain(number), False
    usual = max(SHOWN_PLACES, SHOWN_DIGITS - number.adjusted() - 1)
    for places in range(usual, ARITHMETIC.prec - max(number.adjusted(), 0)):
        rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, ARITHMETIC)
        if all(_side(rounded, limit) == _side(number, limit) for limit in limits):
            return plain(rounded), places > usual
    return plain(number), False


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _side(number: Decimal, limit: Decimal) -> int:
    return (number > limit) - (number < limit)
