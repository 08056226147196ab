"""The one way to write regulated data: a transaction, its history rows and one event per chain."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, models, transaction

from trials.audit import clock
from trials.audit.canonical import VERSION
from trials.audit.context import NotRecording, before_commit, consequences, running
from trials.audit.event_hash import event_hash, text_digest
from trials.audit.history import SALT_BYTES
from trials.audit.origin import current_origin
from trials.audit.row_sum import sum_of_rows
from trials.audit.sets import insert_rows
from trials.models.audit import AuditEvent, Chain, event_id

if TYPE_CHECKING:
    from trials.models.staff import User

BATCH = 1000


@dataclass
class Act:
    """Who does what, in which role, and why. The reason is empty only for a first entry."""

    actor: "User"
    role: str
    action: str
    reason: str = ""
    note: str = ""


@dataclass
class Recording:
    """Chains locked for one act; collects what it saved and which history tables it touched.

    `saved` holds every regulated row that was saved, by its identity in memory.
    """

    act: Act
    chains: dict[int, Chain]
    history_models: dict[type[models.Model], None] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    saved: dict[int, Any] = field(default_factory=dict)

    def event_id_of(self, instance: Any) -> int:
        """The id of the event that this instance's history row belongs to.

        Raises NotRecording when the instance belongs to a chain that is not locked: a save for one
        subject must never happen under the event of another.
        """
        chain = self.chains.get(instance.audit_chain_id)
        if chain is None:
            raise NotRecording(f"{instance._meta.label} belongs to a chain that this act has not locked")
        self.written.add(chain.pk)
        self.saved[id(instance)] = instance
        return event_id(chain.pk, chain.last_number + 1)

    def touched(self, history_model: Any) -> None:
        self.history_models[history_model] = None

    def created(self, model: Any) -> list[int]:
        """Keys of the rows of a model that this act inserted, in the order of insertion."""
        events = [event_id(chain.pk, chain.last_number + 1) for chain in self.chains.values()]
        rows = model.history.model.objects.filter(event_id__in=events, history_type="+")
        return list(rows.order_by("history_id").values_list(model._meta.pk.attname, flat=True))

    def note(self, text: str, chain: Chain | None = None) -> None:
        """Record an event although no row changes (a refused act, an export)."""
        self.notes[(chain or next(iter(self.chains.values()))).pk] = text

    def remark(self, chain_id: int, text: str) -> None:
        """Add a sentence to the note of the event of a chain (a verification that the act dropped)."""
        told = self.notes.get(chain_id) or self.act.note
        self.notes[chain_id] = f"{told} {text}".strip()

    def save_all(self, objects: Sequence[models.Model]) -> list[models.Model]:
        """Insert new rows of one model as a set, with their history, in batches."""
        if not objects:
            return []
        self._check_chains(objects)
        model = type(objects[0])
        created = model._base_manager.get_queryset().insert_all(objects, batch_size=BATCH)  # type: ignore[attr-defined]
        self._add_history(created, "+")
        return created

    def update_all(self, objects: Sequence[models.Model], fields: Sequence[str]) -> None:
        """Update these columns of rows of one model as a set, with their history."""
        if not objects:
            return
        self._check_chains(objects)
        model = type(objects[0])
        model._base_manager.get_queryset().change_all(objects, fields, batch_size=BATCH)  # type: ignore[attr-defined]
        # Read back: another column changed in memory alone must not enter the history.
        self._add_history(list(model._base_manager.filter(pk__in=[each.pk for each in objects])), "~")

    def _check_chains(self, objects: Sequence[models.Model]) -> None:
        for instance in objects:
            self.event_id_of(instance)

    def _add_history(self, objects: Sequence[models.Model], history_type: str) -> None:
        model: Any = type(objects[0])
        tracker = model.history_tracker()
        history_model = model.history.model
        rows = (tracker.values_for(instance, history_type) for instance in objects)
        insert_rows(history_model, rows, using=DEFAULT_DB_ALIAS)
        self.touched(history_model)


@contextmanager
def recording(chains: Chain | Iterable[Chain], act: Act, *, durable: bool = True) -> Iterator[Recording]:
    """Open the act's transaction, lock its chains in id order, write one event per chain that changed.

    The event comes last; history rows point to it by a deferred foreign key. An act that changes nothing
    leaves no event. `durable` is False only where the caller already opened the act's own transaction.
    """
    wanted = [chains] if isinstance(chains, Chain) else list(chains)
    if running.get() is not None:
        raise NotRecording("one act at a time: a recording is already running")
    with transaction.atomic(durable=durable):
        locked = (
            Chain.objects.select_for_update().filter(pk__in={chain.pk for chain in wanted}).order_by("pk")
        )
        record = Recording(act=act, chains={chain.pk: chain for chain in locked})
        token = running.set(record)
        try:
            yield record
            for follow in consequences:
                follow(record)
            for keep in before_commit.get():
                keep(record)
        finally:
            running.reset(token)
        _close(record)


def _close(record: Recording) -> None:
    origin = current_origin()
    for chain in record.chains.values():
        if chain.pk not in record.written and chain.pk not in record.notes:
            continue  # locked only so that nobody else writes meanwhile
        number = chain.last_number + 1
        whole = sum_of_rows(event_id(chain.pk, number), list(record.history_models))
        noted = record.notes.get(chain.pk, "")
        if not whole.rows and not noted:
            continue
        reason, note, salt = record.act.reason, noted or record.act.note, secrets.token_hex(SALT_BYTES)
        event = AuditEvent(
            id=event_id(chain.pk, number),
            chain=chain,
            number=number,
            recorded_at=clock.after(chain.last_recorded_at),
            actor=record.act.actor,
            role=record.act.role,
            action=record.act.action,
            source=origin.source,
            reason=reason,
            note=note,
            salt=salt,
            text_digest=text_digest(reason, note, salt),
            request_id=origin.request_id,
            rows=whole.rows,
            digest=whole.digest,
            row_marks=whole.marks,
            previous_hash=chain.last_hash,
            canonical_version=VERSION,
        )
        event.hash = event_hash(event, chain.key, record.act.actor.username)
        event.save(force_insert=True)
        chain.last_number, chain.last_recorded_at, chain.last_hash = number, event.recorded_at, event.hash
        chain.save(update_fields=["last_number", "last_recorded_at", "last_hash"])


def digest_of_rows(event: int, history_models: Iterable[type[models.Model]]) -> tuple[int, str]:
    """Count and digest of the event's history rows as the database holds them."""
    whole = sum_of_rows(event, list(history_models))
    return whole.rows, whole.digest
