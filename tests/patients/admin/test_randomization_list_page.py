"""The pages of the list: its keeper's acts, the seal for a recorded reason, and nothing for anybody else."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from patients.actions.randomize import randomize
from patients.models import Subject
from tests.factories import coordinator_of, make_site, make_study, person, screened_subject
from tests.patients.admin.test_casebook_page import client_of, text
from tests.patients.strata import keeper_of, screened_in, sealed_list, stratified_site
from trials.actions.randomization_list import create_list
from trials.models import (
    AuditEvent,
    RandomizationList,
    RandomizationSeal,
    RandomizationSlot,
    Role,
    Site,
    Study,
    UnusableSlot,
    User,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R17")]
OTHERS = [role for role in Role if role != Role.RANDOMIZATION_KEEPER]
ACTS: dict[str, dict[str, Any]] = {
    "slots": {"change_reason": "I want to see it"},
    "extend": {"length": 30, "change_reason": "more"},
    "unusable": {"count": 1, "change_reason": "kit destroyed"},
    "close": {"change_reason": "end"},
}


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def study(site: Site) -> Study:
    return site.study


@pytest.fixture
def coordinator(site: Site) -> User:
    return coordinator_of(site)


@pytest.fixture
def keeper(study: Study) -> User:
    return keeper_of(study)


@pytest.fixture
def made(study: Study, keeper: User) -> RandomizationList:
    return create_list(actor=keeper, study=study, name="list 1", length=12)


def address(made: RandomizationList, page: str = "change") -> str:
    return f"/admin/trials/randomizationlist/{made.pk}/{page}/"


def secrets_of(made: RandomizationList) -> list[str]:
    seal: Any = RandomizationSeal.objects.get(list=made)
    return [seal.seed, seal.nonce]


def test_the_page_shows_what_is_left_and_no_slot_that_is_free(
    made: RandomizationList, keeper: User, coordinator: User, site: Site
) -> None:
    randomize(actor=coordinator, subject=screened_subject(coordinator, site))
    reply = client_of(keeper).get(address(made))
    assert [each.number for each in reply.context["gone"]] == [1]
    [line] = reply.context["remaining"]
    assert (line.free, line.used) == (11, 1)
    page = text(reply)
    assert made.published_digest in page
    assert all(secret not in page for secret in secrets_of(made))
    assert not re.search(r"<td>\s*[AB]\s*</td>", page)


@pytest.mark.requirement("R09")
def test_the_seal_is_shown_after_a_reason_and_the_view_is_recorded(
    made: RandomizationList, keeper: User
) -> None:
    client = client_of(keeper)
    shown = secrets_of(made)
    asked = text(client.get(address(made, "slots")))
    unanswered = text(client.post(address(made, "slots"), {"change_reason": " "}))
    for page in (asked, unanswered):
        assert all(secret not in page for secret in shown)
        assert not re.search(r"<td>\s*[AB]\s*</td>", page)
    assert not AuditEvent.objects.filter(action="view of unblinded list").exists()
    reply = client.post(address(made, "slots"), {"change_reason": "Emergency plan"})
    assert all(secret in text(reply) for secret in shown)
    arms = list(made.slots.order_by("number").values_list("arm__code", flat=True))  # type: ignore[attr-defined]
    assert [arm for _stratum, _number, arm in reply.context["content"].slots] == arms
    assert "no-store" in reply["Cache-Control"]
    event = AuditEvent.objects.get(action="view of unblinded list")
    assert (event.actor, event.reason, event.source) == (keeper, "Emergency plan", "ADMIN")


def test_the_keeper_extends_marks_and_closes(made: RandomizationList, keeper: User) -> None:
    client = client_of(keeper)
    for page in ("extend", "unusable", "close"):
        refused = client.post(address(made, page), ACTS[page] | {"change_reason": ""})
        assert refused.status_code == 200
        assert "reason" in text(refused)
        assert client.post(address(made, page), ACTS[page])["Location"] == address(made)
    made.refresh_from_db()
    assert made.closed_at is not None
    assert RandomizationSlot.objects.count() == 30
    assert UnusableSlot.objects.get().slot.number == 1
    again = client.post(address(made, "close"), ACTS["close"])
    assert again.status_code == 409
    assert "closed for ever" in text(again)


def test_the_keeper_of_strata_chooses_among_those_of_the_study() -> None:
    site = stratified_site()
    keeper = keeper_of(site.study)
    made = create_list(actor=keeper, study=site.study, name="list 1", length=4)
    client = client_of(keeper)
    assert "Performance status: ECOG 0" in text(client.get(address(made, "unusable")))
    typed = ACTS["unusable"] | {"stratum": "ECOG=1"}
    assert client.post(address(made, "unusable"), typed).status_code == 302
    assert UnusableSlot.objects.get().slot.stratum == "ECOG=1"
    assert client.post(address(made, "unusable"), typed | {"stratum": "ECOG=7"}).status_code == 200
    assert client.post(address(made, "extend"), ACTS["extend"] | {"stratum": "ECOG=1"}).status_code == 302
    assert RandomizationSlot.objects.filter(stratum="ECOG=0").count() == 4
    assert RandomizationSlot.objects.filter(stratum="ECOG=1").count() == 30


@pytest.mark.parametrize("role", OTHERS)
def test_forged_requests_of_others_change_and_show_nothing(
    made: RandomizationList, study: Study, site: Site, role: Role
) -> None:
    for user in (person(role, study), person(role, study, site)):
        client = client_of(user)
        for page, typed in ACTS.items():
            assert client.get(address(made, page)).status_code == 404
            assert client.post(address(made, page), typed).status_code == 404
        # What was refused may be recorded as an attempt; nothing else is.
        assert not AuditEvent.objects.filter(actor=user, rows__gt=0).exists()
    assert not AuditEvent.objects.filter(action="view of unblinded list").exists()
    made.refresh_from_db()
    assert made.closed_at is None
    assert not UnusableSlot.objects.exists()


def test_another_keeper_and_one_of_a_site_are_others(
    made: RandomizationList, study: Study, site: Site
) -> None:
    others = [
        keeper_of(make_study("OTHER")),
        person(Role.RANDOMIZATION_KEEPER, study, site),
        User.objects.create_superuser("root", "a long enough pass-phrase"),
    ]
    for user in others:
        client = client_of(user)
        for page, typed in ACTS.items():
            assert client.post(address(made, page), typed).status_code == 404
        assert client.get(address(made)).status_code in (302, 404)
    assert not AuditEvent.objects.filter(action="view of unblinded list").exists()


def addresses_of(patterns: Any, values: dict[str, Any], prefix: str = "/") -> Iterator[str]:
    """Every registered address, with these values in its places; those with other places are left out."""
    for each in patterns:
        route = str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from addresses_of(each.url_patterns, values, prefix + route)
            continue
        whole = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", r"{\1\2}", prefix + route)
        try:
            yield re.sub(r"[\^$?\\]|/\./", "", whole).format(**values)
        except (KeyError, IndexError, ValueError):
            continue


@pytest.mark.parametrize("role", OTHERS)
def test_no_address_shows_a_seed_a_salt_or_a_free_slot_to_others(
    made: RandomizationList, study: Study, site: Site, coordinator: User, role: Role
) -> None:
    subject = screened_subject(coordinator, site)
    values = {"pk": made.pk, "object_id": made.pk, "code": subject.code, "subject": subject.pk}
    found = sorted(set(addresses_of(get_resolver().url_patterns, values)))
    assert len(found) > 100
    user = person(role, study, site if role in (Role.COORDINATOR, Role.INVESTIGATOR) else None)
    page, api = client_of(user), APIClient()
    api.force_authenticate(user)
    for client in (page, api):
        client.raise_request_exception = False  # an error page must keep the secrets as well
        for path in found:
            if "logout" in path or "healthz" in path:
                continue
            reply = client.get(path)
            said = b"".join(reply) if reply.streaming else reply.content
            assert all(secret.encode() not in said for secret in secrets_of(made)), path


def test_the_history_page_of_the_list_names_no_arm(made: RandomizationList, keeper: User) -> None:
    client = client_of(keeper)
    client.post(address(made, "extend"), ACTS["extend"])
    page = text(client.get(address(made, "history")))
    assert "extend randomization list" in page or "more" in page
    assert all(secret not in page for secret in secrets_of(made))


@pytest.mark.parametrize("model", ["randomizationslot", "randomizationseal", "unusableslot"])
def test_slots_and_seals_have_no_page_and_no_autocomplete(
    made: RandomizationList, keeper: User, model: str
) -> None:
    client = client_of(keeper)
    assert client.get(f"/admin/trials/{model}/").status_code == 404
    asked = {"app_label": "patients", "model_name": "allocation", "field_name": "slot"}
    assert client.get("/admin/autocomplete/", asked).status_code in (403, 404)


def test_what_runs_out_is_told_to_the_keeper_on_the_first_page(
    study: Study, keeper: User, coordinator: User
) -> None:
    sealed_list(study, {"": "A"}, keeper=keeper)
    assert "run out" not in text(client_of(coordinator).get("/admin/"))
    client = client_of(keeper)
    assert "run out" not in text(client.get("/admin/"))
    client.post(address(RandomizationList.objects.get(), "unusable"), ACTS["unusable"])
    page = text(client.get("/admin/"))
    assert "Randomization lists that run out" in page
    assert "nobody can be randomized" in page
    for role in OTHERS:
        assert "run out" not in text(client_of(person(role, study)).get("/admin/"))


# ---------------------------------------------------------------- the stratum on every face
def test_the_stratum_is_shown_before_and_after_randomization() -> None:
    site = stratified_site()
    coordinator = coordinator_of(site)
    sealed_list(site.study, {"ECOG=1": "AB"})
    subject = screened_in(coordinator, site, "1")
    client, hub = client_of(coordinator), f"/admin/patients/subject/{subject.pk}/"
    assert "Stratum by the data: Performance status: ECOG 1" in text(client.get(f"{hub}randomize/"))
    api = APIClient()
    api.force_authenticate(coordinator)
    assert api.get(f"/api/v1/subjects/{subject.code}/").json()["stratum"] is None
    reply = api.post(f"/api/v1/subjects/{subject.code}/randomize/")
    assert (reply.status_code, reply.json()["stratum"]) == (201, "ECOG=1")
    casebook = api.get(f"/api/v1/subjects/{subject.code}/casebook/").json()
    assert '"stratum": "ECOG=1"' in json.dumps(casebook)
    assert "Stratum used" in text(client.get(f"{hub}change/"))


def test_a_stratum_that_is_missing_or_exhausted_is_refused_on_every_face() -> None:
    site = stratified_site()
    coordinator = coordinator_of(site)
    sealed_list(site.study, {"ECOG=0": "AB"})
    subject: Subject = screened_in(coordinator, site, "1")
    api = APIClient()
    api.force_authenticate(coordinator)
    reply = api.post(f"/api/v1/subjects/{subject.code}/randomize/")
    assert reply.status_code == 409
    assert "no free slot in stratum Performance status: ECOG 1; ask the keeper" in json.dumps(reply.json())
    client: Client = client_of(coordinator)
    page = client.post(f"/admin/patients/subject/{subject.pk}/randomize/", {"confirmed": "on"})
    assert page.status_code == 409
    assert "ask the keeper" in text(page)
    assert RandomizationSlot.objects.filter(allocation__isnull=True).count() == 2


def test_a_study_without_factors_has_no_stratum(
    coordinator: User, site: Site, made: RandomizationList
) -> None:
    subject = screened_subject(coordinator, site)
    api = APIClient()
    api.force_authenticate(coordinator)
    reply = api.post(f"/api/v1/subjects/{subject.code}/randomize/")
    assert (reply.status_code, reply.json()["stratum"]) == (201, None)
    assert "Stratum" not in text(client_of(coordinator).get(f"/admin/patients/subject/{subject.pk}/change/"))
