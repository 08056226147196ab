"""The first and the last dose: what counts as a dose, and of which day."""

from datetime import date

import pytest

from patients.derivations.doses_taken import dose_goes_on, first_dose, first_dose_day, last_dose_day
from patients.facts import Facts, Moment
from patients.models import DoseAdministration
from tests.patients.dosing.ward import Ward, day


def days(admitted: Ward, code: str | None = None, cutoff: date | None = None) -> tuple[date | None, ...]:
    facts = Facts([admitted.subject], Moment(cutoff=cutoff))
    drug = None if code is None else admitted.drug(code).pk
    return first_dose_day(facts, admitted.subject, drug), last_dose_day(facts, admitted.subject, drug)


def test_the_first_and_last_dose_of_all_drugs_and_of_each(in_a: Ward) -> None:
    in_a.infuse("TORIPALIMAB", 1, "240")
    in_a.infuse("TORIPALIMAB", 22, "240")
    in_a.take(0, 15, "12")
    assert days(in_a) == (day(0), day(22))
    assert days(in_a, "LENVATINIB") == (day(0), day(15))
    assert days(in_a, "TORIPALIMAB") == (day(1), day(22))
    assert days(in_a, cutoff=day(10)) == (day(0), day(1))


def test_who_took_nothing_has_neither_a_first_nor_a_last_dose(in_a: Ward) -> None:
    assert days(in_a) == (None, None)


def test_a_dose_of_nothing_is_no_dose_even_where_it_was_recorded_as_given(in_a: Ward) -> None:
    in_a.infuse("TORIPALIMAB", 0, "0")
    in_a.infuse("TORIPALIMAB", 5, "240")
    in_a.infuse("TORIPALIMAB", 26, "0")
    in_a.take(27, 40, "0")
    assert days(in_a) == (day(5), day(5))


def test_of_a_dose_that_goes_on_the_first_day_is_certain(in_a: Ward) -> None:
    in_a.take(0, 15, "12")
    in_a.take(16, None, "8")
    facts = Facts([in_a.subject])
    assert days(in_a) == (day(0), day(16))
    assert dose_goes_on(facts, in_a.subject, in_a.drug("LENVATINIB").pk)
    assert not dose_goes_on(facts, in_a.subject, in_a.drug("TORIPALIMAB").pk)


@pytest.mark.parametrize("dose", [None, "0"])
def test_a_period_whose_dose_is_not_recorded_is_not_taken_for_a_dose(in_a: Ward, dose: str | None) -> None:
    in_a.take(0, 15, "12")
    in_a.take(16, None, dose)
    assert days(in_a) == (day(0), day(15))
    assert not dose_goes_on(Facts([in_a.subject]), in_a.subject)


def test_of_one_day_an_infusion_comes_before_a_daily_drug(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    in_a.infuse("TORIPALIMAB", 0, "240")
    first = first_dose(Facts([in_a.subject]), in_a.subject)
    assert first is not None
    assert isinstance(first.form, DoseAdministration)
    assert (first.source.form, first.source.field, first.source.value) == ("EC", "given_on", str(day(0)))
