"""Signing over REST: the token says who asks, the password in the body says that it is that person, now."""

import csv
import io
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from patients.actions.save_form import change_form
from patients.actions.signatures import acknowledge_policy
from patients.models import POLICY_VERSION, EcogAssessment, Signature, VitalSigns
from patients.signatures import forms_in_force
from tests.ecrf.api.client import client_of, results
from tests.ecrf.api.world import world
from tests.factories import PASSWORD, person
from tests.patients.signing.conftest import signing, who_signs
from trials.audit import clock
from trials.models import IdempotencyKey, Role

__all__ = ["world"]
pytestmark = pytest.mark.django_db

SIGNATURES = "/api/v1/signatures/"


@pytest.fixture
def house(world: SimpleNamespace) -> SimpleNamespace:
    """The small world, and its investigator with a token."""
    world.investigator = who_signs(world.site)
    world.signer = client_of(world.investigator)
    world.vital_signs = VitalSigns.objects.get(subject=world.subject)
    return world


def body(house: SimpleNamespace, **more: Any) -> dict[str, Any]:
    form = {"form": "VS", "subject": "ZS-001", "visit": "SCR", "repeat": 1, "version": 1}
    own = {"username": house.investigator.username, "password": PASSWORD, "meaning": "REVIEW"}
    return {"forms": [form], **own, **more}


def correct(house: SimpleNamespace, **data: str) -> None:
    record = VitalSigns.objects.get(pk=house.vital_signs.pk)
    change_form(actor=house.coordinator, record=record, version=record.version, reason="mistyped", data=data)


@pytest.mark.requirement("R27")
def test_a_form_is_signed_and_the_signature_is_shown_everywhere(house: SimpleNamespace) -> None:
    reply = house.signer.post(SIGNATURES, body(house), format="json")
    assert reply.status_code == 201, reply.content
    made = reply.json()
    assert (made["printed_name"], made["username"]) == ("Dr. Wang Fang", house.investigator.username)
    assert (made["subject"], made["scope"], made["meaning"]) == ("ZS-001", "FORMS", "REVIEW")
    [form] = made["forms"]
    assert (form["form"], form["version"], form["void"]) == ("VS", 1, False)
    assert house.client.get(reply["Location"]).json() == made
    assert house.client.get(form["href"]).json()["signatures"][0]["printed_name"] == "Dr. Wang Fang"
    casebook = house.client.get("/api/v1/subjects/ZS-001/casebook/").json()
    assert casebook["forms"]["vital-signs"][0]["signatures"][0]["statement"] == made["statement"]
    assert clock.instant(casebook["signatures"][0]["signed_at"]) == clock.instant(made["signed_at"])
    correct(house, weight="61")
    [shown] = house.client.get(form["href"]).json()["signatures"]
    assert (shown["void"], shown["void_cause"]) == (True, "Weight changed")
    now = house.client.get("/api/v1/subjects/ZS-001/casebook/").json()
    assert now["forms"]["vital-signs"][0]["signatures"][0]["void"]
    before = house.client.get("/api/v1/subjects/ZS-001/casebook/", {"as_of": made["signed_at"]}).json()
    assert not any(each["void"] for each in before["signatures"])


@pytest.mark.requirement("R27")
def test_exports_say_who_signed_when_and_what_is_void(house: SimpleNamespace) -> None:
    signing(house.investigator, house.vital_signs)
    correct(house, weight="61")
    signing(house.investigator, VitalSigns.objects.get(pk=house.vital_signs.pk), meaning="AUTHORSHIP")
    reply = house.roles[Role.STATISTICIAN].get("/api/v1/exports/csv/", {"form": "VS"})
    lines = list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode(), newline="")))
    ours = next(line for line in lines if line["subject"] == "ZS-001")
    assert ours["signed"] == "true"
    newest, _semicolon, oldest = ours["signatures"].partition("; ")
    assert newest.startswith(f"Dr. Wang Fang ({house.investigator.username}) 20")
    assert newest.endswith("Z AUTHORSHIP, version 2")
    assert oldest.startswith("VOID Dr. Wang Fang")
    assert oldest.endswith(": Weight changed")
    assert next(line for line in lines if line["subject"] == "XH-001")["signed"] == "false"


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    "given",
    [
        {"username": None, "password": None},
        {"password": "wrong"},
        {"username": "somebody-else"},
        {"password": ["a", "list"]},
        {"password": "x" * 5000},
        {"username": "u" * 5000},
        {"code": {"a": 1}, "password": ""},
    ],
)
def test_a_token_alone_or_with_wrong_credentials_signs_nothing(
    house: SimpleNamespace, given: dict[str, Any]
) -> None:
    reply = house.signer.post(SIGNATURES, body(house, **given), format="json")
    assert reply.status_code == 403, reply.content
    assert not Signature.objects.exists()


