"""What changed, when, by whom and why: the history of a form in words."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from patients.forms import Item, Section, definition_of, headline
from patients.models import CaseReportForm, Entry, MessageKind, QueryMessage, Subject
from trials.audit.blanked import REDACTED, is_blanked, mark_blanked, told_events
from trials.audit.trail import Change, Version, words
from trials.clinical.words import with_unit
from trials.models import AuditEvent

Labels = Mapping[tuple[Any, Any], str]
"""What is referred to in words, by its model and key."""

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
    found = told_events(AuditEvent.objects.select_related("actor").filter(pk__in=changes))
    events = {event.pk: event for event in found}
    answered = queries_answered_in(changes)
    return [
        Version(events[key], numbers.get(key), changes[key], answered.get(key, [])) for key in sorted(changes)
    ]


def queries_answered_in(events: Iterable[int]) -> dict[int, list[int]]:
    """The keys of the queries that these acts answered, by the key of the event."""
    linked = QueryMessage.objects.filter(said_in__in=list(events), kind__in=MessageKind.links())
    found: dict[int, list[int]] = {}
    for event, query in linked.order_by("query_id").values_list("said_in_id", "query_id").distinct():
        found.setdefault(event, []).append(query)
    return found


def _histories_by_row(section: Section, form: CaseReportForm) -> dict[int, list[Any]]:
    history_model = section.model.history.model
    histories: dict[int, list[Any]] = {}
    for row in history_model.objects.filter(parent_id=form.pk).order_by("history_id"):
        histories.setdefault(row.id, []).append(row)
    return histories


def _collect(changes: dict[int, list[Change]], section: Section, rows: list[Any], row_name: str) -> None:
    """Put what each row changed against the one before it under its event."""
    mark_blanked(rows)
    labels = labels_of([(section, rows)])
    before: Any = None
    for row in rows:
        changes.setdefault(row.event_id, []).extend(differences(section, before, row, row_name, labels))
        before = row


def differences(section: Section, before: Any, after: Any, row_name: str, labels: Labels) -> Iterator[Change]:
    """What a version of a form or row changed against the one before it (None: the first), in words."""
    for item in section.items:
        was, now = getattr(before, item.attname, None), getattr(after, item.attname)
        lost = [is_blanked(row, item.attname) for row in (before, after)]
        if was != now or lost[0] != lost[1]:
            first = REDACTED if lost[0] else _answer(item, was, labels)
            last = REDACTED if lost[1] else _answer(item, now, labels)
            yield Change(item.name, item.question, first, last, row_name)
    empty: Entry = section.model()
    for name, label in STATED.items():
        if hasattr(empty, name):
            told = _stated(name, before, empty), _stated(name, after, empty)
            if told[0] != told[1]:
                yield Change(name, label, told[0] if before else "", told[1], row_name)


def _stated(name: str, row: Any, empty: Entry) -> str:
    return REDACTED if is_blanked(row, name) else words(getattr(row or empty, name))


def labels_of(told: Iterable[tuple[Section, Collection[Any]]]) -> Labels:
    """Codes of protocol items and names of records, by model and key; one query for each model."""
    keys: dict[Any, set[Any]] = {}
    records: set[Any] = set()
    for section, rows in told:
        for item in section.items:
            if item.refers:
                model = item.field.related_model
                keys.setdefault(model, set()).update(getattr(row, item.attname) for row in rows)
                if item.record_form is not None:
                    records.add(model)
    labels: dict[tuple[Any, Any], str] = {}
    for model, found in keys.items():
        if wanted := found - {None}:
            named = model.objects.select_related(*(_named_by(model) if model in records else ()))
            for key, each in named.in_bulk(wanted).items():
                name = headline(each) if model in records else getattr(each, "code", None)
                labels[model, key] = name or str(each)
    return labels


def _named_by(model: Any) -> list[str]:
    """The references in a record's headline."""
    told = model.form.headline or {}
    return [item.name for item in definition_of(model).items if item.name in told and item.refers]


def _answer(item: Item, value: Any, labels: Labels) -> str:
    if item.refers:
        return labels.get((item.field.related_model, value), "")
    text = words(value)
    label = dict(item.codelist).get(text)
    if label and label != text:
        return f"{text} ({label})"
    return with_unit(text, item.meaning.unit) if text and item.meaning.unit else text
