"""The principal investigator of the demonstration approves the dose-modification table; then it advises."""

import re
from typing import Any

import pytest
from django.test import Client

from ecrf.demo.accounts import open_accounts
from ecrf.demo.world import COLLEAGUES, PASSWORD
from patients.models import DoseAdministration
from tests.ecrf.api.client import client_of
from trials.models import DoseModificationTable, Role, User

pytestmark = pytest.mark.usefixtures("demonstration")

NOT_APPROVED = "not approved for this study"


def browser_of(username: str) -> Client:
    browser = Client()
    user = User.objects.get(username=username)
    browser.force_login(user, backend="trials.authentication.RoleBackend")
    return browser


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def a_dose() -> DoseAdministration:
    given = DoseAdministration.objects.filter(given="Y", entered_in_error=False)
    found: DoseAdministration = given.filter(drug__code="TORIPALIMAB").order_by("id")[5]
    return found


def advice_on(dose: DoseAdministration) -> list[str]:
    """What is expected of the dose, as its coordinator reads it over REST."""
    client = client_of(User.objects.get(username="coordinator"))
    told = client.get(f"/api/v1/doses/{dose.pk}/").json()["derivations"]
    return [each["answer"] or each["reason"] for each in told if each["about"].startswith("Expected action")]


def test_the_principal_investigator_is_the_only_investigator_of_the_whole_study() -> None:
    wide = [each.username for each in COLLEAGUES if each.role == Role.INVESTIGATOR and not each.site]
    assert wide == ["principal"]


def test_after_the_approval_by_the_principal_investigator_a_dose_shows_its_expected_action() -> None:
    table, dose = DoseModificationTable.objects.get(), a_dose()
    page = f"/admin/trials/dosemodificationtable/{table.pk}/"
    assert not table.is_approved
    assert [NOT_APPROVED in each for each in advice_on(dose)] == [True]
    shown = f"/admin/patients/doseadministration/{dose.pk}/change/"
    assert NOT_APPROVED in text(browser_of("coordinator").get(shown, follow=True))

    refused = browser_of("investigator").post(f"{page}approve/", {"change_reason": "Discussed"})
    assert refused.status_code == 403
    principal = browser_of("principal")
    assert f"{page}approve/" in principal.get(f"{page}change/").content.decode()
    open_accounts()
    principal = browser_of("principal")
    typed = {"username": "principal", "password": PASSWORD}
    assert principal.post(f"{page}approve/", {"change_reason": "Discussed"} | typed).status_code == 302

    table.refresh_from_db()
    assert (table.is_approved, table.approved_by.username) == (True, "principal")
    [advice] = advice_on(dose)
    assert advice
    assert NOT_APPROVED not in advice
    after = text(browser_of("coordinator").get(shown, follow=True))
    assert NOT_APPROVED not in after
    assert f"Expected action with Toripalimab on {dose.given_on}" in after
