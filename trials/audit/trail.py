"""What changed, when, by whom and why: the history of a regulated row in words."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trials.audit.blanked import REDACTED, is_blanked, mark_blanked, told_events
from trials.models.audit import AuditEvent
from trials.text import plain

NEVER_SHOWN = {"id", "password", "version", "chain"}

Names = Mapping[Any, Mapping[Any, str]]
"""What rows are called, by their model and key."""


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
    """What one act did to a record; `version` where the record has a number of its own.

    `queries`: the numbers of the queries that the act answered, or whose check it satisfied; `words`: the
    act as people read it.
    """

    event: AuditEvent
    version: int | None = None
    changes: list[Change] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    words: str = ""


def versions_of_row(record: Any) -> list[Version]:
    """Every act that touched one row (a subject, a visit, an account, protocol data), oldest first.

    Queries: one, and one for each model referred to, whatever the number of versions.
    """
    columns = told_columns(type(record))
    history = record.history.model.objects.filter(id=record.pk)
    rows = list(history.select_related("event__actor").order_by("history_id"))
    mark_blanked(rows)
    names = names_of(columns, rows)
    events = {event.pk: event for event in told_events(row.event for row in rows)}
    versions: dict[int, Version] = {}
    before: Any = None
    for row in rows:
        version = versions.setdefault(row.event_id, Version(events[row.event_id]))
        version.version = getattr(row, "version", None)
        version.changes += differences(columns, before, row, names)
        before = row
    return list(versions.values())


def told_columns(model: Any) -> list[Any]:
    """The columns of a regulated row that say something to a reader of its history."""
    return [
        each for each in model._meta.concrete_fields if each.name not in NEVER_SHOWN and not each.generated
    ]


def differences(columns: Iterable[Any], before: Any, after: Any, names: Names) -> list[Change]:
    """What a version of a row changed against the one before it (None: the first)."""
    found = []
    for column in columns:
        was, now = (
            REDACTED
            if is_blanked(held, column.attname)
            else _shown(column, getattr(held, column.attname, None), names.get(column.related_model, {}))
            for held in (before, after)
        )
        if was != now:
            found.append(Change(column.name, str(column.verbose_name), was, now))
    return found


def names_of(columns: Iterable[Any], rows: Collection[Any]) -> Names:
    """Names of what the rows refer to, by model and key; one query for each model."""
    keys: dict[Any, set[Any]] = {}
    for column in columns:
        if column.related_model is not None:
            keys.setdefault(column.related_model, set()).update(getattr(row, column.attname) for row in rows)
    return {model: names_in(model, found - {None}) for model, found in keys.items()}


def names_in(model: Any, keys: Collection[Any]) -> dict[Any, str]:
    """Rows of a model in their own words, by key."""
    if not keys:
        return {}
    found = model._default_manager.select_related(*_named_by(model)).in_bulk(keys)
    return {key: str(each) for key, each in found.items()}


def _named_by(model: Any) -> list[str]:
    """The references that a row may need for its own name: a visit is told with its subject."""
    return [
        each.name
        for each in model._meta.concrete_fields
        if each.name in ("subject", "visit", "parent", "user", "signature")
    ]


def _shown(column: Any, value: Any, names: Mapping[Any, str]) -> str:
    if value is None or isinstance(value, bool | list | dict):
        return words(value)
    if column.related_model is not None:
        return words(names.get(value, value))
    return words(dict(column.flatchoices).get(value, value))


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
