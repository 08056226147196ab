import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecrf.reports.statistics.proportions import (
    Share,
    chi_square,
    clopper_pearson,
    fisher,
    newcombe_difference,
    wald_difference,
    wilson,
)
from ecrf.reports.statistics.sample import BadInput
from tests.clinical.reference import rows

LAST_DIGIT = 6e-9  # the reference is printed with eight decimals


def share(row, suffix=""):
    return Share(int(row[f"x{suffix}"]), int(row[f"n{suffix}"]))


@pytest.mark.parametrize("row", rows("binomial_ci_expected.csv"))
def test_the_intervals_of_a_proportion_agree_with_the_reference(row):
    of = share(row)
    exact, score = clopper_pearson(of), wilson(of)
    found = (of.estimate, exact.lower, exact.upper, score.lower, score.upper)
    names = ("p", "cp_lower", "cp_upper", "wilson_lower", "wilson_upper")
    assert found == pytest.approx([float(row[name]) for name in names], abs=6e-11)


@pytest.mark.parametrize("row", rows("newcombe_difference_expected.csv"))
def test_the_difference_of_two_proportions_agrees_with_the_reference(row):
    one, two = share(row, "1"), share(row, "2")
    newcombe, wald = newcombe_difference(one, two), wald_difference(one, two)
    found = (one.estimate - two.estimate, newcombe.lower, newcombe.upper, wald.lower, wald.upper)
    names = ("diff", "newcombe_lower", "newcombe_upper", "wald_lower", "wald_upper")
    assert found == pytest.approx([float(row[name]) for name in names], abs=LAST_DIGIT)


@pytest.mark.parametrize("row", rows("newcombe_difference_expected.csv"))
def test_the_tests_of_two_proportions_agree_with_the_reference(row):
    one, two = share(row, "1"), share(row, "2")
    assert fisher(one, two) == pytest.approx(float(row["fisher_p"]), rel=1e-7)
    if row["chisq_p_uncorrected"] == "NA":
        assert chi_square(one, two) is None
    else:
        assert chi_square(one, two) == pytest.approx(float(row["chisq_p_uncorrected"]), rel=1e-7)


@pytest.mark.parametrize(
    ("of", "lower", "upper"),
    [
        (Share(10, 31), 0.16682, 0.51373),
        (Share(12, 30), 0.22656, 0.59397),
        (Share(0, 31), 0, 0.11219),
        (Share(31, 31), 0.88781, 1),
        (Share(24, 30), 0.61433, 0.92286),
        (Share(0, 1), 0, 0.975),
        (Share(1, 1), 0.025, 1),
    ],
)
def test_the_exact_interval_of_published_and_extreme_proportions(of, lower, upper):
    found = clopper_pearson(of)
    assert (round(found.lower, 5), round(found.upper, 5)) == (lower, upper)


@pytest.mark.parametrize(
    ("one", "two", "lower", "upper"),
    [
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(0, 10), Share(0, 20), -0.1611, 0.2775),
        (Share(10, 10), Share(0, 10), 0.6075, 1),
    ],
)
def test_newcombes_own_examples(one, two, lower, upper):
    found = newcombe_difference(one, two)
    assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)


@pytest.mark.parametrize(
    ("count", "total", "field"),
    [
        (1, 0, "total"),
        (0, -1, "total"),
        (4, 3, "count"),
        (-1, 3, "count"),
        (1.0, 3, "count"),
        (True, 3, "count"),
    ],
)
def test_what_is_no_share_is_refused_by_name(count, total, field):
    with pytest.raises(BadInput) as refusal:
        Share(count, total)
    assert refusal.value.field == field


@pytest.mark.parametrize("level", [0, 1, 95, math.nan, "0.95", True])
def test_a_level_of_confidence_outside_0_and_1_is_refused_by_name(level):
    with pytest.raises(BadInput) as refusal:
        clopper_pearson(Share(1, 2), level)
    assert refusal.value.field == "level"


shares = st.integers(1, 80).flatmap(lambda total: st.builds(Share, st.integers(0, total), st.just(total)))


@settings(deadline=None)
@given(shares)
def test_both_intervals_hold_the_proportion_and_lie_between_0_and_1(of):
    for found in (clopper_pearson(of), wilson(of)):
        assert 0 <= found.lower <= of.estimate <= found.upper <= 1


@settings(deadline=None)
@given(shares, shares)
def test_the_difference_turned_round_turns_its_interval_round(one, two):
    there, back = newcombe_difference(one, two), newcombe_difference(two, one)
    assert (there.lower, there.upper) == pytest.approx((-back.upper, -back.lower), abs=1e-12)
    assert fisher(one, two) == pytest.approx(fisher(two, one))
