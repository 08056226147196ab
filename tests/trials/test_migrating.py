"""Many tables made by one operation are those that one operation for each would make."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from trials.migrating import CreateModels

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("trials_drawer", "trials_folder")


def operations() -> list[CreateModel]:
    key = ("id", models.BigAutoField(primary_key=True))
    drawer = models.ForeignKey("trials.Drawer", on_delete=models.PROTECT)
    unique = models.UniqueConstraint(fields=["drawer", "name"], name="one_folder_per_name")
    return [
        CreateModel("Drawer", [key, ("name", models.CharField(max_length=10))]),
        CreateModel(
            "Folder",
            [key, ("name", models.CharField(max_length=10)), ("drawer", drawer)],
            options={"constraints": [unique]},
        ),
    ]


def states(made_by: Sequence[Operation]) -> list[ProjectState]:
    """The state before the first operation, and after each; with models drawn, as in a migration."""
    found = [ProjectState()]
    for operation in made_by:
        assert found[-1].apps
        after = found[-1].clone()
        operation.state_forwards("trials", after)
        found.append(after)
    return found


def forwards(made_by: Sequence[Operation]) -> list[ProjectState]:
    known = states(made_by)
    with connection.schema_editor() as editor:
        for operation, before, after in zip(made_by, known, known[1:], strict=False):
            operation.database_forwards("trials", editor, before, after)
    return known


def backwards(made_by: Sequence[Operation], known: list[ProjectState]) -> None:
    with connection.schema_editor() as editor:
        for place in reversed(range(len(made_by))):
            made_by[place].database_backwards("trials", editor, known[place + 1], known[place])


def tables() -> dict[str, Any]:
    """Columns and constraints of the tables that are there."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor)) & set(TABLES)
        return {
            table: (
                [column[:7] for column in connection.introspection.get_table_description(cursor, table)],
                connection.introspection.get_constraints(cursor, table),
            )
            for table in sorted(there)
        }


@pytest.mark.requirement("R25")
def test_the_tables_are_the_same_and_go_again_in_the_reverse_order() -> None:
    one_by_one = operations()
    known = forwards(one_by_one)
    expected, expected_models = tables(), set(known[-1].models)
    backwards(one_by_one, known)

    together = [CreateModels(operations())]
    known = forwards(together)
    assert tables() == expected
    assert list(expected) == list(TABLES)
    assert set(known[-1].models) == expected_models
    backwards(together, known)
    assert tables() == {}
