"""Chains, their events and the history rows of each event, read once from the first to the last."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.event_hash import REDACTABLE_VERSIONS, TEXT, hash_of_values, text_digest
from trials.audit.findings import Finding, Rule
from trials.audit.redacted import RedactedRows
from trials.audit.row_sum import MARK, ROW_ORDER, RowSum
from trials.audit.stored import CHUNK, NotAsWritten, StoredTable, stored_table
from trials.models.audit import NUMBER_BITS, AuditEvent, Chain, event_id

EVENTS = AuditEvent._meta.db_table
UNREADABLE = ""
"""Stands for the digest of a row that cannot be read."""
NOWHERE = 2**63 - 1
"""Stands for an event that is no number: SQLite takes text in any column, and sorts it last."""


class StoredRow(NamedTuple):
    """A history row, by its event; the place of its table is that in the order of names."""

    event: int
    place: int
    key: int
    table: str
    digest: str
    columns: tuple[str, ...] = ()


@dataclass
class Head:
    """How far a chain has been read."""

    number: int = 0
    hash: str = ""
    recorded_at: str = ""


@dataclass
class Counts:
    """What was read."""

    chains: int = 0
    events: int = 0
    history_rows: int = 0
    live_rows: int = 0


Anchored = Mapping[str, tuple[int, str]]
"""Number and hash of an event by the key of its chain, as an anchor outside holds them."""


@dataclass
class ChainVerifier:
    """Reads events and history rows in one pass, in the order of event, table and history id.

    `histories` are the tables that hold anything, with their numbers of rows. Memory does not grow with the
    number of events or rows, only with the rows of one event.
    """

    connection: BaseDatabaseWrapper
    chains: Mapping[int, Mapping[str, Any]]
    usernames: Mapping[int, str]
    histories: Mapping[type[models.Model], int]
    redacted: RedactedRows
    counts: Counts
    progress: Callable[[int], Any] = lambda rows: None
    anchored: Anchored = field(default_factory=dict)
    _heads: dict[int, Head] = field(default_factory=dict)

    def findings(self, chain: int | None = None) -> Iterator[Finding]:
        """Findings of one chain, or of all in one pass, in order of chain and event."""
        between = None if chain is None else (event_id(chain, 0), event_id(chain + 1, 0) - 1)
        groups = groupby(self._rows(between), key=itemgetter(0))
        waiting = next(groups, None)
        for event in self._events(between):
            while waiting is not None and waiting[0] < event["id"]:
                yield from self._without_event(waiting)
                waiting = next(groups, None)
            if waiting is not None and waiting[0] == event["id"]:
                yield from self._event(event, waiting[1])
                waiting = next(groups, None)
            else:
                yield from self._event(event, ())
        while waiting is not None:
            yield from self._without_event(waiting)
            waiting = next(groups, None)

    def _events(self, between: tuple[int, int] | None) -> Iterator[dict[str, Any]]:
        stored = stored_table(AuditEvent, self.connection)
        for raw in stored.read(self.connection, ("id",), between):
            try:
                yield stored.values(raw)
            except NotAsWritten as problem:
                values = dict(zip(stored.names, raw, strict=True))
                yield values | {"unreadable": problem.column}

    def _rows(self, between: tuple[int, int] | None) -> Iterator[StoredRow]:
        tables = [(stored_table(model, self.connection), rows) for model, rows in self.histories.items()]
        streams = [
            self._rows_of(place, stored, between, few=rows <= CHUNK)
            for place, (stored, rows) in enumerate(sorted(tables, key=lambda each: each[0].table))
        ]
        return heapq.merge(*streams)

    def _rows_of(
        self, place: int, stored: StoredTable, between: tuple[int, int] | None, *, few: bool
    ) -> Iterator[StoredRow]:
        event, key = stored.names.index("event_id"), stored.names.index("history_id")
        for raw in stored.read(self.connection, ROW_ORDER, between, all_at_once=few):
            at = raw[event] if type(raw[event]) is int else NOWHERE
            try:
                yield StoredRow(at, place, raw[key], stored.table, stored.digest(raw))
            except NotAsWritten as problem:
                columns = (problem.column,)
                yield StoredRow(at, place, raw[key], stored.table, UNREADABLE, columns)

    def _without_event(self, waiting: tuple[int, Iterable[StoredRow]]) -> Iterator[Finding]:
        chain, number = waiting[0] >> NUMBER_BITS, waiting[0] & (1 << NUMBER_BITS) - 1
        for row in waiting[1]:
            yield Finding(Rule.NO_EVENT, self._name(chain), number, row.table, row.key)

    def _name(self, chain: int) -> str:
        return str(self.chains[chain]["key"]) if chain in self.chains else f"number {chain}"

    # ------------------------------------------------------------ one event

    def _event(self, event: dict[str, Any], rows: Iterable[StoredRow]) -> Iterator[Finding]:
        whole, kept, seen = RowSum(), [], []
        for row in rows:
            seen.append((row.table, row.key))
            digest, finding = self._digest_of(row)
            if finding is not None:
                kept.append(finding)
            whole.add(digest)
        self.counts.events += 1
        self.counts.history_rows += whole.rows
        self.progress(1 + whole.rows)
        chain, number = event["chain_id"], event["number"]

        def at(rule: Rule, **more: Any) -> Finding:
            return Finding(rule, **{"chain": self._name(chain), "event": number, "table": EVENTS, **more})

        if "unreadable" in event:
            yield at(Rule.UNREADABLE, columns=(event["unreadable"],))
            self._heads[chain] = Head(number, str(event["hash"]), "")
            return
        yield from self._place(event, at)
        yield from self._content(event, at)
        for finding in kept:
            yield at(finding.rule, table=finding.table, key=finding.key, columns=finding.columns)
        if not kept:
            yield from self._fits(event, whole, seen, at)
        self._heads[chain] = Head(number, event["hash"], event["recorded_at"])

    def _digest_of(self, row: StoredRow) -> tuple[str, Finding | None]:
        """What counts as the digest of a row: for a redacted one, that of the row as it was written."""
        if row.digest == UNREADABLE:
            return UNREADABLE, Finding(Rule.UNREADABLE, table=row.table, key=row.key, columns=row.columns)
        known = self.redacted.of(row.table, row.key)
        if known is None:
            return row.digest, None
        if row.digest != known.left:
            return known.written, Finding(Rule.REDACTION, table=row.table, key=row.key)
        return known.written, None

    def _place(self, event: Mapping[str, Any], at: Callable[..., Finding]) -> Iterator[Finding]:
        """Number, id, time and previous hash, against the event before."""
        chain, number = event["chain_id"], event["number"]
        head = self._heads.get(chain, Head())
        if event["id"] != event_id(chain, number):
            yield at(Rule.ID)
        if number != head.number + 1:
            yield at(Rule.NUMBER, detail=f"{head.number + 1} is missing" if number > head.number else "")
        elif event["previous_hash"] != head.hash:
            yield at(Rule.PREVIOUS)
        if event["recorded_at"] < head.recorded_at:
            yield at(Rule.TIME)
        expected = self.anchored.get(self._name(chain))
        if expected is not None and expected[0] == number and expected[1] != event["hash"]:
            yield at(Rule.ANCHOR_HASH)

    def _content(self, event: Mapping[str, Any], at: Callable[..., Finding]) -> Iterator[Finding]:
        chain = event["chain_id"]
        if chain not in self.chains:
            yield at(Rule.CHAIN_MISSING)
            return
        known = event["canonical_version"] in TEXT
        if not known or self._hash_of(event) != event["hash"]:
            yield at(Rule.CONTENT)
        elif event["canonical_version"] in REDACTABLE_VERSIONS and not self._text_fits(event):
            yield at(Rule.TEXT, columns=("reason", "note", "salt"))

    def _hash_of(self, event: Mapping[str, Any]) -> str:
        """The hash; empty where the name of the chain or of who acted is no text any more."""
        username = self.usernames.get(event["actor_id"], "")
        try:
            return hash_of_values(event, str(self.chains[event["chain_id"]]["key"]), username)
        except (TypeError, UnicodeEncodeError):
            return ""

    def _text_fits(self, event: Mapping[str, Any]) -> bool:
        found = text_digest(event["reason"], event["note"], event["salt"])
        known = self.redacted.of(EVENTS, event["id"])
        if known is None:
            return bool(found == event["text_digest"])
        return bool((known.written, known.left) == (event["text_digest"], found))

    # ------------------------------------------------------------ its rows

    def _fits(
        self,
        event: Mapping[str, Any],
        whole: RowSum,
        seen: Sequence[tuple[str, int]],
        at: Callable[..., Finding],
    ) -> Iterator[Finding]:
        wanted, found = event["row_marks"], whole.marks
        if (whole.rows, whole.digest) == (event["rows"], event["digest"]):
            if wanted != found and event["canonical_version"] in REDACTABLE_VERSIONS:
                yield at(Rule.CONTENT, columns=("row_marks",))
            return
        named = list(_which(_cut(wanted), _cut(found), seen))
        for rule, place, detail in named:
            table, key = place or ("", None)
            yield at(rule, table=table or EVENTS, key=key, detail=detail)
        if not named:
            yield at(Rule.ROWS)

    def heads(self, chains: Mapping[int, Mapping[str, Any]]) -> Iterator[Finding]:
        """Each chain ends with its last event, and reaches the event that was anchored."""
        for pk, chain in chains.items():
            head, key = self._heads.get(pk, Head()), str(chain["key"])
            told = Head(chain["last_number"], chain["last_hash"], chain["last_recorded_at"] or "")
            if told != head:
                yield Finding(
                    Rule.HEAD,
                    key,
                    head.number,
                    Chain._meta.db_table,
                    pk,
                    detail=f"it tells of event {told.number}",
                )
            expected = self.anchored.get(key)
            if expected is not None and head.number < expected[0]:
                yield Finding(Rule.ANCHOR_CUT, key, head.number, detail=f"anchored: event {expected[0]}")


def _cut(marks: str) -> list[str]:
    return [marks[place : place + MARK] for place in range(0, len(marks), MARK)]


def _which(
    wanted: Sequence[str], found: Sequence[str], seen: Sequence[tuple[str, int]]
) -> Iterator[tuple[Rule, tuple[str, int] | None, str]]:
    """Which rows do not fit the marks that the event keeps of its own."""
    if len(wanted) == len(found):
        for before, after, place in zip(wanted, found, seen, strict=True):
            if before != after:
                yield Rule.ROW_CHANGED, place, ""
        return
    expected, there = Counter(wanted), Counter(found)
    for mark, place in zip(found, seen, strict=True):
        if mark not in expected:
            yield Rule.ROW_ADDED, place, ""
    missing = (expected - there).total()
    if missing:
        yield Rule.ROWS_MISSING, None, f"{missing} of {len(wanted)}"
