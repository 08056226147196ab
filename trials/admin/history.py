"""The history of one row of protocol data or of an account, in words."""

from collections.abc import Iterable
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
    """Every act that changed the row, newest first. One query; references are named by their key."""
    columns = [
        each for each in record._meta.concrete_fields if each.name not in NEVER_SHOWN and not each.generated
    ]
    rows = (
        record.history.model.objects.filter(id=record.pk)
        .select_related("event__actor")
        .order_by("history_id")
    )
    return list(reversed(list(_compared(rows, columns))))


def _compared(rows: Iterable[Any], columns: list[Any]) -> Iterable[VersionLine]:
    before: Any = None
    for row in rows:
        version = VersionLine(row.event)
        for column in columns:
            was, now = getattr(before, column.attname, None), getattr(row, column.attname)
            if was != now:
                version.changes.append(
                    ChangeLine(str(column.verbose_name), _words(column, was), _words(column, now))
                )
        before = row
        yield version


def _words(column: Any, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(dict(column.flatchoices).get(value, value))
