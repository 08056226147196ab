"""What somebody with the database's own tools would try, as statements on any table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.utils import NotSupportedError, OperationalError, ProgrammingError

from trials.audit.kinds import Table

WORDS = ("is refused: ", "only appended to", "never removed", "never replaced", "never changed")
REFUSALS = (IntegrityError, OperationalError, ProgrammingError, NotSupportedError)


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def update(table: Table) -> str:
    return f"UPDATE {quoted(table.name)} SET {quoted(table.key)} = {quoted(table.key)}"


def delete(table: Table) -> str:
    return f"DELETE FROM {quoted(table.name)}"


def truncate(table: Table) -> str:
    return f"TRUNCATE {quoted(table.name)} CASCADE"


def replace(table: Table) -> str:
    """The same row once more, over itself."""
    columns = [quoted(str(each.column)) for each in table.model._meta.concrete_fields if not each.generated]
    names = ", ".join(columns)
    copied = f"SELECT {names} FROM {quoted(table.name)} ORDER BY 1 LIMIT 1"
    if connection.vendor == "sqlite":
        return f"INSERT OR REPLACE INTO {quoted(table.name)} ({names}) {copied}"
    key = quoted(table.key)
    return (
        f"INSERT INTO {quoted(table.name)} ({names}) {copied} "
        f"ON CONFLICT ({key}) DO UPDATE SET {columns[-1]} = EXCLUDED.{columns[-1]}"
    )


def upsert(table: Table) -> str:
    """ON CONFLICT UPDATE, which SQLite has as well."""
    columns = [quoted(str(each.column)) for each in table.model._meta.concrete_fields if not each.generated]
    names = ", ".join(columns)
    return (
        f"INSERT INTO {quoted(table.name)} ({names}) "
        f"SELECT {names} FROM {quoted(table.name)} WHERE true ORDER BY 1 LIMIT 1 "
        f"ON CONFLICT ({quoted(table.key)}) DO UPDATE SET {columns[-1]} = EXCLUDED.{columns[-1]}"
    )


def run(statement: str, *parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.rowcount


def is_refused(statement: str) -> bool:
    """Whether a trigger refuses it, in its own words; the transaction around goes on either way."""
    try:
        with transaction.atomic():
            run(statement)
    except REFUSALS as error:
        return any(words in str(error) for words in WORDS)
    return False


def constraints_now() -> None:
    """PostgreSQL alters and empties no table that still waits for deferred constraints."""
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("SET CONSTRAINTS ALL DEFERRED")


SAMPLES = {"bool": "1", "boolean": "true", "date": "'2021-03-01'", "jsonb": "'{}'"}


def with_a_row(table: Table) -> None:
    """Insert a row of no meaning, so that an empty table can be tried as well; taken back with the rest."""
    columns = [each for each in table.model._meta.concrete_fields if not each.null and not each.primary_key]
    names = [quoted(str(each.column)) for each in columns]
    kinds = [str(each.db_type(connection)).partition("(")[0] for each in columns]
    values = [sample(each, kind) for each, kind in zip(columns, kinds, strict=True)]
    run(f"INSERT INTO {quoted(table.name)} ({', '.join(names)}) VALUES ({', '.join(values)})")


def sample(column: Any, kind: str) -> str:
    if column.column == "event_id":
        return "(SELECT max(id) FROM trials_auditevent)"
    if kind in ("datetime", "timestamp with time zone"):
        return "'2021-03-01 00:00:00'"
    return "'{}'" if column.get_internal_type() == "JSONField" else SAMPLES.get(kind, "'1'")


@contextmanager
def unguarded() -> Iterator[None]:
    """As somebody who owns the database: without triggers, for as long as the transaction lasts."""
    from trials.audit.triggers import drop_all

    if connection.vendor == "sqlite":
        drop_all()
        yield
    else:
        run("SET LOCAL session_replication_role = replica")
        yield
        run("SET LOCAL session_replication_role = origin")
