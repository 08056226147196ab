"""A request that is sent twice takes effect once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from patients.models import Allocation, Cycle, Demographics, Subject, VitalSigns
from tests.ecrf.api.client import Client, client_of
from tests.factories import assign, coordinator_of, make_list, make_site, make_study, screened_subject
from trials.actions.accounts import end_assignment
from trials.audit import clock
from trials.models import Assignment, AuditEvent, IdempotencyKey, Role

SUBJECTS = "/api/v1/subjects/"
VS = "/api/v1/vital-signs/"
ENROLL = {"site": "ZS", "screened_on": "2021-03-01"}
FORM: dict[str, Any] = {"subject": "ZS-001", "visit": "SCR", "measured_on": "2021-03-01", "weight": "70"}


def test_the_same_request_again_gets_the_same_reply_and_changes_nothing(world: SimpleNamespace) -> None:
    first = world.client.once(VS, "k1", FORM)
    again = world.client.once(VS, "k1", FORM)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert VitalSigns.objects.filter(subject=world.subject).count() == 2


def test_the_reply_is_the_first_one_although_the_record_has_changed_since(world: SimpleNamespace) -> None:
    first = world.client.once(VS, "k1", FORM)
    world.client.change(first["Location"], 1, {"weight": "80", "change_reason": "misread"})
    assert world.client.once(VS, "k1", FORM).json()["weight"] == "70"


def test_the_key_with_another_body_is_answered_422(world: SimpleNamespace) -> None:
    world.client.once(VS, "k1", FORM)
    assert world.client.once(VS, "k1", {**FORM, "weight": "71"}).status_code == 422
    assert world.client.once(VS, "k1", {"garbage": True}).status_code == 422


def test_the_key_with_another_study_in_the_query_is_answered_422(world: SimpleNamespace) -> None:
    make_list(world.study, "AB")
    path = f"{SUBJECTS}ZS-001/randomize/"
    assert world.client.once(f"{path}?study={world.study.code}", "k1", None).status_code == 201
    reply = world.client.once(f"{path}?study=OTHER", "k1", None)
    assert (reply.status_code, "query" in reply.json()["errors"]["detail"][0]) == (422, True)


def test_a_key_belongs_to_one_person_and_one_address(world: SimpleNamespace) -> None:
    world.client.once(VS, "k1", FORM)
    assert world.client.once(SUBJECTS, "k1", ENROLL).status_code == 201
    colleague = client_of(coordinator_of(world.site))
    reply = colleague.once(VS, "k1", FORM)
    assert reply.status_code == 201
    assert "Idempotency-Replayed" not in reply


def test_a_refused_request_keeps_no_key_and_may_succeed_later(world: SimpleNamespace) -> None:
    assert world.client.once(VS, "k1", {**FORM, "weight": "heavy"}).status_code == 400
    assert world.client.once(VS, "k1", FORM).status_code == 201


def test_every_address_that_creates_honors_the_key(world: SimpleNamespace) -> None:
    make_list(world.study, "AB")
    randomize = f"{SUBJECTS}ZS-001/randomize/"
    arms = [world.client.once(randomize, "r", None) for _ in range(2)]
    assert [reply.status_code for reply in arms] == [201, 201]
    assert arms[0].content == arms[1].content
    assert Allocation.objects.count() == 1

    first_day = world.client.get("/api/v1/visits/?code=C1D1").json()["results"][0]
    world.client.act(f"/api/v1/visits/{first_day['id']}/open/", 1, {"occurred_on": "2021-04-01"})
    cycles = [world.client.once("/api/v1/cycles/", "c", {"subject": "ZS-001"}) for _ in range(2)]
    assert [reply.status_code for reply in cycles] == [201, 201]
    assert Cycle.objects.count() == 2

    visit = {"subject": "ZS-001", "occurred_on": "2021-04-02", "unscheduled_reason": "fever"}
    visits = [world.client.once("/api/v1/visits/", "v", visit).json() for _ in range(2)]
    assert visits[0] == visits[1]
    assert visits[0]["code"] == "UNS1"

    lines = [{**FORM, "external_id": "e1"}]
    imported = [world.client.once("/api/v1/imports/VS/?change_reason=transfer", "i", lines) for _ in range(2)]
    assert [reply.status_code for reply in imported] == [201, 201]
    assert imported[0].json() == imported[1].json()
    assert imported[1].json()["stored"] == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "ключ", "a\tb"])
def test_a_malformed_key_is_refused_by_name(world: SimpleNamespace, key: str) -> None:
    reply = world.client.post(VS, FORM, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert reply.status_code == 400
    assert "Idempotency-Key" in reply.json()["errors"]


def test_who_lost_the_site_does_not_get_the_reply_again(world: SimpleNamespace) -> None:
    world.client.once(VS, "k1", FORM)
    administrator = assign(world.outsider_user, Role.ADMINISTRATOR, world.study)
    held = Assignment.objects.get(user=world.coordinator)
    yesterday = clock.now().date() - timedelta(days=1)
    end_assignment(actor=administrator, assignment=held, last_day=yesterday, reason="left")
    assign(world.coordinator, Role.COORDINATOR, world.study, world.other_site)
    assert world.client.once(VS, "k1", FORM).status_code == 404


def test_replies_older_than_two_days_are_forgotten_when_a_new_one_comes(world: SimpleNamespace) -> None:
    world.client.once(VS, "old", FORM)
    IdempotencyKey.objects.update(created_at=clock.now() - timedelta(days=3))
    world.client.once(VS, "new", FORM)
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]


def test_the_reply_is_kept_in_the_transaction_of_the_effect(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever keeps the reply from being kept keeps the form from being stored, and the other way round."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("trials.api.idempotency._keep", fail)
    before = AuditEvent.objects.count()
    assert world.client.once(VS, "k1", FORM).status_code == 500
    assert VitalSigns.objects.filter(subject=world.subject).count() == 1
    assert AuditEvent.objects.count() == before
    assert not IdempotencyKey.objects.exists()


def side_by_side(client: Client, path: str, body: Any, times: int = 20) -> list[Any]:
    token = client._credentials["HTTP_AUTHORIZATION"]

    def send(_number: int) -> Any:
        own = Client(raise_request_exception=False)
        own.credentials(HTTP_AUTHORIZATION=token)
        try:
            return own.once(path, "same", body)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=times) as pool:
        return list(pool.map(send, range(times)))


@pytest.mark.django_db(transaction=True)
def test_20_requests_with_one_key_side_by_side_make_one_record_and_one_reply() -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    screened_subject(coordinator, site)
    client = client_of(coordinator)
    for path, body in (
        (VS, FORM),
        (SUBJECTS, ENROLL),
        ("/api/v1/tumor-histories/", {"subject": "ZS-001", "histology": "ICC"}),
    ):
        replies = side_by_side(client, path, body)
        assert {reply.status_code for reply in replies} == {201}, path
        assert len({reply.content for reply in replies}) == 1, path
        assert sum("Idempotency-Replayed" not in reply for reply in replies) == 1, path
    assert VitalSigns.objects.count() == 2
    assert Subject.objects.count() == 2
    assert Demographics.objects.count() == 1
