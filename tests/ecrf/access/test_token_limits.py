"""Tokens: listed, ended singly, and narrower than their owner's rights on wish."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from patients.models import Subject
from tests.ecrf.access.people import TOKEN, WRONG, log_in, told
from tests.ecrf.api.client import Client, client_of, results
from tests.factories import PASSWORD, coordinator_of, make_site, make_study, person, screened_subject
from trials.models import AccessToken, AuditEvent, Role, Site, User
from trials.roles import Limits, NotPermitted, Verb, may, require, scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def other_site(site: Site) -> Site:
    return make_site(site.study, "HZ")


@pytest.fixture
def manager(site: Site, other_site: Site) -> User:
    """A data manager of the whole study: imports, exports, reads everything."""
    return person(Role.DATA_MANAGER, site.study, username="lab")


def ask(username: str, password: str = PASSWORD, **wanted: Any) -> Any:
    client = Client(raise_request_exception=False)
    return client.post(TOKEN, {"username": username, "password": password, **wanted}, format="json")


def with_token(username: str, **wanted: Any) -> Client:
    reply = ask(username, **wanted)
    assert reply.status_code == 201, reply.content
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {reply.json()['token']}"})


def lab_line(subject: Subject) -> list[dict[str, Any]]:
    rows = [{"test": "ALT", "value": "30", "unit": "U/L"}]
    return [
        {
            "subject": subject.code,
            "visit": "SCR",
            "collected_on": "2021-03-01",
            "laboratory": f"{subject.site.code}-LAB",
            "results": rows,
            "external_id": f"lab-{subject.code}",
        }
    ]


@pytest.fixture
def subjects(site: Site, other_site: Site) -> tuple[Subject, Subject]:
    """One screened subject of each site."""
    return (
        screened_subject(coordinator_of(site), site),
        screened_subject(coordinator_of(other_site), other_site),
    )


IMPORT = "/api/v1/imports/LB/?change_reason=from%20the%20laboratory"


@pytest.mark.requirement("R22")
def test_the_token_of_a_laboratory_imports_its_form_at_its_site_and_nothing_else(
    manager: User, subjects: tuple[Subject, Subject]
) -> None:
    own, foreign = subjects
    lab = with_token("lab", name="analyzer 1", site=own.site.code, forms=["LB"])
    assert lab.post(IMPORT, lab_line(own), format="json").status_code == 201
    refused = lab.post(IMPORT, lab_line(foreign), format="json")
    assert refused.status_code == 400
    missing = lab_line(own)
    missing[0]["subject"] = "HZ-999"
    unknown = lab.post(IMPORT, missing, format="json")
    assert str(refused.json()["errors"]).replace(foreign.code, "HZ-999") == str(unknown.json()["errors"])
    vital = lab.post("/api/v1/imports/VS/?change_reason=x", [{"subject": own.code}], format="json")
    assert vital.status_code == 403
    assert vital.json()["errors"]["detail"] == ["This token is for these forms only: LB."]
    for path in (
        "vital-signs/",
        f"subjects/{own.code}/",
        f"subjects/{own.code}/casebook/",
        "subjects/",
        "queries/",
    ):
        assert lab.get(f"/api/v1/{path}").status_code == 403, path
    assert lab.get("/api/v1/exports/csv/?form=LB").status_code == 403
    assert {each["subject"] for each in results(lab.get("/api/v1/lab-results/"))} == {own.code}
    assert lab.get("/api/v1/forms/LB/").status_code == 200
    assert lab.get("/api/v1/lab-tests/").status_code == 200


@pytest.mark.requirement("R22")
def test_the_rows_of_another_site_do_not_exist_for_the_token_of_one_site(
    manager: User, subjects: tuple[Subject, Subject]
) -> None:
    own, foreign = subjects
    narrow, wide = with_token("lab", site="ZS"), with_token("lab")
    assert wide.get(f"/api/v1/subjects/{foreign.code}/").status_code == 200
    assert narrow.get(f"/api/v1/subjects/{own.code}/").status_code == 200
    missing, hidden = narrow.get("/api/v1/subjects/ZS-999/"), narrow.get(f"/api/v1/subjects/{foreign.code}/")
    assert missing.status_code == hidden.status_code == 404
    assert missing.json()["errors"] == hidden.json()["errors"]
    assert {each["code"] for each in results(narrow.get("/api/v1/sites/"))} == {"ZS"}


@pytest.mark.requirement("R22")
def test_a_token_that_only_reads_changes_nothing(site: Site) -> None:
    coordinator = person(Role.COORDINATOR, site.study, site, username="anna")
    subject = screened_subject(coordinator, site)
    reader = with_token("anna", read_only=True)
    assert reader.get(f"/api/v1/subjects/{subject.code}/").status_code == 200
    refused = reader.post("/api/v1/subjects/", {"site": "ZS", "screened_on": "2021-03-01"}, format="json")
    assert refused.status_code == 403
    assert refused.json()["errors"]["detail"] == ["This token only reads."]
    assert Subject.objects.count() == 1
    assert reader.post("/api/v1/auth/logout/").status_code == 204


def test_the_actions_themselves_know_what_a_token_leaves(site: Site, other_site: Site) -> None:
    """Were an address forgotten, the rights would still be narrow."""
    user = person(Role.INVESTIGATOR, site.study)
    user.limits = Limits(site=site, read_only=True)
    assert may(user, Verb.READ, site=site)
    assert not may(user, Verb.READ, site=other_site)
    assert not may(user, Verb.READ, study=site.study)
    assert not may(user, Verb.ENTER, site=site)
    assert scope(user, Verb.READ).sites == {site.pk}
    assert not scope(user, Verb.ENTER)
    with pytest.raises(NotPermitted):
        require(user, Verb.ENTER, site=site)
    with pytest.raises(NotPermitted):
        require(user, Verb.READ, site=other_site)


def test_a_token_for_one_site_gives_an_administrator_of_the_installation_nothing_beyond(site: Site) -> None:
    root = person(Role.MONITOR, site.study, site, is_superuser=True)
    assert may(root, Verb.MANAGE_ACCOUNTS)
    root.limits = Limits(site=site)
    assert not may(root, Verb.MANAGE_ACCOUNTS)
    root.limits = Limits(read_only=True)
    assert not may(root, Verb.MANAGE_ACCOUNTS)


def test_a_token_adds_no_right_and_names_no_site_of_others(site: Site, other_site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    foreign, missing = ask("anna", site="HZ"), ask("anna", site="NOWHERE")
    assert foreign.status_code == missing.status_code == 400
    assert foreign.json()["errors"] == missing.json()["errors"]
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"forms": []}, "forms"),
        ({"forms": "LB"}, "forms"),
        ({"forms": ["LB", "NOFORM"]}, "forms"),
        ({"forms": [1]}, "forms"),
        ({"read_only": "yes"}, "read_only"),
        ({"name": "x" * 61}, "name"),
        ({"site": 5}, "site"),
        ({"rights": "all"}, "rights"),
    ],
)
def test_what_a_token_is_asked_for_is_checked_before_the_password(wanted: dict[str, Any], field: str) -> None:
    person(Role.COORDINATOR, make_study("OTHER"), username="anna")
    assert list(ask("anna", WRONG, **wanted).json()["errors"]) == [field]
    assert told("login failed") == []


def test_tokens_are_listed_for_their_owner_without_anything_that_opens(site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    person(Role.MONITOR, site.study, username="mona")
    client = with_token("anna", name="tablet", forms=["VS"], read_only=True)
    with_token("mona")
    (shown,) = client.get("/api/v1/auth/tokens/").json()["results"]
    assert (shown["name"], shown["forms"], shown["read_only"], shown["this"]) == (
        "tablet",
        ["VS"],
        True,
        True,
    )
    held = AccessToken.objects.get(name="tablet")
    assert held.digest not in str(shown)
    assert held.token_key not in str(shown)
    assert client.get("/api/v1/auth/tokens/?user=mona").json()["results"] == []


@pytest.mark.requirement("R34")
def test_one_token_is_ended_and_the_others_stay(site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    lost, kept = with_token("anna", name="lost"), with_token("anna", name="kept")
    handle = AccessToken.objects.get(name="lost").handle
    assert kept.post(f"/api/v1/auth/tokens/{handle}/end/").status_code == 204
    assert lost.get("/api/v1/studies/").status_code == 401
    assert kept.get("/api/v1/studies/").status_code == 200
    assert kept.post(f"/api/v1/auth/tokens/{handle}/end/").status_code == 404
    assert told("end token") == [f"account anna: token lost ({handle}) ended"]


@pytest.mark.requirement("R34")
def test_an_administrator_lists_and_ends_the_token_of_anybody_with_a_reason(site: Site) -> None:
    anna = person(Role.COORDINATOR, site.study, site, username="anna")
    administrator = person(Role.ADMINISTRATOR, site.study, username="admin")
    hers, desk = with_token("anna", name="hers"), client_of(administrator)
    (shown,) = desk.get("/api/v1/auth/tokens/?user=anna").json()["results"]
    address = f"/api/v1/auth/tokens/{shown['handle']}/end/"
    assert desk.post(address).status_code == 400
    assert hers.get("/api/v1/studies/").status_code == 200
    assert desk.post(address, {"change_reason": "lost"}, format="json").status_code == 204
    assert hers.get("/api/v1/studies/").status_code == 401
    event = AuditEvent.objects.get(action="end token")
    assert (event.actor, event.reason) == (administrator, "lost")

    again = with_token("anna", name="again")
    browser = log_in("admin")[0]
    page = f"/admin/trials/user/{anna.pk}/tokens/{AccessToken.objects.get(name='again').handle}/end/"
    assert browser.post(page, {"change_reason": "lost again"}).status_code == 302
    assert again.get("/api/v1/studies/").status_code == 401


def test_a_token_of_somebody_else_does_not_exist_for_a_person(site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    person(Role.MONITOR, site.study, username="mona")
    hers, his = with_token("anna"), with_token("mona")
    handle = AccessToken.objects.get(user__username="anna").handle
    assert his.post(f"/api/v1/auth/tokens/{handle}/end/").status_code == 404
    browser = log_in("mona")[0]
    assert browser.post(f"/admin/account/tokens/{handle}/end/").status_code == 404
    assert hers.get("/api/v1/studies/").status_code == 200
    assert log_in("anna")[0].post(f"/admin/account/tokens/{handle}/end/").status_code == 302
    assert hers.get("/api/v1/studies/").status_code == 401


@pytest.mark.requirement("R34")
def test_a_token_used_after_its_time_is_refused_with_one_event(site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    with time_machine.travel(timezone.now(), tick=False) as time:
        client = with_token("anna", name="tablet")
        time.shift(settings.REST_KNOX["TOKEN_TTL"] - timedelta(seconds=1))
        assert client.get("/api/v1/studies/").status_code == 200
        time.shift(timedelta(seconds=1))
        assert [client.get("/api/v1/studies/").status_code for _ in range(3)] == [401, 401, 401]
    (note,) = told("expired token refused")
    assert note.startswith("account anna: token tablet (")


def test_issuing_a_token_is_an_event_that_says_what_it_may_and_never_holds_it(site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    reply = ask("anna", name="tablet", site="ZS", forms=["VS", "LB"], read_only=True)
    (note,) = told("issue token")
    assert "token tablet" in note
    assert note.endswith("for site ZS; forms LB, VS; reading only")
    held = AccessToken.objects.get()
    assert not any(secret in note for secret in (reply.json()["token"], held.digest, held.token_key))


def test_the_last_use_of_a_token_is_known_to_ten_minutes(site: Site) -> None:
    person(Role.COORDINATOR, site.study, site, username="anna")
    with time_machine.travel(timezone.now(), tick=False) as time:
        client = with_token("anna")
        time.shift(timedelta(hours=1))
        client.get("/api/v1/studies/")
        assert AccessToken.objects.get().last_used_at == timezone.now()
