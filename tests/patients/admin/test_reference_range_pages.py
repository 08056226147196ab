"""A reference range is corrected with its impact in view."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from patients.actions.save_form import create_form
from patients.models import LabResult, LabSample
from tests.factories import coordinator_of, make_site, make_study, person, screened_subject
from trials.models import AuditEvent, ReferenceRange, Role, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    subject = screened_subject(coordinator, site)
    create_form(
        actor=coordinator,
        form=LabSample,
        subject=subject,
        visit=subject.visits.get(code="SCR"),
        data={"collected_on": date(2021, 3, 1).isoformat(), "laboratory": "ZS-LAB"},
        rows={"results": [{"test": "ALT", "value": "45", "unit": "U/L"}]},
    )
    return site


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def typed(found: ReferenceRange, **changes: str) -> dict[str, str]:
    return {
        "version": str(found.version),
        "low": "9",
        "high": "50",
        "sex": "",
        "age_from": "0",
        "age_to": "150",
        "valid_from": "2019-01-01",
        "valid_to": "",
        **changes,
    }


def alt() -> ReferenceRange:
    return ReferenceRange.objects.get(test__code="ALT")


def page() -> str:
    return f"/admin/trials/referencerange/{alt().pk}/correct/"


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", reply.content.decode())


def test_limits_are_shown_without_the_zeros_of_the_column(site: Site) -> None:
    client = client_of(person(Role.DATA_MANAGER, site.study))
    listed = text(client.get("/admin/trials/referencerange/"))
    assert ">50<" in listed.replace("> ", ">").replace(" <", "<")
    assert "50.0000" not in listed
    shown = text(client.get(page()))
    assert 'value="50"' in shown
    assert 'value="50.0000"' not in shown


def test_the_impact_is_shown_before_anything_is_kept(site: Site) -> None:
    client = client_of(person(Role.DATA_MANAGER, site.study))
    events = AuditEvent.objects.count()
    reply = client.post(page(), typed(alt(), high="40", _preview="1"))
    assert "ZS-001" in text(reply)
    assert [each.flag_after for each in reply.context["impact"]] == ["HIGH"]
    assert alt().high == Decimal(50)
    assert AuditEvent.objects.count() == events


def test_the_correction_needs_a_reason_and_flags_anew(site: Site) -> None:
    client = client_of(person(Role.DATA_MANAGER, site.study))
    assert "A reason is required" in text(client.post(page(), typed(alt(), high="40")))
    done = client.post(page(), typed(alt(), high="40", change_reason="new method of the laboratory"))
    assert done.status_code == 302, text(done)
    assert alt().high == Decimal(40)
    assert LabResult.objects.get().flag == "HIGH"


def test_limits_in_the_wrong_order_are_refused(site: Site) -> None:
    client = client_of(person(Role.DATA_MANAGER, site.study))
    reply = client.post(page(), typed(alt(), low="60", change_reason="typo"))
    assert reply.status_code == 200
    assert alt().low == Decimal(9)


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.DATA_MANAGER])
def test_nobody_else_corrects_a_range(role: str, site: Site) -> None:
    client = client_of(person(role, site.study))
    assert client.post(page(), typed(alt(), high="40", change_reason="forged")).status_code == 403
    assert alt().high == Decimal(50)
