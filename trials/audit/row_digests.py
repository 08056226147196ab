"""The digest of a history row, made from the values as the database gives them back.

The same bytes as `canonical.digest({"table": ..., column: value, ...})`, several times faster: the columns of
a table are put in order once, and text, numbers and dates, nearly all values, are written directly.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring as quoted
from typing import Any

from django.db import models

from trials.audit.canonical import canonical_decimal, canonical_fragment

MARK = 8
"""Digits of a row's digest that the event keeps to tell which row it is."""

WRITERS: dict[type, Callable[[Any], str]] = {
    str: quoted,
    int: str,
    bool: lambda value: "true" if value else "false",
    Decimal: lambda value: f'"{canonical_decimal(value)}"',
    date: lambda value: f'"{value.isoformat()}"',
}
"""By exact type; whatever else is written as the canonical form says."""


class RowForm:
    """How rows of one history table are read and written down."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.table = model._meta.db_table
        columns = list(model._meta.concrete_fields)
        self.names = [column.attname for column in columns]
        self.event = self.names.index("event_id")
        self.key = self.names.index("history_id")
        places: list[tuple[str, int | None]] = [(name, place) for place, name in enumerate(self.names)]
        self._parts = [
            (f"{quoted(name)}:" if place is not None else f'"table":{quoted(self.table)}', place)
            for name, place in sorted([*places, ("table", None)])
        ]

    def text(self, row: Sequence[Any]) -> str:
        """Canonical JSON of a row given by its values in the order of `names`. Raises TypeError."""
        parts = []
        for prefix, place in self._parts:
            if place is None:
                parts.append(prefix)
                continue
            value = row[place]
            if value is not None:
                parts.append(prefix + WRITERS.get(type(value), canonical_fragment)(value))
        return f"{{{','.join(parts)}}}"

    def digest(self, row: Sequence[Any]) -> str:
        """SHA-256 (hex) of the canonical JSON."""
        return hashlib.sha256(self.text(row).encode()).hexdigest()

    def rows(self, **lookup: Any) -> Any:
        """A query set of tuples, in the order in which they enter the digest of their events."""
        found = self.model._base_manager.filter(**lookup)
        return found.order_by("event_id", "history_id").values_list(*self.names)


@cache
def row_form(model: type[models.Model]) -> RowForm:
    return RowForm(model)


def row_digests(event: int, history_models: Sequence[type[models.Model]]) -> Iterator[str]:
    """The digests of an event's history rows: tables in order of name, rows in order of history id."""
    for model in sorted(history_models, key=lambda each: each._meta.db_table):
        form = row_form(model)
        for row in form.rows(event_id=event):
            yield form.digest(row)


class Sum:
    """Count, digest and marks of the rows of one event, as they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._whole = hashlib.sha256()
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


def sum_of_rows(event: int, history_models: Sequence[type[models.Model]]) -> Sum:
    """What an event says of its rows.

    Read back, because Python and database differ for decimals, instants and booleans, and because rows of a
    rolled-back savepoint must not count.
    """
    whole = Sum()
    for digest in row_digests(event, history_models):
        whole.add(digest)
    return whole
