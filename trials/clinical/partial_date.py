"""Clinical dates known to the year, the month or the day; never completed by guessing.

Shapes: `2021`, `2021-03`, `2021-03-14` (ISO 8601, extended format, reduced precision). A partial date
stands for every day it may be, from `earliest` to `latest`; a comparison therefore has three answers.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import Enum

FIRST_YEAR = 1900
LAST_YEAR = 2100

_SHAPE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_ECHO = 20


class PartialDateError(ValueError):
    """The text is not a date this module knows; the message gives the reason in plain words."""


class Truth(Enum):
    """Three-valued answer. It has no truth value of its own: write `is Truth.YES`.

    >>> if before("2021", "2020"): print("wrong: every member of an Enum is true")
    Traceback (most recent call last):
    TypeError: Truth has three values: compare with `is`
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("Truth has three values: compare with `is`")


@dataclass(frozen=True)
class PartialDate:
    """A calendar date whose day, or month and day, may be unknown.

    Raises PartialDateError for a year outside 1900 to 2100, a day without a month, and a month or day
    that does not exist.

    >>> march = PartialDate(2021, 3)
    >>> str(march), march.earliest.isoformat(), march.latest.isoformat(), march.is_complete
    ('2021-03', '2021-03-01', '2021-03-31', False)
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise PartialDateError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}")
        if self.month is None:
            if self.day is not None:
                raise PartialDateError("a day needs a month")
            return
        if not 1 <= self.month <= 12:
            raise PartialDateError("the month must be from 01 to 12")
        days = monthrange(self.year, self.month)[1]
        if self.day is not None and not 1 <= self.day <= days:
            raise PartialDateError(f"the day must be from 01 to {days} in {self.year:04}-{self.month:02}")

    @property
    def earliest(self) -> date:
        """The first day this date may be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day this date may be."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    @property
    def is_complete(self) -> bool:
        """Whether year, month and day are all known."""
        return self.day is not None

    def __str__(self) -> str:
        parts = [f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part is not None)]
        return "-".join(parts)


def parse(text: str) -> PartialDate:
    """Read exactly `YYYY`, `YYYY-MM` or `YYYY-MM-DD` in ASCII digits, nothing before, between or after.

    Raises PartialDateError with the reason; at most the first 20 characters of the text are repeated.

    >>> parse("2021-03").latest
    datetime.date(2021, 3, 31)
    >>> parse("2021-02-29")
    Traceback (most recent call last):
    trials.clinical.partial_date.PartialDateError: '2021-02-29': the day must be from 01 to 28 in 2021-02
    """
    if not isinstance(text, str):
        raise PartialDateError("a date must be text: YYYY, YYYY-MM or YYYY-MM-DD")
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise PartialDateError(f"{text[:_ECHO]!r}: a date is written YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = shape.groups()
    try:
        return PartialDate(int(year), int(month) if month else None, int(day) if day else None)
    except PartialDateError as error:
        raise PartialDateError(f"{text[:_ECHO]!r}: {error}") from None


def span(text: str) -> tuple[date, date]:
    """The first and the last day a written date may be; raises PartialDateError like `parse`.

    >>> [day.isoformat() for day in span("2020-02")]
    ['2020-02-01', '2020-02-29']
    """
    partial = parse(text)
    return partial.earliest, partial.latest


def before(a: PartialDate | str, b: PartialDate | str) -> Truth:
    """Whether a lies on an earlier day than b: YES or NO only when certain for every day they may be.

    >>> before("2021-03", "2021-04-01"), before("2021-03", "2021-03-15"), before("2021-03-14", "2021-03-14")
    (<Truth.YES: 'yes'>, <Truth.UNKNOWN: 'unknown'>, <Truth.NO: 'no'>)
    """
    a, b = _partial(a), _partial(b)
    return _answer(certain=a.latest < b.earliest, excluded=a.earliest >= b.latest)


def on_or_before(a: PartialDate | str, b: PartialDate | str) -> Truth:
    """Whether a lies on the day of b or earlier: YES or NO only when certain for every day they may be.

    >>> on_or_before("2021-03-14", "2021-03-14"), on_or_before("2021", "2021"), on_or_before("2022", "2021")
    (<Truth.YES: 'yes'>, <Truth.UNKNOWN: 'unknown'>, <Truth.NO: 'no'>)
    """
    a, b = _partial(a), _partial(b)
    return _answer(certain=a.latest <= b.earliest, excluded=a.earliest > b.latest)


def _partial(value: PartialDate | str) -> PartialDate:
    return value if isinstance(value, PartialDate) else parse(value)


def _answer(*, certain: bool, excluded: bool) -> Truth:
    if certain:
        return Truth.YES
    return Truth.NO if excluded else Truth.UNKNOWN