@pytest.mark.requirement("R30")
def test_failures_count_toward_the_lockout_which_a_right_password_does_not_open(
    house: SimpleNamespace, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [
        house.signer.post(SIGNATURES, body(house, password="wrong"), format="json").status_code
        for _attempt in range(4)
    ]
    assert statuses[:2] == [403, 403]
    assert statuses[3] == 429
    assert house.signer.post(SIGNATURES, body(house), format="json").status_code == 429
    login = {"username": house.investigator.username, "password": PASSWORD}
    assert house.signer.post("/api/v1/auth/token/", login, format="json").status_code == 429
    assert not Signature.objects.exists()


def test_the_password_stands_in_no_reply_no_log_and_no_kept_key(
    house: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "a planted secret 4711"
    with caplog.at_level(logging.DEBUG):
        refused = house.signer.post(SIGNATURES, body(house, password=secret), format="json")
        odd = house.signer.post(SIGNATURES, body(house, password=secret, forms="no list"), format="json")
        made = house.signer.once(SIGNATURES, "key-1", body(house))
    assert made.status_code == 201
    for reply in (refused, odd, made):
        assert secret not in reply.content.decode()
        assert PASSWORD not in reply.content.decode()
    assert secret not in caplog.text
    assert PASSWORD not in caplog.text
    kept = IdempotencyKey.objects.get()
    assert PASSWORD not in str(kept.__dict__)


def test_the_same_request_with_one_key_signs_once(house: SimpleNamespace) -> None:
    first = house.signer.once(SIGNATURES, "key-1", body(house))
    again = house.signer.once(SIGNATURES, "key-1", body(house))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert house.signer.once(SIGNATURES, "key-1", body(house, password="wrong")).status_code == 422
    assert Signature.objects.count() == 1


@pytest.mark.requirement("R38")
def test_nobody_but_an_investigator_of_the_site_signs(house: SimpleNamespace) -> None:
    statuses = {}
    for role in set(Role) - {Role.INVESTIGATOR}:
        user = person(role, house.study, full_name="Somebody")
        sent = body(house, username=user.username)
        statuses[role] = client_of(user).post(SIGNATURES, sent, format="json").status_code
    assert set(statuses.values()) <= {403, 404}
    outsider = who_signs(house.other_site)
    sent = body(house, username=outsider.username)
    assert client_of(outsider).post(SIGNATURES, sent, format="json").status_code == 404
    assert not Signature.objects.exists()


@pytest.mark.requirement("R24")
def test_the_policy_is_read_and_acknowledged_before_the_first_signature(house: SimpleNamespace) -> None:
    newcomer = person(Role.INVESTIGATOR, house.study, house.site, full_name="Dr. Li Na")
    client = client_of(newcomer)
    sent = body(house, username=newcomer.username)
    assert client.post(SIGNATURES, sent, format="json").status_code == 403
    policy = client.get(f"{SIGNATURES}policy/").json()
    assert (policy["acknowledged"], "legally binding" in policy["text"]) == (False, True)
    acknowledged = client.post(f"{SIGNATURES}policy/", {"version": policy["version"]}, format="json")
    assert (acknowledged.status_code, acknowledged.json()["acknowledged"]) == (201, True)
    assert client.post(SIGNATURES, sent, format="json").status_code == 201
    assert client.post(f"{SIGNATURES}policy/", {"version": "1"}, format="json").status_code == 409


def test_a_stale_version_signs_nothing_and_is_named(house: SimpleNamespace) -> None:
    correct(house, weight="61")
    reply = house.signer.post(SIGNATURES, body(house), format="json")
    assert reply.status_code == 412
    assert "it is now version 2" in reply.json()["errors"]["forms"][0]
    assert not Signature.objects.exists()


@pytest.mark.requirement("R38")
def test_visit_and_casebook_are_signed_as_of_the_event_that_was_read(house: SimpleNamespace) -> None:
    read = house.signer.get("/api/v1/subjects/ZS-001/casebook/").json()["event"]
    own = {"username": house.investigator.username, "password": PASSWORD, "subject": "ZS-001"}
    visit = {**own, "visit": "SCR", "event": read, "meaning": "VISIT"}
    reply = house.signer.post(SIGNATURES, visit, format="json")
    assert reply.status_code == 201, reply.content
    assert {each["form"] for each in reply.json()["forms"]} == {"VS", "ECOG"}
    casebook = {**own, "event": read, "meaning": "CASEBOOK"}
    made = house.signer.post(SIGNATURES, casebook, format="json")
    assert made.status_code == 201, made.content
    assert len(made.json()["forms"]) == len(forms_in_force([house.subject]))
    correct(house, weight="61")
    stale = house.signer.post(SIGNATURES, casebook, format="json")
    assert stale.status_code == 412
    assert Signature.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"forms": []}, "forms"),
        ({"forms": "VS"}, "forms"),
        ({"forms": [{"form": "NO", "version": 1}]}, "forms"),
        ({"forms": [{"form": "VS", "visit": "SCR", "version": True}]}, "forms"),
        ({"forms": [{"form": "VS", "visit": "SCR", "version": 1, "more": 1}]}, "forms"),
        ({"forms": [{"form": "VS", "visit": "SCR", "repeat": 7, "version": 1}]}, "forms"),
        ({"forms": [{"form": "VS", "visit": "NO", "version": 1}]}, "visit"),
        ({"meaning": "ANYTHING"}, "meaning"),
        ({"meaning": None}, "meaning"),
        ({"force": True}, "force"),
        ({"subject": "XH-001", "forms": [{"form": "VS", "subject": "ZS-001", "version": 1}]}, "forms"),
    ],
)
def test_a_malformed_request_is_refused_by_the_name_of_what_is_wrong(
    house: SimpleNamespace, sent: dict[str, Any], field: str
) -> None:
    given = {"subject": "ZS-001"} | sent
    reply = house.signer.post(SIGNATURES, body(house, **given), format="json")
    assert reply.status_code == 400, reply.content
    assert field in reply.json()["errors"]
    assert not Signature.objects.exists()


