"""The history of one row of protocol data or of an account, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trials.models import AuditEvent

NEVER_SHOWN = {"id", "password", "version", "chain"}


@dataclass(frozen=True)
class ChangeLine:
    """One value before and after, in words."""

    label: str
    before: str
    after: str
    row: str = ""


@dataclass
class VersionLine:
    """What one act changed."""

    event: AuditEvent
    changes: list[ChangeLine] = field(default_factory=list)


def versions_of_row(record: Any) -> list[VersionLine]:
    """Every act that changed the row, newest first. Queries: one, and one for each kind of reference."""
    columns = [
        each for each in record._meta.concrete_fields if each.name not in NEVER_SHOWN and not each.generated
    ]
    history = record.history.model.objects.filter(id=record.pk)
    rows = list(history.select_related("event__actor").order_by("history_id"))
    names = {column.name: _names(column, rows) for column in columns if column.related_model is not None}
    return list(reversed(list(_compared(rows, columns, names))))


def _names(column: Any, rows: Iterable[Any]) -> dict[Any, str]:
    keys = {getattr(row, column.attname) for row in rows} - {None}
    return {key: str(found) for key, found in column.related_model._default_manager.in_bulk(keys).items()}


def _compared(
    rows: Iterable[Any], columns: list[Any], names: dict[str, dict[Any, str]]
) -> Iterator[VersionLine]:
    before: Any = None
    for row in rows:
        version = VersionLine(row.event)
        for column in columns:
            was, now = getattr(before, column.attname, None), getattr(row, column.attname)
            if was != now:
                words = [_words(column, value, names.get(column.name, {})) for value in (was, now)]
                version.changes.append(ChangeLine(str(column.verbose_name), *words))
        before = row
        yield version


def _words(column: Any, value: Any, names: dict[Any, str]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return str(value)
    return str(names.get(value) or dict(column.flatchoices).get(value, value))
