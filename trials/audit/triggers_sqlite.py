"""The triggers of an SQLite database."""

from collections.abc import Callable, Collection, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.kinds import REFUSES, Refused, Table, unique_keys

REDACTIONS = "trials_redaction"

# SQLite keeps the text of a trigger as it was given; compared letter by letter with these.
DELETE = """CREATE TRIGGER {name} BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, 'rows of the record are never removed'); END"""

UPDATE = """CREATE TRIGGER {name} BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, 'this row is written once and never changed'); END"""

# INSERT OR REPLACE removes the other row without firing a DELETE trigger, unless the connection asks for it.
REPLACE = """CREATE TRIGGER {name} BEFORE INSERT ON {table}
WHEN {taken}
BEGIN SELECT RAISE(ABORT, 'a row of the record is never replaced'); END"""

TAKEN = "EXISTS (SELECT 1 FROM {table} WHERE {same})"

# An approved redaction blanks the columns it names and the salt, in the rows it names, and nothing else.
REWRITE = """CREATE TRIGGER {name} BEFORE UPDATE ON {table}
WHEN NOT (NEW."salt" = '' AND {fixed} AND EXISTS (
SELECT 1 FROM "trials_redaction" r WHERE r."table_name" = '{plain_table}' AND r."state" = 'APPROVED'
AND EXISTS (SELECT 1 FROM json_each(r."row_ids") k WHERE k.value = OLD.{key})
AND {others}))
BEGIN SELECT RAISE(ABORT, 'history and events are only appended to'); END"""

BLANKED = """(NEW.{column} IS OLD.{column} OR
instr(r."column_names", '"{plain}"') AND ifnull(NEW.{column}, '') = '')"""

COLUMNS = """
SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' ORDER BY m.name, c.cid
"""

Names = dict[tuple[str, str], str]


def wanted(connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> Names:
    """The triggers that these tables must have; columns as the database has them now."""
    columns = _columns(connection)
    made: Names = {}
    for table in tables:
        for refused in REFUSES[table.kind]:
            name = f"{table.name}_refuses_{refused.value}"
            made[table.name, name] = TEXTS[refused](connection, table, name, columns[table.name])
    return made


def _columns(connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column in cursor.fetchall():
            found.setdefault(table, []).append(column)
    return found


def _simple(template: str) -> Callable[..., str]:
    def text(connection: BaseDatabaseWrapper, table: Table, name: str, columns: Sequence[str]) -> str:
        quote = connection.ops.quote_name
        return template.format(name=quote(name), table=quote(table.name))

    return text


def _replace(connection: BaseDatabaseWrapper, table: Table, name: str, columns: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    quoted = quote(table.name)
    keys = [key for key in unique_keys(table.model) if set(key) <= set(columns)]
    taken = [
        TAKEN.format(
            table=quoted, same=" AND ".join(f"{quote(column)} = NEW.{quote(column)}" for column in key)
        )
        for key in keys
    ]
    return REPLACE.format(name=quote(name), table=quoted, taken=" OR ".join(taken))


def _rewrite(connection: BaseDatabaseWrapper, table: Table, name: str, columns: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    others = [column for column in columns if column not in table.fixed and column != "salt"]
    return REWRITE.format(
        name=quote(name),
        table=quote(table.name),
        plain_table=table.name,
        key=quote(table.key),
        fixed=" AND ".join(f"NEW.{quote(column)} IS OLD.{quote(column)}" for column in table.fixed),
        others="\nAND ".join(BLANKED.format(column=quote(column), plain=column) for column in others),
    )


TEXTS: dict[Refused, Callable[[BaseDatabaseWrapper, Table, str, Sequence[str]], str]] = {
    Refused.DELETE: _simple(DELETE),
    Refused.UPDATE: _simple(UPDATE),
    Refused.REPLACE: _replace,
    Refused.REWRITE: _rewrite,
}


def found(connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> Names:
    """Every trigger on these tables, as the database tells it.

    SQLite keeps the name of the table in the letters of whoever made the trigger; small ones mean the same.
    """
    guarded = {table.name for table in tables}
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(tbl_name), name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {(table, name): text for table, name, text in cursor.fetchall() if table in guarded}


def make(
    connection: BaseDatabaseWrapper, tables: Sequence[Table], places: Collection[tuple[str, str]]
) -> None:
    with connection.cursor() as cursor:
        for place, statement in wanted(connection, tables).items():
            if place in places:
                cursor.execute(statement)


def drop(connection: BaseDatabaseWrapper, places: Collection[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        for _table, name in places:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
