"""Response rates by arm, and their differences; no Django."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ecrf.reports.choices import Choices, DifferenceInterval, RateInterval
from ecrf.reports.statistics.proportions import (
    Interval,
    Share,
    clopper_pearson,
    fisher,
    newcombe_difference,
    wald_difference,
    wilson,
)
from trials.clinical.endpoints.response_rate import Rate

INTERVALS: Mapping[RateInterval, Callable[[Share], Interval]] = {
    RateInterval.CLOPPER_PEARSON: clopper_pearson,
    RateInterval.WILSON: wilson,
}
DIFFERENCES: Mapping[DifferenceInterval, Callable[[Share, Share], Interval]] = {
    DifferenceInterval.NEWCOMBE: newcombe_difference,
    DifferenceInterval.WALD: wald_difference,
}


@dataclass(frozen=True)
class ArmRate:
    """A rate in one arm; without subjects it has neither a value nor an interval."""

    arm: str
    rate: Rate
    estimate: float | None
    interval: Interval | None


@dataclass(frozen=True)
class RateDifference:
    """The rate of the first arm minus that of the second; `p` is Fisher's, two-sided."""

    first: str
    second: str
    estimate: float
    interval: Interval
    p: float


@dataclass(frozen=True)
class RateAnalysis:
    """One rate in every arm, and the differences between each two of them that have subjects."""

    arms: tuple[ArmRate, ...]
    differences: tuple[RateDifference, ...]


def rate_analysis(rates: Mapping[str, Rate], choices: Choices) -> RateAnalysis:
    """The analysis of the rates by arm, in the order given."""
    arms = tuple(_arm_rate(arm, rate, choices) for arm, rate in rates.items())
    shares = {arm: share for arm, rate in rates.items() if (share := _share(rate)) is not None}
    return RateAnalysis(arms, tuple(_differences(shares, choices)))


def pairs(arms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each two arms, the earlier one first."""
    for place, first in enumerate(arms):
        for second in arms[place + 1 :]:
            yield first, second


def _share(rate: Rate) -> Share | None:
    return Share(rate.count, rate.total) if rate.total else None


def _arm_rate(arm: str, rate: Rate, choices: Choices) -> ArmRate:
    share = _share(rate)
    if share is None:
        return ArmRate(arm, rate, None, None)
    return ArmRate(arm, rate, share.estimate, INTERVALS[choices.rate_interval](share))


def _differences(shares: Mapping[str, Share], choices: Choices) -> Iterator[RateDifference]:
    for first, second in pairs(list(shares)):
        one, two = shares[first], shares[second]
        interval = DIFFERENCES[choices.difference_interval](one, two)
        yield RateDifference(first, second, one.estimate - two.estimate, interval, fisher(one, two))
