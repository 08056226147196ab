"""The trail as lines, one for each value that changed, read in parts: memory does not grow with it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db.models import QuerySet

from patients.audit_review.asked import Asked
from patients.audit_review.changes import Record, told_records, withheld
from patients.audit_review.events import Told, beyond, events_asked, tell
from patients.audit_review.kinds import Kind, kinds
from patients.audit_review.reach import Reach
from trials.audit.trail import Change
from trials.models import AuditEvent

EVENTS = 100
ROWS = 500
COLUMNS = (
    "study",
    "site",
    "subject",
    "event",
    "number",
    "recorded_at_utc",
    "at_site",
    "time_zone",
    "user",
    "role",
    "source",
    "action",
    "action_in_words",
    "kind",
    "risks",
    "reviewed",
    "form",
    "record",
    "repeat",
    "visit",
    "row",
    "field",
    "question",
    "before",
    "after",
    "reason",
    "note",
    "request_id",
)


def lines(reach: Reach, asked: Asked, until: datetime) -> Iterator[list[str]]:
    """The header, then every change recorded up to an instant, the oldest first.

    An act that changed nothing (an export) is one line without a field.
    """
    yield list(COLUMNS)
    events = events_asked(reach, asked).filter(recorded_at__lte=until)
    for part in _parts(events):
        for told in tell(reach, part):
            head, tail = _of_the_event(told)
            several = False
            for record in _records(told):
                for change in record.changes:
                    several = True
                    yield [*head, *_of_the_change(record, change), *tail]
            if not several:
                yield [*head, *[""] * 9, *tail]


def _parts(events: QuerySet[AuditEvent]) -> Iterator[list[AuditEvent]]:
    last: AuditEvent | None = None
    while True:
        found = events if last is None else beyond(events, last.recorded_at, last.pk, ascending=True)
        part = list(found.order_by("recorded_at", "pk")[:EVENTS])
        if not part:
            return
        yield part
        last = part[-1]


def _records(told: Told) -> Iterator[Record]:
    """What the event wrote; one that wrote very many rows is read table by table, in parts."""
    if not told.left_out:
        yield from told.records
        return
    for kind in kinds():
        for keys in _keys(kind, told.event):
            found = told_records({kind: keys}).get(told.event.pk, [])
            yield from withheld(found, reads_text=told.reads_text)


def _keys(kind: Kind, event: AuditEvent) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = kind.history.objects.filter(event_id=event.pk, history_id__gt=last).order_by("history_id")
        keys = list(rows.values_list("history_id", flat=True)[:ROWS])
        if not keys:
            return
        yield keys
        last = keys[-1]


def _of_the_event(told: Told) -> tuple[list[str], list[str]]:
    event, place = told.event, told.place
    head = [
        place.study.code if place.study else "",
        place.site.code if place.site else "",
        place.subject.code if place.subject else "",
        str(event.pk),
        str(event.number),
        event.recorded_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        told.at_site.isoformat(timespec="seconds"),
        told.zone,
        event.actor.username,
        event.role,
        event.source,
        event.action,
        told.action,
        told.kind.value,
        " ".join(told.risks),
        "true" if told.reviewed else "false",
    ]
    return head, [told.reason, told.note, event.request_id]


def _of_the_change(record: Record, change: Change) -> list[str]:
    where = record.where
    return [
        record.key,
        str(where.record),
        "" if where.repeat is None else str(where.repeat),
        where.visit,
        record.row,
        change.field,
        change.label,
        change.before,
        change.after,
    ]
