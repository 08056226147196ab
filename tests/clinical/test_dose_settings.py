"""What a study decides about the doses of its drugs is read strictly."""

import re
from decimal import Decimal

import pytest

from trials.clinical.dose_settings import (
    Flagged,
    FollowUpTest,
    InfusionMinutes,
    MinimumCount,
    Onward,
    by_drug,
    follow_up_tests,
    infusion_minutes,
    minimum_counts,
    onward,
    percent,
    shares,
)

LIMIT = {"at_least": "1.0", "unit": "10*9/L"}
FOLLOWED = {"test": "PROT", "from_word": "2+", "needs": "PROTEXR", "days_before": 1, "days_after": 14}


def test_a_tolerance_is_said_of_each_drug():
    assert by_drug({"XOLOL": 0, "YPRIL": "2.5"}, percent) == {"XOLOL": Decimal(0), "YPRIL": Decimal("2.5")}


def test_minimum_counts_are_read_by_day_and_test():
    read = minimum_counts({"1": {"NEUT": LIMIT}, "8": {"NEUT": LIMIT | {"full_dose_only": True}}})
    assert read == (
        MinimumCount(1, "NEUT", Decimal("1.0"), "10*9/L"),
        MinimumCount(8, "NEUT", Decimal("1.0"), "10*9/L", full_dose_only=True),
    )


def test_shares_minutes_and_what_follows_are_read():
    assert shares([80, 120]) == (Decimal(80), Decimal(120))
    assert infusion_minutes({"first": 60, "later": 30}) == InfusionMinutes(60, 30)
    assert onward("STOP") is Onward.STOP


def test_a_test_is_asked_for_by_a_word_or_by_a_flag():
    by_word, by_flag = follow_up_tests(
        [FOLLOWED, {"test": "TSH", "flag": "HIGH", "needs": "T4FR", "days_before": 7, "days_after": 7}]
    )
    assert by_word == FollowUpTest("PROT", "PROTEXR", 1, 14, from_word="2+")
    assert by_flag == FollowUpTest("TSH", "T4FR", 7, 7, flag=Flagged.HIGH)
    assert [by_word.is_asked_for_by(word=word, flag="HIGH") for word in ("1+", "2+", "4+", None)] == [
        False,
        True,
        True,
        False,
    ]
    assert [by_flag.is_asked_for_by(word=None, flag=flag) for flag in ("LOW", "HIGH", None)] == [
        False,
        True,
        False,
    ]


WRITTEN = "must be a number of at most 9 digits before and after the point, such as 2.5"


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (lambda value: by_drug(value, percent), 5, "must be a mapping by the code of a drug"),
        (lambda value: by_drug(value, percent), {"X": 101}, "X: must be a percentage from 0 to 100"),
        (lambda value: by_drug(value, percent), {"X": "many"}, f"X: {WRITTEN}"),
        (lambda value: by_drug(value, percent), {"X": None}, "X: must be a number"),
        (lambda value: by_drug(value, percent), {"X": True}, "X: must be a number"),
        (lambda value: by_drug(value, percent), {"X": "NaN"}, f"X: {WRITTEN}"),
        (shares, [120, 80], "the lowest percentage must lie below the highest"),
        (shares, [80], "must be the lowest and the highest percentage"),
        (onward, "SOMETIMES", "must be one of CONTINUE_TO_PROGRESSION, STOP"),
        (infusion_minutes, {"first": 60}, "must have first, later"),
        (infusion_minutes, {"first": 0, "later": 30}, "first: must be a whole number from 1 to 10000"),
        (minimum_counts, {"first": {"NEUT": LIMIT}}, "first: must be a whole number from 1 to 10000"),
        (minimum_counts, {"0": {"NEUT": LIMIT}}, "0: must be a whole number from 1 to 10000"),
        (minimum_counts, {"1": LIMIT}, "1: at_least: must have at_least, unit, and perhaps full_dose_only"),
        (
            minimum_counts,
            {"1": {"NEUT": {"at_least": "1.0"}}},
            "1: NEUT: must have at_least, unit, and perhaps full_dose_only",
        ),
        (minimum_counts, {"1": {"NEUT": LIMIT | {"at_least": 0}}}, "1: NEUT: at_least: must be above 0"),
        (minimum_counts, {"1": {"NEUT": LIMIT | {"unit": ""}}}, "1: NEUT: unit: must be text"),
        (
            minimum_counts,
            {"1": {"NEUT": LIMIT | {"full_dose_only": "yes"}}},
            "1: NEUT: full_dose_only: must be true or false",
        ),
        (follow_up_tests, FOLLOWED, "must be a list of tests that ask for another"),
        (follow_up_tests, [FOLLOWED | {"flag": "HIGH"}], "0: must have either from_word or flag"),
        (follow_up_tests, [FOLLOWED | {"from_word": "5+"}], "0: from_word: must be one of 1+, 2+, 3+, 4+"),
        (
            follow_up_tests,
            [FOLLOWED | {"days_after": -1}],
            "0: days_after: must be a whole number from 0 to 10000",
        ),
    ],
)
def test_what_says_nothing_or_two_things_is_refused_with_its_place(read, value, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        read(value)