@pytest.mark.parametrize("event", [None, 0, "3", True, 2**40])
def test_the_casebook_is_not_signed_without_naming_the_event_that_was_read(
    house: SimpleNamespace, event: Any
) -> None:
    sent = body(house, subject="ZS-001", meaning="CASEBOOK", event=event)
    del sent["forms"]
    reply = house.signer.post(SIGNATURES, sent, format="json")
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {"event"})


def test_the_list_is_scoped_and_filtered(house: SimpleNamespace) -> None:
    signing(house.investigator, house.vital_signs)
    other = who_signs(house.other_site)
    signing(other, VitalSigns.objects.get(subject=house.foreign))
    assert [each["subject"] for each in results(house.client.get(SIGNATURES))] == ["ZS-001"]
    everything = house.roles[Role.MONITOR]
    assert len(results(everything.get(SIGNATURES))) == 2
    assert len(results(everything.get(f"{SIGNATURES}?subject=XH-001"))) == 1
    assert len(results(everything.get(f"{SIGNATURES}?signer={other.username}"))) == 1
    assert results(everything.get(f"{SIGNATURES}?void=true")) == []
    correct(house, weight="61")
    assert len(results(everything.get(f"{SIGNATURES}?void=true"))) == 1
    foreign = Signature.objects.get(subject=house.foreign)
    assert house.client.get(f"{SIGNATURES}{foreign.pk}/").status_code == 404


def test_what_waits_is_told_with_the_reasons_why_it_cannot_be_signed(house: SimpleNamespace) -> None:
    address = f"{SIGNATURES}to-sign/?subject=ZS-001"
    waiting = house.signer.get(address).json()
    assert {
        name: each
        for name, each in next(w for w in waiting if w["form"] == "VS").items()
        if name not in ("ready", "reasons")
    } == {"subject": "ZS-001", "visit": "SCR", "form": "VS", "repeat": 1, "version": 1}
    record = EcogAssessment.objects.get(subject=house.subject)
    change_form(actor=house.coordinator, record=record, version=1, reason="taken back", data={"grade": None})
    ecog = next(each for each in house.signer.get(address).json() if each["form"] == "ECOG")
    assert (ecog["ready"], len(ecog["reasons"])) == (False, 1)
    assert house.client.get(address).status_code == 403
    assert house.outsider.get(address).status_code == 404


def test_a_signature_is_neither_changed_nor_removed(house: SimpleNamespace) -> None:
    signature = signing(house.investigator, house.vital_signs)
    for method in ("put", "patch", "delete", "post"):
        reply = getattr(house.signer, method)(f"{SIGNATURES}{signature.pk}/", {}, format="json")
        assert reply.status_code == 405, method


def test_an_acknowledgment_of_another_user_is_not_mine(house: SimpleNamespace) -> None:
    first, second = (person(Role.INVESTIGATOR, house.study, house.site) for _each in range(2))
    acknowledge_policy(actor=first, version=POLICY_VERSION)
    assert client_of(first).get(f"{SIGNATURES}policy/").json()["acknowledged"]
    assert not client_of(second).get(f"{SIGNATURES}policy/").json()["acknowledged"]
