"""The trace from requirements to tests."""

from collections import Counter

import pytest

from tests.docs.validation import PAGE, TITLES, page, requirements
from tests.docs.validation import tests_by_requirement as shown_by_requirement

TABLE = requirements()
TESTS = shown_by_requirement()

by_software = pytest.mark.parametrize(
    "requirement", [each for each in TABLE if each.by == "software"], ids=lambda each: each.id
)


def test_requirements_are_numbered_without_gap_and_each_says_who_fulfills_it() -> None:
    assert [each.id for each in TABLE] == [f"R{number:02}" for number in range(1, len(TABLE) + 1)]
    assert {each.by for each in TABLE} <= set(TITLES)
    assert {each.risk for each in TABLE} <= set("ABC")


def test_what_is_not_shown_by_tests_says_why() -> None:
    assert [each.id for each in TABLE if bool(each.why) == (each.by == "software")] == []


@by_software
def test_every_requirement_of_the_software_has_a_test(requirement) -> None:  # type: ignore[no-untyped-def]
    assert TESTS.get(requirement.id), f"no test carries requirement({requirement.id!r}): {requirement.text}"


@pytest.mark.requirement("R45")
@pytest.mark.parametrize(
    "requirement",
    [each for each in TABLE if each.by == "software" and each.risk == "A"],
    ids=lambda each: each.id,
)
def test_what_carries_risk_a_has_more_than_one_test(requirement) -> None:  # type: ignore[no-untyped-def]
    assert len(set(TESTS.get(requirement.id, ()))) > 1


def test_no_test_carries_an_id_that_is_not_in_the_table() -> None:
    known = Counter(each.id for each in TABLE)
    assert [name for name in TESTS if known[name] != 1] == []


@pytest.mark.requirement("R01")
def test_the_page_says_what_the_table_and_the_tests_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(TABLE, TESTS), "run: python -m tests.docs.validation"
