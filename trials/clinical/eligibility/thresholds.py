"""The threshold of a criterion, read from its text: strictly, so that a misprint is refused on load."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from trials.clinical.words import TIMES, counted, measured, with_unit
from trials.text import plain

ULN = "ULN"
"""Unit of a threshold that is a multiple of the upper limit of normal of the laboratory."""

EVER = "ever"
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Limit:
    """One number and its unit (UCUM, or ULN)."""

    amount: Decimal
    unit: str

    def __str__(self) -> str:
        return measured(self.amount, self.unit)


@dataclass(frozen=True)
class Span:
    """Two numbers, both included, and their unit."""

    low: Decimal
    high: Decimal
    unit: str

    def __str__(self) -> str:
        return with_unit(f"{plain(self.low)} and {plain(self.high)}", self.unit)


@dataclass(frozen=True)
class Duration:
    """A time that is counted back from a day: days, weeks, calendar months or years.

    >>> Duration(6, "mo").before(date(2021, 8, 31)), str(Duration(6, "mo"))
    (datetime.date(2021, 2, 28), '6 months')
    """

    amount: int
    unit: str

    def before(self, day: date) -> date:
        """The day that lies this time earlier; the last of its month where the month is too short."""
        if self.unit in ("d", "wk"):
            return day - timedelta(days=self.amount * (7 if self.unit == "wk" else 1))
        months = day.year * 12 + day.month - 1 - self.amount * (12 if self.unit == "a" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

    def __str__(self) -> str:
        return counted(self.amount, TIMES[self.unit])


def limit(text: str, unit: str) -> Limit:
    """`1.5` with a unit. Raises ValueError.

    >>> limit("1.5", "ULN")
    Limit(amount=Decimal('1.5'), unit='ULN')
    """
    return Limit(_number(text), unit)


def span(text: str, unit: str) -> Span:
    """`18-75` with a unit. Raises ValueError.

    >>> str(span("18-75", "a"))
    '18 and 75 years'
    """
    low, dash, high = text.partition("-")
    if not dash:
        raise ValueError("must be two numbers, such as 18-75")
    found = Span(_number(low), _number(high), _absolute(unit))
    if found.high < found.low:
        raise ValueError("must begin with the lower number")
    return found


def pressures(text: str, unit: str) -> tuple[Limit, Limit]:
    """`140/90` mm[Hg], systolic and diastolic. Raises ValueError."""
    systolic, slash, diastolic = text.partition("/")
    if not slash or unit != "mm[Hg]":
        raise ValueError("must be two pressures such as 140/90 with the unit mm[Hg]")
    return Limit(_number(systolic), unit), Limit(_number(diastolic), unit)


def codes(text: str, unit: str) -> tuple[str, ...]:
    """Codes, separated by commas. Raises ValueError.

    >>> codes("0, 1", "")
    ('0', '1')
    """
    found = tuple(each.strip() for each in text.split(","))
    if not all(found):
        raise ValueError("must be codes, separated by commas")
    if unit:
        raise ValueError("must have no unit: it is a code")
    return found


def duration(text: str, unit: str) -> Duration | None:
    """`6` with the unit d, wk, mo or a; `ever` (None) for no limit of time. Raises ValueError.

    >>> str(duration("1", "a")), duration("ever", "")
    ('1 year', None)
    """
    if text == EVER:
        return None
    if unit not in TIMES:
        raise ValueError(f"must be a time with one of the units {', '.join(TIMES)}, or “{EVER}”")
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ValueError(f"must be a whole number of {TIMES[unit]}s, or “{EVER}”")
    return Duration(int(text), unit)


def nothing(text: str, unit: str) -> None:
    """No threshold: the operator says all. What stands there is not read."""


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number such as 1.5")
    return Decimal(text)


def _absolute(unit: str) -> str:
    if unit == ULN:
        raise ValueError("must have a unit of its own, not ULN")
    return unit
