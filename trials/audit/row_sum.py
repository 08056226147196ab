"""What an event says of its history rows: how many, their digest, and a mark of each."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from django.db import DEFAULT_DB_ALIAS, connections, models

from trials.audit.stored import stored_table

ROW_ORDER = ("event_id", "history_id")

MARK = 8
"""Digits of a row's digest that the event keeps to tell which row it is."""


class RowSum:
    """Count, digest and marks of the rows of one event, as they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._whole = sha256()
        self._marks: list[str] = []

    def add(self, digest: str) -> None:
        self.rows += 1
        self._whole.update(digest.encode())
        self._marks.append(digest[:MARK])

    @property
    def digest(self) -> str:
        return self._whole.hexdigest()

    @property
    def marks(self) -> str:
        return "".join(self._marks)


def row_digests(
    event: int, history_models: Iterable[type[models.Model]], using: str = DEFAULT_DB_ALIAS
) -> Iterator[tuple[str, int, str]]:
    """Table, key and digest of each history row of an event: tables by name, rows by key."""
    connection = connections[using]
    for model in sorted(history_models, key=lambda each: each._meta.db_table):
        stored = stored_table(model, connection)
        key = stored.names.index("history_id")
        for row in stored.read(connection, ROW_ORDER, (event, event), all_at_once=True):
            yield stored.table, row[key], stored.digest(row)


def sum_of_rows(event: int, history_models: Iterable[type[models.Model]]) -> RowSum:
    """The sum of an event's rows as the database holds them now."""
    whole = RowSum()
    for _table, _key, digest in row_digests(event, history_models):
        whole.add(digest)
    return whole
