import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test
from pandas import DataFrame
from scipy.stats import ecdf

from ecrf.reports.statistics.cox import hazard_ratio
from ecrf.reports.statistics.kaplan_meier import (
    FlatStretch,
    Transformation,
    censored_data,
    follow_up,
    kaplan_meier,
)
from ecrf.reports.statistics.log_rank import log_rank
from ecrf.reports.statistics.sample import BadInput, Observation
from tests.clinical.reference import rows
from tests.clinical.survival_vectors import number, sample_of

EIGHT_DECIMALS = 6e-9


def observations(pairs):
    return [Observation(time, event) for time, event in pairs]


def shown(value):
    return None if value is None or math.isnan(value) else value


@pytest.mark.parametrize("row", rows("km_curve_expected.csv"))
def test_a_step_of_the_curve_agrees_with_the_reference(row):
    curve = kaplan_meier(sample_of(row["dataset"], row["group"]))
    step = next(step for step in curve.steps if step.time == float(row["time"]))
    assert (step.at_risk, step.events) == (int(row["n_risk"]), int(row["n_event"]))
    log_log, log = step.limits[Transformation.LOG_LOG], step.limits[Transformation.LOG]
    found = [shown(value) for value in (step.survival, step.error, *log_log, *log)]
    names = ("survival", "greenwood_se", "lower_loglog", "upper_loglog", "lower_log", "upper_log")
    for value, name in zip(found, names, strict=True):
        expected = number(row[name])
        assert value is expected is None or value == pytest.approx(expected, abs=EIGHT_DECIMALS), name


@pytest.mark.parametrize("row", rows("km_quantiles_expected.csv"))
def test_a_quantile_and_its_interval_agree_with_the_reference(row):
    curve = kaplan_meier(sample_of(row["dataset"], row["group"]))
    assert (curve.subjects, curve.events) == (int(row["n"]), int(row["events"]))
    found = curve.quantile(float(row["prob"]), Transformation(row["conf_type"]))
    expected = [number(row[name]) for name in ("estimate", "lower", "upper")]
    assert [found.estimate, found.lower, found.upper] == expected


@pytest.mark.parametrize("row", rows("logrank_cox_expected.csv"))
def test_log_rank_and_hazard_ratio_agree_with_the_reference(row):
    one, two = (sample_of(row["dataset"], row[name]) for name in ("group1", "group2"))
    test = log_rank(one, two)
    assert test.observed == (int(row["obs1"]), int(row["obs2"]))
    assert test.expected == pytest.approx((float(row["exp1"]), float(row["exp2"])), rel=1e-8)
    assert test.variance == pytest.approx(float(row["var"]), rel=1e-8)
    assert test.chi_square == pytest.approx(float(row["logrank_chisq"]), rel=1e-8)
    assert test.p == pytest.approx(float(row["logrank_p"]), rel=1e-7)
    ratio = hazard_ratio(one, two)
    expected = [float(row[name]) for name in ("hr_g2_vs_g1_efron", "hr_lo", "hr_hi")]
    assert [ratio.ratio, ratio.lower, ratio.upper] == pytest.approx(expected, abs=6e-7)


def test_every_event_time_of_the_reference_is_a_step_and_no_other():
    for dataset, group in {(row["dataset"], row["group"]) for row in rows("km_curve_expected.csv")}:
        expected = [
            float(row["time"])
            for row in rows("km_curve_expected.csv")
            if (row["dataset"], row["group"]) == (dataset, group)
        ]
        steps = kaplan_meier(sample_of(dataset, group)).steps
        assert [step.time for step in steps if step.events] == expected


SEVEN = observations([(9, 1), (3, 0), (1, 1), (1, 0), (6, 1), (6, 1), (8, 0)])


def test_a_curve_that_is_flat_at_a_quantile_gives_the_middle_or_the_first_time_as_asked():
    curve = kaplan_meier(observations([(1, 1), (2, 1), (5, 1), (7, 1)]))
    assert curve.median().estimate == 3.5
    assert curve.median(flat=FlatStretch.FIRST).estimate == 2
    survival = {step.time: step.survival for step in kaplan_meier(SEVEN).steps}
    assert [survival[time] for time in (1, 6, 9)] == pytest.approx([6 / 7, 3 / 7, 0])


def test_a_last_flat_stretch_ends_at_the_last_observation():
    curve = kaplan_meier(observations([(2, 1), (4, 1), (10, 0), (12, 0)]))
    assert curve.median().estimate == 8
    assert curve.median(flat=FlatStretch.FIRST).estimate == 4


def test_a_product_that_is_one_half_only_but_for_rounding_counts_as_one_half():
    curve = kaplan_meier([Observation(time, True) for time in range(1, 21)] + [Observation(30, False)] * 0)
    mixed = kaplan_meier([Observation(time, True) for time in range(1, 20)] + [Observation(20, False)])
    assert curve.median().estimate == mixed.median().estimate == 10.5


def test_one_subject_with_the_event_has_a_median_and_no_limits():
    found = kaplan_meier(observations([(4, True)])).median()
    assert (found.estimate, found.lower, found.upper) == (4, None, None)


@pytest.mark.parametrize("transformation", Transformation)
def test_a_sample_without_events_reaches_no_quantile(transformation):
    curve = kaplan_meier(observations([(4, False), (9, False)]))
    found = curve.median(transformation)
    assert (found.estimate, found.lower, found.upper) == (None, None, None)
    assert curve.at(4).survival == 1
    assert curve.at(10).survival is None


def test_subjects_censored_at_the_time_of_an_event_are_at_risk_of_it():
    step = kaplan_meier(observations([(6, True), (6, False), (6, True), (8, False)])).steps[0]
    assert (step.at_risk, step.events, step.censored, step.survival) == (4, 2, 1, 0.5)


