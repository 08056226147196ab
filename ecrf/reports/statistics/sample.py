"""Times to event as the statistics take them, and the refusal of what is none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real


class BadInput(ValueError):
    """A statistic was asked of numbers that have none; `field` and `reason` say which and why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field} {reason}")


@dataclass(frozen=True)
class Observation:
    """The time under observation of one subject, and whether it ended with the event or was censored.

    The unit of time is the caller's; a sample has one. Raises BadInput for a time that is negative, not
    finite or no number, and for an event that is neither True, False, 1 nor 0.

    >>> Observation(-1, True)
    Traceback (most recent call last):
    ecrf.reports.statistics.sample.BadInput: time must not be negative
    """

    time: float
    event: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", finite(self.time, "time"))
        if self.time < 0:
            raise BadInput("time", "must not be negative")
        if self.event not in (True, False):
            raise BadInput("event", "must be true or false")
        object.__setattr__(self, "event", bool(self.event))


Sample = Sequence[Observation]


def finite(value: object, field: str) -> float:
    """The number as a float. Raises BadInput for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise BadInput(field, "must be a number")
    number = float(value)
    if not math.isfinite(number):
        raise BadInput(field, "must be finite")
    return number


def not_empty(sample: Sample, field: str) -> None:
    """Raises BadInput for a sample without subjects."""
    if not sample:
        raise BadInput(field, "must have at least one subject")


def confidence(level: float) -> float:
    """A level of confidence between 0 and 1, such as 0.95. Raises BadInput."""
    number = finite(level, "level")
    if not 0 < number < 1:
        raise BadInput("level", "must lie between 0 and 1")
    return number
