"""Instants as they arrive in text."""

from datetime import UTC, datetime

import pytest

from trials.audit import clock


@pytest.mark.parametrize(
    "text", ["2022-06-30T08:00:00+08:00", "2022-06-30T08:00:00 08:00", "2022-06-30T00:00:00Z"]
)
def test_an_instant_is_read_in_utc_also_where_its_plus_arrived_as_a_blank(text: str) -> None:
    assert clock.instant(text) == datetime(2022, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "2022-06-30", "2022-06-30T08:00:00", "2022-02-30T08:00:00Z", "yesterday"]
)
def test_what_is_no_instant_with_a_time_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an instant with its time zone"):
        clock.instant(text)
