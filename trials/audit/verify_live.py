"""Live rows beside their history: each equals its newest history row, and begins with its creation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.findings import Finding, Rule
from trials.audit.kinds import Kind, Table
from trials.models.audit import NUMBER_BITS

# Grouped once for each table: asked for each row, the same takes a hundred times as long.
COMPARED = """
WITH newest AS (
  SELECT {key} AS row_key, max({history_id}) AS last_id, min({history_id}) AS first_id
  FROM {history} GROUP BY {key}
)
SELECT 1, l.{key}, newest.row_key, h.{event_id}, {differences}
FROM {live} l LEFT JOIN newest ON newest.row_key = l.{key}
LEFT JOIN {history} h ON h.{history_id} = newest.last_id
WHERE newest.row_key IS NULL OR {any_difference}
UNION ALL
SELECT 2, newest.row_key, newest.last_id, h.{event_id}, {nothing}
FROM newest JOIN {history} h ON h.{history_id} = newest.last_id
LEFT JOIN {live} l ON l.{key} = newest.row_key
WHERE l.{key} IS NULL
UNION ALL
SELECT 3, newest.row_key, h.{history_id}, h.{event_id}, {nothing}
FROM newest JOIN {history} h ON h.{key} = newest.row_key
WHERE (h.{history_type} = '+') <> (h.{history_id} = newest.first_id) OR h.{history_type} NOT IN ('+', '~')
ORDER BY 1, 2, 3
LIMIT {most}"""

MOST = 10_000
"""Findings of one table that are told; more are not needed to know that it was rewritten."""

DISTINCT = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
NOTHING = {"sqlite": "NULL", "postgresql": "NULL::boolean"}


@dataclass(frozen=True)
class Pair:
    """A live table and its history, with the columns that both have."""

    live: str
    history: str
    key: str
    columns: tuple[str, ...]


def pairs(tables: Sequence[Table]) -> list[Pair]:
    """Every regulated table that is there, with its history."""
    names = {table.name for table in tables}
    found = []
    for table in tables:
        if table.kind not in (Kind.LIVE, Kind.WRITTEN_ONCE):
            continue
        model: Any = table.model
        history: type[models.Model] = model.history.model
        if history._meta.db_table in names:
            columns = [str(each.column) for each in model._meta.concrete_fields if not each.generated]
            found.append(Pair(table.name, history._meta.db_table, table.key, tuple(columns)))
    return found


class LiveVerifier:
    """Compares pairs; findings name the chain and event of the newest history row."""

    def __init__(
        self, connection: BaseDatabaseWrapper, chains: dict[int, str], wanted: set[int] | None
    ) -> None:
        self.connection, self.chains, self.wanted = connection, chains, wanted

    def findings(self, pair: Pair) -> Iterator[Finding]:
        for part, key, other, event, *flags in self._rows(pair):
            match part:
                case 1 if other is None:
                    yield Finding(Rule.HISTORY_MISSING, table=pair.live, key=key)
                case 1:
                    columns = tuple(name for name, flag in zip(pair.columns, flags, strict=True) if flag)
                    yield from self._at(event, Rule.LIVE_DIFFERS, table=pair.live, key=key, columns=columns)
                case 2:
                    yield from self._at(event, Rule.LIVE_MISSING, table=pair.live, key=key)
                case 3:
                    place = {"table": pair.history, "key": other, "detail": f"of row {key}"}
                    yield from self._at(event, Rule.FIRST_VERSION, **place)

    def _at(self, event: Any, rule: Rule, **place: Any) -> Iterator[Finding]:
        if type(event) is not int:  # SQLite takes text in any column
            yield Finding(rule, **place)
            return
        chain, number = event >> NUMBER_BITS, event & (1 << NUMBER_BITS) - 1
        if self.wanted is None or chain in self.wanted:
            yield Finding(rule, chain=self.chains.get(chain, str(chain)), event=number, **place)

    def _rows(self, pair: Pair) -> Sequence[Any]:
        vendor, quote = self.connection.vendor, self.connection.ops.quote_name
        differences = [f"l.{quote(name)} {DISTINCT[vendor]} h.{quote(name)}" for name in pair.columns]
        own = ("event_id", "history_id", "history_type")
        statement = COMPARED.format(
            live=quote(pair.live),
            history=quote(pair.history),
            key=quote(pair.key),
            differences=", ".join(differences),
            any_difference=" OR ".join(differences),
            nothing=", ".join([NOTHING[vendor]] * len(pair.columns)),
            most=MOST,
            **{name: quote(name) for name in own},
        )
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
