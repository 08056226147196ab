"""Verifications, freezes and locks over REST, and the marks that form resources show."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from patients.actions.locks import ask_unlock
from patients.actions.verification import withdraw_verification
from patients.models import InformedConsent, Lock, Subject, Verification, VitalSigns
from tests.factories import coordinator_of, make_site, person, screened_subject
from tests.patients.conftest import correct
from tests.patients.marks.conftest import frozen, locked, verified
from trials.models import Role, Site, Study, StudySetting, User


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def of_form(record: Any, **more: Any) -> dict[str, Any]:
    return {"form": record.form.oid, "record_id": record.pk, "version": record.version, **more}


def test_a_form_is_verified_in_the_version_that_is_posted(monitor: User, signs: VitalSigns) -> None:
    client = client_of(monitor)
    reply = client.post("/api/v1/verifications/", of_form(signs, extent="WHOLE"), format="json")
    assert reply.status_code == 201
    told = reply.json()
    assert (told["subject"], told["form"], told["extent"], told["seen_version"]) == (
        "ZS-001",
        "VS",
        "WHOLE",
        1,
    )
    assert client.get(reply["Location"]).json() == told
    assert client.get(f"/api/v1/vital-signs/{signs.pk}/").json()["marks"] == {
        "verified": "WHOLE",
        "signed": False,
        "frozen": None,
        "locked": None,
    }


def test_a_stale_version_is_refused_with_412(monitor: User, coordinator: User, signs: VitalSigns) -> None:
    correct(coordinator, signs, weight="61")
    sent = of_form(signs, extent="WHOLE")
    reply = client_of(monitor).post("/api/v1/verifications/", sent, format="json")
    assert reply.status_code == 412
    assert not Verification.objects.exists()


def test_the_same_verification_sent_twice_with_one_key_is_given_once(
    monitor: User, critical: StudySetting, signs: VitalSigns
) -> None:
    client = client_of(monitor)
    for extent, number in (("CRITICAL", 1), ("WHOLE", 2)):
        sent = of_form(signs, extent=extent)
        first, second = (
            client.post(
                "/api/v1/verifications/", sent, format="json", headers={"Idempotency-Key": f"key-{extent}"}
            )
            for _ in range(2)
        )
        assert first.status_code == second.status_code == 201
        assert first.json() == second.json()
        assert Verification.objects.count() == number


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"extent": "HALF"}, "extent"),
        ({"form": "NOPE"}, "form"),
        ({"record_id": "1"}, "record_id"),
        ({"record_id": 0}, "record_id"),
        ({"version": None}, "version"),
        ({"version": True}, "version"),
        ({"color": "red"}, "color"),
    ],
    ids=str,
)
def test_a_malformed_verification_is_refused_naming_the_member(
    wrong: dict[str, Any], field: str, monitor: User, signs: VitalSigns
) -> None:
    sent = of_form(signs, extent="WHOLE") | wrong
    reply = client_of(monitor).post("/api/v1/verifications/", sent, format="json")
    assert reply.status_code == 400
    assert list(reply.json()["errors"]) == [field]


def test_a_verification_is_withdrawn_with_if_match_and_a_reason(monitor: User, signs: VitalSigns) -> None:
    (given,) = verified(monitor, signs)
    client, address = client_of(monitor), f"/api/v1/verifications/{given.pk}/withdraw/"
    sent = {"change_reason": "the wrong page was read"}
    assert client.post(address, sent, format="json").status_code == 428
    reply = client.post(address, sent, format="json", headers={"If-Match": '"1"'})
    assert (reply.status_code, reply.json()["state"], reply["ETag"]) == (200, "WITHDRAWN", '"2"')


def test_verifications_are_listed_by_state_and_own_site_only(
    study: Study, monitor: User, coordinator: User, signs: VitalSigns, agreement: InformedConsent
) -> None:
    verified(monitor, signs, agreement)
    correct(coordinator, signs, weight="61")
    lost = client_of(monitor).get("/api/v1/verifications/?state=DROPPED").json()["results"]
    assert [(each["form"], each["ended_because"]) for each in lost] == [("VS", "weight")]
    other = person(Role.MONITOR, study, make_site(study, "XX"))
    assert client_of(other).get("/api/v1/verifications/").json()["results"] == []


# ---------------------------------------------------------------- locks
def body(scope: str, signs: VitalSigns, kind: str = "LOCK") -> dict[str, Any]:
    named: dict[str, dict[str, Any]] = {
        "STUDY": {"study": "TEST-1"},
        "SITE": {"site": "ZS"},
        "SUBJECT": {"subject": "ZS-001"},
        "VISIT": {"subject": "ZS-001", "visit": "SCR"},
        "FORM": of_form(signs),
    }
    return {"scope": scope, "kind": kind, "change_reason": "clean", **named[scope]}


@pytest.mark.requirement("R15")
@pytest.mark.parametrize("scope", ["STUDY", "SITE", "SUBJECT", "VISIT", "FORM"])
@pytest.mark.parametrize("kind", ["FREEZE", "LOCK"])
def test_every_scope_is_closed_and_a_correction_is_refused_with_423(
    scope: str, kind: str, data_manager: User, coordinator: User, signs: VitalSigns
) -> None:
    reply = client_of(data_manager).post("/api/v1/locks/", body(scope, signs, kind), format="json")
    assert (reply.status_code, reply.json()["scope"], reply.json()["kind"]) == (201, scope, kind)
    address = f"/api/v1/vital-signs/{signs.pk}/"
    marks = client_of(coordinator).get(address).json()["marks"]
    whole = client_of(coordinator).get("/api/v1/subjects/ZS-001/casebook/").json()
    assert whole["forms"]["vital-signs"][0]["marks"] == marks
    assert marks["frozen" if kind == "FREEZE" else "locked"] == reply.json()["id"]
    sent = {"weight": "61", "change_reason": "typing error"}
    refused = client_of(coordinator).patch(address, sent, format="json", headers={"If-Match": '"1"'})
    assert refused.status_code == 423
    assert "VS of ZS-001, SCR, entry 1" in refused.json()["errors"]["detail"][0]


def test_a_lock_is_opened_by_two_persons_over_rest(
    data_manager: User, second_data_manager: User, signs: VitalSigns
) -> None:
    first, second = client_of(data_manager), client_of(second_data_manager)
    lock = first.post("/api/v1/locks/", body("SUBJECT", signs), format="json").json()["id"]

    def step(client: APIClient, name: str, version: int) -> Any:
        sent = {"change_reason": "a source was found"}
        headers = {"If-Match": f'"{version}"'}
        return client.post(f"/api/v1/locks/{lock}/{name}/", sent, format="json", headers=headers)

    assert step(first, "lift", 1).status_code == 409
    assert step(first, "unlock-approve", 1).status_code == 409
    assert step(first, "unlock-request", 1).json()["state"] == "UNLOCK_ASKED"
    assert step(first, "unlock-approve", 2).status_code == 409
    assert step(second, "unlock-approve", 1).status_code == 412
    assert step(second, "unlock-decline", 2).json()["state"] == "IN_FORCE"
    assert step(second, "unlock-request", 3).status_code == 200
    opened = step(first, "unlock-approve", 4).json()
    assert (opened["state"], opened["lifted_by"]) == ("LIFTED", data_manager.username)


def test_a_freeze_is_lifted_by_one_person_over_rest(monitor: User, subject: Subject) -> None:
    lock = frozen(monitor, subject)
    reply = client_of(monitor).post(
        f"/api/v1/locks/{lock.pk}/lift/",
        {"change_reason": "go on"},
        format="json",
        headers={"If-Match": '"1"'},
    )
    assert (reply.status_code, reply.json()["state"]) == (200, "LIFTED")


@pytest.mark.parametrize(
    ("wrong", "field", "status"),
    [
        ({"scope": "PLANET"}, "scope", 400),
        ({"scope": None}, "scope", 400),
        ({"kind": "SEAL"}, "kind", 400),
        ({"change_reason": " "}, "change_reason", 400),
        ({"visit": "SCR"}, "visit", 400),
        ({"subject": "XX-001"}, "subject", 404),
        ({"subject": None}, "subject", 400),
    ],
    ids=str,
)
def test_a_malformed_lock_is_refused_naming_the_member(
    wrong: dict[str, Any], field: str, status: int, data_manager: User, signs: VitalSigns
) -> None:
    sent = body("SUBJECT", signs) | wrong
    reply = client_of(data_manager).post("/api/v1/locks/", sent, format="json")
    assert reply.status_code == status
    assert list(reply.json()["errors"]) == [field]
    assert not Lock.objects.exists()


@pytest.mark.requirement("R21")
def test_another_site_is_as_missing_and_its_locks_are_not_told(
    study: Study, monitor: User, data_manager: User, signs: VitalSigns
) -> None:
    elsewhere = make_site(study, "XX")
    other = screened_subject(coordinator_of(elsewhere), elsewhere)
    foreign = VitalSigns.objects.get(subject=other)
    client = client_of(monitor)
    for sent in (
        {"scope": "SITE", "site": "XX"},
        {"scope": "SUBJECT", "subject": other.code},
        {"scope": "FORM", **of_form(foreign)},
    ):
        whole = {**sent, "kind": "FREEZE", "change_reason": "x"}
        assert client.post("/api/v1/locks/", whole, format="json").status_code == 404
    whole = of_form(foreign, extent="WHOLE")
    assert client.post("/api/v1/verifications/", whole, format="json").status_code == 404
    hidden = frozen(data_manager, other)
    assert client.get(f"/api/v1/locks/{hidden.pk}/").status_code == 404
    assert client.get("/api/v1/locks/").json()["results"] == []


def test_locks_are_listed_by_kind_scope_state_and_subject(
    data_manager: User, study: Study, site: Site, subject: Subject
) -> None:
    frozen(data_manager, subject)
    lock = locked(data_manager, site)
    ask_unlock(actor=data_manager, lock=lock, version=1, reason="x")
    client = client_of(data_manager)
    for query, number in (
        ("kind=LOCK", 1),
        ("scope=SITE", 1),
        ("state=UNLOCK_ASKED", 1),
        ("subject=ZS-001", 1),
    ):
        assert len(client.get(f"/api/v1/locks/?{query}").json()["results"]) == number, query


def test_what_is_left_open_is_told_before_a_lock(data_manager: User, subject: Subject, enter: Any) -> None:
    enter(InformedConsent, consented="Y")
    client = client_of(data_manager)
    told = client.post(
        "/api/v1/locks/left-open/", {"scope": "STUDY", "study": "TEST-1"}, format="json"
    ).json()
    assert told[0] == {
        "matter": "Forms in progress",
        "number": 1,
        "refuses": True,
        "examples": ["ZS-001 IC 1"],
    }
    sent = {"scope": "STUDY", "study": "TEST-1", "kind": "LOCK", "change_reason": "clean"}
    refused = client.post("/api/v1/locks/", sent, format="json")
    assert refused.status_code == 409
    assert "Forms in progress: 1 (ZS-001 IC 1)" in refused.json()["errors"]["detail"]


def test_the_document_says_423_for_every_operation_that_writes_to_casebooks(
    monitor: User,
) -> None:
    schema = client_of(monitor).get("/api/schema/?format=json").json()
    writing = {
        f"{method} {path}"
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if method in ("post", "patch") and "423" not in operation["responses"]
    }
    assert writing == set()


def test_a_de_identified_reader_sees_locks_and_verifications_without_typed_reasons(
    study: Study, monitor: User, data_manager: User, signs: VitalSigns
) -> None:
    (given,) = verified(monitor, signs)
    withdraw_verification(actor=monitor, verification=given, version=1, reason="the wrong page")
    lock = locked(data_manager, signs.subject)
    statistician = person(Role.STATISTICIAN, study)
    client, desk = client_of(statistician), Client()
    desk.force_login(statistician, backend="trials.authentication.RoleBackend")
    pages = [
        desk.get(f"/admin/patients/{path}")
        for path in (
            "lock/",
            f"lock/{lock.pk}/change/",
            "verification/",
            f"verification/{given.pk}/change/",
            f"vitalsigns/{signs.pk}/change/",
            f"subject/{signs.subject_id}/change/",
        )
    ]
    told = [page.content.decode() for page in pages]
    told += [client.get(f"/api/v1/{path}").content.decode() for path in ("locks/", "verifications/")]
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert not any("clean" in each or "the wrong page" in each for each in told)
    for path in (f"lock/{lock.pk}/history/", f"verification/{given.pk}/history/"):
        assert desk.get(f"/admin/patients/{path}").status_code == 403
    assert client_of(monitor).get(f"/api/v1/locks/{lock.pk}/").json()["reason"] == "clean"
