"""Accounts, roles and one's own password on admin pages."""

import re
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import PASSWORD, coordinator_of, make_site, make_study, person
from trials.models import Assignment, AuditEvent, Role, Site, User

pytestmark = pytest.mark.django_db

NEW = "another long pass-phrase"
OWN = "a third and rather private phrase"


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def client(site: Site) -> Client:
    return client_of(person(Role.ADMINISTRATOR, site.study))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", reply.content.decode())


def test_an_account_is_made_given_a_role_and_logs_in(site: Site, client: Client) -> None:
    typed = {"username": "li.wei", "full_name": "Li Wei", "password": NEW, "again": NEW}
    assert client.post("/admin/trials/user/add/", typed).status_code == 302
    user = User.objects.get(username="li.wei")
    role = {
        "user": "li.wei",
        "study": site.study_id,
        "role": Role.COORDINATOR,
        "site": site.pk,
        "valid_from": "2021-01-01",
        "trained_on": "2020-12-18",
    }
    assert client.post("/admin/trials/assignment/add/", role).status_code == 302
    given = Assignment.objects.get(user=user)
    assert (given.site, given.trained_on) == (site, date(2020, 12, 18))
    fresh = Client()
    reply = fresh.post("/admin/login/?next=/admin/patients/subject/", {"username": "li.wei", "password": NEW})
    assert reply["Location"] == "/admin/patients/subject/"
    assert fresh.get("/admin/patients/subject/")["Location"] == "/admin/password_change/"
    assert "somebody else knows the present one" in text(fresh.get("/admin/password_change/"))
    own = {"old_password": NEW, "password": OWN, "again": OWN}
    assert fresh.post("/admin/password_change/", own).status_code == 302
    assert fresh.get("/admin/patients/subject/").status_code == 200


def test_logging_in_leads_to_no_foreign_address() -> None:
    study = make_study()
    user = person(Role.MONITOR, study)
    reply = Client().post(
        "/admin/login/?next=https://elsewhere.example/", {"username": user.username, "password": PASSWORD}
    )
    assert reply["Location"] == "/admin/"


def test_a_weak_password_is_refused_at_its_field_and_never_shown_again(client: Client) -> None:
    typed = {"username": "li.wei", "password": "password1234", "again": "password1234"}
    reply = client.post("/admin/trials/user/add/", typed)
    assert "too common" in text(reply)
    assert reply.context["form"].errors["password"]
    assert "password1234" not in text(reply)
    assert not User.objects.filter(username="li.wei").exists()


@pytest.mark.requirement("R32")
def test_a_username_in_other_case_is_taken(client: Client, site: Site) -> None:
    person(Role.MONITOR, site.study, username="zhang")
    typed = {"username": "ZHANG", "password": NEW, "again": NEW}
    assert client.post("/admin/trials/user/add/", typed).status_code == 200
    assert User.objects.filter(username__iexact="zhang").count() == 1


def test_closing_an_account_needs_a_reason_and_ends_the_login(site: Site, client: Client) -> None:
    user = coordinator_of(site)
    session = client_of(user)
    page = f"/admin/trials/user/{user.pk}/deactivate/"
    assert "A reason is required" in text(client.post(page, {}))
    assert client.post(page, {"change_reason": "left the hospital"}).status_code == 302
    assert not User.objects.get(pk=user.pk).is_active
    assert session.get("/admin/").status_code == 302


def test_a_role_ends_after_its_last_day(site: Site, client: Client) -> None:
    user = coordinator_of(site)
    assignment = Assignment.objects.get(user=user)
    page = f"/admin/trials/assignment/{assignment.pk}/end/"
    assert client.post(page, {"last_day": "2021-05-31", "change_reason": "moved on"}).status_code == 302
    assignment.refresh_from_db()
    assert assignment.valid_to == date(2021, 5, 31)
    assert client_of(user).get("/admin/patients/subject/").status_code == 403


def test_a_role_cannot_be_given_in_a_study_one_does_not_manage(client: Client, site: Site) -> None:
    other = make_study("OTHER-2")
    user = coordinator_of(site)
    typed = {
        "user": user.username,
        "study": other.pk,
        "role": Role.MONITOR,
        "site": "",
        "valid_from": "2021-01-01",
    }
    reply = client.post("/admin/trials/assignment/add/", typed)
    assert reply.status_code == 200
    assert reply.context["form"].errors["study"]
    assert not Assignment.objects.filter(study=other).exists()


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.ADMINISTRATOR])
def test_accounts_exist_for_administrators_only(role: str, site: Site) -> None:
    user = person(role, site.study)
    other = coordinator_of(site)
    client = client_of(user)
    for page in ("", "add/", f"{other.pk}/change/", f"{other.pk}/password/", f"{other.pk}/history/"):
        assert client.get(f"/admin/trials/user/{page}").status_code == 404
    typed = {"password": NEW, "again": NEW, "change_reason": "forged"}
    assert client.post(f"/admin/trials/user/{other.pk}/password/", typed).status_code == 404
    assert User.objects.get(pk=other.pk).check_password(PASSWORD)


def test_one_changes_the_own_password_with_the_old_one_and_stays_logged_in(site: Site) -> None:
    user = coordinator_of(site)
    client = client_of(user)
    elsewhere = client_of(user)
    wrong = {"old_password": "guess", "password": NEW, "again": NEW}
    assert "not your present password" in text(client.post("/admin/password_change/", wrong))
    typed = {"old_password": PASSWORD, "password": NEW, "again": NEW}
    assert client.post("/admin/password_change/", typed).status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW)
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    event = AuditEvent.objects.filter(action="set password").get()
    assert (event.actor, event.role) == (user, "SELF")


@pytest.mark.requirement("R35")
def test_passwords_tried_out_at_an_open_screen_lock_the_account(site: Site) -> None:
    user = coordinator_of(site)
    client = client_of(user)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/admin/password_change/", {"old_password": "guess", "password": NEW, "again": NEW})
    right = {"old_password": PASSWORD, "password": NEW, "again": NEW}
    assert "Too many failed attempts" in text(client.post("/admin/password_change/", right))
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert AuditEvent.objects.filter(action="lock out").count() == 1


def test_the_history_of_an_account_never_shows_the_password_hash(site: Site, client: Client) -> None:
    user = coordinator_of(site)
    page = text(client.get(f"/admin/trials/user/{user.pk}/history/"))
    assert "Account created" in page
    assert user.password not in page
    assert "md5$" not in page
