"""What a clinical field takes for a fact, and the reason it gives where it does not."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from patients.fields import (
    ClockTimeField,
    CodedField,
    CountField,
    ExactDateField,
    NarrativeField,
    PartialDateField,
    QuantityField,
    TextAnswerField,
)
from patients.models import AdverseEvent, Demographics, YesNo

weight = QuantityField("Weight", unit="kg", limits=(20, 250))
free_quantity = QuantityField("Anything")
pulse = CountField("Pulse", unit="/min", limits=(20, 250))
free_count = CountField("Anything")
line = TextAnswerField("One line", max_length=10)
story = NarrativeField("Lines", max_length=20)
answer = CodedField("Yes or no", codelist=YesNo)
day = ExactDateField("Day")
hour = ClockTimeField("Time")
partial = PartialDateField("Perhaps a day")

HUGE = "1" + "0" * 400


def refusal(field: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.clean(value, None)
    return "; ".join(caught.value.messages)


@pytest.mark.parametrize(
    ("field", "given_value", "kept"),
    [
        (weight, "60", Decimal(60)),
        (weight, " 60.5 ", Decimal("60.5")),
        (weight, 60, Decimal(60)),
        (weight, 60.1, Decimal("60.1")),
        (weight, Decimal("60.1000"), Decimal("60.1")),
        (weight, "6e1", Decimal(60)),
        (weight, "20", Decimal(20)),
        (weight, 250, Decimal(250)),
        (free_quantity, "-0", Decimal(0)),
        (free_quantity, -0.0, Decimal(0)),
        (free_quantity, ".5", Decimal("0.5")),
        (free_quantity, "99999999.9999", Decimal("99999999.9999")),
        (pulse, "72", 72),
        (pulse, 72, 72),
        (pulse, "+72", 72),
        (line, "  one  ", "one"),
        (line, "血红蛋白", "血红蛋白"),
        (line, "0123456789", "0123456789"),
        (story, "one\ntwo\tthree", "one\ntwo\tthree"),
        (answer, "Y", "Y"),
        (day, "2021-03-01", date(2021, 3, 1)),
        (day, date(2021, 3, 1), date(2021, 3, 1)),
        (day, "2020-02-29", date(2020, 2, 29)),
        (hour, "08:05", time(8, 5)),
        (hour, "23:59:59", time(23, 59, 59)),
        (hour, time(8, 5), time(8, 5)),
        (partial, "2021", "2021"),
        (partial, " 2021-03 ", "2021-03"),
        (partial, "2021-03-14", "2021-03-14"),
    ],
)
def test_a_fact_is_kept_as_it_was_meant(field: Any, given_value: Any, kept: Any) -> None:
    cleaned = field.clean(given_value, None)
    assert cleaned == kept
    assert type(cleaned) is type(kept)


def test_zero_has_no_sign() -> None:
    assert str(free_quantity.clean("-0.0", None)) == "0.0"


@pytest.mark.parametrize("field", [weight, pulse, line, story, answer, day, hour, partial])
def test_every_field_may_be_empty(field: Any) -> None:
    assert field.null
    assert field.clean(None, None) is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (weight, "19.9999", "must be between 20 and 250 kg"),
        (weight, "250.0001", "must be between 20 and 250 kg"),
        (weight, -60, "must be between 20 and 250 kg"),
        (weight, True, "is not a number"),
        (weight, "sixty", "is not a number"),
        (weight, "60 kg", "is not a number"),
        (weight, "60,5", "is not a number"),
        (weight, "1_00", "is not a number"),
        (weight, "６０", "is not a number"),
        (weight, "٦٠", "is not a number"),
        (weight, "NaN", "is not a number"),
        (weight, "sNaN", "is not a number"),
        (weight, "Infinity", "is not a number"),
        (weight, float("nan"), "is not a number"),
        (weight, float("inf"), "is not a number"),
        (weight, 1e400, "is not a number"),
        (weight, "0x40", "is not a number"),
        (weight, "60\x00", "is not a number"),
        (weight, "\ud800", "is not a number"),
        (weight, [60], "is not a number"),
        (weight, {"value": 60}, "is not a number"),
        (weight, date(2021, 3, 1), "is not a number"),
        (weight, b"60", "is not a number"),
        (weight, "1e400", "digits"),
        (weight, 10**400, "digits"),
        (weight, HUGE, "digits"),
        (weight, "1e-400", "digits"),
        (weight, "60.12345", "decimal places"),
        (weight, "1e9999999999", "is not a number"),
        (free_quantity, "123456789.1234", "digits"),
        (pulse, "19", "must be between 20 and 250 /min"),
        (pulse, "251", "must be between 20 and 250 /min"),
        (pulse, 72.0, "is not a whole number"),
        (pulse, "72.0", "is not a whole number"),
        (pulse, Decimal("72.5"), "is not a whole number"),
        (pulse, True, "is not a whole number"),
        (pulse, "7_2", "is not a whole number"),
        (pulse, "７２", "is not a whole number"),
        (pulse, "72\ud800", "is not a whole number"),
        (pulse, HUGE, "is not a whole number"),
        (pulse, [72], "is not a whole number"),
        (free_count, 10**400, "is too large"),
        (free_count, 2**31, "is too large"),
        (free_count, "-2147483648", "is too large"),
        (line, "01234567890", "at most 10 characters"),
        (line, 5, "is not text"),
        (line, True, "is not text"),
        (line, ["a"], "is not text"),
        (line, b"a", "is not text"),
        (line, "a\x00b", "contains a control character"),
        (line, "a\x07b", "contains a control character"),
        (line, "a\x7fb", "contains a control character"),
        (line, "a\x85b", "contains a control character"),
        (line, "a\nb", "contains a line break"),
        (line, "a\u2028b", "contains a line break"),
        (line, "a\ud800", "contains half of a character"),
        (line, "a\uffff", "contains a code point that is no character"),
        (line, "a\U0001fffe", "contains a code point that is no character"),
        (story, "a\x0bb", "contains a control character"),
        (story, "x" * 21, "has more than 20 characters"),
        (answer, "y", "is not a code of this list; allowed: Y, N"),
        (answer, "YES", "is not a code of this list; allowed: Y, N"),
        (answer, True, "is not text"),
        (day, "2021-02-29", "the day must be from 01 to 28 in 2021-02"),
        (day, "2021-13-01", "the month must be from 01 to 12"),
        (day, "0000-01-01", "the year must be from 1900 to 2100"),
        (day, "9999-12-31", "the year must be from 1900 to 2100"),
        (day, date(1, 1, 1), "the year must be from 1900 to 2100"),
        (day, "2021-03", "is not a full date of the form YYYY-MM-DD"),
        (day, "2021-3-1", "is not a full date of the form YYYY-MM-DD"),
        (day, "20210301", "is not a full date of the form YYYY-MM-DD"),
        (day, "2021-W10-7", "is not a full date of the form YYYY-MM-DD"),
        (day, "２０２１-03-01", "is not a full date of the form YYYY-MM-DD"),
        (day, "2021-03-01T00:00", "is not a full date of the form YYYY-MM-DD"),
        (day, "01.03.2021", "is not a full date of the form YYYY-MM-DD"),
        (day, 20210301, "is not a date of the form YYYY-MM-DD"),
        (day, 1.5, "is not a date of the form YYYY-MM-DD"),
        (day, False, "is not a date of the form YYYY-MM-DD"),
        (day, datetime(2021, 3, 1, tzinfo=UTC), "is not a date of the form YYYY-MM-DD"),
        (hour, "24:00", "is not a time of day of the form HH:MM"),
        (hour, "8:05", "is not a time of day of the form HH:MM"),
        (hour, "0805", "is not a time of day of the form HH:MM"),
        (hour, "08", "is not a time of day of the form HH:MM"),
        (hour, "08:05+08:00", "is not a time of day of the form HH:MM"),
        (hour, "08:05:00.5", "is not a time of day of the form HH:MM"),
        (hour, "０８:05", "is not a time of day of the form HH:MM"),
        (hour, 805, "is not a time of day of the form HH:MM"),
        (hour, True, "is not a time of day of the form HH:MM"),
        (hour, [8, 5], "is not a time of day of the form HH:MM"),
        (partial, "2021-00", "the month must be from 01 to 12"),
        (partial, "2021-02-30", "the day must be from 01 to 28"),
        (partial, "21", "a date is written"),
        (partial, "UN-MAR-2021", "a date is written"),
        (partial, "2021-UK-UK", "a date is written"),
        (partial, "2021-03-", "a date is written"),
        (partial, 2021, "is not text"),
        (partial, "1899", "the year must be from 1900 to 2100"),
    ],
)
def test_what_cannot_be_a_fact_is_refused_with_its_reason(field: Any, value: Any, reason: str) -> None:
    assert reason in refusal(field, value)


@pytest.mark.parametrize("field", [weight, pulse, line, answer, day, hour, partial])
def test_a_refusal_never_repeats_an_endless_value(field: Any) -> None:
    assert len(refusal(field, "9" * 100_000)) < 200


@given(st.floats(min_value=20, max_value=250).map(lambda number: round(number, 4)))
def test_a_float_means_the_number_that_is_written_for_it(number: float) -> None:
    assert weight.clean(number, None) == Decimal(repr(number))


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.lists(st.integers(), max_size=2),
        st.dictionaries(st.text(), st.integers(), max_size=2),
    ),
    st.sampled_from([weight, free_quantity, pulse, free_count, line, story, answer, day, hour, partial]),
)
def test_whatever_json_can_hold_is_either_kept_or_refused(value: Any, field: Any) -> None:
    with suppress(ValidationError):
        field.clean(value, None)


# ---------------------------------------------------------------- generated days of a partial date


def generated_days(record: AdverseEvent) -> tuple[date | None, date | None]:
    record.refresh_from_db(fields=["started_earliest", "started_latest"])
    return record.started_earliest, record.started_latest


@pytest.mark.parametrize(
    ("written", "earliest", "latest"),
    [
        ("2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2021-03", date(2021, 3, 1), date(2021, 3, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2021-02", date(2021, 2, 1), date(2021, 2, 28)),
        ("1900-02", date(1900, 2, 1), date(1900, 2, 28)),
        ("2021-12", date(2021, 12, 1), date(2021, 12, 31)),
        ("2020-02-29", date(2020, 2, 29), date(2020, 2, 29)),
        (None, None, None),
    ],
)
def test_the_database_knows_the_first_and_last_day_of_a_partial_date(
    enter: Any, written: str | None, earliest: date | None, latest: date | None
) -> None:
    assert generated_days(enter(AdverseEvent, term="Rash", started=written)) == (earliest, latest)


@pytest.mark.parametrize(
    "impossible",
    [
        *("2021-02-30", "2021-02-29", "2021-13", "2021-00", "2021-13-01", "2021-3", "2021-1-1", "2021-03-"),
        *("0000", "0000-01", "0000-01-01", "20x1", "2459000", "x", ""),
    ],
)
def test_an_impossible_date_put_in_by_other_means_has_no_days_and_breaks_no_reading(
    enter: Any, impossible: str
) -> None:
    record = enter(AdverseEvent, term="Rash", started="2021")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_adverseevent SET started = %s WHERE id = %s", [impossible, record.pk])
    assert generated_days(record) == (None, None)


def test_dates_known_to_the_year_are_found_by_the_days_they_may_mean(enter: Any) -> None:
    enter(AdverseEvent, term="Rash", started="2020")
    enter(AdverseEvent, term="Fever", started="2021-03")
    before_march = AdverseEvent.objects.filter(started_latest__lt=date(2021, 3, 1))
    assert [each.term for each in before_march] == ["Rash"]


@pytest.mark.requirement("R57")
def test_a_day_of_birth_is_refused_because_it_is_not_collected() -> None:
    with pytest.raises(ValidationError) as refusal:
        Demographics._meta.get_field("birth").clean("1961-05-07", None)
    assert "more exact than what is collected" in refusal.value.messages[0]
