"""Operators, thresholds and verdicts of criteria, as plain values."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.eligibility import thresholds
from trials.clinical.eligibility.operands import Codes, Episode, Episodes, Number, Pressures
from trials.clinical.eligibility.operators import OPERATORS, Judgment
from trials.clinical.eligibility.verdict import (
    Kind,
    Verdict,
    against,
    answer_of,
    in_order,
    in_words,
    verdict_of,
)
from trials.clinical.partial_date import PartialDate, Truth
from trials.clinical.reading import Reading, opposite
from trials.clinical.undetermined import Undetermined

NUMBERS = st.decimals(min_value=0, max_value=10**6, places=3, allow_nan=False)
CONSENT = date(2021, 3, 1)


def number(value: Decimal | str, comparator: str = "", unit: str = "g/L", high: str | None = None) -> Number:
    reading = Reading(Decimal(value), comparator)
    return Number("X", (reading,), unit, None, Decimal(high) if high else None)


def judged(operator: str, operand: object, threshold: str, unit: str = "") -> Judgment | Undetermined:
    known = OPERATORS[operator]
    return known.judge(operand, known.read(threshold, unit))


def truth(operator: str, operand: object, threshold: str, unit: str = "") -> Truth:
    found = judged(operator, operand, threshold, unit)
    assert isinstance(found, Judgment)
    return found.truth


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [("<", "Y", "N", "N"), ("<=", "Y", "Y", "N"), (">", "N", "N", "Y"), (">=", "N", "Y", "Y")],
)
def test_a_limit_belongs_to_the_side_that_the_operator_says(
    operator: str, below: str, at: str, above: str
) -> None:
    found = [truth(operator, number(value), "10", "g/L") for value in ("9.999", "10", "10.001")]
    assert found == [{"Y": Truth.YES, "N": Truth.NO}[each] for each in (below, at, above)]


def test_between_includes_both_ends() -> None:
    ages = {
        value: truth("between", number(value, unit="a"), "18-75", "a") for value in ("17", "18", "75", "76")
    }
    assert [value for value, found in ages.items() if found is Truth.YES] == ["18", "75"]


def test_a_multiple_of_the_upper_limit_is_compared_with_the_product_not_with_a_quotient() -> None:
    assert truth("<=", number("30.6", high="20.4"), "1.5", "ULN") is Truth.YES
    assert truth("<=", number("30.6001", high="20.4"), "1.5", "ULN") is Truth.NO


def test_without_an_upper_limit_a_multiple_of_it_cannot_be_determined() -> None:
    assert judged("<=", number("30"), "1.5", "ULN") == Undetermined(("upper limit of normal for X",))
    assert judged("normal", number("30"), "", "") == Undetermined(("reference range for X",))


def test_a_number_in_another_unit_is_not_compared() -> None:
    assert judged("<=", number("30", unit="g/dL"), "90", "g/L") == Undetermined(("X in g/L",))


@given(value=NUMBERS, limit=NUMBERS, operator=st.sampled_from(["<", "<=", ">", ">="]))
def test_an_exact_number_is_always_decided_and_the_opposite_operator_says_the_opposite(
    value: Decimal, limit: Decimal, operator: str
) -> None:
    other = {"<": ">=", ">=": "<", ">": "<=", "<=": ">"}[operator]
    found = truth(operator, number(value), str(limit), "g/L")
    assert found is not Truth.UNKNOWN
    assert truth(other, number(value), str(limit), "g/L") is opposite(found)


@given(
    reported=NUMBERS,
    comparator=st.sampled_from(["<", "<=", ">", ">="]),
    real=NUMBERS,
    limit=NUMBERS,
    operator=st.sampled_from(["<", "<=", ">", ">="]),
)
def test_a_result_with_a_comparator_is_decided_only_as_every_number_it_may_stand_for(
    reported: Decimal, comparator: str, real: Decimal, limit: Decimal, operator: str
) -> None:
    possible = truth(comparator, number(real), str(reported), "g/L") is Truth.YES
    found = truth(operator, number(reported, comparator), str(limit), "g/L")
    if possible and found is not Truth.UNKNOWN:
        assert truth(operator, number(real), str(limit), "g/L") is found


def test_readings_that_disagree_leave_the_answer_open() -> None:
    two = Number("age", (Reading(Decimal(75)), Reading(Decimal(76))), "a")
    assert truth("between", two, "18-75", "a") is Truth.UNKNOWN
    assert truth("between", two, "18-80", "a") is Truth.YES


def test_codes_that_remain_possible_are_decided_when_all_or_none_is_wanted() -> None:
    both = Codes("class", frozenset({"A", "B"}))
    assert [truth("in", both, wanted) for wanted in ("A,B", "C", "A")] == [Truth.YES, Truth.NO, Truth.UNKNOWN]


@pytest.mark.parametrize(
    ("systolic", "diastolic", "reaches"),
    [
        ("139.9", "89.9", Truth.NO),
        ("140", "70", Truth.YES),
        ("120", "90", Truth.YES),
        ("160", "100", Truth.YES),
    ],
)
def test_either_pressure_at_its_limit_is_enough(systolic: str, diastolic: str, reaches: Truth) -> None:
    mean = Pressures(number(systolic, unit="mm[Hg]"), number(diastolic, unit="mm[Hg]"))
    assert truth("either >=", mean, "140/90", "mm[Hg]") is reaches


def episodes(*found: Episode, anchor: date | None = CONSENT) -> Episodes:
    return Episodes("therapy", found, anchor, "consent")


def ended(year: int, month: int | None = None, day: int | None = None) -> Episode:
    return Episode("it", PartialDate(2010), PartialDate(year, month, day))


@given(
    year=st.integers(2018, 2021), month=st.integers(1, 12), day=st.integers(1, 28), months=st.integers(1, 24)
)
def test_a_partial_end_is_decided_only_as_every_day_it_may_be(
    year: int, month: int, day: int, months: int
) -> None:
    exact = truth("any within", episodes(ended(year, month, day)), str(months), "mo")
    assert exact is not Truth.UNKNOWN
    assert truth("any within", episodes(ended(year, month)), str(months), "mo") in (exact, Truth.UNKNOWN)
    assert truth("any within", episodes(ended(year)), str(months), "mo") in (exact, Truth.UNKNOWN)


def test_none_within_is_the_opposite_of_any_within() -> None:
    for found in (ended(2020, 8), ended(2020, 9), ended(2020)):
        assert truth("none within", episodes(found), "6", "mo") is opposite(
            truth("any within", episodes(found), "6", "mo")
        )


def test_a_time_without_the_day_from_which_it_counts_cannot_be_determined() -> None:
    unknown = episodes(ended(2020, 8), anchor=None)
    assert judged("any within", unknown, "6", "mo") == Undetermined(("day of consent",))
    assert truth("any within", unknown, "ever") is Truth.YES  # ever needs no day


def test_an_episode_that_may_not_be_one_counts_only_where_it_cannot_matter() -> None:
    perhaps = Episode("trial drug", PartialDate(2015), PartialDate(2015, 3), certain=Truth.UNKNOWN)
    assert truth("any within", episodes(perhaps), "6", "mo") is Truth.NO
    assert truth("any within", episodes(perhaps), "ever") is Truth.UNKNOWN
    assert truth("any within", episodes(perhaps, ended(2015, 3)), "ever") is Truth.YES


def test_nothing_before_the_day_of_consent_is_asked_of_every_episode() -> None:
    on_the_day, before = PartialDate(2021, 3, 1), PartialDate(2021, 2, 28)
    assert truth("none before", episodes(Episode("blood", on_the_day, on_the_day)), "") is Truth.YES
    assert truth("none before", episodes(Episode("blood", before, before)), "") is Truth.NO
    assert truth("none before", episodes(Episode("blood", PartialDate(2021))), "") is Truth.UNKNOWN
    assert truth("none before", episodes(), "") is Truth.YES


@pytest.mark.parametrize(
    ("day", "amount", "unit", "expected"),
    [
        (date(2021, 3, 1), 6, "mo", date(2020, 9, 1)),
        (date(2021, 8, 31), 6, "mo", date(2021, 2, 28)),
        (date(2020, 8, 31), 6, "mo", date(2020, 2, 29)),
        (date(2021, 1, 15), 1, "mo", date(2020, 12, 15)),
        (date(2024, 2, 29), 1, "a", date(2023, 2, 28)),
        (date(2021, 3, 1), 28, "d", date(2021, 2, 1)),
        (date(2021, 3, 1), 4, "wk", date(2021, 2, 1)),
    ],
)
def test_a_time_counts_back_by_the_calendar(day: date, amount: int, unit: str, expected: date) -> None:
    assert thresholds.Duration(amount, unit).before(day) == expected


@pytest.mark.parametrize(
    ("operator", "threshold", "unit", "reason"),
    [
        ("<=", "9 (=90 g/L)", "g/L", "must be a number such as 1.5"),
        ("<=", "-3", "g/L", "must be a number such as 1.5"),
        ("<=", "1e3", "g/L", "must be a number such as 1.5"),
        ("between", "18", "a", "must be two numbers, such as 18-75"),
        ("between", "75-18", "a", "must begin with the lower number"),
        ("between", "1-3", "ULN", "must have a unit of its own, not ULN"),
        ("in", "A,,B", "", "must be codes, separated by commas"),
        ("in", "A", "g/L", "must have no unit: it is a code"),
        ("either >=", "140", "mm[Hg]", "must be two pressures such as 140/90 with the unit mm[Hg]"),
        ("any within", "6", "months", "must be a time with one of the units d, wk, mo, a, or “ever”"),
        ("any within", "half", "mo", "must be a whole number of months, or “ever”"),
    ],
)
def test_a_threshold_that_is_not_what_its_operator_reads_is_refused(
    operator: str, threshold: str, unit: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=".*") as refusal:
        OPERATORS[operator].read(threshold, unit)
    assert str(refusal.value) == reason


def test_met_means_that_what_the_criterion_describes_is_there_and_only_an_inclusion_wants_that() -> None:
    verdicts = [verdict_of(each) for each in Truth]
    assert verdicts == [Verdict.MET, Verdict.NOT_MET, Verdict.UNDETERMINED]
    assert [in_order(Kind.INCLUSION, each) for each in verdicts] == [True, False, None]
    assert [in_order(Kind.EXCLUSION, each) for each in verdicts] == [False, True, None]
    assert in_order(Kind.EXCLUSION, Verdict.NOT_APPLICABLE) is True


def test_no_exclusion_reads_met_or_not_met() -> None:
    said = {(kind, verdict): in_words(kind, verdict) for kind in Kind for verdict in Verdict}
    assert [said[Kind.INCLUSION, each] for each in (Verdict.MET, Verdict.NOT_MET)] == ["met", "not met"]
    assert [said[Kind.EXCLUSION, each] for each in (Verdict.MET, Verdict.NOT_MET)] == [
        "exclusion present",
        "exclusion absent",
    ]
    assert {said[kind, Verdict.UNDETERMINED] for kind in Kind} == {"cannot be determined"}
    assert {kind: against(kind) for kind in Kind} == {
        Kind.INCLUSION: "not met",
        Kind.EXCLUSION: "exclusion present",
    }


def test_the_answer_to_the_question_is_that_of_its_condition() -> None:
    assert answer_of(Verdict.NOT_MET, Truth.YES) == "Y"
    assert answer_of(Verdict.UNDETERMINED, Truth.UNKNOWN) is None
