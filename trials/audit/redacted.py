"""What approved redactions say of the rows that they blanked."""

from collections.abc import Iterator
from dataclasses import dataclass

from trials.audit.findings import Finding, Rule
from trials.models.redaction import Redaction, RedactionState


@dataclass(frozen=True)
class Kept:
    """Digest of a row as it was written, and of what the last redaction left of it."""

    written: str
    left: str


class RedactedRows:
    """Kept digests by table and key; what cannot be read is a finding."""

    def __init__(self, using: str) -> None:
        self.findings: list[Finding] = []
        self._kept: dict[tuple[str, int], Kept] = {}
        approved = Redaction._base_manager.using(using).filter(state=RedactionState.APPROVED).order_by("pk")
        for key in approved.values_list("pk", flat=True):
            try:
                for place, before, after in _entries(using, key):
                    self._add(place, before, after, key)
            except (ValueError, TypeError, AttributeError):
                self.findings.append(
                    Finding(Rule.REDACTION_UNREADABLE, table=Redaction._meta.db_table, key=key)
                )

    def _add(self, place: tuple[str, int], before: str, after: str, key: int) -> None:
        earlier = self._kept.get(place)
        if earlier is not None and earlier.left != before:
            raise ValueError(f"redaction {key} does not follow from the one before")
        self._kept[place] = Kept(earlier.written if earlier else before, after)

    def of(self, table: str, key: int) -> Kept | None:
        return self._kept.get((table, key))


def _entries(using: str, key: int) -> Iterator[tuple[tuple[str, int], str, str]]:
    rows = Redaction._base_manager.using(using).filter(pk=key).values_list("table_name", "digests")
    for table, digests in rows:
        for row, (before, after) in digests.items():
            yield (table, int(row)), str(before), str(after)
