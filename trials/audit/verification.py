"""Verification of the whole record: triggers, chains, events, history, live rows, anchors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.findings import Finding, Rule
from trials.audit.kinds import Kind, Table, guarded_tables, tables_of_the_record
from trials.audit.redacted import RedactedRows
from trials.audit.snapshot import snapshot
from trials.audit.stored import NotAsWritten, stored_table
from trials.audit.triggers import differences
from trials.audit.verify_chains import Anchored, ChainVerifier, Counts
from trials.audit.verify_live import LiveVerifier, pairs
from trials.models.audit import Chain
from trials.models.staff import User

COUNT = "SELECT {place}, count(*) FROM {table}"

Progress = Callable[[int], Any]


def _silent(rows: int) -> None:
    """For those who look at no progress."""


@dataclass
class Verification:
    """One verification; `counts` grow while `findings` are read.

    `study` is the code of the study whose chains are verified; without it, all are. `begin` is told once how
    many rows there are, `progress` how many were read since.
    """

    study: str | None = None
    anchored: Anchored = field(default_factory=dict)
    using: str = DEFAULT_DB_ALIAS
    begin: Progress = _silent
    progress: Progress = _silent
    counts: Counts = field(default_factory=Counts)

    def findings(self) -> Iterator[Finding]:
        """Everything that does not hold, in a fixed order; nothing when the record is as it was written."""
        for different in differences(self.using):
            yield Finding(Rule.TRIGGER, table=different.table, detail=str(different))
        with snapshot(self.using) as connection:
            tables = guarded_tables(connection)
            missing = {table.name for table in tables_of_the_record()} - {table.name for table in tables}
            if missing:
                # A view under the name of a table would be read as if it were the table.
                yield from (Finding(Rule.TABLE_MISSING, table=name) for name in sorted(missing))
                return
            rows = _row_counts(connection, tables)
            self.begin(sum(rows.values()))
            yield from self._chains(connection, tables, rows)
            yield from self._live(connection, tables, rows)

    def _chains(
        self, connection: BaseDatabaseWrapper, tables: list[Table], rows: Mapping[str, int]
    ) -> Iterator[Finding]:
        redacted = RedactedRows(self.using)
        yield from redacted.findings
        self._known, unreadable = _stored_chains(connection)
        yield from unreadable
        verifier = ChainVerifier(
            connection=connection,
            chains=self._known,
            usernames=dict(User._base_manager.using(self.using).values_list("pk", "username")),
            histories={
                table.model: rows[table.name]
                for table in tables
                if table.kind is Kind.HISTORY and rows[table.name]
            },
            redacted=redacted,
            counts=self.counts,
            progress=self.progress,
            anchored=self.anchored,
        )
        chosen = self._chosen()
        self.counts.chains = len(self._known if chosen is None else chosen)
        if chosen is None:
            yield from verifier.findings()
        for pk in chosen or ():
            yield from verifier.findings(pk)
        yield from verifier.heads(self._known if chosen is None else chosen)
        there = {str(chain["key"]) for chain in self._known.values()}
        for key in sorted(key for key in self.anchored if key not in there and self._is_asked(key)):
            yield Finding(Rule.ANCHOR_CHAIN, key)

    def _chosen(self) -> dict[int, Mapping[str, Any]] | None:
        if self.study is None:
            return None
        return {pk: chain for pk, chain in self._known.items() if self._is_asked(str(chain["key"]))}

    def _is_asked(self, key: str) -> bool:
        return self.study is None or key.partition(":")[2].partition("/")[0] == self.study

    def _live(
        self, connection: BaseDatabaseWrapper, tables: list[Table], rows: Mapping[str, int]
    ) -> Iterator[Finding]:
        chosen = self._chosen()
        verifier = LiveVerifier(
            connection,
            {pk: str(chain["key"]) for pk, chain in self._known.items()},
            None if chosen is None else set(chosen),
        )
        for pair in pairs(tables):
            yield from verifier.findings(pair)
            self.counts.live_rows += rows[pair.live]
            self.progress(rows[pair.live])


def _row_counts(connection: BaseDatabaseWrapper, tables: Sequence[Table]) -> dict[str, int]:
    """How many rows each table holds, by its name."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        counted = (COUNT.format(place=place, table=quote(table.name)) for place, table in enumerate(tables))
        cursor.execute(" UNION ALL ".join(counted))
        found = [count for _place, count in sorted(cursor.fetchall())]
    return dict(zip([table.name for table in tables], found, strict=True))


def _stored_chains(
    connection: BaseDatabaseWrapper,
) -> tuple[dict[int, Mapping[str, Any]], list[Finding]]:
    """Values of each chain by its key, and the chains that cannot be read."""
    stored = stored_table(Chain, connection)
    known: dict[int, Mapping[str, Any]] = {}
    unreadable = []
    for raw in stored.read(connection, ("id",)):
        values = dict(zip(stored.names, raw, strict=True))
        try:
            values = stored.values(raw)
        except NotAsWritten as problem:
            place = {"table": stored.table, "key": values["id"]}
            unreadable.append(Finding(Rule.UNREADABLE, columns=(problem.column,), **place))
        known[values["id"]] = values
    return known, unreadable
