"""Redaction, as it is stored: what should never have been written is blanked, and the chain still holds.

Two acts by two persons; permissions and faces lie above. Each function is called inside a recording of the
redaction's chain, so that both acts are events. What else may hold the value is not touched here: the live
row is corrected like any other before, and whoever decides looks for it in queries, kept replies and backups.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.context import current_recording
from trials.audit.event_hash import REDACTABLE_VERSIONS, text_digest
from trials.audit.kinds import EVENT_TEXT, Kind, Table, tables_of_the_record
from trials.audit.stored import stored_table
from trials.models.audit import NUMBER_BITS, AuditEvent, Chain
from trials.models.redaction import Redaction, RedactionState
from trials.models.staff import User

MOST_ROWS = 1000


class CannotRedact(ValueError):
    """What was asked for cannot be redacted; the text says what and why, never the value."""


@dataclass(frozen=True)
class Target:
    """Rows of one table (history rows, or events) and the columns that are to be blanked in them."""

    model: type[models.Model]
    keys: tuple[int, ...]
    columns: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.model._meta.db_table


def versions_holding(record: models.Model, columns: Iterable[str]) -> Target:
    """Every version of a row but its newest in which one of these columns holds anything.

    The newest is the live row's own: correct that first, and the version before is among these.
    """
    model: Any = type(record)
    names = tuple(columns)
    history = model.history.model
    earlier = history.objects.filter(id=record.pk).order_by("-history_id")[1:]
    keys = [row.history_id for row in earlier if any(getattr(row, name) not in (None, "") for name in names)]
    return Target(history, tuple(sorted(keys)), names)


def request_redaction(*, chain: Chain, target: Target, requested_by: User, reason: str) -> Redaction:
    """Ask for a redaction; nothing is blanked yet. Raises CannotRedact and NotRecording."""
    current_recording()
    _check(chain, target)
    if not reason.strip():
        raise CannotRedact("reason: say why this must not be kept")
    redaction = Redaction(
        chain=chain,
        table_name=target.table,
        row_ids=sorted(set(target.keys)),
        column_names=sorted(set(target.columns)),
        requested_by=requested_by,
        request_reason=reason,
    )
    redaction.save()
    return redaction


def approve_redaction(*, redaction: Redaction, decided_by: User, reason: str) -> Redaction:
    """Carry a requested redaction out: blank the columns and the salt, keep what the rows hashed to.

    Raises CannotRedact when it is decided already, when the same person asked for it, and when the newest
    version of a row is among its rows (the live row still holds the value).
    """
    current_recording()
    held = _open(redaction, decided_by, reason)
    target = target_of(held)
    _check(held.chain, target)
    digests = {str(key): [before, after] for key, before, after in _digests(target)}
    if set(digests) != {str(key) for key in target.keys}:
        raise CannotRedact("rows: some of them are not there")
    held.state, held.decided_by, held.decision_reason = RedactionState.APPROVED, decided_by, reason
    held.digests = digests
    held.save()
    using = DEFAULT_DB_ALIAS
    BLANK[connections[using].vendor](connections[using], held, target)
    transaction.on_commit(lambda: erase_traces(using), using=using)
    return held


def refuse_redaction(*, redaction: Redaction, decided_by: User, reason: str) -> Redaction:
    """Leave everything as it is. Raises CannotRedact when it is decided already."""
    current_recording()
    held = _open(redaction, decided_by, reason)
    held.state, held.decided_by, held.decision_reason = RedactionState.REFUSED, decided_by, reason
    held.save()
    return held


def target_of(redaction: Redaction) -> Target:
    """The rows and columns of a stored redaction. Raises CannotRedact for a table that is not there."""
    found = [table.model for table in _tables() if table.name == redaction.table_name]
    if not found:
        raise CannotRedact("table: neither a history nor the audit events")
    return Target(found[0], tuple(redaction.row_ids), tuple(redaction.column_names))


def erase_traces(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Write SQLite's log back into the file and empty it: it still holds pages as they were.

    False when another connection was reading: then the next checkpoint has to be waited for, or this called
    again. On PostgreSQL there is nothing that an application may do: VACUUM FULL of the table by its owner,
    and the age of write-ahead log and backups, are a matter of procedure.
    """
    connection = connections[using]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return connection.vendor != "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()[0]
    return not busy


# ---------------------------------------------------------------- what may be asked for


def _tables() -> list[Table]:
    return [table for table in tables_of_the_record() if table.kind in (Kind.HISTORY, Kind.EVENT)]


