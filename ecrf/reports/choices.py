"""What a study's settings fix for its reports; a setting that is missing or no choice is refused by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from ecrf.reports.statistics.kaplan_meier import FlatStretch, Transformation
from trials.clinical.endpoints.response_rate import Denominator
from trials.clinical.endpoints.rules import (
    AliveAfterCutoff,
    Censoring,
    Discontinuation,
    Handling,
    Origin,
    Rules,
)
from trials.clinical.recist.best_response import CONFIRMATION_SETTING, Confirmation, confirmations_of
from trials.clinical.recist.course import ProgressionDate


class RateInterval(StrEnum):
    """Which interval of one rate."""

    CLOPPER_PEARSON = "CLOPPER-PEARSON"
    WILSON = "WILSON"


class DifferenceInterval(StrEnum):
    """Which interval of the difference of two rates."""

    NEWCOMBE = "NEWCOMBE"
    WALD = "WALD"


class PartialEventDate(StrEnum):
    """How a time is counted that dates known in part leave open."""

    LEFT_OUT = "LEFT_OUT"
    EARLIEST = "EARLIEST"
    LATEST = "LATEST"


@dataclass(frozen=True)
class Choices:
    """The choices of one study. `held` is each setting that was read, with its value as it stands."""

    rules: Rules
    confirmations: tuple[Confirmation, ...]
    denominator: Denominator
    rate_interval: RateInterval
    difference_interval: DifferenceInterval
    median_interval: Transformation
    flat_stretch: FlatStretch
    partial_event_date: PartialEventDate
    held: Mapping[str, Any]

    def under(self, censoring: Censoring, resection: Handling | None = None) -> "Choices":
        """The same choices under other rules of censoring, and another handling of a resection."""
        rules = replace(self.rules, censoring=censoring, resection=resection or self.rules.resection)
        return replace(self, rules=rules)


class UnknownChoice(ValueError):
    """Settings that a report needs are missing, or have values that are no choice; `errors` by key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"setting {key} {reason}" for key, reason in self.errors.items()))


T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def choices(setting: Callable[[str], Any]) -> Choices:
    """The choices that `setting(key)` gives (None: the study has no such setting). Raises UnknownChoice."""
    read = _Reader(setting)
    held = {
        "censoring": read("pfs_censoring", _one_of(Censoring)),
        "origin": read("pfs_origin", _one_of(Origin)),
        "missed_assessments": read("pfs_missed_assessments", _count),
        "resection": read("pfs_resection", _one_of(Handling)),
        "discontinuation": read("pfs_discontinuation", _one_of(Discontinuation)),
        "clinical_progression": read("pfs_clinical_progression", _one_of(Handling), usual=Handling.IGNORE),
        "alive_after_cutoff": read(
            "os_alive_after_cutoff", _one_of(AliveAfterCutoff), usual=AliveAfterCutoff.CUTOFF
        ),
        "progression_date": read("progression_date", _one_of(ProgressionDate)),
        "plus_one_day": read("time_plus_one_day", _truth),
        "month_days": read("month_days", _positive),
    }
    others = {
        "confirmations": read(CONFIRMATION_SETTING, confirmations_of),
        "denominator": read("response_denominator", _one_of(Denominator)),
        "rate_interval": read("orr_interval", _one_of(RateInterval)),
        "difference_interval": read("orr_difference_interval", _one_of(DifferenceInterval)),
        "median_interval": read("median_interval", _one_of(Transformation)),
        "flat_stretch": read("median_flat_stretch", _one_of(FlatStretch)),
        "partial_event_date": read("partial_event_date", _one_of(PartialEventDate)),
    }
    if read.errors:
        raise UnknownChoice(read.errors)
    return Choices(rules=Rules(**held), held=read.held, **others)


class _Reader:
    """Reads settings one by one and keeps every error, so that all are named at once.

    A setting that came with a later release has a usual value, for studies that were loaded before it.
    """

    def __init__(self, setting: Callable[[str], Any]) -> None:
        self.setting = setting
        self.held: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def __call__(self, key: str, parse: Callable[[Any], T], usual: T | None = None) -> Any:
        value = self.setting(key)
        if value is None and usual is not None:
            self.held[key] = f"{usual} (not set)"
            return usual
        if value is None:
            self.errors[key] = "is missing"
            return None
        try:
            self.held[key] = value
            return parse(value)
        except ValueError as error:
            self.errors[key] = str(error)
            return None


def _one_of(kind: type[E]) -> Callable[[Any], E]:
    def parse(value: Any) -> E:
        if value not in list(kind):
            raise ValueError(f"must be one of {', '.join(kind)}")
        return kind(value)

    return parse


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("must be a whole number from 1 on")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _positive(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("must be a number") from None
    if not number.is_finite() or number <= 0:
        raise ValueError("must be above 0")
    return number
