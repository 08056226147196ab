"""The log-rank test of two samples of times to event (Mantel, Cancer Chemother Rep 1966;50:163-170)."""

from dataclasses import dataclass

from scipy.stats import logrank

from ecrf.reports.statistics.kaplan_meier import censored_data
from ecrf.reports.statistics.sample import BadInput, Sample, not_empty


@dataclass(frozen=True)
class RiskSet:
    """Who is at risk at one time of event, and who has the event: all, and those of the second sample."""

    time: float
    at_risk: int
    at_risk_second: int
    events: int
    events_second: int

    @property
    def at_risk_first(self) -> int:
        return self.at_risk - self.at_risk_second

    @property
    def events_first(self) -> int:
        return self.events - self.events_second


@dataclass(frozen=True)
class LogRank:
    """Observed and expected events of both samples, the variance of the difference, chi-square and p."""

    observed: tuple[int, int]
    expected: tuple[float, float]
    variance: float
    chi_square: float
    p: float


def log_rank(first: Sample, second: Sample) -> LogRank:
    """The log-rank test of two samples, one degree of freedom, two-sided.

    Chi-square and p are SciPy's. The expected events and the variance are our own: SciPy keeps them to
    itself. Raises BadInput where a sample is empty, and where the test has no value because subjects of
    both samples were never at risk together when an event took place.
    """
    sets = risk_sets(first, second)
    expected = sum(each.events * each.at_risk_first / each.at_risk for each in sets)
    variance = sum(_variance(each) for each in sets)
    if variance == 0:
        raise BadInput("samples", "have no time of event at which subjects of both were at risk")
    test = logrank(censored_data(first), censored_data(second))
    events = sum(each.events for each in sets)
    observed = sum(each.events_first for each in sets)
    return LogRank(
        observed=(observed, events - observed),
        expected=(expected, events - expected),
        variance=variance,
        chi_square=float(test.statistic) ** 2,
        p=float(test.pvalue),
    )


def risk_sets(first: Sample, second: Sample) -> list[RiskSet]:
    """The risk set at each time of event of either sample. Raises BadInput for an empty sample."""
    not_empty(first, "first sample")
    not_empty(second, "second sample")
    both = [*first, *second]
    return [
        RiskSet(
            time=time,
            at_risk=sum(each.time >= time for each in both),
            at_risk_second=sum(each.time >= time for each in second),
            events=sum(each.event and each.time == time for each in both),
            events_second=sum(each.event and each.time == time for each in second),
        )
        for time in sorted({each.time for each in both if each.event})
    ]


def _variance(each: RiskSet) -> float:
    # One subject at risk can only be the one who has the event: it adds no variance.
    if each.at_risk == 1:
        return 0.0
    share = each.at_risk_second * each.at_risk_first / each.at_risk**2
    return share * each.events * (each.at_risk - each.events) / (each.at_risk - 1)
