"""The plot of the lives, before any form is entered: it must lead to what the trial published.

Survival is computed here by SciPy and lifelines, not by the project's own reports, which are tested from the
entered forms.
"""

import warnings
from collections import Counter
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import yaml
from django.conf import settings
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy.stats import CensoredData, ecdf

from ecrf.demo.course import Course, draw_course
from ecrf.demo.lesions import draw_tumor
from ecrf.demo.outcomes import OUTCOMES, End, Look, Outcome, Seen, _read
from ecrf.demo.plans import Fate, Plan, draw_plans
from ecrf.demo.scans import EVERY_DAYS, WINDOW_DAYS
from ecrf.demo.sizes import draw_sizes
from ecrf.demo.world import CUT_OFF

MONTH = 30.4375
RANDOMIZED = [plan for plan in draw_plans() if plan.fate is Fate.RANDOMIZED]
COURSES = {plan.number: draw_course(plan) for plan in RANDOMIZED}
ADEQUATE = {Seen.STABLE, Seen.PARTIAL, Seen.COMPLETE, Seen.RESECTED}


def published(arm: str, measure: str) -> dict[str, Any]:
    """What the trial published: the data of the demonstration, from their file."""
    path = settings.BASE_DIR / "fixtures" / "demo_published.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["arms"][arm][measure]


def of_arm(arm: str) -> list[Plan]:
    return [plan for plan in RANDOMIZED if plan.arm == arm]


def months(plan: Plan, day: date) -> float:
    """Months from randomization, both days counted."""
    return ((day - plan.start).days + 1) / MONTH


def survival(plan: Plan) -> tuple[float, bool]:
    course = COURSES[plan.number]
    if course.died:
        return months(plan, course.died), True
    return months(plan, course.last_contact or CUT_OFF - timedelta(days=14)), False


def progression_free(plan: Plan) -> tuple[float, bool]:
    """Time and event by the rules of the FDA's guidance; a resection changes nothing."""
    course = COURSES[plan.number]
    adequate = [plan.start, *_adequate(course)]
    event = course.progressed.day if course.progressed else course.died
    if course.new_therapy and (event is None or course.new_therapy < event):
        return months(plan, max(day for day in adequate if day <= course.new_therapy)), False
    if event is None:
        return months(plan, adequate[-1]), False
    return (months(plan, _before_a_gap(course)), False) if _has_gap(course) else (months(plan, event), True)


def _adequate(course: Course) -> list[date]:
    return [scan.day for scan in course.scans if scan.seen in ADEQUATE]


def _has_gap(course: Course) -> bool:
    marks = [scan.seen for scan in course.scans]
    return (Seen.MISSED, Seen.MISSED) in set(zip(marks, marks[1:], strict=False))


def _before_a_gap(course: Course) -> date:
    marks = [scan.seen for scan in course.scans]
    gap = marks.index(Seen.MISSED)
    return course.scans[gap - 1].day


def with_both(times: list[tuple[float, bool]]) -> tuple[list[float], list[float]]:
    """Median and limits by lifelines and by SciPy."""
    lengths, events = [time for time, _ in times], [event for _, event in times]
    fitted = KaplanMeierFitter().fit(lengths, events)
    limits = median_survival_times(fitted.confidence_interval_).iloc[0]
    sample = CensoredData(
        uncensored=[time for time, event in times if event],
        right=[time for time, event in times if not event],
    )
    curve = ecdf(sample).sf
    with warnings.catch_warnings():
        # The band is not defined where the curve is 1 or 0; there it is the curve itself.
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.confidence_interval(method="log-log")
    crossed = [
        _first_at_half(curve.quantiles, np.where(np.isnan(each), curve.probabilities, each))
        for each in (curve.probabilities, band.low.probabilities, band.high.probabilities)
    ]
    return [fitted.median_survival_time_, *limits], crossed


def _first_at_half(times: np.ndarray, curve: np.ndarray) -> float:
    return float(times[np.nonzero(curve <= 0.5)[0][0]])


@pytest.mark.parametrize("arm", ["A", "B"])
@pytest.mark.parametrize(
    ("measure", "time_of"), [("overall_survival", survival), ("progression_free_survival", progression_free)]
)
def test_medians_and_their_intervals_are_those_published_to_a_tenth_of_a_month(
    arm: str, measure: str, time_of: Any
) -> None:
    for found in with_both([time_of(plan) for plan in of_arm(arm)]):
        told = published(arm, measure)
        assert [f"{value:.1f}" for value in found] == [told["median"], *told["interval"]]


@pytest.mark.parametrize("arm", ["A", "B"])
def test_as_many_respond_as_published_each_confirmed_four_weeks_later(arm: str) -> None:
    responders = [plan for plan in of_arm(arm) if plan.outcome.response]
    assert len(responders) == published(arm, "response")["responders"]
    for plan in responders:
        days = [scan.day for scan in COURSES[plan.number].scans if scan.seen in (Seen.PARTIAL, Seen.COMPLETE)]
        assert (days[1] - days[0]).days >= 28


