"""What events changed: every row of every regulated table that they wrote, against the version before.

One query finds which tables the events wrote, one for each of these reads the rows with the versions before
them, one for each kind of reference gives it its name: the number does not grow with events or rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, Subquery, Value

from patients.audit_review.acts import KindOfAct
from patients.audit_review.kinds import WITHHELD, Kind, is_about_forms, kinds
from patients.models import Entry, Visit
from patients.trail import Labels, differences, labels_of
from trials.audit.blanked import mark_blanked
from trials.audit.trail import Change, Names, names_in, told_columns
from trials.audit.trail import differences as differences_of_columns
from trials.clinical import partial_date
from trials.models import AuditEvent

ROWS_TOLD = 200
"""An event that wrote more rows (a loaded dictionary, a large import) is not taken apart on a page."""


@dataclass(frozen=True)
class Where:
    """Where a changed row stands: key of its form (or record), number, visit, and the day it tells of."""

    record: int
    repeat: int | None = None
    visit: str = ""
    day: date | None = None


@dataclass
class Record:
    """One row that an event wrote: what it is, where it stands, and what changed."""

    kind: Kind
    where: Where
    row: str
    what: KindOfAct
    changes: list[Change] = field(default_factory=list)
    is_new: bool = False
    about: str = ""
    """For a query, signature or other mark: OID of the form that it names by `where.record`."""

    @property
    def title(self) -> str:
        return self.kind.title

    @property
    def key(self) -> str:
        return self.kind.key

    def days_late(self, recorded_at: datetime, zone: ZoneInfo) -> int | None:
        """Days from what a first entry tells of to its recording; None where no day is known."""
        if self.what is not KindOfAct.FIRST_ENTRY or self.where.day is None or self.row:
            return None
        return (recorded_at.astimezone(zone).date() - self.where.day).days


Rows = dict[Kind, list[Any]]


def records_of(events: Collection[AuditEvent]) -> dict[int, list[Record]]:
    """What each event wrote, by event id, in the order of the casebook; events of many rows left out."""
    small = [event.pk for event in events if 0 < event.rows <= ROWS_TOLD]
    return told_records(_touched(small))


def told_records(touched: Mapping[Kind, Sequence[int]]) -> dict[int, list[Record]]:
    """The history rows of these keys, by event, in words."""
    versions = {kind: _versions(kind, keys) for kind, keys in touched.items()}
    rows: Rows = {kind: [each for pair in pairs for each in pair if each] for kind, pairs in versions.items()}
    mark_blanked(row for found in rows.values() for row in found)
    labels = labels_of([(kind.section, found) for kind, found in rows.items() if kind.section is not None])
    columns = [(kind, told_columns(kind.model)) for kind in rows if kind.section is None]
    names = _all_names(columns, rows)
    wheres = _wheres(rows)
    told: dict[int, list[Record]] = {}
    for kind in kinds():
        for before, after in versions.get(kind, ()):
            record = _record(kind, before, after, wheres, labels, names)
            if record.changes:
                told.setdefault(after.event_id, []).append(record)
    return told


def withheld(records: Iterable[Record], *, reads_text: bool) -> list[Record]:
    """The records as their reader may see them: secrets never, free text where the role allows."""
    found = []
    for record in records:
        kind = record.kind
        changes = [_seen(kind, change, reads_text) for change in record.changes]
        found.append(replace(record, changes=changes))
    return found


def _seen(kind: Kind, change: Change, reads_text: bool) -> Change:
    told = change.before, change.after
    if kind.is_secret(change.field):
        before, after = (WITHHELD if each else "" for each in told)
    elif not reads_text and kind.is_personal(change.field):
        before, after = (kind.instead_of(change.field, each) for each in told)
    else:
        return change
    return replace(change, before=before, after=after)


def _touched(events: Collection[int]) -> dict[Kind, list[int]]:
    """Keys of the history rows of these events, by table: one query over all of them."""
    if not events:
        return {}
    parts = [
        kind.history.objects.filter(event_id__in=events).order_by().values_list(Value(number), "history_id")
        for number, kind in enumerate(kinds())
    ]
    found: dict[Kind, list[int]] = {}
    for number, key in parts[0].union(*parts[1:], all=True):
        found.setdefault(kinds()[number], []).append(key)
    return found


def _versions(kind: Kind, keys: Sequence[int]) -> list[tuple[Any, Any]]:
    """Each row before and after each event that wrote it; what a single act wrote twice counts once."""
    history = kind.history.objects
    before = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    earlier = (
        history.filter(history_id__in=keys).order_by().values_list(Subquery(before.values("history_id")[:1]))
    )
    rows = history.filter(Q(history_id__in=keys) | Q(history_id__in=earlier)).order_by("history_id")
    wanted = set(keys)
    held: dict[int, Any] = {}
    pairs: dict[tuple[int, int], tuple[Any, Any]] = {}
    for row in rows:
        if row.history_id in wanted:
            first, _after = pairs.get((row.event_id, row.id), (held.get(row.id), None))
            pairs[row.event_id, row.id] = (first, row)
        held[row.id] = row
    return list(pairs.values())


def _all_names(columns: Iterable[tuple[Kind, list[Any]]], rows: Rows) -> Names:
    """Names of what rows of other tables than forms refer to: one query for each model referred to."""
    keys: dict[Any, set[Any]] = {}
    for kind, told in columns:
        for column in told:
            if column.related_model is not None:
                found = {getattr(row, column.attname) for row in rows[kind]}
                keys.setdefault(column.related_model, set()).update(found - {None})
    return {model: names_in(model, found) for model, found in keys.items()}


def _wheres(rows: Rows) -> dict[tuple[Any, int], Where]:
    """Number, visit and day of each form that the rows belong to, by model and key.

    One query for the visits, and one for each form of which only rows were written.
    """
    found: dict[tuple[Any, int], tuple[int, int | None]] = {}
    for kind, told in rows.items():
        if kind.form is not None and not kind.row_name:
            found |= {(kind.form, row.id): (row.repeat, row.visit_id) for row in told}
    for kind, told in rows.items():
        if kind.row_name:
            missing = {row.parent_id for row in told if (kind.form, row.parent_id) not in found}
            forms = kind.form.objects.filter(pk__in=missing).order_by() if missing else ()
            found |= {(kind.form, form.pk): (form.repeat, form.visit_id) for form in forms}
    visits = Visit.objects.in_bulk({visit for _repeat, visit in found.values() if visit is not None})
    wheres = {}
    for (form, key), (repeat, visit_id) in found.items():
        visit = visits.get(visit_id) if visit_id is not None else None
        day = visit.occurred_on if visit is not None else None
        wheres[form, key] = Where(key, repeat, visit.code if visit is not None else "", day)
    return wheres


def _day(value: Any) -> date | None:
    """The latest day that a clinical date may mean."""
    if isinstance(value, str):
        return partial_date.span(value)[1]
    return value if isinstance(value, date) else None


def _record(
    kind: Kind,
    before: Any,
    after: Any,
    wheres: Mapping[tuple[Any, int], Where],
    labels: Labels,
    names: Names,
) -> Record:
    what, is_new = _what(kind, before, after), before is None
    if kind.section is None:
        changes = differences_of_columns(told_columns(kind.model), before, after, names)
        about = after.form if is_about_forms(kind) else ""
        where = Where(after.record_id if about else after.id)
        if kind.model is Visit:
            where = Where(after.id, None, after.code, after.occurred_on)
        return Record(kind, where, "", what, changes, is_new, about)
    key = after.parent_id if kind.row_name else after.id
    row = f"{kind.row_name} {after.repeat}" if kind.row_name else ""
    changes = list(differences(kind.section, before, after, row, labels))
    where = wheres.get((kind.form, key), Where(key))
    if not row and where.day is None and kind.form.form.dated_by:
        where = replace(where, day=_day(getattr(after, kind.form.form.dated_by)))
    return Record(kind, where, row, what, changes, is_new)


def _what(kind: Kind, before: Any, after: Any) -> KindOfAct:
    """What happened to one row."""
    if not issubclass(kind.model, Entry):
        return _of_a_visit(before, after) if kind.model is Visit else KindOfAct.WORKFLOW
    if after.entered_in_error and not (before is not None and before.entered_in_error):
        return KindOfAct.IN_ERROR
    return KindOfAct.FIRST_ENTRY if before is None else KindOfAct.CHANGE


def _of_a_visit(before: Any, after: Any) -> KindOfAct:
    if before is None:
        return KindOfAct.FIRST_ENTRY if after.occurred_on else KindOfAct.WORKFLOW
    if before.occurred_on is None and after.occurred_on is not None:
        return KindOfAct.FIRST_ENTRY
    return KindOfAct.CHANGE
