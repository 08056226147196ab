"""How a laboratory criterion of CTCAE is written down: limits, what they apply to, and grade by grade."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trials.clinical.words import printed_unit
from trials.text import plain

ANY_UNIT = "any"  # every limit is a multiple: the unit of the result is that of its range and baseline
NO_UNIT = "1"  # a ratio or a pH


class Direction(StrEnum):
    """Which way a result gets worse."""

    LOW = "LOW"
    HIGH = "HIGH"


class Of(StrEnum):
    """What the number of a limit multiplies: nothing, a limit of normal, the baseline value, a change."""

    NUMBER = "number"
    LLN = "LLN"
    ULN = "ULN"
    BASELINE = "baseline"
    CHANGE = "change from baseline in percent"


class When(StrEnum):
    """What must be so for a part of a criterion to apply, in the words of CTCAE."""

    BASELINE_HIGH = "baseline was above normal"
    BASELINE_NOT_HIGH = "baseline was not above normal"
    BASELINE_LOW = "baseline was below normal"
    BASELINE_NOT_LOW = "baseline was not below normal"
    SYMPTOMS = "with signs or symptoms"
    ANTICOAGULATED = "on anticoagulation"


_OF_BASELINE = (
    When.BASELINE_HIGH,
    When.BASELINE_NOT_HIGH,
    When.BASELINE_LOW,
    When.BASELINE_NOT_LOW,
)
_WORDS = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}


@dataclass(frozen=True)
class Limit:
    """A result is compared with `factor` x what it is `of`, plus `plus`. `operator`: <, <=, > or >=.

    `if_known`: where the value it is of is missing, the limit is not reached instead of unknown. CTCAE puts
    such a limit beside others ("or 1.5 x baseline") without asking for the baseline.
    """

    operator: str
    factor: Decimal
    of: Of = Of.NUMBER
    plus: Decimal = Decimal(0)
    if_known: bool = False

    def threshold(self, value: Decimal) -> Decimal:
        """The number that a result is compared with; `value` is of what the factor multiplies."""
        return self.factor * value + self.plus

    def words(self, unit: str) -> str:
        """For example: above 3 x ULN; below 80 g/L."""
        if self.of is Of.CHANGE:
            moved = "fallen" if self.factor < 0 else "risen"
            return f"{moved} by at least {plain(abs(self.factor))} % from baseline"
        if self.of is Of.NUMBER:
            return f"{_WORDS[self.operator]} {plain(self.factor)}{_spaced(unit)}"
        multiple = self.of.value if self.factor == 1 else f"{plain(self.factor)} x {self.of.value}"
        more = f" + {plain(self.plus)}{_spaced(unit)}" if self.plus else ""
        return f"{_WORDS[self.operator]} {multiple}{more}"


@dataclass(frozen=True)
class Arm:
    """Limits that must all be reached, where something must be so. One arm of several is enough."""

    limits: tuple[Limit, ...]
    when: When | None = None

    def words(self, unit: str) -> str:
        return " and ".join(limit.words(unit) for limit in self.limits) + (
            f", {self.when.value}" if self.when else ""
        )

    def __and__(self, other: "Arm") -> "Arm":
        return Arm(self.limits + other.limits, self.when or other.when)

    def if_(self, when: When) -> "Arm":
        return Arm(self.limits, when)


Grades = Sequence[Sequence[Arm]]


@dataclass(frozen=True)
class Criterion:
    """The laboratory criterion of one term: arms of grade 1, 2, 3 and 4, by unit (UCUM).

    A grade without arms is not decided by a number. Results that reach `no_grade` have no grade here.
    Criteria that CTCAE joins in one term have an addition in brackets.
    """

    term: str
    direction: Direction
    by_unit: Mapping[str, Grades]
    note: str = ""
    no_grade: Arm | None = None

    @property
    def needs_baseline(self) -> bool:
        """Whether a grade may depend on the baseline value or on where it lay."""
        return any(
            limit.of in (Of.BASELINE, Of.CHANGE) or arm.when in _OF_BASELINE
            for arm in self._arms()
            for limit in arm.limits
        )

    def depends_on(self, when: When) -> bool:
        """Whether a grade may depend on this circumstance."""
        return any(arm.when is when for arm in self._arms())

    def _arms(self) -> Iterator[Arm]:
        return (arm for grades in self.by_unit.values() for arms in grades for arm in arms)

    @property
    def every_grade(self) -> tuple[int, ...]:
        """0, and the grades that a number can reach."""
        grades = next(iter(self.by_unit.values()))
        return (0, *(number for number, arms in enumerate(grades, start=1) if arms))


def _spaced(unit: str) -> str:
    return "" if unit in (ANY_UNIT, NO_UNIT) else f" {printed_unit(unit)}"


# ---- words for the tables


def above(number: str, of: Of = Of.NUMBER, plus: str = "0", *, if_known: bool = False) -> Arm:
    """> number, or > number x LLN, ULN or baseline."""
    return Arm((Limit(">", Decimal(number), of, Decimal(plus), if_known),))


def at_least(number: str, of: Of = Of.NUMBER) -> Arm:
    return Arm((Limit(">=", Decimal(number), of),))


def below(number: str, of: Of = Of.NUMBER) -> Arm:
    return Arm((Limit("<", Decimal(number), of),))


def at_most(number: str) -> Arm:
    return Arm((Limit("<=", Decimal(number)),))


def changed_by(percent: str, *, if_known: bool = False) -> Arm:
    """Changed from baseline by this many percent or more; fallen where the number is negative."""
    operator = "<=" if percent.startswith("-") else ">="
    return Arm((Limit(operator, Decimal(percent), Of.CHANGE, if_known=if_known),))


def low_and_fallen_by(percent: str) -> Arm:
    """Below the lower limit of normal and fallen by this share of baseline or more, where that is known."""
    return BELOW_LLN & changed_by(f"-{percent}", if_known=True)


BELOW_LLN = below("1", Of.LLN)
ABOVE_ULN = above("1", Of.ULN)
NEVER: tuple[Arm, ...] = ()


def rising(*numbers: str) -> Grades:
    """Grades whose limits are a rising row of numbers; "ULN" is the upper limit of normal, "" no limit.

    >>> [arm.words("mmol/L") for arms in rising("ULN", "5.5", "6", "7") for arm in arms]
    ['above ULN', 'above 5.5 mmol/L', 'above 6 mmol/L', 'above 7 mmol/L']
    """
    return tuple(_arms(number, ABOVE_ULN, above) for number in numbers)


def falling(*numbers: str) -> Grades:
    """Grades whose limits are a falling row of numbers; "LLN" is the lower limit of normal, "" no limit."""
    return tuple(_arms(number, BELOW_LLN, below) for number in numbers)


def multiples(*factors: str) -> Grades:
    """Grades above multiples of the upper limit of normal; "" is no limit."""
    return tuple((above(factor, Of.ULN),) if factor else NEVER for factor in factors)


def _arms(number: str, normal: Arm, make: Callable[[str], Arm]) -> tuple[Arm, ...]:
    if not number:
        return NEVER
    return (normal,) if number in ("LLN", "ULN") else (make(number),)
