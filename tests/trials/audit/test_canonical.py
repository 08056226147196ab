"""The canonical form is frozen: a digest computed today is computed again in twenty years."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.audit.canonical import canonical_decimal, canonical_json, digest

CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({}, "{}"),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        ({"a": None, "b": ""}, '{"b":""}'),
        ({"a": [None, 1]}, '{"a":[null,1]}'),
        ({"a": (1, 2)}, '{"a":[1,2]}'),
        ({"a": {"c": None, "b": {"z": Decimal("1.10"), "y": None}}}, '{"a":{"b":{"z":"1.1"}}}'),
        ({"a": True, "b": False}, '{"a":true,"b":false}'),
        ({"a": Decimal("60.0000")}, '{"a":"60"}'),
        ({"a": Decimal("-0.00")}, '{"a":"0"}'),
        ({"a": Decimal("1E+3")}, '{"a":"1000"}'),
        ({"a": Decimal("100")}, '{"a":"100"}'),
        ({"a": Decimal("0.0001")}, '{"a":"0.0001"}'),
        ({"a": Decimal("-12.50")}, '{"a":"-12.5"}'),
        ({"a": date(2021, 3, 1)}, '{"a":"2021-03-01"}'),
        ({"a": time(8, 5)}, '{"a":"08:05:00"}'),
        ({"a": datetime(2021, 3, 1, 8, 0, tzinfo=CHINA)}, '{"a":"2021-03-01T00:00:00.000Z"}'),
        ({"a": datetime(2021, 3, 1, 0, 0, 0, 123999, tzinfo=UTC)}, '{"a":"2021-03-01T00:00:00.123999Z"}'),
        ({"a": '血红蛋白 "g/L"\n'}, '{"a":"血红蛋白 \\"g/L\\"\\n"}'),
        ({"a": "é"}, '{"a":"é"}'),
        ({"a": 2**70}, '{"a":1180591620717411303424}'),
    ],
)
def test_a_content_has_this_canonical_form_for_ever(content: dict[str, Any], text: str) -> None:
    assert canonical_json(content).decode() == text


GOLDEN = {
    "table": "patients_historicalvitalsigns",
    "id": 7,
    "weight": Decimal("60.5000"),
    "height": None,
    "measured_on": date(2021, 3, 1),
    "missing_reasons": {"height": "UNKNOWN"},
    "entered_in_error": False,
    "event_id": 3 << 32 | 7,
    "salt": "00112233445566778899aabbccddeeff",
}


def test_the_digest_of_the_golden_row_never_changes() -> None:
    assert digest(GOLDEN) == "fd6ab0f68b36a55498a2a592b8991c3bd736b8481cd15a5f971fe478a9f21a52"


def test_a_nullable_column_added_later_leaves_the_digest_of_older_rows_as_it_was() -> None:
    assert digest(GOLDEN | {"added_in_2031": None}) == digest(GOLDEN)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        b"bytes",
        {1, 2},
        uuid4(),
        object(),
        datetime(2021, 3, 1),
        Decimal("NaN"),
        Decimal("Inf"),
    ],
)
def test_what_has_no_canonical_form_is_refused_not_guessed(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json({"a": value})


decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**11), max_value=10**11, places=4)


@given(decimals)
def test_a_decimal_reads_back_as_the_same_number(value: Decimal) -> None:
    assert Decimal(canonical_decimal(value)) == value


@given(decimals, decimals)
def test_two_decimals_have_one_form_only_when_they_are_equal(one: Decimal, other: Decimal) -> None:
    assert (canonical_decimal(one) == canonical_decimal(other)) == (one == other)


@given(decimals, st.integers(min_value=0, max_value=6))
def test_trailing_zeros_change_nothing(value: Decimal, zeros: int) -> None:
    longer = Decimal(f"{value:f}" + "0" * zeros)
    assert canonical_decimal(longer) == canonical_decimal(value)


@given(decimals, st.integers(min_value=1, max_value=5))
def test_the_precision_that_the_caller_computes_with_changes_nothing(value: Decimal, precision: int) -> None:
    expected = canonical_decimal(value)
    with localcontext() as context:
        context.prec = precision
        assert canonical_decimal(value) == expected


instants = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1))
zones = st.integers(min_value=-14, max_value=14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(instants, zones)
def test_an_instant_has_one_form_in_every_zone(instant: datetime, zone: timezone) -> None:
    utc = instant.replace(tzinfo=UTC)
    assert canonical_json({"a": utc}) == canonical_json({"a": utc.astimezone(zone)})


@given(instants)
def test_an_instant_in_whole_milliseconds_reads_back_as_itself(instant: datetime) -> None:
    whole = instant.replace(microsecond=instant.microsecond // 1000 * 1000, tzinfo=UTC)
    text = json.loads(canonical_json({"a": whole}))["a"]
    assert datetime.fromisoformat(text) == whole


texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.one_of(st.booleans(), st.integers(), texts)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(texts, inner, max_size=4),
    ),
    max_leaves=20,
)


@given(st.dictionaries(texts, trees, max_size=5))
def test_nested_content_reads_back_and_the_order_of_its_keys_changes_nothing(content: dict[str, Any]) -> None:
    assert json.loads(canonical_json(content)) == content
    assert canonical_json(dict(reversed(content.items()))) == canonical_json(content)
