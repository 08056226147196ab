"""Bring the demonstration into an empty installation: streamed, in one transaction, its chains checked."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models.sql import InsertQuery

from ecrf.demo.fixture import Progress, models_of_the_record, read, stored_columns
from trials.audit.event_hash import event_hash, text_digest
from trials.models import AuditEvent, Chain, Study, User

BATCH = 1000

Entry = dict[str, Any]
Row = list[Any]


class CannotLoad(Exception):
    """The fixture does not fit this installation, or is damaged; nothing was written."""


def is_empty() -> bool:
    """Whether the installation has no study and no account yet."""
    return not Study._base_manager.exists() and not User._base_manager.exists()


def load(path: Path, progress: Progress = lambda rows: None) -> int:
    """Load the file into the empty database; the number of objects. All or nothing.

    Raises CannotLoad for a database that is not empty, an unknown model, a count that differs and a chain
    whose hashes do not follow from each other.
    """
    allowed = {model._meta.label_lower: model for model in models_of_the_record()}
    loaded: dict[type[models.Model], int] = {}
    with transaction.atomic():
        if not is_empty():
            raise CannotLoad("the database is not empty")
        for label, entries in groupby(read(path), key=lambda entry: entry["model"]):
            if label not in allowed:
                raise CannotLoad(f"{label} is not a part of the record")
            model = allowed[label]
            for batch in _batches(model, entries):
                _insert(model, batch)
                loaded[model] = loaded.get(model, 0) + len(batch)
                progress(len(batch))
        _reset_sequences()
        _check_counts(loaded)
        _check_chains()
    return sum(loaded.values())


def _batches(model: type[models.Model], entries: Iterator[Entry]) -> Iterator[list[Row]]:
    """The values of each object as the database takes them, in the order of the columns, key included."""
    columns = stored_columns(model)
    names = {column.name for column in columns if not column.primary_key}
    # A column added since stays NULL: the digests of the record leave NULL out.
    may_be_missing = {column.name for column in columns if column.null}
    batch: list[Row] = []
    for entry in entries:
        told = entry["fields"]
        if not may_be_missing >= names - set(told) or not set(told) <= names:
            raise CannotLoad(f"{entry['model']} has other columns here than in the file: build the file anew")
        batch.append([_value(column, entry) for column in columns])
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _value(column: models.Field, entry: Entry) -> Any:
    raw = entry["pk"] if column.primary_key else entry["fields"].get(column.name)
    return None if raw is None else column.get_db_prep_save(column.to_python(raw), connection)


def _insert(model: type[models.Model], batch: list[Row]) -> None:
    """Many rows by one statement. An object for each row would take longer than everything else together."""
    query = InsertQuery(model)
    query.insert_values(stored_columns(model), [model()], raw=True)
    [(statement, _values)] = query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.executemany(statement, batch)


def _reset_sequences() -> None:
    # Rows with given keys leave PostgreSQL's counters behind; the next insert would repeat a key.
    floors = [model for floor in ("trials", "patients") for model in apps.get_app_config(floor).get_models()]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), floors):
            cursor.execute(statement)


def _check_counts(loaded: dict[type[models.Model], int]) -> None:
    for model, count in loaded.items():
        if model._base_manager.count() != count:
            raise CannotLoad(f"{model._meta.label} holds another number of rows than the file")


def _check_chains() -> None:
    """Every event's hash anew, each built on the one before, up to what the chain says is its last."""
    chains = {chain.pk: chain for chain in Chain.objects.all()}
    heads = dict.fromkeys(chains, (0, ""))
    events = AuditEvent.objects.select_related("actor").order_by("id")
    for event in events.iterator(chunk_size=2000):
        number, before = heads[event.chain_id]
        fits = event.number == number + 1 and event.previous_hash == before
        words_fit = event.text_digest == text_digest(event.reason, event.note, event.salt)
        hashed = event_hash(event, chains[event.chain_id].key, event.actor.username)
        if not (fits and words_fit and event.hash == hashed):
            raise CannotLoad(f"event {event.number} of {chains[event.chain_id].key} does not fit its chain")
        heads[event.chain_id] = (event.number, event.hash)
    for pk, chain in chains.items():
        if heads[pk] != (chain.last_number, chain.last_hash):
            raise CannotLoad(f"the last event of {chain.key} is missing")