def _check(chain: Chain, target: Target) -> None:
    tables = {table.model: table for table in _tables()}
    if target.model not in tables:
        raise CannotRedact("table: neither a history nor the audit events")
    if not target.keys or not target.columns:
        raise CannotRedact("rows and columns: at least one of each")
    if len(target.keys) > MOST_ROWS:
        raise CannotRedact(f"rows: {MOST_ROWS} at most in one redaction")
    for name in target.columns:
        _check_column(tables[target.model], name)
    rows = dict(_chains_of(target))
    for key in target.keys:
        if rows.get(key) != chain.pk:
            raise CannotRedact(f"row {key}: is not there, or belongs to another chain")
    if target.model is AuditEvent:
        _check_events(target)
    else:
        _check_no_newest(target)


def _check_column(table: Table, name: str) -> None:
    columns = {str(column.column): column for column in table.model._meta.concrete_fields}
    column = columns.get(name)
    if column is None or name == "salt" or name in table.fixed:
        raise CannotRedact(f"column {name}: cannot be blanked in {table.name}")
    if not column.null and not isinstance(column, models.CharField | models.TextField):
        raise CannotRedact(f"column {name}: must hold something, and is no text")


def _chains_of(target: Target) -> Iterable[tuple[int, int]]:
    event = "pk" if target.model is AuditEvent else "event_id"
    rows = target.model._base_manager.filter(pk__in=target.keys).values_list("pk", event)
    return ((key, number >> NUMBER_BITS) for key, number in rows)


def _check_events(target: Target) -> None:
    versions = AuditEvent.objects.filter(pk__in=target.keys).values_list("canonical_version", flat=True)
    if not set(versions) <= REDACTABLE_VERSIONS:
        raise CannotRedact("events: of a version whose text stands in the hash in clear")


def _check_no_newest(target: Target) -> None:
    history: Any = target.model
    live_keys = history.objects.filter(pk__in=target.keys).values_list("id", flat=True)
    newest = history.objects.filter(id__in=live_keys).values("id").annotate(last=models.Max("history_id"))
    if {each["last"] for each in newest.order_by("id")} & set(target.keys):
        raise CannotRedact("rows: the newest version is among them; correct the live row first")


def _open(redaction: Redaction, decided_by: User, reason: str) -> Redaction:
    held = Redaction.locked(pk=redaction.pk)
    if held.state != RedactionState.REQUESTED:
        raise CannotRedact("state: this redaction is decided already")
    if held.requested_by_id == decided_by.pk:
        raise CannotRedact("decided_by: another person than the one who asked must decide")
    if not reason.strip():
        raise CannotRedact("reason: say why it is decided so")
    return held


# ---------------------------------------------------------------- what is kept, and what goes


def _digests(target: Target) -> Iterable[tuple[int, str, str]]:
    """Key, digest as it is, and digest once it is blank, of each row."""
    if target.model is AuditEvent:
        for event in AuditEvent.objects.filter(pk__in=target.keys):
            text = {name: "" if name in target.columns else getattr(event, name) for name in EVENT_TEXT}
            yield event.pk, event.text_digest, text_digest(**text, salt="")
        return
    connection = connections[DEFAULT_DB_ALIAS]
    stored = stored_table(target.model, connection)
    key = stored.names.index("history_id")
    blank = _blanks(target)
    for wanted in target.keys:
        for row in stored.read(connection, ("history_id",), (wanted, wanted), all_at_once=True):
            left = [blank.get(name, value) for name, value in zip(stored.names, row, strict=True)]
            yield row[key], stored.digest(row), stored.digest(left)


def _blanks(target: Target) -> Mapping[str, str | None]:
    """What each redacted column holds afterwards, by attribute name; the salt too."""
    columns = [each for each in target.model._meta.concrete_fields if each.column in target.columns]
    return {"salt": "", **{each.attname: None if each.null else "" for each in columns}}


def _blank_on_sqlite(connection: BaseDatabaseWrapper, redaction: Redaction, target: Target) -> None:
    quote = connection.ops.quote_name
    blank = {str(each.column): each.null for each in target.model._meta.concrete_fields}
    assignments = [f"{quote(name)} = {'NULL' if blank[name] else chr(39) * 2}" for name in target.columns]
    statement = BLANKING.format(
        table=quote(target.table),
        assignments=", ".join(assignments),
        key=quote(str(target.model._meta.pk.column)),
    )
    with connection.cursor() as cursor:
        for key in target.keys:
            cursor.execute(statement, [key])


BLANKING = "UPDATE {table} SET {assignments}, salt = '' WHERE {key} = %s"


def _blank_on_postgresql(connection: BaseDatabaseWrapper, redaction: Redaction, target: Target) -> None:
    # Under the rights of the owner: the role of the application may not update history.
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_is_blanked(%s)", [redaction.pk])


BLANK = {"sqlite": _blank_on_sqlite, "postgresql": _blank_on_postgresql}
