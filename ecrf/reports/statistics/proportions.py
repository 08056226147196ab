"""Proportions: exact and score intervals of one, interval and tests of the difference of two."""

import math
from dataclasses import dataclass

from scipy.special import ndtri
from scipy.stats import binomtest, chi2_contingency, fisher_exact

from ecrf.reports.statistics.sample import BadInput, confidence

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """The two limits of a confidence interval."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Share:
    """`count` of `total` subjects. Raises BadInput for what cannot be counted.

    >>> Share(10, 31).estimate.__round__(4)
    0.3226
    >>> Share(3, 2)
    Traceback (most recent call last):
    ecrf.reports.statistics.sample.BadInput: count must lie between 0 and the total
    """

    count: int
    total: int

    def __post_init__(self) -> None:
        for field, value in (("count", self.count), ("total", self.total)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise BadInput(field, "must be a whole number")
        if self.total < 1:
            raise BadInput("total", "must be at least 1")
        if not 0 <= self.count <= self.total:
            raise BadInput("count", "must lie between 0 and the total")

    @property
    def estimate(self) -> float:
        return self.count / self.total


def clopper_pearson(share: Share, level: float = LEVEL) -> Interval:
    """The exact interval of a proportion (Clopper and Pearson, Biometrika 1934;26:404-413).

    >>> found = clopper_pearson(Share(10, 31))
    >>> round(found.lower, 5), round(found.upper, 5)
    (0.16682, 0.51373)
    """
    return _interval(share, "exact", level)


def wilson(share: Share, level: float = LEVEL) -> Interval:
    """The score interval without continuity correction (Wilson, J Am Stat Assoc 1927;22:209-212).

    >>> found = wilson(Share(10, 31))
    >>> round(found.lower, 5), round(found.upper, 5)
    (0.18569, 0.49859)
    """
    return _interval(share, "wilson", level)


def _interval(share: Share, method: str, level: float) -> Interval:
    found = binomtest(share.count, share.total).proportion_ci(confidence(level), method)
    return Interval(float(found.low), float(found.high))


def newcombe_difference(first: Share, second: Share, level: float = LEVEL) -> Interval:
    """The interval of first minus second from two score intervals (Newcombe, Stat Med 1998;17:873-890,
    method 10).

    Our own: SciPy has no interval for a difference of proportions. The score intervals are SciPy's.

    >>> found = newcombe_difference(Share(56, 70), Share(48, 80))
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0524, 0.3339)
    """
    one, two = wilson(first, level), wilson(second, level)
    difference = first.estimate - second.estimate
    below = math.hypot(first.estimate - one.lower, two.upper - second.estimate)
    above = math.hypot(one.upper - first.estimate, second.estimate - two.lower)
    return _within(difference - below, difference + above)


def wald_difference(first: Share, second: Share, level: float = LEVEL) -> Interval:
    """The simple asymptotic interval of first minus second (Newcombe 1998, method 1).

    Shown for comparison only: it has no width where both proportions are 0 or 1. Our own, as above.

    >>> found = wald_difference(Share(56, 70), Share(48, 80))
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0575, 0.3425)
    """
    variance = sum(each.estimate * (1 - each.estimate) / each.total for each in (first, second))
    half = float(ndtri((1 + confidence(level)) / 2)) * math.sqrt(variance)
    difference = first.estimate - second.estimate
    return _within(difference - half, difference + half)


def _within(lower: float, upper: float) -> Interval:
    return Interval(max(lower, -1.0), min(upper, 1.0))


def fisher(first: Share, second: Share) -> float:
    """The two-sided p of Fisher's exact test: tables no likelier than the one observed.

    >>> round(fisher(Share(12, 30), Share(10, 31)), 4)
    0.5996
    """
    return float(fisher_exact(_table(first, second)).pvalue)


def chi_square(first: Share, second: Share) -> float | None:
    """The two-sided p of Pearson's test without continuity correction.

    None where nobody or everybody responded: the expected counts are 0, and the test has no value.

    >>> round(chi_square(Share(56, 70), Share(48, 80)), 6)
    0.008045
    >>> chi_square(Share(0, 10), Share(0, 10)) is None
    True
    """
    if first.count + second.count in (0, first.total + second.total):
        return None
    return float(chi2_contingency(_table(first, second), correction=False).pvalue)


def _table(first: Share, second: Share) -> list[list[int]]:
    return [[each.count, each.total - each.count] for each in (first, second)]
