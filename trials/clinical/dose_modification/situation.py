"""What is known of one subject and one drug on the day of a dose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from trials.clinical.partial_date import PartialDate, Truth
from trials.clinical.reading import Reading


@dataclass(frozen=True)
class Measured:
    """A result of a day in the test's preferred unit; `reading` None: there is no number in that unit.

    `uln` in the same unit; `grades` by CTCAE term, None: cannot be graded. `fault` says in a clause why there
    is no such number. `key` is handed back.
    """

    test: str
    day: date
    reading: Reading | None
    unit: str
    uln: Decimal | None = None
    grades: Mapping[str, int | None] = field(default_factory=dict)
    fault: str = ""
    key: Any = None


@dataclass(frozen=True)
class Event:
    """An adverse event as recorded; None where something is not.

    `label` names it in messages; `related`: to the drug in question; `ongoing` None: not answered. `answers`
    by the names of QUESTIONS; one that is not among them was not answered.
    """

    label: str
    term: str | None
    grade: int | None
    first: PartialDate | None
    last: PartialDate | None
    ongoing: bool | None
    related: Truth
    answers: Mapping[str, Truth] = field(default_factory=dict)
    key: Any = None


@dataclass(frozen=True)
class LevelGiven:
    """From a day on the drug was given at a level (0: the planned dose); None: the dose is no level."""

    day: date
    level: int | None
    shown: str = ""


@dataclass(frozen=True)
class Situation:
    """Everything that the rows of one drug are held against.

    `given`: the levels at which the drug was given before this day, in order; the first is the first dose.
    `baselines`: by test all multiples of the ULN that its baseline may be, None: not known;
    `baseline_faults` says in a clause why what stands there is no one multiple. `cycle_day` None: cannot be
    told. `liver_tumor` None: not known.
    """

    day: date
    results: Sequence[Measured] = ()
    events: Sequence[Event] = ()
    given: Sequence[LevelGiven] = ()
    baselines: Mapping[str, Sequence[Reading | None]] = field(default_factory=dict)
    baseline_faults: Mapping[str, str] = field(default_factory=dict)
    cycle_day: int | None = None
    liver_tumor: bool | None = None

    @property
    def first_dose(self) -> date | None:
        return self.given[0].day if self.given else None
