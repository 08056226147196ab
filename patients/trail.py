"""What changed, when, by whom and why: the history of a form in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from patients.forms import Item, Section, definition_of, headline
from patients.models import CaseReportForm, Entry, Subject
from trials.audit.trail import Change, Version, words
from trials.clinical.words import with_unit
from trials.models import AuditEvent

STATED = {
    "entry_state": "Entry state",
    "not_done_reason": "Reason for not done",
    "missing_reasons": "Reasons for absence",
    "entered_in_error": "Entered in error",
    "external_id": "External identifier",
}


def events_of(subject: Subject) -> QuerySet[AuditEvent]:
    """Every act recorded in the subject's casebook, newest first."""
    return AuditEvent.objects.filter(chain_id=subject.chain_id).select_related("actor").order_by("-id")


def versions_of(form: CaseReportForm) -> list[Version]:
    """Every act that touched the form or its rows, oldest first, with what it changed.

    A fixed number of queries, whatever the number of versions.
    """
    definition = definition_of(type(form))
    # In the order of history id: a row saved twice in one act has two versions of one time.
    own = list(type(form).history.model.objects.filter(id=form.pk).order_by("history_id"))
    changes: dict[int, list[Change]] = {}
    _collect(changes, definition, own, row_name="")
    for name, section in definition.rows.items():
        for rows in _histories_by_row(section, form).values():
            _collect(changes, section, rows, row_name=f"{name} {rows[0].repeat}")
    numbers = {row.event_id: row.version for row in own}
    events = AuditEvent.objects.select_related("actor").in_bulk(changes)
    return [Version(events[key], numbers.get(key), changes[key]) for key in sorted(changes)]


def _histories_by_row(section: Section, form: CaseReportForm) -> dict[int, list[Any]]:
    history_model = section.model.history.model
    histories: dict[int, list[Any]] = {}
    for row in history_model.objects.filter(parent_id=form.pk).order_by("history_id"):
        histories.setdefault(row.id, []).append(row)
    return histories


def _collect(changes: dict[int, list[Change]], section: Section, rows: list[Any], row_name: str) -> None:
    """Put what each row changed against the one before it under its event."""
    labels = _labels(section, rows)
    before: Any = None
    for row in rows:
        changes.setdefault(row.event_id, []).extend(_differences(section, before, row, row_name, labels))
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
                yield Change(name, label, words(was) if before else "", words(now), row_name)


def _labels(section: Section, rows: list[Any]) -> dict[tuple[str, Any], str]:
    """Codes of protocol items and names of records by field and key, one query for each kind."""
    labels: dict[tuple[str, Any], str] = {}
    for item in section.items:
        keys = {getattr(row, item.attname) for row in rows} - {None} if item.refers else set()
        for key, found in item.field.related_model.objects.in_bulk(keys).items() if keys else ():
            name = headline(found) if item.record_form is not None else getattr(found, "code", None)
            labels[item.name, key] = name or str(found)
    return labels


def _answer(item: Item, value: Any, labels: Mapping[tuple[str, Any], str]) -> str:
    if item.refers:
        return labels.get((item.name, value), "")
    text = words(value)
    label = dict(item.codelist).get(text)
    if label and label != text:
        return f"{text} ({label})"
    return with_unit(text, item.meaning.unit) if text and item.meaning.unit else text