def test_the_numbers_at_risk_fall_with_time():
    curve = kaplan_meier(sample_of("freireich_6mp", "6-MP"))
    assert [curve.at_risk(time) for time in (0, 6, 10, 20, 35, 36)] == [21, 21, 15, 8, 1, 0]


def test_the_median_follow_up_takes_events_as_censored():
    sample = observations([(2, True), (5, False), (7, True), (9, False), (11, False)])
    assert follow_up(sample).median().estimate == 9
    assert follow_up(observations([(5, True), (5, True)])).median().estimate is None


@pytest.mark.parametrize(
    ("time", "event", "field"),
    [
        (-1, True, "time"),
        (math.nan, True, "time"),
        (math.inf, False, "time"),
        ("3", True, "time"),
        (None, True, "time"),
        (3, None, "event"),
        (3, 2, "event"),
        (3, "yes", "event"),
    ],
)
def test_what_is_no_observation_is_refused_by_name(time, event, field):
    with pytest.raises(BadInput) as refusal:
        Observation(time, event)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (lambda: kaplan_meier([]), "sample"),
        (lambda: kaplan_meier(SEVEN, level=1.5), "level"),
        (lambda: kaplan_meier(SEVEN).quantile(1), "share"),
        (lambda: log_rank([], SEVEN), "first sample"),
        (lambda: log_rank(SEVEN, []), "second sample"),
        (lambda: log_rank(observations([(1, 0)]), observations([(2, 0)])), "samples"),
        (lambda: log_rank(observations([(1, 0)]), observations([(2, 1)])), "samples"),
        (lambda: hazard_ratio(observations([(1, 0), (5, 0)]), observations([(2, 1)])), "first sample"),
        (lambda: hazard_ratio(observations([(1, 1), (5, 1)]), observations([(7, 0)])), "second sample"),
    ],
)
def test_a_question_without_an_answer_is_refused_by_name(ask, field):
    with pytest.raises(BadInput) as refusal:
        ask()
    assert refusal.value.field == field


times = st.integers(0, 12)
samples = st.lists(st.builds(Observation, times, st.booleans()), min_size=1, max_size=25)


def frame(first, second):
    return DataFrame(
        [
            {"time": each.time, "event": each.event, "group": group}
            for group, sample in enumerate((first, second))
            for each in sample
        ]
    )


@settings(deadline=None)
@given(samples)
def test_the_curve_agrees_with_a_second_library(sample):
    curve = kaplan_meier(sample)
    other = KaplanMeierFitter().fit([each.time for each in sample], [each.event for each in sample])
    for step in curve.steps:
        assert step.survival == pytest.approx(float(other.predict(step.time)), abs=1e-9)
    if not any(step.survival == pytest.approx(0.5) for step in curve.steps):  # there it rounds otherwise
        median = curve.median(flat=FlatStretch.FIRST).estimate
        assert (math.inf if median is None else median) == other.median_survival_time_


@settings(deadline=None)
@given(samples)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_limits_agree_with_scipy_where_it_has_them(sample):
    steps = kaplan_meier(sample).steps
    theirs = ecdf(censored_data(sample)).sf
    for transformation, name in ((Transformation.LOG_LOG, "log-log"), (Transformation.PLAIN, "linear")):
        interval = theirs.confidence_interval(method=name)
        lower = [step.limits[transformation][0] for step in steps]
        upper = [step.limits[transformation][1] for step in steps]
        assert lower == pytest.approx(list(interval.low.probabilities), nan_ok=True, abs=1e-9)
        assert upper == pytest.approx(list(interval.high.probabilities), nan_ok=True, abs=1e-9)


@settings(deadline=None)
@given(samples, samples)
def test_the_log_rank_test_agrees_with_a_second_library(first, second):
    try:
        found = log_rank(first, second)
    except BadInput:
        return
    data = frame(first, second)
    one, two = data[data.group == 0], data[data.group == 1]
    other = logrank_test(one.time, two.time, one.event, two.event)
    assert found.chi_square == pytest.approx(other.test_statistic, abs=1e-7)
    assert found.p == pytest.approx(other.p_value, abs=1e-7)
    difference = found.observed[0] - found.expected[0]
    assert difference**2 / found.variance == pytest.approx(found.chi_square, abs=1e-7)


@pytest.mark.parametrize("dataset", ["aml", "freireich_6mp"])
def test_the_hazard_ratio_agrees_with_a_second_library(dataset):
    row = next(row for row in rows("logrank_cox_expected.csv") if row["dataset"] == dataset)
    first, second = (sample_of(dataset, row[name]) for name in ("group1", "group2"))
    other = CoxPHFitter().fit(frame(first, second), "time", "event")
    found = hazard_ratio(first, second)
    assert found.log_ratio == pytest.approx(float(other.params_["group"]), abs=1e-5)
    assert found.error == pytest.approx(float(other.standard_errors_["group"]), abs=1e-5)
    assert found.p == pytest.approx(float(other.summary["p"]["group"]), rel=1e-3)


@settings(deadline=None)
@given(samples, samples)
def test_the_samples_changed_round_give_the_inverse_hazard_ratio(first, second):
    try:
        there = hazard_ratio(first, second)
    except BadInput:
        with pytest.raises(BadInput):
            hazard_ratio(second, first)
        return
    back = hazard_ratio(second, first)
    assert there.log_ratio == pytest.approx(-back.log_ratio, abs=1e-8)
    assert there.error == pytest.approx(back.error, rel=1e-6)
    assert there.lower <= there.ratio <= there.upper
