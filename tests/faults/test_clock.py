"""The clock of the machine is set back: the record keeps its order and its times never run backwards."""

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from tests.ecrf.api.client import client_of
from tests.ecrf.api.world import world  # noqa: F401  a fixture
from trials.audit.verification import Verification
from trials.models import AuditEvent

MH = "/api/v1/medical-histories/"
BACK = timedelta(hours=1)


@pytest.mark.requirement("R11", "R53")
def test_events_after_a_step_back_of_the_clock_follow_in_number_and_are_never_earlier(
    world: SimpleNamespace,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = client_of(world.coordinator).post(MH, {"subject": "ZS-001", "term": "Gout"}, format="json")
    assert first.status_code == 201
    newest = AuditEvent.objects.filter(chain=world.subject.chain).latest("id")
    with time_machine.travel(datetime.now(UTC) - BACK, tick=True), caplog.at_level(logging.WARNING):
        client = client_of(world.coordinator)
        change = {"term": "Gout of the toe", "change_reason": "precise"}
        assert client.change(first["Location"], 1, change).status_code == 200
    later = AuditEvent.objects.filter(chain=world.subject.chain).latest("id")
    assert (later.number, later.recorded_at) == (newest.number + 1, newest.recorded_at)
    [told] = [record.getMessage() for record in caplog.records if record.name == "trials.audit"]
    behind = int(told.removeprefix("the clock is ").split(" ms")[0])
    assert abs(behind - BACK // timedelta(milliseconds=1)) < 60_000
    assert list(Verification().findings()) == []


def test_a_clock_that_goes_forward_is_not_remarked_upon(
    world: SimpleNamespace,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    with time_machine.travel(datetime.now(UTC) + BACK, tick=True), caplog.at_level(logging.WARNING):
        client = client_of(world.coordinator)
        assert client.post(MH, {"subject": "ZS-001", "term": "Gout"}, format="json").status_code == 201
    assert [record for record in caplog.records if record.name == "trials.audit"] == []
