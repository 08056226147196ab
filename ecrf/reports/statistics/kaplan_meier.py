"""The product-limit estimate of survival (Kaplan and Meier, J Am Stat Assoc 1958;53:457-481)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import ndtri
from scipy.stats import CensoredData, ecdf

from ecrf.reports.statistics.sample import BadInput, Observation, Sample, confidence, finite, not_empty

LEVEL = 0.95
TOLERANCE = 1.5e-8  # of survival: 10/20 computed as a product of twenty factors is not exactly one half


class Transformation(StrEnum):
    """On which scale the limits of survival lie symmetrically about the estimate."""

    LOG_LOG = "log-log"
    LOG = "log"
    PLAIN = "plain"


class FlatStretch(StrEnum):
    """What a quantile is where the curve is flat at just that height."""

    MIDPOINT = "MIDPOINT"
    FIRST = "FIRST"


Limits = tuple[float, float]
NONE: Limits = (math.nan, math.nan)


@dataclass(frozen=True)
class Step:
    """The curve from one time to the next: numbers at that time, survival just after it.

    `error` is Greenwood's standard error of survival; NaN once nobody is left, as are the limits.
    """

    time: float
    at_risk: int
    events: int
    censored: int
    survival: float
    error: float
    limits: Mapping[Transformation, Limits]


@dataclass(frozen=True)
class Quantile:
    """A time by which a share of the subjects has had the event; None: not reached."""

    estimate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class SurvivalAt:
    """Survival at a time, with its limits; `survival` is None beyond the last observation."""

    time: float
    at_risk: int
    survival: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve: one step for each time at which a subject had the event or was censored."""

    steps: tuple[Step, ...]
    subjects: int
    events: int

    def quantile(
        self,
        share: float,
        transformation: Transformation = Transformation.LOG_LOG,
        flat: FlatStretch = FlatStretch.MIDPOINT,
    ) -> Quantile:
        """The time by which `share` of the subjects has had the event, with its interval.

        The limits are the times at which the limits of survival reach the same height (Brookmeyer and
        Crowley, Biometrics 1982;38:29-41). Where the curve is flat at just that height, MIDPOINT takes
        the middle between both ends of the stretch (as R and SAS do; the last stretch ends at the last
        observation), FIRST its beginning. Raises BadInput for a share that is not between 0 and 1.

        Our own: SciPy has no quantiles of a curve with censored times.
        """
        if not 0 < finite(share, "share") < 1:
            raise BadInput("share", "must lie between 0 and 1")
        heights = [[step.limits[transformation][side] for step in self.steps] for side in (0, 1)]
        return Quantile(
            self._reached(1 - share, [step.survival for step in self.steps], flat),
            *(self._reached(1 - share, limit, flat) for limit in heights),
        )

    def median(
        self,
        transformation: Transformation = Transformation.LOG_LOG,
        flat: FlatStretch = FlatStretch.MIDPOINT,
    ) -> Quantile:
        """The time at which survival falls to one half, with its interval.

        >>> curve = kaplan_meier([Observation(time, True) for time in (1, 2, 3, 4)])
        >>> curve.median().estimate, curve.median(flat=FlatStretch.FIRST).estimate
        (2.5, 2.0)
        """
        return self.quantile(0.5, transformation, flat)

    def at(self, time: float, transformation: Transformation = Transformation.LOG_LOG) -> SurvivalAt:
        """Survival at a time; None where nobody was observed so long and some had not had the event.

        >>> curve = kaplan_meier([Observation(2, True), Observation(5, False)])
        >>> curve.at(3).survival, curve.at(6).survival
        (0.5, None)
        """
        asked = finite(time, "time")
        at_risk = self.at_risk(asked)
        before = [step for step in self.steps if step.time <= asked]
        if not before:
            return SurvivalAt(asked, at_risk, 1.0, None, None)
        if asked > self.steps[-1].time and self.steps[-1].survival > 0:
            return SurvivalAt(asked, at_risk, None, None, None)
        lower, upper = (None if math.isnan(each) else each for each in before[-1].limits[transformation])
        return SurvivalAt(asked, at_risk, before[-1].survival, lower, upper)

    def at_risk(self, time: float) -> int:
        """How many subjects were still under observation just before a time.

        >>> kaplan_meier([Observation(2, True), Observation(5, False)]).at_risk(5)
        1
        """
        return next((step.at_risk for step in self.steps if step.time >= time), 0)

    def _reached(self, height: float, curve: Sequence[float], flat: FlatStretch) -> float | None:
        """The time at which a curve, or a limit of it, falls to a height."""
        points = _changes([step.time for step in self.steps], curve)
        touching = [point for point in points if point[0] <= height + TOLERANCE]
        if not touching:
            return None
        # A limit may rise again late, where few are left: the highest value below counts, as in R.
        first_height, first = max(touching, key=lambda point: point[0])
        if flat is FlatStretch.FIRST or first_height < height - TOLERANCE:
            return first
        below = [point for point in points if point[0] < height - TOLERANCE]
        if not below:  # the curve ends at this height
            return None if math.isnan(curve[-1]) else (first + self.steps[-1].time) / 2
        return (first + max(below, key=lambda point: point[0])[1]) / 2


