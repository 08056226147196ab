"""Triggers: the database itself refuses what would change the record.

They are data: `wanted` says which triggers the tables that are there must have, `found` which there are, and
`install` makes the one the other. Installed after every migration (trials/apps.py), compared by verify_audit.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit import triggers_postgresql, triggers_sqlite
from trials.audit.kinds import Table, guarded_tables


@dataclass(frozen=True)
class Difference:
    """A trigger (or a function that triggers call) that is not as it must be."""

    table: str
    trigger: str
    is_there: bool
    is_wanted: bool

    def __str__(self) -> str:
        match self.is_there, self.is_wanted:
            case False, True:
                return f"trigger {self.trigger} is missing"
            case True, False:
                return f"trigger {self.trigger} does not belong there"
        return f"trigger {self.trigger} is not as it was installed"


Place = tuple[str, str]

Names = dict[Place, str]
"""Definition by table and name of the trigger; functions stand under an empty table."""


class Dialect(Protocol):
    """What each database brings: definitions, as it would tell them itself, and how to make and drop."""

    def wanted(self, connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> Names: ...
    def found(self, connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> Names: ...
    def make(
        self, connection: BaseDatabaseWrapper, tables: Sequence[Table], places: Collection[Place]
    ) -> None: ...
    def drop(self, connection: BaseDatabaseWrapper, places: Collection[Place]) -> None: ...


DIALECTS: dict[str, Dialect] = {"sqlite": triggers_sqlite, "postgresql": triggers_postgresql}


def differences(using: str = DEFAULT_DB_ALIAS) -> list[Difference]:
    """What is missing, altered or too much, in order of table and name; empty when all is as installed."""
    connection = connections[using]
    dialect, tables = DIALECTS[connection.vendor], guarded_tables(connection)
    return list(_compared(dialect.wanted(connection, tables), dialect.found(connection, tables)))


def _compared(wanted: Names, found: Names) -> Iterator[Difference]:
    for place in sorted(wanted.keys() | found.keys()):
        if wanted.get(place) != found.get(place):
            yield Difference(*place, is_there=place in found, is_wanted=place in wanted)


def install(using: str = DEFAULT_DB_ALIAS) -> int:
    """Make every trigger as it must be, in one transaction; how many were missing or altered."""
    connection = connections[using]
    dialect, tables = DIALECTS[connection.vendor], guarded_tables(connection)
    with transaction.atomic(using=using):
        wanted, found = dialect.wanted(connection, tables), dialect.found(connection, tables)
        wrong = list(_compared(wanted, found))
        dialect.drop(connection, [(each.table, each.trigger) for each in wrong if each.is_there])
        dialect.make(connection, tables, {(each.table, each.trigger) for each in wrong if each.is_wanted})
    return len(wrong)


def drop_all(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take every trigger away, as `flush` does under test settings for as long as it lasts."""
    connection = connections[using]
    dialect, tables = DIALECTS[connection.vendor], guarded_tables(connection)
    with transaction.atomic(using=using):
        dialect.drop(connection, [place for place in dialect.found(connection, tables) if place[0]])


def make_way_for_migrations(using: str) -> None:
    """Drop what would stand in the way of altering a table; `install` brings it back afterwards.

    SQLite alters a table by making it anew under another name and refuses to rename it while the trigger of
    another table asks for the old name: those that consult the redactions.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        tables = guarded_tables(connection)
        found = triggers_sqlite.found(connection, tables)
        triggers_sqlite.drop(
            connection, [place for place, text in found.items() if triggers_sqlite.REDACTIONS in text]
        )
