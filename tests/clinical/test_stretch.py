"""Stretches of days known in part."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.partial_date import Truth
from trials.clinical.stretch import stretch

DAYS = st.dates(date(2020, 1, 1), date(2021, 12, 31))


def test_two_stretches_that_touch_on_one_day_share_it() -> None:
    first, second = stretch("2021-03-01", "2021-03-10"), stretch("2021-03-10", "2021-03-20")
    assert first.overlaps(second) is Truth.YES


def test_a_stretch_that_ends_the_day_before_shares_nothing() -> None:
    first, second = stretch("2021-03-01", "2021-03-09"), stretch("2021-03-10", "2021-03-20")
    assert first.overlaps(second) is Truth.NO


def test_a_month_may_or_may_not_reach_into_a_stretch() -> None:
    assert stretch("2021-03", "2021-03-20").overlaps(stretch("2021-03-01", "2021-03-05")) is Truth.UNKNOWN


def test_an_end_that_is_not_recorded_leaves_later_days_unknown() -> None:
    assert stretch("2021-03-01", None).covers(date(2021, 3, 2)) is Truth.UNKNOWN
    assert stretch("2021-03-01", None).covers(date(2021, 3, 1)) is Truth.YES
    assert stretch("2021-03-01", None, ongoing=True).covers(date(2021, 3, 2)) is Truth.YES


def test_an_end_beside_ongoing_is_believed_by_neither_side() -> None:
    assert stretch("2021-03-01", "2021-03-05", ongoing=True).covers(date(2021, 4, 1)) is Truth.UNKNOWN


def test_an_unknown_start_may_be_any_day_before_the_end() -> None:
    assert stretch(None, "2021-03-05").covers(date(2021, 3, 6)) is Truth.NO
    assert stretch(None, "2021-03-05").covers(date(2019, 1, 1)) is Truth.UNKNOWN


@given(DAYS, DAYS, st.integers(0, 60), st.integers(0, 60))
def test_what_is_certain_of_partial_dates_is_true_of_the_days_they_stand_for(
    one: date, two: date, longer: int, shorter: int
) -> None:
    ends = one + timedelta(longer), two + timedelta(shorter)
    share = one <= ends[1] and two <= ends[0]
    for written in (lambda day: day.isoformat(), lambda day: day.isoformat()[:7]):
        answer = stretch(written(one), written(ends[0])).overlaps(stretch(written(two), written(ends[1])))
        assert answer in (Truth.UNKNOWN, Truth.YES if share else Truth.NO)


@given(DAYS, DAYS, st.integers(0, 60), st.integers(0, 60))
def test_overlap_is_mutual(one: date, two: date, longer: int, shorter: int) -> None:
    first = stretch(one.isoformat()[:7], (one + timedelta(longer)).isoformat())
    second = stretch(two.isoformat(), (two + timedelta(shorter)).isoformat()[:7])
    assert first.overlaps(second) is second.overlaps(first)
