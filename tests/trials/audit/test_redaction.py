"""What should never have been written is blanked by two persons; the chain holds, nothing can be guessed."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import UserFactory, make_study, save
from tests.trials.audit.statements import run, unguarded
from trials.audit.canonical import digest
from trials.audit.findings import Rule
from trials.audit.recording import Act, recording
from trials.audit.redaction import (
    CannotRedact,
    Target,
    approve_redaction,
    erase_traces,
    refuse_redaction,
    request_redaction,
    versions_holding,
)
from trials.audit.verification import Verification
from trials.models import AuditEvent, Drug, Redaction, RedactionState, Study, User

pytestmark = pytest.mark.requirement("R58")

SECRET = "Zhang San 13800138000"
HISTORY = "trials_historicaldrug"


@pytest.fixture
def asker(study: Study) -> User:
    return UserFactory(username="asker")


@pytest.fixture
def approver(study: Study) -> User:
    return UserFactory(username="approver")


def spoiled(study: Study) -> Drug:
    """A drug under the name of a person, corrected since."""
    drug = Drug(study=study, code="ASPIRIN", name=SECRET, route="ORAL")
    save(study.chain, drug)
    drug.name = "[redacted]"
    save(study.chain, drug)
    return drug


def ask(study: Study, asker: User, target: Target) -> Redaction:
    with recording(study.chain, Act(asker, "DATA_MANAGER", "request redaction", "a name of a person")):
        return request_redaction(chain=study.chain, target=target, requested_by=asker, reason="a name")


def approve(study: Study, approver: User, redaction: Redaction) -> Redaction:
    with recording(study.chain, Act(approver, "ADMINISTRATOR", "approve redaction", "it identifies")):
        return approve_redaction(redaction=redaction, decided_by=approver, reason="it identifies")


def findings() -> list[Any]:
    return list(Verification().findings())


def test_a_value_is_blanked_in_history_and_the_chain_still_verifies(
    study: Study, asker: User, approver: User
) -> None:
    drug = spoiled(study)
    target = versions_holding(drug, ["name"])
    assert len(target.keys) == 1
    redaction = approve(study, approver, ask(study, asker, target))
    [row] = Drug.history.filter(pk__in=target.keys)
    assert (row.name, row.salt, row.code) == ("", "", "ASPIRIN")
    assert redaction.state == RedactionState.APPROVED
    assert findings() == []
    assert Drug.objects.get(pk=drug.pk).name == "[redacted]"


def test_the_reason_of_an_event_is_blanked_and_the_chain_still_verifies(
    study: Study, asker: User, approver: User
) -> None:
    with recording(study.chain, Act(asker, "DATA_MANAGER", "note something", SECRET)) as record:
        record.note("a note that stays")
    event = AuditEvent.objects.latest("recorded_at", "number")
    approve(study, approver, ask(study, asker, Target(AuditEvent, (event.pk,), ("reason",))))
    event = AuditEvent.objects.get(pk=event.pk)
    assert (event.reason, event.note, event.salt) == ("", "a note that stays", "")
    assert findings() == []


def test_both_acts_are_events_with_their_persons(study: Study, asker: User, approver: User) -> None:
    redaction = ask(study, asker, versions_holding(spoiled(study), ["name"]))
    approve(study, approver, redaction)
    acts = [row.event.actor.username for row in Redaction.history.order_by("history_id")]
    assert acts == ["asker", "approver"]


def test_a_row_redacted_twice_still_verifies(study: Study, asker: User, approver: User) -> None:
    target = versions_holding(spoiled(study), ["name"])
    approve(study, approver, ask(study, asker, target))
    approve(study, approver, ask(study, asker, Target(target.model, target.keys, ("code",))))
    assert Drug.history.get(pk=target.keys[0]).code == ""
    assert findings() == []


def test_the_redacted_value_cannot_be_found_by_trying(study: Study, asker: User, approver: User) -> None:
    target = versions_holding(spoiled(study), ["name"])
    before = Drug.history.filter(pk__in=target.keys).values().get()
    redaction = approve(study, approver, ask(study, asker, target))
    [[kept, _left]] = redaction.digests.values()
    content = {"table": HISTORY, **before}
    assert digest(content) == kept  # with the salt that is gone
    assert digest({**content, "salt": ""}) != kept
    assert before["salt"] not in str(list(Drug.history.values())) + str(list(Redaction.history.values()))


def test_a_value_put_back_or_anything_else_changed_afterwards_is_found(
    study: Study, asker: User, approver: User
) -> None:
    target = versions_holding(spoiled(study), ["name"])
    approve(study, approver, ask(study, asker, target))
    for assignment in (f"name = '{SECRET}'", "code = 'OTHER'", "salt = '00'"):
        with transaction.atomic():
            with unguarded():
                run(f"UPDATE {HISTORY} SET {assignment} WHERE history_id = {target.keys[0]}")
                found = [each for each in findings() if each.rule is not Rule.TRIGGER]
            transaction.set_rollback(True)
        assert [(each.rule, each.table, each.key) for each in found] == [
            (Rule.REDACTION, HISTORY, target.keys[0])
        ]


# ---------------------------------------------------------------- what the database lets through


def refused(assignments: str, key: int) -> bool:
    try:
        with transaction.atomic():
            run(f"UPDATE {HISTORY} SET {assignments} WHERE history_id = {key}")
    except IntegrityError:
        return True
    return False


def test_the_database_blanks_only_what_an_approved_redaction_names(
    study: Study, asker: User, approver: User
) -> None:
    drug = spoiled(study)
    [key], other = versions_holding(drug, ["name"]).keys, Drug.history.get(code="OXALIPLATIN").pk
    redaction = ask(study, asker, versions_holding(drug, ["name"]))
    assert refused("name = '', salt = ''", key)  # requested is not approved
    approve(study, approver, redaction)
    assert not refused("name = '', salt = ''", key)
    assert refused("name = '', salt = ''", other)
    assert refused("name = 'another', salt = ''", key)
    assert refused("name = '', salt = '', code = ''", key)
    assert refused("name = '', salt = '', history_type = '~'", key)
    assert refused("name = '', salt = 'x'", key)
    assert refused(f"name = '', salt = '', event_id = {Drug.history.get(pk=other).event_id}", key)


def test_a_refused_redaction_changes_nothing_and_opens_nothing(
    study: Study, asker: User, approver: User
) -> None:
    target = versions_holding(spoiled(study), ["name"])
    redaction = ask(study, asker, target)
    with recording(study.chain, Act(approver, "ADMINISTRATOR", "refuse redaction", "it stays")):
        refuse_redaction(redaction=redaction, decided_by=approver, reason="it stays")
    assert Drug.history.get(pk=target.keys[0]).name == SECRET
    assert refused("name = '', salt = ''", target.keys[0])
    with pytest.raises(CannotRedact, match="decided already"):
        approve(study, approver, redaction)


# ---------------------------------------------------------------- what cannot be asked for


def test_one_person_cannot_ask_and_approve(study: Study, asker: User) -> None:
    redaction = ask(study, asker, versions_holding(spoiled(study), ["name"]))
    with pytest.raises(CannotRedact, match="another person"):
        approve(study, asker, redaction)


def test_the_database_itself_asks_for_two_persons(study: Study, asker: User) -> None:
    redaction = ask(study, asker, versions_holding(spoiled(study), ["name"]))
    with pytest.raises(IntegrityError), transaction.atomic():
        run(
            "UPDATE trials_redaction SET state = 'APPROVED', decided_by_id = requested_by_id WHERE id = %s",
            redaction.pk,
        )


def test_the_newest_version_is_not_redacted_because_the_live_row_still_holds_the_value(
    study: Study, asker: User
) -> None:
    drug = save(study.chain, Drug(study=study, code="ASPIRIN", name=SECRET, route="ORAL"))
    newest = Drug.history.filter(id=drug.pk).latest("history_id").pk
    with pytest.raises(CannotRedact, match="correct the live row first"):
        ask(study, asker, Target(Drug.history.model, (newest,), ("name",)))


@pytest.mark.parametrize("column", ["history_id", "event_id", "history_type", "id", "salt", "nothing"])
def test_keys_events_types_and_what_is_not_there_are_not_redacted(
    study: Study, asker: User, column: str
) -> None:
    target = versions_holding(spoiled(study), ["name"])
    with pytest.raises(CannotRedact, match=f"column {column}"):
        ask(study, asker, Target(target.model, target.keys, (column,)))


def test_rows_of_another_chain_are_not_redacted(study: Study, asker: User) -> None:
    other = make_study("TEST-2")
    target = versions_holding(spoiled(other), ["name"])
    with pytest.raises(CannotRedact, match="another chain"):
        ask(study, asker, target)


# ---------------------------------------------------------------- bytes


def bytes_of(name: str) -> bytes:
    held = (Path(name + suffix) for suffix in ("", "-wal", "-journal"))
    return b"".join(each.read_bytes() for each in held if each.exists())


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_value_is_gone_from_the_sqlite_file_and_its_log(
    study: Study, asker: User, approver: User
) -> None:
    long = SECRET + " " + "lives at the corner of the street " * 400  # spills over to pages of its own
    with recording(study.chain, Act(asker, "DATA_MANAGER", "note", long)) as record:
        record.note(SECRET)
    event = AuditEvent.objects.latest("recorded_at", "number")
    with recording(study.chain, Act(asker, "DATA_MANAGER", "note", "later")) as record:
        record.note("later")
    spoilt = spoiled(study)
    file = connection.settings_dict["NAME"]
    assert SECRET.encode() in bytes_of(file)
    approve(study, approver, ask(study, asker, Target(AuditEvent, (event.pk,), ("reason", "note"))))
    approve(study, approver, ask(study, asker, versions_holding(spoilt, ["name"])))
    assert SECRET.encode() not in bytes_of(file)
    assert b"corner of the street" not in bytes_of(file)
    assert findings() == []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_traces_are_said_to_remain_while_somebody_reads(study: Study) -> None:
    file = connection.settings_dict["NAME"]
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM trials_chain").fetchone()
    make_study("TEST-2")
    run("PRAGMA busy_timeout=50")
    assert erase_traces() is False
    reader.close()
    assert erase_traces() is True
