"""Rows of a dose-modification table."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trials.clinical.partial_date import Truth
from trials.clinical.quantity import positive
from trials.clinical.reading import Reading, all_of

TIMES_ULN = "xULN"

QUESTIONS = {"immune_related": "Immune-related?"}
"""Questions on the form of an adverse event that a group of events may ask beside its terms."""


class Action(StrEnum):
    """What is done with a dose. OMIT: this dose is left out for good; HOLD: it waits until recovery."""

    GIVE = "GIVE"
    REDUCE = "REDUCE"
    OMIT = "OMIT"
    HOLD = "HOLD"
    STOP = "STOP"

    @property
    def strictness(self) -> int:
        """Of two actions the one with the higher number is done."""
        return list(Action).index(self)


@dataclass(frozen=True)
class Limits:
    """Numbers from a lower to an upper limit, each included or not; None: no limit on that side.

    Raises ValueError when there is no limit at all, two on one side, or none of the numbers lies between.

    >>> Limits(at_least=Decimal("0.5"), below=Decimal(1)).hold(Reading(Decimal("0.5")))
    <Truth.YES: 'yes'>
    """

    above: Decimal | None = None
    at_least: Decimal | None = None
    below: Decimal | None = None
    at_most: Decimal | None = None

    def __post_init__(self) -> None:
        if self.above is not None and self.at_least is not None:
            raise ValueError("above and at_least exclude each other")
        if self.below is not None and self.at_most is not None:
            raise ValueError("below and at_most exclude each other")
        low = self.at_least if self.above is None else self.above
        high = self.at_most if self.below is None else self.below
        if low is None and high is None:
            raise ValueError("a lower or an upper limit is required")
        both_included = self.at_least is not None and self.at_most is not None
        if low is not None and high is not None and (low > high or (low == high and not both_included)):
            raise ValueError("the lower limit lies above the upper one")

    def hold(self, reading: Reading) -> Truth:
        """Whether the number lies between the limits."""
        asked = (
            (self.above, reading.is_above),
            (self.at_least, reading.is_at_least),
            (self.below, reading.is_below),
            (self.at_most, reading.is_at_most),
        )
        return all_of(*(ask(limit) for limit, ask in asked if limit is not None))

    def __str__(self) -> str:
        signs = ((">", self.above), (">=", self.at_least), ("<", self.below), ("<=", self.at_most))
        return " and ".join(f"{sign} {limit.normalize():f}" for sign, limit in signs if limit is not None)


@dataclass(frozen=True)
class ResultTrigger:
    """A result of a test: its number between limits, or its CTCAE grade.

    `unit`: UCUM code of the test's preferred unit, or xULN for multiples of the upper limit of normal;
    `term`: the CTCAE term whose grade counts, empty where the number does. `within_days`: the newest result
    counts that is at most so old. `required`: without it nothing is given; otherwise it counts where it is
    known. `baseline`: limits of the baseline of the same test, in multiples of the ULN.
    """

    test: str
    name: str
    within_days: int
    limits: Limits
    unit: str = ""
    term: str = ""
    required: bool = True
    baseline: Limits | None = None

    def __post_init__(self) -> None:
        if bool(self.unit) == bool(self.term):
            raise ValueError("a result is judged by its number in a unit or by its grade of a term")
        if self.within_days < 0:
            raise ValueError("within_days must not be negative")


@dataclass(frozen=True)
class EventTrigger:
    """An adverse event: its CTCAE term, its grade, and how often it occurred.

    `terms` empty: any event but those of `other_than`. `occurrence` 2: from the second event on that has the
    grade. `lasting_days`: it has lasted so long. `related`: only where the investigator did not rule out
    the drug. `asks` names one of QUESTIONS: only events of which it was answered yes. Terms are compared
    without regard to case.
    """

    grades: frozenset[int]
    terms: frozenset[str] = frozenset()
    other_than: frozenset[str] = frozenset()
    occurrence: int = 1
    lasting_days: int = 0
    related: bool = True
    asks: str = ""

    def __post_init__(self) -> None:
        if self.asks and self.asks not in QUESTIONS:
            raise ValueError(f"asks: “{self.asks}” is none of {', '.join(QUESTIONS)}")
        if not self.grades or not self.grades <= {1, 2, 3, 4, 5}:
            raise ValueError("grades must be from 1 to 5")
        if self.occurrence < 1 or self.lasting_days < 0:
            raise ValueError("occurrence counts from 1, lasting_days from 0")

    def names(self, term: str) -> bool:
        """Whether events of this term are meant."""
        plain = term.casefold()
        listed = {each.casefold() for each in self.terms}
        return plain in listed if listed else plain not in {each.casefold() for each in self.other_than}


@dataclass(frozen=True)
class Reduction:
    """How far a dose is reduced: by levels for good, or on the day to a percentage or an amount.

    `amount` is in the unit of the regimen. Raises ValueError unless exactly one of them is given.
    """

    levels: int = 0
    percent: Decimal | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        if [bool(self.levels), self.percent is not None, self.amount is not None].count(True) != 1:
            raise ValueError("a reduction is by levels, to a percentage or to an amount")
        if self.levels < 0:
            raise ValueError("levels must be 1 or more")
        if self.percent is not None and positive("percent", self.percent) >= 100:
            raise ValueError("percent must be below 100")
        if self.amount is not None:
            positive("amount", self.amount)


@dataclass(frozen=True)
class Rule:
    """One row of the table, for one drug.

    STOP looks at the whole time since the first dose, a reduction by levels and `resume_levels` (the
    levels by which a held drug comes back) at every trigger since then; the rest at the day itself.
    `cycle_day`: only for the dose of that day of a cycle; `liver_tumor`: only with (True) or without tumor
    in the liver. `resume` says in words when a held drug may be given again.
    """

    code: str
    action: Action
    trigger: ResultTrigger | EventTrigger
    text: str
    reduction: Reduction | None = None
    resume: str = ""
    resume_levels: int = 0
    cycle_day: int | None = None
    liver_tumor: bool | None = None

    def __post_init__(self) -> None:
        if (self.action is Action.REDUCE) != (self.reduction is not None):
            raise ValueError("a reduction belongs to the action REDUCE, and to no other")
        if self.resume_levels < 0 or (self.resume_levels and self.action is not Action.HOLD):
            raise ValueError("resume_levels belongs to the action HOLD")
        if self.action is Action.GIVE:
            raise ValueError("a row says what is done other than giving the planned dose")

    @property
    def lasting_levels(self) -> int:
        """Levels by which the drug stays reduced after the trigger."""
        return self.reduction.levels if self.reduction else self.resume_levels
