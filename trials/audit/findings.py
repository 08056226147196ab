"""What a verification found: where, and what is wrong there; never a clinical value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """What must hold; the words are what is said when it does not."""

    TABLE_MISSING = "a table of the record is not there, or something else stands in its place"
    TRIGGER = "a trigger is not as it was installed"
    CHAIN_MISSING = "events of a chain that does not exist"
    NUMBER = "numbers are not gap-free"
    ID = "the id of an event is not its chain and number"
    TIME = "time runs back"
    PREVIOUS = "does not follow from the event before"
    CONTENT = "the event was changed after it was written"
    TEXT = "reason or note was changed after it was written"
    ROW_CHANGED = "a history row was changed or exchanged after it was written"
    ROW_ADDED = "a history row was added or changed after its event was written"
    ROWS_MISSING = "history rows are missing"
    ROWS = "history rows do not fit their event"
    NO_EVENT = "a history row without its event"
    HEAD = "the chain does not end with its last event"
    UNREADABLE = "a value is not stored as the application writes it"
    REDACTION = "a redacted row is not as the redaction left it"
    REDACTION_UNREADABLE = "an approved redaction cannot be read"
    LIVE_DIFFERS = "the live row differs from its newest history row"
    LIVE_MISSING = "the live row is missing, its history is there"
    HISTORY_MISSING = "the live row has no history"
    FIRST_VERSION = "the history does not begin with the row's creation, or goes on after its removal"
    ANCHOR_CHAIN = "a chain of the anchor is missing"
    ANCHOR_CUT = "the chain ends before the event that was anchored"
    ANCHOR_HASH = "the event is not the one that was anchored"
    SIGNATURE = "a signature does not fit what it is on"


@dataclass(frozen=True)
class Finding:
    """`event` is the number within the chain, `key` that of the row in `table`."""

    rule: Rule
    chain: str = ""
    event: int | None = None
    table: str = ""
    key: int | None = None
    columns: tuple[str, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        places = [
            self.chain and f"chain {self.chain}",
            f"event {self.event}" if self.event is not None else "",
            self.table and f"table {self.table}",
            f"key {self.key}" if self.key is not None else "",
            f"column {', '.join(self.columns)}" if self.columns else "",
        ]
        where = ", ".join(filter(None, places))
        detail = f" ({self.detail})" if self.detail else ""
        return f"{where}: {self.rule.value}{detail}" if where else f"{self.rule.value}{detail}"

    def as_json(self) -> Mapping[str, Any]:
        return {
            "rule": self.rule.name,
            "chain": self.chain,
            "event": self.event,
            "table": self.table,
            "key": self.key,
            "columns": list(self.columns),
            "message": str(self),
        }
