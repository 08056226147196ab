"""What changed, when, by whom and why: the history of a regulated row in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trials.models.audit import AuditEvent
from trials.text import plain

NEVER_SHOWN = {"id", "password", "version", "chain"}


@dataclass(frozen=True)
class Change:
    """One value that an act changed: its field, its label, and what it was before and after, in words."""

    field: str
    label: str
    before: str
    after: str
    row: str = ""


@dataclass
class Version:
    """What one act did to a record; `version` where the record has a number of its own."""

    event: AuditEvent
    version: int | None = None
    changes: list[Change] = field(default_factory=list)


def versions_of_row(record: Any) -> list[Version]:
    """Every act that touched one row (a subject, a visit, an account, protocol data), oldest first.

    Queries: one, and one for each kind of reference, whatever the number of versions.
    """
    columns = [
        each for each in record._meta.concrete_fields if each.name not in NEVER_SHOWN and not each.generated
    ]
    history = record.history.model.objects.filter(id=record.pk)
    rows = list(history.select_related("event__actor").order_by("history_id"))
    names = {column.name: _names(column, rows) for column in columns if column.related_model is not None}
    versions: dict[int, Version] = {}
    before: Any = None
    for row in rows:
        version = versions.setdefault(row.event_id, Version(row.event))
        version.version = getattr(row, "version", None)
        for column in columns:
            was, now = (
                _shown(column, getattr(held, column.attname, None), names.get(column.name, {}))
                for held in (before, row)
            )
            if was != now:
                version.changes.append(Change(column.name, str(column.verbose_name), was, now))
        before = row
    return list(versions.values())


def _names(column: Any, rows: Iterable[Any]) -> dict[Any, str]:
    keys = {getattr(row, column.attname) for row in rows} - {None}
    return {key: str(found) for key, found in column.related_model._default_manager.in_bulk(keys).items()}


def _shown(column: Any, value: Any, names: Mapping[Any, str]) -> str:
    if value is None or isinstance(value, bool | list | dict):
        return words(value)
    return words(names.get(value) or dict(column.flatchoices).get(value, value))


def words(value: Any) -> str:
    """A stored value in words; empty for none.

    >>> words(None), words(True), words({"weight": "UNKNOWN"}), words(Decimal("5.10"))
    ('', 'yes', 'weight: UNKNOWN', '5.1')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return "; ".join(f"{key}: {each}" for key, each in value.items())
        case Decimal():
            return plain(value)
    return str(value)