@pytest.mark.parametrize("arm", ["A", "B"])
def test_as_many_are_resected_after_a_response_as_published(arm: str) -> None:
    resected = [plan for plan in of_arm(arm) if plan.outcome.resected]
    assert len(resected) == published(arm, "surgery")["subjects"]
    assert all(plan.outcome.response for plan in resected)


@pytest.mark.parametrize("plan", RANDOMIZED, ids=lambda plan: str(plan.number))
def test_scans_lie_in_their_windows_and_in_the_order_of_time(plan: Plan) -> None:
    course = COURSES[plan.number]
    for scan in course.scans:
        if scan.number is not None and scan.on is not None:
            assert abs((scan.on - plan.after(EVERY_DAYS * scan.number)).days) <= WINDOW_DAYS
    days = [scan.on for scan in course.scans if scan.on]
    assert days == sorted(set(days))
    assert all(day < CUT_OFF for day in days)
    end = course.died or course.last_contact
    assert end is None or all(day <= end for day in days)


def test_scans_are_early_and_late_as_often_and_no_median_is_one_of_them() -> None:
    late = [
        (scan.on - plan.after(EVERY_DAYS * scan.number)).days
        for plan in RANDOMIZED
        for scan in COURSES[plan.number].scans
        if scan.number and scan.on
    ]
    assert len(late) > 300
    assert abs(sum(late) / len(late)) < 1
    for arm in ("A", "B"):
        told = published(arm, "progression_free_survival")
        deciding = [
            plan
            for plan in of_arm(arm)
            if f"{progression_free(plan)[0]:.1f}" == told["median"] and progression_free(plan)[1]
        ]
        seen = [COURSES[plan.number].progressed for plan in deciding]
        assert all(scan is None or scan.number is None for scan in seen)


@pytest.mark.parametrize("plan", RANDOMIZED, ids=lambda plan: str(plan.number))
def test_sums_of_diameters_show_what_each_look_is_said_to_show(plan: Plan) -> None:
    course, tumor = COURSES[plan.number], draw_tumor(plan)
    smallest = tumor.baseline
    for scan, sizes in zip(course.scans, draw_sizes(tumor, course.scans, plan.draws("sizes")), strict=True):
        if not sizes or any(size.mm is None for size in sizes):
            assert scan.seen in (Seen.MISSED, Seen.NOT_EVALUABLE, Seen.RESECTED) or plan.outcome.resected
            continue
        total = sum(size.mm or 0 for size in sizes)
        grown = total >= 1.2 * smallest and total >= smallest + 5
        smallest = min(smallest, total)
        assert grown == (scan.seen in (Seen.GROWTH, Seen.BEYOND)), scan
        if scan.seen in (Seen.STABLE, Seen.PARTIAL):
            assert (10 * total <= 7 * tumor.baseline) == (scan.seen is Seen.PARTIAL), scan


def test_target_lesions_are_five_at_most_two_in_an_organ_and_measurable() -> None:
    for plan in RANDOMIZED:
        targets = draw_tumor(plan).targets
        assert 1 <= len(targets) <= 5
        assert max(Counter(lesion.organ for lesion in targets).values()) <= 2
        assert all((lesion.size or 0) >= (15 if lesion.is_node else 10) for lesion in targets)


def test_the_lives_show_what_a_trial_meets() -> None:
    looks = [look.seen for outcome in OUTCOMES.values() for look in outcome.looks]
    assert set(looks) == set(Seen)
    assert {outcome.end for outcome in OUTCOMES.values()} == set(End)
    assert 1 <= sum(outcome.new_therapy is not None for outcome in OUTCOMES.values()) <= 3


def test_nobody_dies_or_is_heard_of_after_the_study() -> None:
    for plan in RANDOMIZED:
        course = COURSES[plan.number]
        ends = [day for day in (course.died, course.last_contact, course.resected) if day]
        assert all(day < CUT_OFF for day in ends)
        assert plan.start < course.treated_until <= (course.died or course.last_contact or CUT_OFF)


def test_a_mark_that_the_table_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="no mark of a look"):
        dict(_read("1  S ?*3                +90  PD"))
    with pytest.raises(ValueError, match="cannot be read"):
        dict(_read("one S PD"))


def test_a_repeated_mark_is_as_many_scheduled_looks() -> None:
    ((number, outcome),) = _read("7  S*2 Dn@110      +282  PD")
    assert (number, outcome) == (
        7,
        Outcome(
            (Look(Seen.STABLE, 1), Look(Seen.STABLE, 2), Look(Seen.NEW_LESION, None, 110)),
            None, None, End.DIED, 282, outcome.stop, None,
        ),
    )  # fmt: skip
