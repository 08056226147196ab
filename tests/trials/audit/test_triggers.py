"""The database itself refuses what would change the record, whoever asks for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from tests.factories import coordinator_of, make_list, make_site, make_study, randomized_subject
from tests.taken_back import taken_back
from tests.trials.audit.statements import (
    constraints_now,
    delete,
    is_refused,
    quoted,
    replace,
    run,
    truncate,
    update,
    upsert,
    with_a_row,
)
from trials.audit import triggers_postgresql, triggers_sqlite
from trials.audit.kinds import REFUSES, Kind, Table, tables_of_the_record
from trials.audit.triggers import differences, install
from trials.models import AuditEvent

pytestmark = pytest.mark.django_db

TABLES = tables_of_the_record()
APPENDED = [table for table in TABLES if table.kind in (Kind.HISTORY, Kind.EVENT)]
LIVE = [table for table in TABLES if table.kind in (Kind.LIVE, Kind.WRITTEN_ONCE, Kind.CHAIN)]
WAYS: dict[str, Callable[[Table], str]] = {
    "update": update,
    "delete": delete,
    "truncate": truncate,
    "replace": replace,
    "on conflict update": upsert,
}


@pytest.fixture(scope="module")
def record(django_db_setup: None, django_db_blocker: Any) -> Any:
    """A study with a randomized subject; the tests of this file look at it and leave it as it is."""
    with django_db_blocker.unblock(), taken_back():
        site = make_site(make_study())
        make_list(site.study, "AB")
        subject = randomized_subject(coordinator_of(site), site)
        constraints_now()
        yield subject


def count(table: Table) -> int:
    return table.model._base_manager.count()


@pytest.mark.requirement("R05", "R06")
@pytest.mark.parametrize("way", WAYS)
def test_history_and_events_refuse_every_change_of_a_row(record: Any, way: str) -> None:
    if way == "truncate":
        if connection.vendor == "sqlite":
            return  # has no such statement
    else:  # an empty table has nothing to refuse row by row
        for table in APPENDED:
            if not count(table):
                with_a_row(table)
    before = {table.name: count(table) for table in APPENDED}
    assert [table.name for table in APPENDED if not is_refused(WAYS[way](table))] == []
    assert {table.name: count(table) for table in APPENDED} == before
    assert len(before) > 80


@pytest.mark.parametrize("way", ["delete", "truncate"])
def test_live_rows_and_chains_are_never_removed(record: Any, way: str) -> None:
    if way == "truncate" and connection.vendor == "sqlite":
        return  # has no such statement
    tried = [table for table in LIVE if count(table) or connection.vendor == "postgresql"]
    assert [table.name for table in tried if not is_refused(WAYS[way](table))] == []


@pytest.mark.sqlite
def test_a_live_row_is_not_replaced_by_one_with_its_key(record: Any) -> None:
    run("PRAGMA recursive_triggers=OFF")  # as another tool would open the file
    try:
        tried = [table for table in LIVE if count(table)]
        assert [table.name for table in tried if not is_refused(replace(table))] == []
    finally:
        run("PRAGMA recursive_triggers=ON")


@pytest.mark.parametrize("model", ["patients.Allocation", "trials.RandomizationSlot"])
def test_an_allocation_and_a_slot_are_written_once(record: Any, model: str) -> None:
    [table] = [table for table in TABLES if table.model._meta.label == model]
    assert is_refused(update(table))


def test_live_rows_that_may_change_still_do(record: Any) -> None:
    name = type(record)._meta.db_table
    assert run(f"UPDATE {quoted(name)} SET version = version WHERE id = %s", record.pk) == 1


def test_a_new_event_is_still_written(record: Any) -> None:
    event = AuditEvent.objects.get(pk=AuditEvent.objects.latest("id").pk)
    event.pk, event.number = event.pk + 1, event.number + 1
    event._state.adding = True
    with taken_back():
        event.save()
        assert AuditEvent.objects.filter(pk=event.pk).exists()


# ---------------------------------------------------------------- names and definitions


def test_every_trigger_stands_as_it_was_installed(db: None) -> None:
    assert differences() == []


def test_every_table_of_the_record_has_its_triggers(db: None) -> None:
    dialect = {"sqlite": triggers_sqlite, "postgresql": triggers_postgresql}[connection.vendor]
    found = dialect.found(connection, TABLES)
    for table in TABLES:
        names = {name for place, name in found if place == table.name}
        wanted = {f"{table.name}_refuses_{each.value}" for each in REFUSES[table.kind] & dialect.TEXTS.keys()}
        assert names == wanted
        assert all(len(name) < 63 for name in names)  # PostgreSQL cuts longer ones


def test_installing_again_changes_nothing(db: None) -> None:
    assert install() == 0


def test_a_missing_trigger_is_named(db: None) -> None:
    name, on = (
        "trials_auditevent_refuses_delete",
        "" if connection.vendor == "sqlite" else " ON trials_auditevent",
    )
    run(f"DROP TRIGGER {name}{on}")
    assert [str(each) for each in differences()] == [f"trigger {name} is missing"]
    assert install() == 1
    assert differences() == []


@pytest.mark.sqlite
def test_an_altered_trigger_is_named_on_sqlite(db: None) -> None:
    name = "trials_auditevent_refuses_delete"
    run(f"DROP TRIGGER {name}")
    run(f"CREATE TRIGGER {name} BEFORE DELETE ON trials_auditevent BEGIN SELECT 1; END")
    assert [str(each) for each in differences()] == [f"trigger {name} is not as it was installed"]


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE trials_auditevent DISABLE TRIGGER trials_auditevent_refuses_delete",
        "DROP TRIGGER trials_auditevent_refuses_delete ON trials_auditevent; "
        "CREATE TRIGGER trials_auditevent_refuses_delete BEFORE DELETE ON trials_auditevent "
        "FOR EACH STATEMENT EXECUTE FUNCTION record_refuses()",
    ],
    ids=["switched off", "without truncate"],
)
def test_an_altered_trigger_is_named_on_postgresql(db: None, statement: str) -> None:
    constraints_now()
    run(statement)
    told = "trigger trials_auditevent_refuses_delete is not as it was installed"
    assert [str(each) for each in differences()] == [told]
    install()
    assert differences() == []


@pytest.mark.postgres
def test_an_altered_function_behind_the_triggers_is_named(db: None) -> None:
    run(
        "CREATE OR REPLACE FUNCTION record_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NULL; END'"
    )
    assert [each.trigger for each in differences()] == ["record_refuses"]
    install()
    assert differences() == []


def test_a_trigger_of_somebody_else_is_named(db: None) -> None:
    if connection.vendor == "sqlite":
        run("CREATE TRIGGER quiet BEFORE UPDATE ON trials_chain BEGIN SELECT 1; END")
    else:
        run(
            "CREATE TRIGGER quiet BEFORE UPDATE ON trials_chain FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )
    assert [str(each) for each in differences()] == ["trigger quiet does not belong there"]


def test_a_trigger_on_a_table_in_other_letters_is_named_on_sqlite(db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps a trigger by its table, not by how the table was spelled")
    run("CREATE TRIGGER quiet AFTER INSERT ON TRIALS_AUDITEVENT BEGIN SELECT 1; END")
    assert [str(each) for each in differences()] == ["trigger quiet does not belong there"]


# ---------------------------------------------------------------- flush


@override_settings(SETTINGS_MODULE="ecrf.settings.production")
def test_flush_is_refused_outside_test_settings(record: Any) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="never removed"):
        call_command("flush", interactive=False, verbosity=0)
    assert AuditEvent.objects.count() == before
    assert differences() == []
