"""The triggers are there again after every migration and every flush."""

from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from tests.factories import make_study
from tests.trials.audit.statements import REFUSALS, quoted, run
from trials.audit.kinds import tables_of_the_record
from trials.audit.triggers import differences, drop_all, install, make_way_for_migrations
from trials.models import Chain

TABLES = tables_of_the_record()

pytestmark = pytest.mark.django_db(transaction=True)


def altered(table: str) -> None:
    """A migration that adds a column to a history table and alters another; SQLite makes the table anew."""
    app, name = "extra_form", "historicalextraline"
    operations = [
        migrations.AddField(name, "added", models.CharField(max_length=5, null=True)),  # noqa: DJ001
        migrations.AlterField(name, "salt", models.CharField(max_length=40)),
    ]
    state = ProjectState.from_apps(apps)
    with connection.schema_editor() as editor:
        for operation in operations:
            after = state.clone()
            operation.state_forwards(app, after)
            operation.database_forwards(app, editor, state, after)
            state = after
    assert table == f"{app}_{name}"


def test_a_migration_that_alters_a_history_table_leaves_it_as_guarded_as_before() -> None:
    table = "extra_form_historicalextraline"
    make_way_for_migrations("default")
    altered(table)
    try:
        if connection.vendor == "sqlite":  # which made the table anew, without its triggers
            assert any(each.table == table for each in differences())
        call_command("migrate", run_syncdb=True, verbosity=0)  # ends with the signal after every migration
        assert differences() == []
        with pytest.raises(REFUSALS), transaction.atomic():
            run(f"DELETE FROM {table}") if connection.vendor == "postgresql" else delete_one(table)
    finally:
        make_way_for_migrations("default")
        with connection.schema_editor() as editor:
            column = models.CharField(max_length=5, null=True)  # noqa: DJ001
            column.set_attributes_from_name("added")
            [history] = [each.model for each in TABLES if each.name == table]
            editor.remove_field(history, column)
        install()


def delete_one(table: str) -> None:
    """Deletes a row that is put there first: SQLite fires its triggers for rows only."""
    names = [row[0] for row in rows_of(f"SELECT name FROM pragma_table_info('{table}') WHERE \"notnull\"")]
    values = ", ".join("'{}'" if name == "missing_reasons" else "1" for name in names)
    run(f"INSERT INTO {table} ({', '.join(map(quoted, names))}) VALUES ({values})")
    run(f"DELETE FROM {table}")


def rows_of(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_a_flush_between_tests_leaves_every_trigger() -> None:
    make_study()
    call_command("flush", interactive=False, verbosity=0)
    assert not Chain.objects.exists()
    assert differences() == []


def test_triggers_can_be_installed_where_there_are_none() -> None:
    drop_all()
    missing = differences()
    assert {each.table for each in missing} == {table.name for table in TABLES}
    assert install() == len(missing)
    assert differences() == []
