from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.partial_date import (
    PartialDate,
    PartialDateError,
    Truth,
    before,
    on_or_before,
    parse,
    span,
)

SIZES = (4, 7, 10)
written = st.builds(
    lambda day, size: day.isoformat()[:size],
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.sampled_from(SIZES),
)
# Neighbors, so that comparisons meet equal and overlapping dates often.
close = st.builds(
    lambda day, size: day.isoformat()[:size],
    st.dates(date(2019, 12, 25), date(2020, 3, 5)),
    st.sampled_from(SIZES),
)


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "complete"),
    [
        ("2021", date(2021, 1, 1), date(2021, 12, 31), False),
        ("2021-02", date(2021, 2, 1), date(2021, 2, 28), False),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29), False),
        ("1900-02", date(1900, 2, 1), date(1900, 2, 28), False),
        ("2020-02-29", date(2020, 2, 29), date(2020, 2, 29), True),
        ("1900-01-01", date(1900, 1, 1), date(1900, 1, 1), True),
        ("2100-12-31", date(2100, 12, 31), date(2100, 12, 31), True),
    ],
)
def test_a_partial_date_spans_every_day_it_may_be(text, earliest, latest, complete):
    assert span(text) == (earliest, latest)
    assert parse(text).is_complete is complete


@given(written)
def test_a_partial_date_is_written_as_it_was_read(text):
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is written"),
        ("21", "is written"),
        ("2021-3", "is written"),
        ("2021-03-1", "is written"),
        ("2021-03-14T10:00", "is written"),
        ("20210314", "is written"),
        ("2021-", "is written"),
        (" 2021", "is written"),
        ("2021\n", "is written"),
        ("2021-UN-UN", "is written"),
        ("２０２１", "is written"),
        ("٢٠٢١", "is written"),
        ("-2021", "is written"),
        ("1899", "year must be from 1900 to 2100"),
        ("2101-01-01", "year must be from 1900 to 2100"),
        ("2021-00", "month must be from 01 to 12"),
        ("2021-13", "month must be from 01 to 12"),
        ("2021-04-31", "day must be from 01 to 30 in 2021-04"),
        ("2021-02-29", "day must be from 01 to 28 in 2021-02"),
        ("2021-03-00", "day must be from 01 to 31 in 2021-03"),
    ],
)
def test_a_text_that_is_no_date_is_refused_with_its_reason(text, reason):
    with pytest.raises(PartialDateError, match=reason):
        parse(text)


@pytest.mark.parametrize("value", [None, 2021, date(2021, 3, 14), b"2021"])
def test_only_text_is_read_as_a_date(value):
    with pytest.raises(PartialDateError, match="must be text"):
        parse(value)


def test_a_refusal_repeats_at_most_twenty_characters_of_what_was_typed():
    with pytest.raises(PartialDateError) as refusal:
        parse("x" * 10_000)
    assert "x" * 20 in str(refusal.value)
    assert "x" * 21 not in str(refusal.value)


@given(st.text())
def test_any_text_is_either_a_date_or_refused(text):
    try:
        partial = parse(text)
    except PartialDateError:
        return
    assert str(partial) == text


def test_a_day_without_a_month_is_refused():
    with pytest.raises(PartialDateError, match="needs a month"):
        PartialDate(2021, None, 14)


@pytest.mark.parametrize(
    ("a", "b", "earlier", "not_later"),
    [
        ("2021-03-14", "2021-03-15", Truth.YES, Truth.YES),
        ("2021-03-14", "2021-03-14", Truth.NO, Truth.YES),
        ("2021-03-15", "2021-03-14", Truth.NO, Truth.NO),
        ("2021-03", "2021-04", Truth.YES, Truth.YES),
        ("2021-03", "2021-03-31", Truth.UNKNOWN, Truth.YES),
        ("2021-03", "2021-03-01", Truth.NO, Truth.UNKNOWN),
        ("2021-03", "2021-03", Truth.UNKNOWN, Truth.UNKNOWN),
        ("2021", "2020-12-31", Truth.NO, Truth.NO),
    ],
)
def test_dates_are_compared_only_as_far_as_they_are_known(a, b, earlier, not_later):
    assert before(a, b) is earlier
    assert on_or_before(parse(a), parse(b)) is not_later


@given(close, close)
def test_a_comparison_is_certain_exactly_when_all_possible_days_agree(a, b):
    answers = {Truth.YES: {True}, Truth.NO: {False}, Truth.UNKNOWN: {True, False}}
    pairs = [(x, y) for x in _ends(a) for y in _ends(b)]
    assert {x < y for x, y in pairs} == answers[before(a, b)]
    assert {x <= y for x, y in pairs} == answers[on_or_before(a, b)]


def test_an_unknown_answer_cannot_be_mistaken_for_yes():
    with pytest.raises(TypeError, match="three values"):
        bool(before("2021", "2021"))


def _ends(text):
    """The outermost days and their neighbors: enough to show both answers where both are possible."""
    earliest, latest = span(text)
    return {earliest, min(earliest + timedelta(1), latest), max(latest - timedelta(1), earliest), latest}
