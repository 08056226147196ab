"""Factors and strata: what a study may state, and what it may not."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.stratification import (
    Factor,
    Level,
    StratificationError,
    factors_of,
    strata_of,
    stratum_in_words,
)

ECOG = {
    "code": "ECOG",
    "title": "Performance status",
    "form": "ECOG",
    "field": "grade",
    "levels": [{"code": "0", "values": ["0"]}, {"code": "1", "values": ["1", "2"]}],
}
CEA = {
    "code": "CEA",
    "form": "LB",
    "field": "cea",
    "levels": [
        {"code": "LOW", "title": "below 5", "below": 5},
        {"code": "MID", "at_least": 5, "below": "100.5"},
        {"code": "HIGH", "at_least": "100.5"},
    ],
}


def faults(*factors: Any) -> list[str]:
    with pytest.raises(StratificationError) as error:
        factors_of(list(factors))
    return error.value.lines


@pytest.mark.parametrize("nothing", [None, []])
def test_without_factors_there_is_one_stratum(nothing: object) -> None:
    assert strata_of(factors_of(nothing)) == [""]


def test_the_strata_are_all_combinations_of_levels() -> None:
    factors = factors_of([ECOG, CEA])
    assert strata_of(factors) == [
        "ECOG=0;CEA=LOW",
        "ECOG=0;CEA=MID",
        "ECOG=0;CEA=HIGH",
        "ECOG=1;CEA=LOW",
        "ECOG=1;CEA=MID",
        "ECOG=1;CEA=HIGH",
    ]
    assert stratum_in_words(factors, "ECOG=1;CEA=LOW") == "Performance status: 1; CEA: below 5"
    assert stratum_in_words((), "ECOG=1") == "ECOG=1"


@pytest.mark.parametrize(
    ("answer", "level"),
    [("4.99", "LOW"), ("5", "MID"), ("100.4", "MID"), ("100.5", "HIGH"), ("-1", "LOW")],
)
def test_a_limit_belongs_to_the_level_that_begins_there(answer: str, level: str) -> None:
    [factor] = factors_of([CEA])
    found = factor.level_of(Decimal(answer))
    assert found is not None
    assert found.code == level


def test_an_answer_that_no_level_holds_has_no_level() -> None:
    [factor] = factors_of([ECOG])
    assert factor.level_of("3") is None
    assert factor.level_of(Decimal(2)) == factor.levels[1]


@given(st.decimals(min_value=-1000, max_value=1000, places=3))
def test_of_levels_that_cover_all_numbers_exactly_one_holds_each(number: Decimal) -> None:
    [factor] = factors_of([CEA])
    assert sum(level.holds(number) for level in factor.levels) == 1


@pytest.mark.parametrize(
    ("factor", "fault"),
    [
        ("ECOG", "[0]: must be a factor with code, field, form, levels, title"),
        (ECOG | {"code": "E;1"}, "[0]: code: must be letters, digits, dot, dash and underscore"),
        (ECOG | {"form": None}, "[0]: form: must be letters, digits, dot, dash and underscore"),
        (ECOG | {"colour": "red"}, "[0]: colour: is not known"),
        (ECOG | {"title": "two\nlines"}, "[0]: title: must be printable text of at most 60 characters"),
        (ECOG | {"levels": ECOG["levels"][:1]}, "[0]: levels: must be a list of two or more"),
        (ECOG | {"levels": ["0", "1"]}, "[0]: levels[0]: must be a level with its code"),
        (
            ECOG | {"levels": [{"code": "0"}, {"code": "1", "values": ["1"]}]},
            "[0]: levels[0]: values: give either the answers of the level or its limits (at_least, below)",
        ),
        (
            ECOG | {"levels": [{"code": "0", "values": [0]}, {"code": "1", "values": ["1"]}]},
            "[0]: levels[0]: values: must be a list of answers as text",
        ),
        (
            CEA | {"levels": [{"code": "0", "below": "many"}, {"code": "1", "at_least": 5}]},
            "[0]: levels[0]: below: must be a number",
        ),
        (
            CEA | {"levels": [{"code": "0", "below": 6}, {"code": "1", "at_least": 5}]},
            "CEA: levels 0 and 1 hold the same answer",
        ),
        (
            ECOG | {"levels": [{"code": "0", "values": ["0", "1"]}, {"code": "1", "values": ["1"]}]},
            "ECOG: levels 0 and 1 hold the same answer",
        ),
        (
            ECOG | {"levels": [{"code": "0", "values": ["0"]}, {"code": "0", "values": ["1"]}]},
            "ECOG: two levels share a code",
        ),
    ],
)
def test_a_factor_that_cannot_be_followed_is_refused_by_place(factor: Any, fault: str) -> None:
    assert fault in faults(factor)


def test_two_factors_do_not_share_a_code_and_strata_stay_few_and_short() -> None:
    assert faults(ECOG, ECOG) == ["code: two factors share one"]
    many = [
        {"code": f"F{n}", "form": "X", "field": "y", "levels": [_level(m) for m in range(6)]}
        for n in range(3)
    ]
    assert faults(*many) == ["make more than 100 strata"]
    assert faults(ECOG | {"code": "E" * 60}) == ["make strata whose codes are longer than 60 characters"]
    with pytest.raises(StratificationError, match="must be a list"):
        factors_of("ECOG")


def _level(number: int) -> dict[str, Any]:
    return {"code": str(number), "values": [str(number)]}


def test_a_level_without_limits_holds_only_its_answers() -> None:
    level = Level("1", "1", values=("1",))
    assert Factor("F", "F", "X", "y", (level,)).level_of("1") is level
    assert not level.holds("2")
