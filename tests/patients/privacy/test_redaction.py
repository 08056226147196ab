"""Redaction by two persons: the value goes from history, the act and the chains stay."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from patients.actions.ask import Asked, raise_query
from patients.actions.enroll import enroll
from patients.actions.locks import close
from patients.actions.query_steps import act_on_query
from patients.actions.redaction import (
    agree_redaction,
    ask_redaction,
    ask_redaction_of_reason,
    ask_redaction_of_words,
    decline_redaction,
)
from patients.actions.save_form import create_form
from patients.casebook import casebook
from patients.models import LockKind, MessageKind, ProtocolDeviation, SignedForm, Subject
from patients.signed_content import broken_signatures
from patients.trail import versions_of
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, person
from tests.patients.conftest import correct
from tests.patients.signing.conftest import signing, who_signs
from tests.together import together
from trials.actions.errors import Refused, WrongState
from trials.audit.redaction import erase_traces
from trials.audit.verification import Verification
from trials.models import AuditEvent, IdempotencyKey, Redaction, RedactionState, Role, Site, Study, User
from trials.roles import NotPermitted

pytestmark = pytest.mark.requirement("R58")

NAME = "Wang Xiaoming of Nanjing Road"
WHY = "the name of a person"


@pytest.fixture
def data_manager(study: Study) -> User:
    return person(Role.DATA_MANAGER, study)


@pytest.fixture
def spoiled(enter: Callable[..., Any], coordinator: User) -> ProtocolDeviation:
    """A deviation whose first version named a person; corrected since."""
    made = enter(
        ProtocolDeviation,
        category="OTHER",
        occurred_on="2021-03-02",
        description=f"Told by {NAME}",
        action="Retrained",
    )
    correct(coordinator, made, description="Told by a relative")
    made.refresh_from_db()
    return made


def asked(actor: User, record: Any, *questions: str) -> Redaction:
    return ask_redaction(actor=actor, record=record, questions=questions or ["description"], reason=WHY)


def findings() -> list[Any]:
    return list(Verification().findings())


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_two_persons_take_a_name_out_of_the_history(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    redaction = asked(coordinator, spoiled)
    assert NAME in str(list(ProtocolDeviation.history.values()))
    agree_redaction(actor=data_manager, redaction=redaction, reason="it identifies")
    assert NAME not in str(list(ProtocolDeviation.history.values()))
    assert findings() == []
    spoiled.refresh_from_db()
    assert (spoiled.description, spoiled.action) == ("Told by a relative", "Retrained")


def test_history_and_casebook_say_redacted_instead_of_showing_nothing(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    first = AuditEvent.objects.get(pk=ProtocolDeviation.history.order_by("history_id")[0].event_id)
    agree_redaction(actor=data_manager, redaction=asked(coordinator, spoiled), reason=WHY)
    told = [
        (change.before, change.after)
        for version in versions_of(spoiled)
        for change in version.changes
        if change.field == "description"
    ]
    assert told == [("", "redacted"), ("redacted", "Told by a relative")]
    [then] = casebook(spoiled.subject, first.recorded_at)["forms"]["DV"]
    assert then["answers"]["description"] == "redacted"
    [now] = casebook(spoiled.subject)["forms"]["DV"]
    assert now["answers"]["description"] == "Told by a relative"
    shown = client_of(data_manager).get(f"/api/v1/{spoiled.form.path}/{spoiled.pk}/history/")
    assert NAME not in shown.content.decode()
    assert "redacted" in shown.content.decode()
    trail = client_of(data_manager).get("/api/v1/audit-trail/", {"subject": spoiled.subject.code})
    assert NAME not in trail.content.decode()


def test_what_the_form_still_holds_is_corrected_first(coordinator: User, enter: Callable[..., Any]) -> None:
    made = enter(ProtocolDeviation, category="OTHER", description=f"By {NAME}")
    with pytest.raises(Refused, match="must be corrected in the form first"):
        asked(coordinator, made)
    correct(coordinator, made, description=f"By {NAME}, who called again")
    with pytest.raises(Refused, match="still holds it"):
        asked(coordinator, made)
    assert not Redaction.objects.exists()


def test_what_was_written_back_while_it_waited_is_not_redacted(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    redaction = asked(coordinator, spoiled)
    correct(coordinator, spoiled, description=f"Told by {NAME}")
    with pytest.raises(WrongState, match="holds it again"):
        agree_redaction(actor=data_manager, redaction=redaction, reason=WHY)


def test_who_asks_does_not_decide(data_manager: User, spoiled: ProtocolDeviation) -> None:
    redaction = asked(data_manager, spoiled)
    for decide in (agree_redaction, decline_redaction):
        with pytest.raises(WrongState, match="another person"):
            decide(actor=data_manager, redaction=redaction, reason=WHY)
    redaction.refresh_from_db()
    assert redaction.state == RedactionState.REQUESTED


@pytest.mark.parametrize("role", [Role.STATISTICIAN, Role.RANDOMIZATION_KEEPER, Role.ADMINISTRATOR])
def test_roles_without_the_right_ask_for_nothing(role: str, study: Study, spoiled: ProtocolDeviation) -> None:
    with pytest.raises(NotPermitted):
        asked(person(role, study), spoiled)


def test_the_site_and_its_monitor_do_not_decide(
    coordinator: User, study: Study, site: Site, spoiled: ProtocolDeviation
) -> None:
    redaction = asked(coordinator, spoiled)
    for user in (
        coordinator_of(site),
        person(Role.MONITOR, study, site),
        person(Role.INVESTIGATOR, study, site),
    ):
        with pytest.raises(NotPermitted):
            agree_redaction(actor=user, redaction=redaction, reason=WHY)


def test_a_decided_redaction_is_not_decided_again(
    coordinator: User, data_manager: User, study: Study, spoiled: ProtocolDeviation
) -> None:
    redaction = asked(coordinator, spoiled)
    decline_redaction(actor=data_manager, redaction=redaction, reason="it is no name")
    with pytest.raises(WrongState, match="decided already"):
        agree_redaction(actor=person(Role.DATA_MANAGER, study), redaction=redaction, reason=WHY)
    assert NAME in str(list(ProtocolDeviation.history.values()))
    assert findings() == []


def test_a_reason_does_not_quote_what_is_taken_out(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    with pytest.raises(Refused, match="quotes"):
        ask_redaction(
            actor=coordinator,
            record=spoiled,
            questions=["description"],
            reason=f"we wrote: Told by {NAME}",
        )


def test_a_locked_casebook_is_redacted_and_stays_locked(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    close(actor=data_manager, kind=LockKind.FREEZE, noun=spoiled.subject, reason="reviewed")
    redaction = asked(coordinator, spoiled)
    agree_redaction(actor=data_manager, redaction=redaction, reason=WHY)
    assert NAME not in str(list(ProtocolDeviation.history.values()))


def test_the_reason_of_an_act_is_redacted(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    correct(coordinator, spoiled, reason=f"{NAME} said so", action="Retrained twice")
    event = AuditEvent.objects.get(reason=f"{NAME} said so")
    redaction = ask_redaction_of_reason(actor=coordinator, event=event, reason=WHY)
    agree_redaction(actor=data_manager, redaction=redaction, reason=WHY)
    assert NAME not in str(list(AuditEvent.objects.filter(pk=event.pk).values()))
    assert findings() == []
    spoiled.refresh_from_db()
    assert versions_of(spoiled)[-1].event.reason == "redacted"


@pytest.fixture
def said(coordinator: User, study: Study, site: Site, spoiled: ProtocolDeviation) -> Any:
    """A message of a query that names a person."""
    monitor = person(Role.MONITOR, study, site)
    query = raise_query(actor=monitor, asked=Asked(spoiled, None, "action"), words="What was done?")
    act_on_query(actor=coordinator, query=query, kind=MessageKind.ANSWER, words=f"Ask {NAME}", version=None)
    return query.messages.latest("id")


def test_words_of_a_query_are_taken_out_and_then_redacted(
    said: Any, coordinator: User, data_manager: User
) -> None:
    redaction = ask_redaction_of_words(actor=coordinator, record=said, reason=WHY)
    said.refresh_from_db()
    assert said.text == "[taken out]"
    agree_redaction(actor=data_manager, redaction=redaction, reason=WHY)
    assert NAME not in str(list(type(said).history.values()))
    assert findings() == []


def test_words_of_a_query_come_back_when_it_is_declined(
    said: Any, coordinator: User, data_manager: User
) -> None:
    redaction = ask_redaction_of_words(actor=coordinator, record=said, reason=WHY)
    decline_redaction(actor=data_manager, redaction=redaction, reason="no person is meant")
    said.refresh_from_db()
    assert said.text == f"Ask {NAME}"


def test_kept_replies_lose_the_text_and_still_do_nothing_twice(
    coordinator: User, data_manager: User, subject: Subject
) -> None:
    client = client_of(coordinator)
    sent = {
        "subject": subject.code,
        "category": "OTHER",
        "description": f"Told by {NAME}",
    }
    path = f"/api/v1/{ProtocolDeviation.form.path}/"
    first = client.post(path, sent, format="json", headers={"Idempotency-Key": "one"})
    assert first.status_code == 201, first.content
    record = ProtocolDeviation.objects.get()
    correct(coordinator, record, description="Told by a relative")
    assert NAME in IdempotencyKey.objects.get().body
    agree_redaction(actor=data_manager, redaction=asked(coordinator, record), reason=WHY)
    assert IdempotencyKey.objects.get().body == ""
    again = client.post(path, sent, format="json", headers={"Idempotency-Key": "one"})
    assert (again.status_code, NAME in again.content.decode()) == (201, False)
    assert ProtocolDeviation.objects.count() == 1


@pytest.fixture
def deviation_with_everything(enter: Callable[..., Any]) -> ProtocolDeviation:
    made: ProtocolDeviation = enter(
        ProtocolDeviation,
        category="OTHER",
        occurred_on="2021-03-02",
        noticed_on="2021-03-02",
        important="N",
        status="CONFIRMED",
        description=f"Told by {NAME}",
    )
    return made


def test_signatures_stand_when_older_versions_are_redacted(
    coordinator: User, data_manager: User, site: Site, deviation_with_everything: ProtocolDeviation
) -> None:
    """One signature is void and lies over the redacted version itself, one is in force over the newest."""
    record, investigator = deviation_with_everything, who_signs(site)
    first = signing(investigator, record)
    correct(coordinator, record, description="Told by a relative")
    second = signing(investigator, record)
    agree_redaction(actor=data_manager, redaction=asked(coordinator, record), reason=WHY)
    void = dict(SignedForm.objects.values_list("signature_id", "void"))
    assert void == {first.pk: True, second.pk: False}
    assert list(broken_signatures()) == []
    assert findings() == []


# ---------------------------------------------------------------- faces
def test_the_pages_ask_and_decide_without_ever_showing_the_value(
    coordinator: User, data_manager: User, spoiled: ProtocolDeviation
) -> None:
    correct(coordinator, spoiled, reason=f"Told by {NAME}", action="Retrained twice")
    site_page, managers_page = page_of(coordinator), page_of(data_manager)
    history = site_page.get(f"/admin/patients/protocoldeviation/{spoiled.pk}/history/").content.decode()
    ask = f"/admin/trials/redaction/ask/form/DV/{spoiled.pk}/"
    assert ask in history
    page = site_page.get(ask).content.decode()
    assert NAME not in page
    assert "reasons and notes of acts: 1" in page
    sent = site_page.post(ask, {"questions": ["description"], "change_reason": WHY})
    assert sent.status_code == 302, sent.content.decode()
    redaction = Redaction.objects.get()
    assert spoiled.subject.code in managers_page.get("/admin/trials/redaction/").content.decode()
    shown = managers_page.get(f"/admin/trials/redaction/{redaction.pk}/change/").content.decode()
    assert NAME not in shown
    assert "reasons and notes of acts: 1" in shown
    decide = f"/admin/trials/redaction/{redaction.pk}/approve/decide/"
    assert decide in shown
    assert site_page.get(decide).status_code == 403
    assert managers_page.post(decide, {"change_reason": WHY}).status_code == 302
    assert NAME not in str(list(ProtocolDeviation.history.values()))
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_the_bytes_are_gone_from_the_database_file(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps old pages until they are vacuumed, which is a matter of procedure")
    coordinator, manager, record = corrected_deviation()
    ask = f"/admin/trials/redaction/ask/form/DV/{record.pk}/"
    page_of(coordinator).post(ask, {"questions": ["description"], "change_reason": WHY})
    assert NAME.encode() in copy_of_database(tmp_path / "before")
    decide = f"/admin/trials/redaction/{Redaction.objects.get().pk}/approve/decide/"
    assert page_of(manager).post(decide, {"change_reason": WHY}).status_code == 302
    erase_traces()
    assert NAME.encode() not in copy_of_database(tmp_path / "after")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does() -> None:
    coordinator, manager, record = corrected_deviation()
    other = person(Role.DATA_MANAGER, record.subject.study)
    redaction = asked(coordinator, record)
    done = together(
        lambda: agree_redaction(actor=manager, redaction=redaction, reason=WHY),
        lambda: decline_redaction(actor=other, redaction=redaction, reason="it is no name"),
    )
    assert sorted(type(each).__name__ for each in done) == ["Redaction", "WrongState"]
    redaction.refresh_from_db()
    gone = NAME not in str(list(ProtocolDeviation.history.values()))
    assert gone == (redaction.state == RedactionState.APPROVED)
    assert findings() == []


def corrected_deviation() -> tuple[User, User, ProtocolDeviation]:
    """A coordinator, a data manager, and a deviation whose first version names a person; all committed."""
    study = make_study()
    site = make_site(study)
    coordinator, manager = coordinator_of(site), person(Role.DATA_MANAGER, study)
    subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    data = {"category": "OTHER", "description": f"Told by {NAME}"}
    record = create_form(actor=coordinator, form=ProtocolDeviation, subject=subject, data=data)
    correct(coordinator, record, description="Told by a relative")
    return coordinator, manager, record


def copy_of_database(path: Path) -> bytes:
    """The pages of the database as they stand, also of one in memory; free pages among them."""
    connection.ensure_connection()
    with sqlite3.connect(path) as copy:
        connection.connection.backup(copy)
    copy.close()
    return path.read_bytes()


def test_redactions_over_rest(coordinator: User, data_manager: User, spoiled: ProtocolDeviation) -> None:
    site, manager = client_of(coordinator), client_of(data_manager)
    body = {"form": "DV", "record_id": spoiled.pk, "questions": ["description"], "change_reason": WHY}
    made = site.post("/api/v1/redactions/", body, format="json")
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["state"], told["versions"], told["form"]) == ("REQUESTED", 1, "DV")
    assert (
        site.post(
            f"/api/v1/redactions/{told['id']}/approve/", {"change_reason": WHY}, format="json"
        ).status_code
        == 403
    )
    done = manager.post(f"/api/v1/redactions/{told['id']}/approve/", {"change_reason": WHY}, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "APPROVED")
    again = manager.post(f"/api/v1/redactions/{told['id']}/refuse/", {"change_reason": WHY}, format="json")
    assert again.status_code == 409
    assert [each["id"] for each in manager.get("/api/v1/redactions/").json()["results"]] == [told["id"]]
    assert NAME not in manager.get("/api/v1/redactions/").content.decode()


def test_another_site_finds_nothing(coordinator: User, study: Study, spoiled: ProtocolDeviation) -> None:
    redaction = asked(coordinator, spoiled)
    stranger = client_of(coordinator_of(make_site(study, "BJ")))
    body = {"form": "DV", "record_id": spoiled.pk, "questions": ["description"], "change_reason": WHY}
    assert stranger.post("/api/v1/redactions/", body, format="json").status_code == 404
    event = {"subject": spoiled.subject.code, "event": 1, "change_reason": WHY}
    assert stranger.post("/api/v1/redactions/", event, format="json").status_code == 404
    assert stranger.get(f"/api/v1/redactions/{redaction.pk}/").status_code == 404
    assert stranger.get("/api/v1/redactions/").json()["results"] == []
    foreign = page_of(coordinator_of(make_site(study, "GZ")))
    event_key = AuditEvent.objects.filter(chain=spoiled.subject.chain_id).latest("id").pk
    for path in (
        f"/admin/trials/redaction/ask/form/DV/{spoiled.pk}/",
        f"/admin/trials/redaction/ask/event/{event_key}/",
        f"/admin/trials/redaction/{redaction.pk}/approve/decide/",
        f"/admin/trials/redaction/{redaction.pk}/history/",
    ):
        assert foreign.get(path).status_code == 404, path


def test_a_statistician_sees_no_redactions(study: Study) -> None:
    statistician = person(Role.STATISTICIAN, study)
    assert client_of(statistician).get("/api/v1/redactions/").status_code == 403
    assert page_of(statistician).get("/admin/trials/redaction/").status_code == 403


def test_a_number_a_code_and_a_day_stay_told_whoever_asks(
    coordinator: User, spoiled: ProtocolDeviation
) -> None:
    correct(coordinator, spoiled, category="DOSING", occurred_on="2021-03-03")
    spoiled.refresh_from_db()
    for question in ("category", "occurred_on"):
        with pytest.raises(Refused, match="no free text"):
            asked(coordinator, spoiled, question)
    assert not Redaction.objects.exists()
