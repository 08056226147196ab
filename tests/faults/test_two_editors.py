"""Two people correct one form at once, each through a page or through REST: neither loses anything."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils.html import escape

from patients.actions.save_form import create_form
from patients.models import VitalSigns
from tests.ecrf.api.client import client_of
from tests.ecrf.api.world import world  # noqa: F401  a fixture
from tests.factories import coordinator_of
from trials.models import AuditEvent, User

LINE = {
    "blood_pressures-TOTAL_FORMS": "1",
    "blood_pressures-INITIAL_FORMS": "1",
    "blood_pressures-0-repeat": "1",
    "blood_pressures-0-systolic": "120",
    "blood_pressures-0-diastolic": "80",
}


def through_the_page(user: User, record: VitalSigns, weight: str) -> Any:
    browser = Browser()
    browser.force_login(user, backend="trials.authentication.RoleBackend")
    address = f"/admin/patients/vitalsigns/{record.pk}/change/"
    typed = {"measured_on": "2021-03-01", "weight": weight, "change_reason": f"read {weight}", **LINE}
    return browser.post(address, {"version": "1", **typed})


def through_rest(user: User, record: VitalSigns, weight: str) -> Any:
    change = {"weight": weight, "change_reason": f"read {weight}"}
    return client_of(user).change(f"/api/v1/vital-signs/{record.pk}/", 1, change)


def shows_both(reply: Any, typed: str, stored: str) -> bool:
    """A page shows what was typed beside what is stored; a client of REST knows what it sent."""
    if reply["Content-Type"].startswith("application/json"):
        told = reply.json()
        return bool(told["current"]["weight"] == stored and told["current_version"] == 2)
    page = reply.content.decode()
    return f'value="{typed}"' in page and escape(f"read {stored}") in page and f"{stored} kg" in page


@pytest.mark.parametrize("second", [through_the_page, through_rest])
@pytest.mark.parametrize("first", [through_the_page, through_rest])
def test_of_two_editors_of_one_version_the_second_is_told_of_the_first_and_overwrites_nothing(
    first: Any,
    second: Any,
    world: SimpleNamespace,  # noqa: F811
) -> None:
    record = create_form(
        actor=world.coordinator,
        form=VitalSigns,
        subject=world.subject,
        visit=world.subject.visits.get(code="SCR"),
        data={"measured_on": "2021-03-01", "weight": "60"},
        rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}]},
    )
    assert first(world.coordinator, record, "61").status_code in (200, 302)
    events = AuditEvent.objects.filter(chain=world.subject.chain).count()
    reply = second(coordinator_of(world.site), record, "62")
    assert reply.status_code == 412
    assert shows_both(reply, typed="62", stored="61")
    stored = VitalSigns.objects.get(pk=record.pk)
    assert (stored.version, str(stored.weight)) == (2, "61.0000")
    assert AuditEvent.objects.filter(chain=world.subject.chain).count() == events
