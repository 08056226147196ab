"""The hazard ratio of two samples from Cox's proportional hazards model (J R Stat Soc B 1972;34:187-220).

Our own, with SciPy's root finder: SciPy has no such model, and a library that has one would bring pandas
for a single number. One covariate that is 0 or 1 makes the partial likelihood a function of one variable
with one maximum; the tests compare it with lifelines and with R.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import expit, ndtr, ndtri

from ecrf.reports.statistics.log_rank import RiskSet, risk_sets
from ecrf.reports.statistics.sample import BadInput, Sample, confidence

WIDEST = 64.0  # of the logarithm of the ratio; e^64 subjects do not exist


@dataclass(frozen=True)
class HazardRatio:
    """Hazard of the second sample over that of the first, with Wald limits and two-sided Wald p."""

    ratio: float
    lower: float
    upper: float
    log_ratio: float
    error: float
    p: float


def hazard_ratio(first: Sample, second: Sample, level: float = 0.95) -> HazardRatio:
    """The hazard ratio of second over first; ties by Efron (J Am Stat Assoc 1977;72:557-565).

    Raises BadInput for an empty sample, and where the ratio has no finite value: no event of one of the
    samples took place while subjects of the other were at risk.
    """
    z = float(ndtri((1 + confidence(level)) / 2))
    sets = risk_sets(first, second)
    _require_finite(sets)
    bound = 1.0
    while _score(sets, bound) > 0 or _score(sets, -bound) < 0:
        bound *= 2
        if bound > WIDEST:
            raise BadInput("samples", "have a hazard ratio beyond all measure")
    log_ratio = float(brentq(lambda value: _score(sets, value), -bound, bound, xtol=1e-13))
    error = 1 / math.sqrt(_information(sets, log_ratio))
    return HazardRatio(
        ratio=math.exp(log_ratio),
        lower=math.exp(log_ratio - z * error),
        upper=math.exp(log_ratio + z * error),
        log_ratio=log_ratio,
        error=error,
        p=2 * float(ndtr(-abs(log_ratio) / error)),
    )


def _require_finite(sets: Sequence[RiskSet]) -> None:
    # The likelihood has a maximum only if events of each sample stand against subjects of the other.
    if not any(each.events_first and each.at_risk_second for each in sets):
        raise BadInput("first sample", "has no event while subjects of the second were at risk")
    if not any(each.events_second and each.at_risk_first for each in sets):
        raise BadInput("second sample", "has no event while subjects of the first were at risk")


def _shares(each: RiskSet, log_ratio: float) -> Iterator[float]:
    """The share of the second sample in the hazard, for each of the events tied at one time.

    Efron: of those who have the event, each loses the same part with every event that is counted.
    """
    for counted in range(each.events):
        gone = counted / each.events
        weight_second = each.at_risk_second - gone * each.events_second
        weight_first = each.at_risk_first - gone * each.events_first
        if weight_second == 0 or weight_first == 0:
            yield float(weight_second > 0)
        else:
            yield float(expit(log_ratio + math.log(weight_second / weight_first)))


def _score(sets: Sequence[RiskSet], log_ratio: float) -> float:
    return sum(each.events_second - sum(_shares(each, log_ratio)) for each in sets)


def _information(sets: Sequence[RiskSet], log_ratio: float) -> float:
    return sum(share * (1 - share) for each in sets for share in _shares(each, log_ratio))
