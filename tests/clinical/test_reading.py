from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading, all_of, any_of, opposite

small = st.integers(-3, 3).map(Decimal)
POSSIBLE = {
    "": lambda true, number: true == number,
    "<": lambda true, number: true < number,
    "<=": lambda true, number: true <= number,
    ">": lambda true, number: true > number,
    ">=": lambda true, number: true >= number,
}


@given(st.sampled_from(list(POSSIBLE)), small, small)
def test_an_answer_is_certain_exactly_when_all_numbers_of_the_result_give_it(comparator, number, limit):
    halves = [Decimal(step) / 2 for step in range(-20, 21)]
    possible = [true for true in halves if POSSIBLE[comparator](true, number)]
    reading = Reading(number, comparator)
    for answer, rule in (
        (reading.is_above(limit), lambda true: true > limit),
        (reading.is_at_least(limit), lambda true: true >= limit),
        (reading.is_below(limit), lambda true: true < limit),
        (reading.is_at_most(limit), lambda true: true <= limit),
    ):
        found = {rule(true) for true in possible}
        expected = Truth.UNKNOWN if len(found) > 1 else (Truth.YES if found.pop() else Truth.NO)
        assert answer is expected


@given(st.lists(st.sampled_from(list(Truth)), max_size=4))
def test_all_and_any_are_opposites(truths):
    assert any_of(*truths) is opposite(all_of(*(opposite(each) for each in truths)))


def test_a_multiple_keeps_the_comparator():
    assert str(Reading(Decimal(20), "<").times(Decimal("0.5"))) == "<10"


@pytest.mark.parametrize("comparator", ["=", "≤", "<<", "~"])
def test_an_unknown_comparator_is_refused(comparator):
    with pytest.raises(ValueError, match="comparator"):
        Reading(Decimal(1), comparator)
