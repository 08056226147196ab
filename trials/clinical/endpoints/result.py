"""The answer of an endpoint: event, censored, or undetermined, and how it was found."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from trials.clinical.endpoints.history import Sources
from trials.clinical.endpoints.rules import Rules, Situation


class Endpoint(StrEnum):
    """The endpoints that are a time."""

    PFS = "PFS"
    OS = "OS"
    DOR = "DOR"

    @property
    def spelled_out(self) -> str:
        return SPELLED_OUT[self]


SPELLED_OUT = {
    Endpoint.PFS: "progression-free survival",
    Endpoint.OS: "overall survival",
    Endpoint.DOR: "duration of response",
}


class Outcome(StrEnum):
    """NOT_APPLICABLE: the endpoint does not exist for this subject, as a duration without a response."""

    EVENT = "EVENT"
    CENSORED = "CENSORED"
    UNDETERMINED = "UNDETERMINED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True)
class Step:
    """One step of a derivation: a sentence, and what it rests on."""

    words: str
    sources: Sources = ()


@dataclass(frozen=True)
class Time:
    """An event or a censored time: its day, its length in days and in months, and the rule by name."""

    outcome: Outcome
    on: date
    days: int
    months: Decimal
    rule: Situation

    @property
    def is_event(self) -> bool:
        return self.outcome is Outcome.EVENT


@dataclass(frozen=True)
class TimeToEvent:
    """What an endpoint is for one subject.

    `time` is given for EVENT and CENSORED. Where dates known in part leave it open, `earliest` and
    `latest` are the shortest and the longest time that they allow. `missing` names what is not known.
    """

    endpoint: Endpoint
    outcome: Outcome
    steps: tuple[Step, ...]
    origin: date | None = None
    time: Time | None = None
    earliest: Time | None = None
    latest: Time | None = None
    missing: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The whole derivation, one sentence after the other."""
        return " ".join(step.words for step in self.steps)


def length(outcome: Outcome, on: date, rule: Situation, origin: date, rules: Rules) -> Time:
    """The time from an origin to a day.

    >>> found = length(Outcome.EVENT, date(2021, 3, 31), Situation.DEATH, date(2021, 3, 1), Rules())
    >>> found.days, round(found.months, 4)
    (31, Decimal('1.0185'))
    """
    days = (on - origin).days + rules.plus_one_day
    return Time(outcome, on, days, days / rules.month_days, rule)
