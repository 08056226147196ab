"""The numbers that a result may stand for: <20 is any number below 20, so comparisons have three answers."""

from dataclasses import dataclass
from decimal import Decimal

from trials.clinical.partial_date import Truth
from trials.clinical.quantity import ARITHMETIC, measurable
from trials.text import plain

COMPARATORS = ("", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Reading:
    """A measured number with the comparator it was reported with ('' where it is exact).

    Raises ValueError for another comparator and for a number that cannot be measured.

    >>> Reading(Decimal(20), "<").is_above(Decimal(25)), Reading(Decimal(20), "<").is_above(Decimal(5))
    (<Truth.NO: 'no'>, <Truth.UNKNOWN: 'unknown'>)
    """

    number: Decimal
    comparator: str = ""

    def __post_init__(self) -> None:
        measurable("number", self.number)
        if self.comparator not in COMPARATORS:
            raise ValueError("comparator must be one of <, <=, >, >= or empty")

    def is_above(self, limit: Decimal) -> Truth:
        """Whether the number is above the limit."""
        match self.comparator:
            case "":
                return _known(self.number > limit)
            case ">":
                return _certain(yes=self.number >= limit)
            case ">=":
                return _certain(yes=self.number > limit)
        return _certain(no=self.number <= limit)

    def is_at_least(self, limit: Decimal) -> Truth:
        """Whether the number is the limit or above it."""
        match self.comparator:
            case "":
                return _known(self.number >= limit)
            case ">" | ">=":
                return _certain(yes=self.number >= limit)
            case "<":
                return _certain(no=self.number <= limit)
        return _certain(no=self.number < limit)

    def is_below(self, limit: Decimal) -> Truth:
        """Whether the number is below the limit."""
        return opposite(self.is_at_least(limit))

    def is_at_most(self, limit: Decimal) -> Truth:
        """Whether the number is the limit or below it."""
        return opposite(self.is_above(limit))

    def times(self, factor: Decimal) -> "Reading":
        """The same result in another unit; the factor is above zero."""
        return Reading(ARITHMETIC.multiply(self.number, factor), self.comparator)

    def divided_by(self, limit: Decimal) -> "Reading":
        """The result as a multiple of a limit above zero."""
        return Reading(ARITHMETIC.divide(self.number, limit), self.comparator)

    def __str__(self) -> str:
        return f"{self.comparator}{plain(self.number)}"


def opposite(truth: Truth) -> Truth:
    """YES for NO and NO for YES.

    >>> opposite(Truth.UNKNOWN)
    <Truth.UNKNOWN: 'unknown'>
    """
    return {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.UNKNOWN: Truth.UNKNOWN}[truth]


def all_of(*truths: Truth) -> Truth:
    """NO where one is no, else UNKNOWN where one is unknown, else YES.

    >>> all_of(Truth.YES, Truth.UNKNOWN), all_of(Truth.UNKNOWN, Truth.NO), all_of()
    (<Truth.UNKNOWN: 'unknown'>, <Truth.NO: 'no'>, <Truth.YES: 'yes'>)
    """
    if Truth.NO in truths:
        return Truth.NO
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.YES


def any_of(*truths: Truth) -> Truth:
    """YES where one is yes, else UNKNOWN where one is unknown, else NO.

    >>> any_of(Truth.NO, Truth.UNKNOWN), any_of(Truth.UNKNOWN, Truth.YES), any_of()
    (<Truth.UNKNOWN: 'unknown'>, <Truth.YES: 'yes'>, <Truth.NO: 'no'>)
    """
    return opposite(all_of(*(opposite(each) for each in truths)))


def _known(answer: bool) -> Truth:
    return Truth.YES if answer else Truth.NO


def _certain(*, yes: bool = False, no: bool = False) -> Truth:
    if yes:
        return Truth.YES
    return Truth.NO if no else Truth.UNKNOWN
