"""Many new rows of one table at once: COPY on PostgreSQL, one prepared statement on SQLite.

Django's bulk_create composes a statement for every few dozen rows, which takes several times as long as the
database needs to store them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql import InsertQuery

Columns = Sequence[models.Field]
Values = list[Any]
BATCH = 1000


def insert_rows(model: type[models.Model], rows: Iterable[Mapping[str, Any]], using: str) -> None:
    """Insert rows given as values by attribute name, in this order; the database gives the keys.

    Rows are taken in batches before the database is asked to store them: taking one may itself ask the
    database, which answers nothing else while it copies.
    """
    connection = connections[using]
    columns = [
        each for each in model._meta.concrete_fields if not each.generated and each is not model._meta.pk
    ]
    write = WRITERS[connection.vendor]
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        values = [[each.get_db_prep_save(row[each.attname], connection) for each in columns] for row in batch]
        write(connection, model, columns, values)


def _copy(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Columns, values: Sequence[Values]
) -> None:
    from psycopg import sql  # an installation on SQLite need not have its library

    names = sql.SQL(", ").join(sql.Identifier(str(each.column)) for each in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), names)
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            copy.write_row(row)


def _execute_many(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Columns, values: Sequence[Values]
) -> None:
    query = InsertQuery(model)
    query.insert_values(columns, [model()])
    [(statement, _values)] = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


WRITERS: dict[str, Callable[[BaseDatabaseWrapper, type[models.Model], Columns, Sequence[Values]], None]] = {
    "postgresql": _copy,
    "sqlite": _execute_many,
}
