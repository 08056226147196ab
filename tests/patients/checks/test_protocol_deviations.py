"""Drafted deviations wait for a person, and a decision has its reason."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from patients.actions.queries import run_checks
from patients.models import ProtocolDeviation, Subject
from tests.factories import person
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from tests.patients.dosing.conftest import in_a, ward
from tests.patients.dosing.ward import Ward, day
from trials.audit import clock
from trials.models import Role

__all__ = ["in_a", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"DV01", "DV02", "DV03"}
DEVIATION = {
    "occurred_on": "2021-03-08",
    "noticed_on": "2021-03-10",
    "category": "DOSING",
    "description": "The capsules were forgotten.",
    "important": "N",
}


def deviation(ward: Ward, **data: Any) -> ProtocolDeviation:
    return ward.enter(ProtocolDeviation, ward.subject, DEVIATION | {"status": "DRAFT"} | data)


def run_on(ward: Ward, later: int) -> None:
    manager = person(Role.DATA_MANAGER, ward.study)
    subject = Subject.objects.select_related("study", "site", "chain").get(pk=ward.subject.pk)
    with clock.simulated(datetime.combine(day(later), time(4), UTC)):
        run_checks(actor=manager, subjects=[subject])


@pytest.mark.parametrize(("later", "asks"), [(16, 0), (17, 1)])
def test_a_draft_waits_two_weeks_for_a_person(later: int, asks: int, in_a: Ward) -> None:
    draft = deviation(in_a)
    run_on(in_a, later)
    assert asked(draft, "DV01") == asks


def test_a_draft_is_asked_for_by_the_command_and_answered_by_a_decision(in_a: Ward) -> None:
    draft = deviation(in_a)
    assert asked(draft, "DV01") == 0
    run_on(in_a, 60)
    assert fields_asked(draft, "DV01") == {"status"}
    correct(in_a.coordinator, draft, status="CONFIRMED")
    assert asked(draft, "DV01") == 0


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({"status": "REJECTED"}, {"rejected_reason"}),
        ({"status": "REJECTED", "rejected_reason": "as planned"}, set()),
        ({"status": "CONFIRMED", "important": "Y"}, {"action"}),
        ({"status": "CONFIRMED", "important": "Y", "action": "retrained"}, set()),
        ({"status": "CONFIRMED"}, set()),
        ({"status": "DRAFT", "important": "Y"}, set()),
    ],
)
def test_a_decision_has_its_reason(data: dict[str, Any], fields: set[str], in_a: Ward) -> None:
    assert fields_asked(deviation(in_a, **data), "DV02") == fields


@pytest.mark.parametrize(("happened", "asks"), [("2021-03-11", 1), ("2021-03-10", 0), ("2021-03", 0)])
def test_a_deviation_is_noticed_when_it_happens_or_later(happened: str, asks: int, in_a: Ward) -> None:
    assert asked(deviation(in_a, occurred_on=happened), "DV03") == asks
