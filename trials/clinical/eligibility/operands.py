"""What a criterion compares: a number, a code, a pair of pressures, or episodes in time."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from trials.clinical.partial_date import PartialDate, Truth
from trials.clinical.reading import Reading
from trials.clinical.words import either


@dataclass(frozen=True)
class Number:
    """A measured or counted number, with every reading it may have.

    There is more than one reading where only a span is known: an age by the month of birth, two results
    of one day whose order nobody wrote down. `low` and `high` are the limits of normal in the same unit.
    Raises ValueError without a reading.

    >>> age = Number("age", (Reading(Decimal(75)), Reading(Decimal(76))), "a")
    >>> age.answer(lambda reading: reading.is_at_most(Decimal(75))), str(age)
    (<Truth.UNKNOWN: 'unknown'>, 'age 75 or 76 years')
    """

    name: str
    possible: tuple[Reading, ...]
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.possible:
            raise ValueError("possible must hold at least one reading")

    def answer(self, ask: Callable[[Reading], Truth]) -> Truth:
        """What is true of every possible reading; UNKNOWN where they differ."""
        return agreed([ask(each) for each in self.possible])

    def beside(self, *limits: Decimal) -> str:
        """Name, number and unit for reading: however it is rounded, it stays on its side of the limits."""
        numbers, signs = [each.number for each in self.possible], [each.comparator for each in self.possible]
        return f"{self.name} {either(numbers, self.unit, *limits, signs=signs)}".strip()

    def __str__(self) -> str:
        return self.beside()


@dataclass(frozen=True)
class Codes:
    """A coded answer: the one code that was recorded, or those that remain possible; `note` says why.

    `labels` are the codes in words; a code without one is a word itself.

    >>> str(Codes("Child-Pugh class", frozenset({"B", "A"}), "score 6 or 7"))
    'Child-Pugh class A or B (score 6 or 7)'
    >>> str(Codes("pregnancy test", frozenset({"NEGATIVE"}), labels={"NEGATIVE": "negative"}))
    'pregnancy test negative'
    """

    name: str
    possible: frozenset[str]
    note: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.possible:
            raise ValueError("possible must hold at least one code")

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.name} {self.said(sorted(self.possible))}{note}"

    def said(self, codes: Collection[str]) -> str:
        """Codes of this kind in words, as alternatives."""
        return " or ".join(self.labels.get(code, code) for code in codes)


@dataclass(frozen=True)
class Pressures:
    """Mean systolic and diastolic blood pressure in mm[Hg]."""

    systolic: Number
    diastolic: Number

    def beside(self, systolic: Decimal, diastolic: Decimal) -> str:
        """Both in words, each rounded to its side of its limit."""
        return f"{self.systolic.beside(systolic)}, {self.diastolic.beside(diastolic)}"

    def __str__(self) -> str:
        return f"{self.systolic}, {self.diastolic}"


@dataclass(frozen=True)
class Episode:
    """Something with a beginning and an end, each perhaps partly known; None: not recorded.

    `certain` is UNKNOWN where it may not be one of those that are asked about (a therapy of which nobody
    wrote down whether it held the drug).

    >>> str(Episode("capecitabine", PartialDate(2019, 5), PartialDate(2019, 11)))
    'capecitabine (2019-05 to 2019-11)'
    """

    name: str
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    certain: Truth = Truth.YES

    def reaches(self, day: date) -> Truth:
        """Whether it lasted until a day or longer; also where it began after it."""
        if self.ongoing or (self.start is not None and self.start.earliest >= day):
            return Truth.YES
        if self.end is None:
            return Truth.UNKNOWN
        if self.end.earliest >= day:
            return Truth.YES
        return Truth.NO if self.end.latest < day else Truth.UNKNOWN

    def begins_before(self, day: date) -> Truth:
        """Whether it began before a day."""
        start = self.start
        if start is None:
            return Truth.YES if self.end is not None and self.end.latest < day else Truth.UNKNOWN
        if start.latest < day:
            return Truth.YES
        return Truth.NO if start.earliest >= day else Truth.UNKNOWN

    def __str__(self) -> str:
        if self.start is not None and self.start == self.end:
            return f"{self.name} ({self.start})"
        start = "start not recorded" if self.start is None else str(self.start)
        end = "end not recorded" if self.end is None else str(self.end)
        return f"{self.name} ({start} to {'ongoing' if self.ongoing else end})"


@dataclass(frozen=True)
class Episodes:
    """All episodes of a kind, and the day from which a time is counted back.

    `anchor` is None where that day is not known; `anchor_name` is what it is, in words.
    """

    name: str
    episodes: tuple[Episode, ...]
    anchor: date | None
    anchor_name: str


Operand = Number | Codes | Pressures | Episodes


def agreed(truths: list[Truth]) -> Truth:
    """The one answer that all have in common; UNKNOWN where they differ.

    >>> agreed([Truth.YES, Truth.YES]), agreed([Truth.YES, Truth.NO])
    (<Truth.YES: 'yes'>, <Truth.UNKNOWN: 'unknown'>)
    """
    return truths[0] if len(set(truths)) == 1 else Truth.UNKNOWN
