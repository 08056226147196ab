"""What was redacted, for who reads history: an emptied value is told as redacted, not as empty."""

from collections.abc import Collection, Iterable
from copy import copy
from typing import Any

from trials.models.audit import AuditEvent
from trials.models.redaction import Redaction, RedactionState

REDACTED = "redacted"


def mark_blanked(rows: Iterable[Any]) -> None:
    """Say on each history row which of its columns were redacted: `row.blanked`.

    No query where nothing was: a redacted row has lost its salt.
    """
    by_table: dict[str, list[Any]] = {}
    for row in rows:
        if not row.salt:
            by_table.setdefault(row._meta.db_table, []).append(row)
    for table, found in by_table.items():
        columns = _columns(table, {row.pk for row in found})
        for row in found:
            row.blanked = frozenset(columns.get(row.pk, ()))


def is_blanked(row: Any, column: str) -> bool:
    """Whether a column of a history row was redacted; asked after `mark_blanked`."""
    return column in getattr(row, "blanked", ())


def told_events(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """The events with the word for a redacted reason or note in its place; copies, never to be saved."""
    found = list(events)
    lost = {event.pk for event in found if event.text_digest and not event.salt}
    columns = _columns(AuditEvent._meta.db_table, lost) if lost else {}
    return [_told(event, columns[event.pk]) if event.pk in columns else event for event in found]


def _told(event: AuditEvent, columns: Collection[str]) -> AuditEvent:
    shown = copy(event)
    for name in columns:
        setattr(shown, name, REDACTED)
    return shown


def _columns(table: str, keys: Collection[int]) -> dict[int, set[str]]:
    """The redacted columns of rows of one table, by their key."""
    found: dict[int, set[str]] = {}
    approved = Redaction.objects.filter(table_name=table, state=RedactionState.APPROVED)
    for rows, columns in approved.values_list("row_ids", "column_names"):
        for key in set(keys) & set(rows):
            found.setdefault(key, set()).update(columns)
    return found