def _changes(times: Sequence[float], curve: Sequence[float]) -> list[tuple[float, float]]:
    """Height and time of each value that the curve has not had before; undefined values are left out."""
    first: dict[float, float] = {}
    for time, height in zip(times, curve, strict=True):
        if not math.isnan(height):
            first.setdefault(height, time)
    return list(first.items())


def kaplan_meier(sample: Sample, level: float = LEVEL) -> Curve:
    """The curve of a sample with Greenwood's error and limits of each transformation.

    Survival is SciPy's. Numbers at risk, errors and limits are our own: SciPy shows neither of the first
    two, and knows the log-log and the plain limits but not those on the scale of the logarithm.

    >>> curve = kaplan_meier([Observation(6, True), Observation(6, False), Observation(9, True)])
    >>> [(step.time, step.at_risk, step.events, round(step.survival, 4)) for step in curve.steps]
    [(6.0, 3, 1, 0.6667), (9.0, 1, 1, 0.0)]
    """
    not_empty(sample, "sample")
    z = float(ndtri((1 + confidence(level)) / 2))
    times = sorted({each.time for each in sample})
    survival = ecdf(censored_data(sample)).sf.evaluate(times)
    steps = []
    greenwood = 0.0
    for time, value in zip(times, survival, strict=True):
        at_risk = sum(each.time >= time for each in sample)
        here = [each.event for each in sample if each.time == time]
        events = sum(here)
        greenwood += events / (at_risk * (at_risk - events)) if events < at_risk else math.nan
        # Once nobody is left the sum is undefined, and so are error and limits.
        height = 0.0 if math.isnan(greenwood) else float(value)
        spread = math.sqrt(greenwood)
        limits = {each: _LIMITS[each](height, z * spread) for each in Transformation}
        steps.append(Step(time, at_risk, events, len(here) - events, height, height * spread, limits))
    return Curve(tuple(steps), len(sample), sum(each.event for each in sample))


def follow_up(sample: Sample) -> Curve:
    """The curve of the time under observation: events and censored times change places (reverse
    Kaplan-Meier; Schemper and Smith, Control Clin Trials 1996;17:343-346). Its median is the median
    follow-up.

    >>> follow_up([Observation(3, True), Observation(8, False), Observation(9, False)]).median().estimate
    8.5
    """
    return kaplan_meier([Observation(each.time, not each.event) for each in sample])


def censored_data(sample: Sample) -> CensoredData:
    """The sample as SciPy takes it."""
    return CensoredData(
        uncensored=[each.time for each in sample if each.event],
        right=[each.time for each in sample if not each.event],
    )


def _plain(survival: float, spread: float) -> Limits:
    if math.isnan(spread):
        return NONE
    return max(survival - survival * spread, 0.0), min(survival + survival * spread, 1.0)


def _log(survival: float, spread: float) -> Limits:
    if math.isnan(spread):
        return NONE
    return survival * math.exp(-spread), min(survival * math.exp(spread), 1.0)


def _log_log(survival: float, spread: float) -> Limits:
    if math.isnan(spread) or survival >= 1:
        return NONE
    power = spread / math.log(survival)  # negative: the first limit is the lower one
    return survival ** math.exp(-power), survival ** math.exp(power)


_LIMITS: dict[Transformation, Callable[[float, float], Limits]] = {
    Transformation.LOG_LOG: _log_log,
    Transformation.LOG: _log,
    Transformation.PLAIN: _plain,
}
