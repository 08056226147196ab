"""Times to event by arm: curves, medians, landmarks, comparisons; no Django."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ecrf.reports.choices import Choices, PartialEventDate
from ecrf.reports.rates import pairs
from ecrf.reports.statistics.cox import HazardRatio, hazard_ratio
from ecrf.reports.statistics.kaplan_meier import Curve, Quantile, SurvivalAt, Transformation, kaplan_meier
from ecrf.reports.statistics.kaplan_meier import follow_up as reverse_curve
from ecrf.reports.statistics.log_rank import LogRank, log_rank
from ecrf.reports.statistics.sample import BadInput, Observation, Sample
from trials.clinical.endpoints.result import Endpoint, Outcome, Time, TimeToEvent

LANDMARKS = (6, 12, 18, 24)  # months


@dataclass(frozen=True)
class ArmTimes:
    """The times of one arm, in months.

    `subjects` have a time: `events` of them the event. `undetermined` have none that is certain;
    `left_out` of these are not counted, the others with the time that the study's setting names.
    `not_applicable` have no such time at all. Without subjects there is no curve.
    """

    arm: str
    subjects: int
    events: int
    undetermined: int
    left_out: int
    not_applicable: int
    curve: Curve | None
    medians: Mapping[Transformation, Quantile]
    landmarks: tuple[SurvivalAt, ...]
    follow_up: Quantile | None

    @property
    def censored(self) -> int:
        return self.subjects - self.events


@dataclass(frozen=True)
class TimeComparison:
    """Two arms compared; where a statistic has no value, `why` says which and the reason.

    The hazard ratio is that of the second arm over the first.
    """

    first: str
    second: str
    log_rank: LogRank | None
    hazard: HazardRatio | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class TimeAnalysis:
    """One endpoint in every arm, and each two arms compared. `interval` is the study's choice."""

    endpoint: Endpoint
    interval: Transformation
    arms: tuple[ArmTimes, ...]
    comparisons: tuple[TimeComparison, ...]


def time_analysis(
    endpoint: Endpoint, results: Mapping[str, Sequence[TimeToEvent]], choices: Choices
) -> TimeAnalysis:
    """The analysis of one endpoint from each subject's time, by arm in the order given."""
    samples = {arm: _sample(each, choices.partial_event_date) for arm, each in results.items()}
    arms = tuple(_arm_times(arm, results[arm], samples[arm], choices) for arm in results)
    comparisons = tuple(_compared(one, two, samples[one], samples[two]) for one, two in pairs(list(results)))
    return TimeAnalysis(endpoint, choices.median_interval, arms, comparisons)


def counted_time(result: TimeToEvent, partial: PartialEventDate) -> Time | None:
    """The time with which a subject is counted; None where it is left out or has none."""
    if result.outcome is not Outcome.UNDETERMINED:
        return result.time
    open_times = {PartialEventDate.EARLIEST: result.earliest, PartialEventDate.LATEST: result.latest}
    return open_times.get(partial)


def _sample(results: Iterable[TimeToEvent], partial: PartialEventDate) -> list[Observation]:
    counted = (counted_time(each, partial) for each in results)
    return [Observation(float(time.months), time.is_event) for time in counted if time is not None]


def _arm_times(arm: str, results: Sequence[TimeToEvent], sample: Sample, choices: Choices) -> ArmTimes:
    outcomes = [each.outcome for each in results]
    not_applicable = outcomes.count(Outcome.NOT_APPLICABLE)
    curve = kaplan_meier(sample) if sample else None
    transformations = Transformation if curve else ()
    return ArmTimes(
        arm=arm,
        subjects=len(sample),
        events=sum(each.event for each in sample),
        undetermined=outcomes.count(Outcome.UNDETERMINED),
        left_out=len(results) - not_applicable - len(sample),
        not_applicable=not_applicable,
        curve=curve,
        medians={each: curve.median(each, choices.flat_stretch) for each in transformations if curve},
        landmarks=tuple(curve.at(month, choices.median_interval) for month in LANDMARKS) if curve else (),
        follow_up=reverse_curve(sample).median(choices.median_interval, choices.flat_stretch)
        if sample
        else None,
    )


def _compared(first: str, second: str, one: Sample, two: Sample) -> TimeComparison:
    why = []
    test = ratio = None
    try:
        test = log_rank(one, two)
    except BadInput as error:
        why.append(f"no log-rank test: {error}")
    try:
        ratio = hazard_ratio(one, two)
    except BadInput as error:
        why.append(f"no hazard ratio: {error}")
    return TimeComparison(first, second, test, ratio, tuple(why))
