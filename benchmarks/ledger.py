"""The raw limit of a write: the very rows that an act left, written again by plain SQL.

The rows are read back from the tables and given new keys, so that the plain statements write as many columns,
bytes and index entries as the act did. The copies make no valid chain of hashes; only their cost is of
interest, and the database is thrown away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

from patients.models import CaseReportForm
from trials.models import AuditEvent, Chain, RegulatedModel
from trials.models.audit import NUMBER_BITS, event_id

KEYS = ("id", "history_id", "parent_id", "record_id", "row_id")
STEP = 100_000_000
"""Distance between the keys of an act and those of its copy; copies never meet the keys that follow."""
REPEATS = 1000

Change = Callable[[Any], Any]


@dataclass
class Table:
    """Rows of one table, ready to be inserted."""

    name: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


@dataclass
class Ledger:
    """Everything one act wrote: tables in order of insertion, and the new heads of its chains."""

    tables: list[Table]
    heads: list[tuple[int, str, int]]
    """Last number, last hash, chain: the parameters of the chains' update."""

    @property
    def size(self) -> int:
        return sum(len(table.rows) for table in self.tables)


def written_by(events: Sequence[int]) -> Ledger:
    """The live rows, history rows and events of an act, by the ids of its events."""
    tables = []
    for model in _regulated():
        history: Any = model.history.model  # type: ignore[attr-defined]
        past = _read(history, "event_id", events)
        if not past.rows:
            continue
        position = past.columns.index("id")
        tables += [_read(model, "id", sorted({row[position] for row in past.rows})), past]
    tables.append(_read(AuditEvent, "id", events))
    heads = [(event & (2**NUMBER_BITS - 1), "", event >> NUMBER_BITS) for event in events]
    return Ledger(tables, heads)


def copied(ledger: Ledger, number: int, ahead: int = 0) -> Ledger:
    """The same rows under new keys, as the next event of each chain; `number` counts all copies.

    `ahead` is how many other copies will be stored in the same chains before this one.
    """
    chains = [chain for _last, _hash, chain in ledger.heads]
    held = Chain.objects.filter(pk__in=chains).values_list("pk", "last_number")
    last = {chain: number + ahead for chain, number in held}
    return Ledger(
        tables=[_copied_table(table, number, last) for table in ledger.tables],
        heads=[(last[chain] + 1, "copy", chain) for chain in chains],
    )


def _copied_table(table: Table, number: int, last: Mapping[int, int]) -> Table:
    changes = _changes(table, number, last)
    rows = [
        tuple(value if change is None else change(value) for change, value in zip(changes, row, strict=True))
        for row in table.rows
    ]
    return Table(table.name, table.columns, rows)


def _changes(table: Table, number: int, last: Mapping[int, int]) -> list[Change | None]:
    """What happens to each column; None where the value stays."""

    def next_event(event: int) -> int:
        return event_id(event >> NUMBER_BITS, last[event >> NUMBER_BITS] + 1)

    def moved(key: int | None) -> int | None:
        return None if key is None else key + STEP * number

    changes: dict[str, Change] = {"event_id": next_event, **dict.fromkeys(KEYS, moved)}
    if table.name == AuditEvent._meta.db_table:
        position = table.columns.index("chain_id")
        numbers = iter([last[row[position]] + 1 for row in table.rows])
        changes |= {"id": next_event, "number": lambda _number: next(numbers)}
    if table.name.replace("historical", "") in _form_tables():
        changes["repeat"] = lambda repeat: repeat + REPEATS * number
        changes["external_id"] = lambda text: text and f"copy {number} of {text}"
    return [changes.get(column) for column in table.columns]


def _form_tables() -> set[str]:
    return {model._meta.db_table for model in apps.get_models() if issubclass(model, CaseReportForm)}


def _regulated() -> Iterable[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, RegulatedModel)]


def _read(model: type[models.Model], key: str, values: Sequence[int]) -> Table:
    """Rows as the driver gives them, without any conversion by Django."""
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.generated]
    name = model._meta.db_table
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for start in range(0, len(values), 500):
            part = values[start : start + 500]
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(f"SELECT {_names(columns)} FROM {name} WHERE {key} IN ({marks})", part)
            rows += cursor.fetchall()
    return Table(name, columns, rows)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
