"""All tumor assessments of one subject in order: sums, nadir, the response at each time point, its date."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from trials.clinical.recist.best_response import ResponseHistory, response_history
from trials.clinical.recist.counting import Assessment, Rules, read_after_complete_response
from trials.clinical.recist.finding import Finding
from trials.clinical.recist.identity import Identities, identities
from trials.clinical.recist.lesion import Lesion, Measurements, Role
from trials.clinical.recist.measurability import target_findings
from trials.clinical.recist.new_lesion import NewLesions, new_lesions
from trials.clinical.recist.non_target_response import (
    Markers,
    NonTargetResponse,
    NonTargetState,
    non_target_response,
)
from trials.clinical.recist.overall_response import NewLesion, OverallResponse, overall_response
from trials.clinical.recist.response import Response
from trials.clinical.recist.sum_of_diameters import TOO_SMALL_MM, Sum, sum_of_diameters
from trials.clinical.recist.target_response import Nadir, TargetResponse, target_response

BASELINE = "baseline"
BETWEEN = "between assessments"


class ProgressionDate(StrEnum):
    """Which scan of an assessment dates a progression that rests on it as a whole."""

    LAST_SCAN = "LAST_SCAN"
    FIRST_SCAN = "FIRST_SCAN"


@dataclass(frozen=True)
class Scans:
    """What one assessment holds. `label` names it in words ("week 6"); its scans are of one or more days.

    Raises ValueError when the last scan lies before the first.
    """

    label: str
    first_on: date
    last_on: date
    measurements: Measurements = field(default_factory=dict)
    non_targets: Mapping[str, NonTargetState | None] = field(default_factory=dict)
    new_lesions: NewLesion | None = None
    markers: Markers = Markers.NOT_FOLLOWED

    def __post_init__(self) -> None:
        if self.last_on < self.first_on:
            raise ValueError("last_on must not lie before first_on")


@dataclass(frozen=True)
class Settings:
    """What the protocol fixes about the reading of scans, and about the best response."""

    too_small_mm: Decimal = TOO_SMALL_MM
    progression_date: ProgressionDate = ProgressionDate.LAST_SCAN
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True)
class TimePoint:
    """The response at one assessment. `on` dates it; `nadir` is the smallest sum before it.

    `new_lesion_on`: the scan that first showed a new lesion not known at an earlier assessment. `grew`: it
    is progression of the assessment as a whole, by lesions known before or a new one without a date.
    `after_progression`: an earlier time point has progressed, so this one no longer counts.
    """

    label: str
    first_on: date
    last_on: date
    on: date
    sum: Sum
    nadir: Nadir | None
    target: TargetResponse
    non_target: NonTargetResponse
    new_lesions: NewLesions
    overall: OverallResponse
    new_lesion_on: date | None
    grew: bool
    after_progression: bool
    remarks: tuple[str, ...]

    @property
    def words(self) -> str:
        """Why the overall response is what it is, in words."""
        parts = (self.overall.words, self.target.words, self.non_target.words, self.new_lesions.words)
        return ". ".join((*parts, *self.remarks))


@dataclass(frozen=True)
class Course:
    """The time points after baseline in order, what is remarked on, and what follows from the responses."""

    baseline: Scans | None
    baseline_sum: Sum | None
    time_points: tuple[TimePoint, ...]
    findings: tuple[Finding, ...]
    history: ResponseHistory


def course(
    lesions: Iterable[Lesion],
    baseline: Scans | None,
    assessments: Iterable[Scans],
    settings: Settings,
    *,
    reference: date | None,
    new_therapy_on: date | None = None,
    not_done: Iterable[Assessment] = (),
) -> Course:
    """The course of one subject, whatever the order of lesions and assessments.

    `reference` and `new_therapy_on` as in `response_history`; `not_done`: assessments that did not take
    place. Without a baseline every target response is NE. A new lesion that is dated after the last
    assessment is a time point of its own.

    >>> from trials.clinical.recist.lesion import Measurement
    >>> t1 = Lesion("T1", Role.TARGET, node=False)
    >>> start, then = date(2021, 3, 1), date(2021, 4, 12)
    >>> found = course([t1], Scans("baseline", start, start, {"T1": Measurement(Decimal(60))}),
    ...                [Scans("week 6", then, then, {"T1": Measurement(Decimal(42))},
    ...                       new_lesions=NewLesion.NO)],
    ...                Settings(), reference=start)
    >>> found.time_points[0].target.words
    'PR: sum 42 mm is 30 % below the baseline of 60 mm'
    """
    known = _Known.of(lesions, baseline, settings)
    ordered = sorted(assessments, key=lambda each: (each.last_on, each.first_on, each.label))
    points = _read_in_order(_time_points(known, [*ordered, *_after_the_last(known, ordered)]), settings)
    history = response_history(
        [*(Assessment(each.on, each.overall.response, each.label) for each in points), *not_done],
        settings.rules,
        reference=reference,
        new_therapy_on=new_therapy_on,
    )
    findings = (*known.targets.findings, *known.non_targets.findings, *_choice(known))
    return Course(baseline, known.baseline_sum, points, findings, history)


@dataclass(frozen=True)
class _Known:
    """What is the same at every assessment."""

    lesions: tuple[Lesion, ...]
    baseline: Scans | None
    settings: Settings
    targets: Identities
    non_targets: Identities
    baseline_sum: Sum | None

    @classmethod
    def of(cls, lesions: Iterable[Lesion], baseline: Scans | None, settings: Settings) -> "_Known":
        known = tuple(lesions)
        on = baseline.last_on if baseline else None
        measurements, states = (baseline.measurements, baseline.non_targets) if baseline else ({}, {})
        targets = identities(known, Role.TARGET, baseline_on=on, seen_at_baseline=measurements)
        non_targets = identities(known, Role.NON_TARGET, baseline_on=on, seen_at_baseline=states)
        found = baseline and sum_of_diameters(
            targets, measurements, on=on, too_small_mm=settings.too_small_mm
        )
        return cls(known, baseline, settings, targets, non_targets, found or None)

    @property
    def baseline_on(self) -> date | None:
        return self.baseline.last_on if self.baseline else None

    @property
    def baseline_mm(self) -> Decimal | None:
        return self.baseline_sum.mm if self.baseline_sum else None


def _time_points(known: _Known, ordered: Sequence[Scans]) -> list[TimePoint]:
    nadir = None if known.baseline_mm is None else Nadir(known.baseline_mm, BASELINE)
    announced: set[str] = set()
    points = []
    for scans in ordered:
        point = _time_point(known, scans, nadir, announced)
        announced |= {each.label for each in point.new_lesions.lesions}
        # A sum without all its lesions never becomes a nadir.
        if nadir is not None and point.sum.mm is not None and point.sum.mm < nadir.mm:
            nadir = Nadir(point.sum.mm, scans.label)
        points.append(point)
    return points


def _time_point(known: _Known, scans: Scans, nadir: Nadir | None, announced: set[str]) -> TimePoint:
    now = sum_of_diameters(
        known.targets, scans.measurements, on=scans.last_on, too_small_mm=known.settings.too_small_mm
    )
    target = target_response(now, baseline_mm=known.baseline_mm, nadir=nadir)
    followed = _followed(known.non_targets, scans.last_on)
    non_target = non_target_response(followed, scans.non_targets, scans.markers)
    new = new_lesions(
        known.lesions, baseline_on=known.baseline_on, on=scans.last_on, answer=scans.new_lesions
    )
    overall = overall_response(target=target.response, non_target=non_target.response, new_lesion=new.answer)
    unknown_before = [each for each in new.lesions if each.label not in announced]
    new_lesion_on = min((each.identified_on for each in unknown_before if each.identified_on), default=None)
    grew = overall.response is Response.PD and (
        Response.PD in (target.response, non_target.response) or new_lesion_on is None
    )
    day = _day(overall.response, scans, known.settings)
    if new_lesion_on is not None:
        day = min(day, new_lesion_on) if grew else new_lesion_on
    return TimePoint(
        label=scans.label,
        first_on=scans.first_on,
        last_on=scans.last_on,
        on=day,
        sum=now,
        nadir=nadir,
        target=target,
        non_target=non_target,
        new_lesions=new,
        overall=overall,
        new_lesion_on=new_lesion_on,
        grew=grew,
        after_progression=False,
        remarks=(*now.remarks, *_changed_methods(known, scans)),
    )


def _day(response: Response, scans: Scans, settings: Settings) -> date:
    """A response stands when the last scan has been seen; progression may be dated by the first."""
    early = response is Response.PD and settings.progression_date is ProgressionDate.FIRST_SCAN
    return scans.first_on if early else scans.last_on


def _followed(non_targets: Identities, on: date) -> list[str]:
    """The labels of the non-target lesions that need a state: parts for what split, none for what merged."""
    followed = []
    for lesion in non_targets.chosen:
        parts = non_targets.parts_of(lesion.label, on)
        followed += [part.label for part in parts] or [lesion.label]
    merged = {each.label for each in non_targets.by_label.values() if non_targets.has_merged(each, on)}
    hosts = {each.merged_into for each in non_targets.by_label.values() if each.label in merged}
    arisen = {each.label for each in non_targets.arisen if each.label in hosts}
    return sorted((set(followed) | arisen) - merged)


def _after_the_last(known: _Known, ordered: Sequence[Scans]) -> Iterable[Scans]:
    last = max((each.last_on for each in ordered), default=known.baseline_on or date.min)
    found = new_lesions(known.lesions, baseline_on=known.baseline_on, on=date.max, answer=None)
    days = [each.identified_on for each in found.lesions if each.identified_on]
    if later := min((day for day in days if day > last), default=None):
        yield Scans(BETWEEN, later, later)


def _read_in_order(points: Sequence[TimePoint], settings: Settings) -> tuple[TimePoint, ...]:
    """Disease seen again after a complete response is progression; after progression nothing counts."""
    as_read = [Assessment(each.last_on, each.overall.response, each.label) for each in points]
    read_again, reasons = read_after_complete_response(as_read, settings.rules)
    result: list[TimePoint] = []
    progressed = False
    for point, again, reason in zip(points, read_again, reasons, strict=True):
        if again.response is Response.PD and point.overall.response is not Response.PD:
            point = _seen_again(point, settings, reason)
        result.append(replace(point, after_progression=progressed))
        progressed = progressed or point.overall.response is Response.PD
    return tuple(result)


def _seen_again(point: TimePoint, settings: Settings, reason: str) -> TimePoint:
    early = settings.progression_date is ProgressionDate.FIRST_SCAN
    overall = OverallResponse(Response.PD, f"PD: {reason}")
    return replace(point, overall=overall, grew=True, on=point.first_on if early else point.last_on)


def _choice(known: _Known) -> tuple[Finding, ...]:
    """What is wrong with the choice of lesions, by their measurement at baseline."""
    if known.baseline is None:
        return (Finding("no_baseline", (), "there is no assessment at baseline"),)
    measurements = known.baseline.measurements
    measured = [
        replace(each, diameter_mm=measurements[each.label].diameter_mm)
        if each.label in measurements
        else each
        for each in (*known.targets.chosen, *known.non_targets.chosen)
    ]
    return target_findings(measured)


def _changed_methods(known: _Known, scans: Scans) -> Iterable[str]:
    before = known.baseline.measurements if known.baseline else {}
    for label in sorted(scans.measurements.keys() & before.keys()):
        first, now = before[label].method, scans.measurements[label].method
        if first and now and first is not now:
            yield f"{label} was assessed by {now.value.lower()}, at baseline by {first.value.lower()}"
