"""Kinds of tables, and what the database itself refuses on each."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from enum import Enum

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.history import HistoryRow
from trials.models.audit import AuditEvent, Chain
from trials.models.base import RegulatedModel


class Kind(Enum):
    HISTORY = "history of a regulated table"
    EVENT = "audit events"
    CHAIN = "chains of events"
    LIVE = "regulated table"
    WRITTEN_ONCE = "regulated table whose rows never change"


class Refused(Enum):
    """`REWRITE`: an update that is not the blanking of an approved redaction; `REPLACE`: an insert over a
    row that is there (INSERT OR REPLACE, which removes the other row without a DELETE)."""

    DELETE = "delete"
    REPLACE = "replace"
    UPDATE = "update"
    REWRITE = "rewrite"


REFUSES: dict[Kind, Set[Refused]] = {
    Kind.HISTORY: {Refused.DELETE, Refused.REPLACE, Refused.REWRITE},
    Kind.EVENT: {Refused.DELETE, Refused.REPLACE, Refused.REWRITE},
    Kind.CHAIN: {Refused.DELETE, Refused.REPLACE},
    Kind.LIVE: {Refused.DELETE, Refused.REPLACE},
    Kind.WRITTEN_ONCE: {Refused.DELETE, Refused.REPLACE, Refused.UPDATE},
}
"""DELETE stands for TRUNCATE too."""

EVENT_TEXT = ("reason", "note")
"""What a redaction may blank in an event; everything else of it is covered by its hash."""


@dataclass(frozen=True)
class Table:
    """A guarded table: its key, and the columns that not even a redaction changes."""

    model: type[models.Model]
    kind: Kind
    name: str
    key: str
    fixed: tuple[str, ...]


def kind_of(model: type[models.Model]) -> Kind | None:
    """The kind of a model's table; None for a table that is no part of the record."""
    if issubclass(model, HistoryRow):
        return Kind.HISTORY
    if issubclass(model, RegulatedModel):
        return Kind.WRITTEN_ONCE if model.written_once else Kind.LIVE
    return {AuditEvent: Kind.EVENT, Chain: Kind.CHAIN}.get(model)


def guarded_tables(connection: BaseDatabaseWrapper) -> list[Table]:
    """Every table of the record that is there, in order of name."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    return [table for table in tables_of_the_record() if table.name in there]


def tables_of_the_record() -> list[Table]:
    return sorted(_tables(), key=lambda table: table.name)


def _tables() -> Iterator[Table]:
    for model in apps.get_models():
        kind = kind_of(model)
        if kind is not None and model._meta.managed and not model._meta.proxy:
            key = str(model._meta.pk.column)
            yield Table(model, kind, model._meta.db_table, key, _fixed(model, kind))


def _fixed(model: type[models.Model], kind: Kind) -> tuple[str, ...]:
    columns = [str(each.column) for each in model._meta.concrete_fields]
    if kind is Kind.EVENT:
        return tuple(name for name in columns if name not in (*EVENT_TEXT, "salt"))
    if kind is Kind.HISTORY:
        live_key = str(model.instance_type._meta.pk.column)  # type: ignore[attr-defined]
        return ("history_id", live_key, "event_id", "history_type")
    return ()


def unique_keys(model: type[models.Model]) -> list[tuple[str, ...]]:
    """Columns of each key by which a row can stand in the way of another, the primary key first.

    Keys under a condition or over an expression are left out: no history and no event has any, and a live row
    that is replaced through one is missed by the verification.
    """
    columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
    alone = [(columns[field.name],) for field in model._meta.concrete_fields if field.unique]
    together = [
        tuple(columns[name] for name in constraint.fields)
        for constraint in model._meta.total_unique_constraints
    ]
    return sorted({*alone, *together}, key=lambda key: (key != (model._meta.pk.column,), key))
