"""What changed, when, by whom and why: the history of a form in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import QuerySet

from patients.forms import Item, Section, definition_of
from patients.models import CaseReportForm, Entry, Subject
from trials.models import AuditEvent

STATED = {
    "entry_state": "Entry state",
    "not_done_reason": "Reason for not done",
    "missing_reasons": "Reasons for absence",
    "entered_in_error": "Entered in error",
    "external_id": "External identifier",
}


@dataclass(frozen=True)
class Change:
    """One answer that an act changed: its field, its question, and the value before and after, in words."""

    field: str
    label: str
    before: str
    after: str
    row: str = ""


@dataclass
class Version:
    """What one act did to a form and its rows."""

    event: AuditEvent
    version: int | None = None
    changes: list[Change] = field(default_factory=list)


def events_of(subject: Subject) -> QuerySet[AuditEvent]:
    """Every act recorded in the subject's casebook, newest first."""
    return AuditEvent.objects.filter(chain_id=subject.chain_id).select_related("actor").order_by("-id")


def versions_of(form: CaseReportForm) -> list[Version]:
    """Every act that touched the form or its rows, oldest first, with what it changed.

    A fixed number of queries, whatever the number of versions.
    """
    definition = definition_of(type(form))
    versions: dict[int, Version] = {}
    _collect(versions, definition, list(_history(form)), row_name="")
    for name, section in definition.rows.items():
        for rows in _histories_by_row(section, form).values():
            _collect(versions, section, rows, row_name=f"{name} {rows[0].repeat}")
    events = AuditEvent.objects.select_related("actor").in_bulk(list(versions))
    for event_id, version in versions.items():
        version.event = events[event_id]
    return [versions[event_id] for event_id in sorted(versions)]


def versions_of_entry(entry: models.Model) -> list[Version]:
    """The same for a regulated row that is no form (subject, visit, cycle, reference range)."""
    versions: dict[int, Version] = {}
    before: Any = None
    names = [
        each for each in type(entry)._meta.concrete_fields if not each.generated and not each.primary_key
    ]
    for row in _history(entry):
        version = versions.setdefault(
            row.event_id, Version(event=row.event, version=getattr(row, "version", None))
        )
        for each in names:
            was, now = getattr(before, each.attname, None), getattr(row, each.attname)
            if _words(was) != _words(now) and each.name != "version":
                version.changes.append(Change(each.name, str(each.verbose_name), _words(was), _words(now)))
        before = row
    return [versions[event_id] for event_id in sorted(versions)]


def _history(entry: Any) -> Iterator[Any]:
    # Ordered by event and history id: a row saved twice in one act has two versions of one time.
    return (
        entry.history.model.objects.filter(id=entry.pk).select_related("event__actor").order_by("history_id")
    )


def _histories_by_row(section: Section, form: CaseReportForm) -> dict[int, list[Any]]:
    history_model = section.model.history.model
    histories: dict[int, list[Any]] = {}
    for row in history_model.objects.filter(parent_id=form.pk).order_by("history_id"):
        histories.setdefault(row.id, []).append(row)
    return histories


def _collect(versions: dict[int, Version], section: Section, rows: list[Any], row_name: str) -> None:
    labels = _labels(section, rows)
    before: Any = None
    for row in rows:
        version = versions.setdefault(row.event_id, Version(event=None))  # type: ignore[arg-type]  # filled in bulk
        if not row_name:
            version.version = row.version
        version.changes += _differences(section, before, row, row_name, labels)
        before = row


def _differences(
    section: Section, before: Any, after: Any, row_name: str, labels: Mapping[tuple[str, Any], str]
) -> Iterator[Change]:
    for item in section.items:
        was, now = getattr(before, item.attname, None), getattr(after, item.attname)
        if was != now:
            yield Change(
                item.name, item.question, _answer(item, was, labels), _answer(item, now, labels), row_name
            )
    empty: Entry = section.model()
    for name, label in STATED.items():
        if hasattr(empty, name):
            was, now = getattr(before or empty, name), getattr(after, name)
            if was != now:
                yield Change(name, label, _words(was) if before else "", _words(now), row_name)


def _labels(section: Section, rows: list[Any]) -> dict[tuple[str, Any], str]:
    """Codes of protocol items by field and key, one query for each kind of item."""
    labels: dict[tuple[str, Any], str] = {}
    for item in section.items:
        noun: Any = item.protocol_noun
        if noun is not None:
            keys = {getattr(row, item.attname) for row in rows} - {None}
            for key, found in noun.objects.in_bulk(keys).items():
                labels[item.name, key] = getattr(found, "code", None) or str(found)
    return labels


def _answer(item: Item, value: Any, labels: Mapping[tuple[str, Any], str]) -> str:
    if item.protocol_noun is not None:
        return labels.get((item.name, value), "")
    text = _words(value)
    label = dict(item.codelist).get(text)
    if label and label != text:
        return f"{text} ({label})"
    return f"{text} {item.meaning.unit}" if text and item.meaning.unit else text


def _words(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {each}" for key, each in value.items())
    if hasattr(value, "normalize") and hasattr(value, "as_tuple"):
        return format(value.normalize(), "f")
    return str(value)
