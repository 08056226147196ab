"""On PostgreSQL the application's role can neither change history nor remove a row of the record."""

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections, transaction
from django.db.utils import ConnectionHandler

from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import Demographics
from tests.factories import CONSENT_DAY, coordinator_of, make_list, make_site, make_study
from tests.factories import randomized_subject as randomized
from tests.trials.audit.statements import is_refused, run
from tests.trials.audit.test_redaction import approve, ask, spoiled
from trials.audit.kinds import Kind, tables_of_the_record
from trials.audit.redaction import versions_holding
from trials.audit.triggers import differences
from trials.audit.verification import Verification
from trials.models import Drug, IdempotencyKey, User

pytestmark = [pytest.mark.postgres, pytest.mark.requirement("R06")]

PASSWORD = "a long pass-phrase of the role"
SIX = (
    "UPDATE {} SET salt = ''",
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "DROP TABLE {} CASCADE",
    "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION record_refuses()",
)


@pytest.fixture
def role(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A role of the application, made by the command; roles belong to the whole server, hence the name."""
    name = f"ecrf_app_{secrets.token_hex(4)}"
    monkeypatch.setenv("APPLICATION_ROLE_PASSWORD", PASSWORD)
    call_command("application_role", name, stdout=io.StringIO())
    yield name
    for statement in (f"DROP OWNED BY {name}", f"DROP ROLE {name}"):
        run(statement)


@contextmanager
def connected_as(role: str) -> Iterator[None]:
    """The application's connection is one of this role, for this thread."""
    ours = connections[DEFAULT_DB_ALIAS]
    settings = {**ours.settings_dict, "USER": role, "PASSWORD": PASSWORD}
    handler = ConnectionHandler({DEFAULT_DB_ALIAS: settings})
    connections[DEFAULT_DB_ALIAS] = handler[DEFAULT_DB_ALIAS]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS].close()
        connections[DEFAULT_DB_ALIAS] = ours


def is_denied(statement: str) -> bool:
    try:
        with transaction.atomic():
            run(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


def test_the_six_statements_are_denied_on_history_and_events(role: str) -> None:
    tables = [each.name for each in tables_of_the_record() if each.kind in (Kind.HISTORY, Kind.EVENT)]
    with connected_as(role):
        allowed = [(each, name) for each in SIX for name in tables if not is_denied(each.format(name))]
    assert allowed == []
    assert len(tables) > 80


def test_no_row_of_the_record_is_removed_by_the_role(role: str) -> None:
    tables = [each.name for each in tables_of_the_record()]
    with connected_as(role):
        statements = ("DELETE FROM {}", "TRUNCATE {} CASCADE")
        assert [name for name in tables for each in statements if not is_denied(each.format(name))] == []


def test_the_role_cannot_switch_triggers_off_or_hide_a_table(role: str) -> None:
    with connected_as(role):
        assert is_denied("SET session_replication_role = replica")
        assert is_denied("CREATE TEMPORARY TABLE trials_redaction (id bigint)")
        assert is_denied("CREATE TABLE mine (id bigint)")
        assert is_denied("DROP FUNCTION record_refuses()")


def test_the_application_works_under_the_role(role: str) -> None:
    site = make_site(make_study())
    make_list(site.study, "AB")
    coordinator = coordinator_of(site)
    with connected_as(role):
        coordinator = User.objects.get(pk=coordinator.pk)
        subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
        data = {"birth": "1961-05", "age": 59, "sex": "M"}
        form = create_form(actor=coordinator, form=Demographics, subject=subject, data=data)
        assert type(form).history.filter(id=form.pk).count() == 1
        assert randomized(coordinator, site).allocation.arm is not None
        assert list(Verification().findings()) == []
        IdempotencyKey.objects.all().delete()  # what Django itself removes is still removed
        run("DELETE FROM django_session")
    assert differences() == []


def test_a_redaction_that_was_approved_is_carried_out_under_the_role(role: str) -> None:
    study = make_study()
    asker, approver = (User.objects.create_user(name) for name in ("asker", "approver"))
    with connected_as(role):
        drug = spoiled(study)
        redaction = ask(study, asker, versions_holding(drug, ["name"]))
        with pytest.raises(Exception, match="query returned no rows"), transaction.atomic():
            run("SELECT record_is_blanked(%s)", redaction.pk)  # requested, not approved
        approve(study, approver, redaction)
        assert Drug.history.filter(id=drug.pk).earliest("history_id").name == ""
        assert list(Verification().findings()) == []


def test_rows_written_once_stay_refused_although_they_may_be_locked(role: str) -> None:
    site = make_site(make_study())
    make_list(site.study, "AB")
    with connected_as(role):
        assert is_refused("UPDATE trials_randomizationslot SET number = number")


# ---------------------------------------------------------------- the command


def test_the_password_is_neither_an_argument_nor_short(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLICATION_ROLE_PASSWORD", "short")
    with pytest.raises(CommandError, match="16 characters"):
        call_command("application_role", "anybody")


def test_the_owner_of_the_tables_is_no_role_of_the_application(db: None, monkeypatch: Any) -> None:
    monkeypatch.setenv("APPLICATION_ROLE_PASSWORD", PASSWORD)
    owner = connection.settings_dict["USER"]
    with pytest.raises(CommandError, match="owns tables"):
        call_command("application_role", owner)


def test_the_grants_can_be_read_before_they_are_given(db: None) -> None:
    told = io.StringIO()
    call_command("application_role", "some_role", print=True, stdout=told)
    lines = told.getvalue().splitlines()
    assert 'GRANT SELECT, INSERT ON TABLE "trials_auditevent" TO "some_role";' in lines
    assert 'GRANT SELECT, INSERT, UPDATE ON TABLE "patients_subject" TO "some_role";' in lines
    assert not any("TRUNCATE" in line or "PASSWORD" in line for line in lines)
