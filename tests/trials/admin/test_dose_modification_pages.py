"""The study team reads the dose-modification table on one page; the principal investigator approves it."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import PASSWORD, person
from tests.screening import registered_study
from trials.models import AuditEvent, DoseModificationTable, Role, Site, Study, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered_once")]


@pytest.fixture
def study() -> Study:
    return registered_study()


@pytest.fixture
def page(study: Study) -> str:
    table = DoseModificationTable.objects.get(study=study)
    return f"/admin/trials/dosemodificationtable/{table.pk}/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def test_the_page_shows_every_row_in_words(study: Study, page: str) -> None:
    shown = text(client_of(person(Role.MONITOR, study)).get(f"{page}change/"))
    assert "Not approved for this study: nothing is advised from it." in shown
    for words in (
        "PLAT: &lt; 100 ×10⁹/L",
        "day 8 of the cycle, result of the last 3 days",
        "Reduce to 75 %",
        "ALT: Alanine aminotransferase increased, grade 3 or more",
        "Hold, then 1 level lower",
        "Colitis, grade 3 from the 2. event on",
        "baseline above 1 x ULN, baseline at most 3 x ULN",
        "Reduce to 65 (unit of the regimen)",
        "any event but events for which lenvatinib has a row of their own",
        "PROTEXR: ≥ 2 g/24 h",
        "where it is known",
        "Other immune-related events (“Immune-related?” answered yes), grade 3",
        "Autoimmune disorder; only where “Immune-related?” is answered yes",
    ):
        assert words in shown, words
    assert "Approve" not in shown.replace("Approved", "")


def test_the_principal_investigator_approves_it_on_the_page_and_says_why(study: Study, page: str) -> None:
    investigator = person(Role.INVESTIGATOR, study)
    client = client_of(investigator)
    assert f"{page}approve/" in client.get(f"{page}change/").content.decode()
    asking = text(client.get(f"{page}approve/"))
    assert "what was given is compared with them" in asking
    assert "the command run_checks raises their queries" in asking
    typed = {"username": investigator.username, "password": PASSWORD}
    refused = client.post(f"{page}approve/", {"change_reason": "", **typed})
    assert "A reason is required for approving a version" in text(refused)
    assert not DoseModificationTable.objects.get(study=study).is_approved
    alone = client.post(f"{page}approve/", {"change_reason": "Discussed"})
    assert "This field is required" in text(alone)
    wrong = client.post(f"{page}approve/", {"change_reason": "Discussed", **typed, "password": "mistyped"})
    assert "is wrong" in text(wrong)
    assert "mistyped" not in wrong.content.decode()
    assert not DoseModificationTable.objects.get(study=study).is_approved
    assert client.post(f"{page}approve/", {"change_reason": "Discussed", **typed}).status_code == 302
    assert f"Approved by {investigator} on" in text(client.get(f"{page}change/"))
    assert AuditEvent.objects.filter(chain=study.chain).latest("number").reason == "Discussed"
    again = client.post(f"{page}approve/", {"change_reason": "once more", **typed})
    assert (again.status_code, "approved already" in text(again)) == (409, True)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.DATA_MANAGER, Role.ADMINISTRATOR])
def test_nobody_else_approves_it(study: Study, page: str, role: str) -> None:
    user = person(role, study)
    client = client_of(user)
    assert client.get(f"{page}approve/").status_code == 403
    typed = {"change_reason": "because", "username": user.username, "password": PASSWORD}
    assert client.post(f"{page}approve/", typed).status_code == 403


def test_the_investigator_of_one_site_does_not_approve_it(study: Study, page: str) -> None:
    client = client_of(person(Role.INVESTIGATOR, study, Site.objects.get(study=study)))
    assert client.get(f"{page}change/").status_code == 200
    assert client.get(f"{page}approve/").status_code == 403
    assert client.post(f"{page}approve/", {"change_reason": "because"}).status_code == 403


def test_to_somebody_without_a_role_in_the_study_the_table_does_not_exist(page: str) -> None:
    outsider = client_of(User.objects.create_user("nobody", "a long pass-phrase"))
    assert outsider.get(f"{page}change/").status_code in (403, 404)


def test_prohibited_medication_is_read_by_the_study_team(study: Study) -> None:
    reply = client_of(person(Role.COORDINATOR, study)).get("/admin/trials/prohibitedmedication/")
    assert "Immunosuppressants" in text(reply)
