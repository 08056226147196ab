from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.age import ages_on, agrees, completed_years
from trials.clinical.partial_date import PartialDate, parse


@pytest.mark.parametrize(
    ("birth", "on", "youngest", "oldest"),
    [
        ("1960-03-15", date(2021, 3, 14), 60, 60),
        ("1960-03-15", date(2021, 3, 15), 61, 61),
        ("1960-03", date(2021, 2, 28), 60, 60),
        ("1960-03", date(2021, 3, 1), 60, 61),
        ("1960-03", date(2021, 3, 30), 60, 61),
        ("1960-03", date(2021, 3, 31), 61, 61),
        ("1960", date(2021, 1, 1), 60, 61),
        ("1960", date(2021, 12, 31), 61, 61),
        ("2003-02-28", date(2021, 2, 28), 18, 18),
    ],
)
def test_age_is_the_range_the_birth_date_allows(birth, on, youngest, oldest):
    assert completed_years(parse(birth), on) == (youngest, oldest)


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2021, 2, 28), 20),
        (date(2021, 3, 1), 21),
        (date(2024, 2, 28), 23),
        (date(2024, 2, 29), 24),
        (date(2100, 2, 28), 99),
        (date(2100, 3, 1), 100),
    ],
)
def test_who_is_born_on_29_february_completes_a_common_year_on_1_march(on, age):
    assert completed_years(PartialDate(2000, 2, 29), on) == (age, age)


def test_a_birth_that_may_lie_after_the_day_gives_age_zero_at_least():
    assert completed_years(PartialDate(2021), date(2021, 6, 1)) == (0, 0)


def test_a_birth_after_the_day_has_no_age_and_agrees_with_none():
    with pytest.raises(ValueError, match="after the day"):
        completed_years(PartialDate(2022), date(2021, 6, 1))
    assert not agrees(0, PartialDate(2022), date(2021, 6, 1))


@pytest.mark.parametrize(("stated", "answer"), [(59, False), (60, True), (61, True), (62, False)])
def test_a_stated_age_agrees_when_it_is_possible(stated, answer):
    assert agrees(stated, PartialDate(1960, 3), date(2021, 3, 15)) is answer


@given(st.dates(date(1900, 1, 1), date(2000, 12, 31)), st.dates(date(2001, 1, 1), date(2100, 12, 31)))
def test_knowing_less_of_the_birth_date_never_excludes_the_true_age(born, on):
    exact, _ = completed_years(parse(born.isoformat()), on)
    for size in (4, 7):
        assert agrees(exact, parse(born.isoformat()[:size]), on)


def test_an_age_stated_at_consent_narrows_the_age_of_another_day() -> None:
    """Born in May 1961 and 59 at consent on 1 March: still 59 in April, 59 or 60 within May, 60 in June."""
    consent, birth = date(2021, 3, 1), PartialDate(1961, 5)
    days = (date(2021, 4, 30), date(2021, 5, 15), date(2021, 6, 1))
    found = [ages_on(day, birth=birth, stated=59, stated_on=consent) for day in days]
    assert found == [(59,), (59, 60), (60,)]


def test_an_age_that_contradicts_the_birth_leaves_no_age() -> None:
    consent = date(2021, 3, 1)
    assert ages_on(consent, birth=PartialDate(1961, 5), stated=61, stated_on=consent) == ()
