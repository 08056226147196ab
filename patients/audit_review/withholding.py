"""What a de-identified reader does not see of a history: free text, days of birth, typed reasons."""

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import Any

from patients.audit_review.kinds import WITHHELD, kinds
from trials.audit.trail import Change, Version
from trials.models import AuditEvent


def withheld_versions(model: Any, versions: Iterable[Version], *, reads_text: bool) -> list[Version]:
    """The versions of a record as their reader may see them; where text is read, as they are."""
    if reads_text:
        return list(versions)
    return [
        replace(
            version,
            event=without_text(version.event),
            changes=[_hidden(model, change) for change in version.changes],
        )
        for version in versions
    ]


def without_text(event: AuditEvent) -> AuditEvent:
    """The event without the words that a person typed; a copy, never to be saved."""
    shown = copy(event)
    shown.reason = WITHHELD if event.reason else ""
    shown.note = WITHHELD if event.note else ""
    return shown


def _hidden(model: Any, change: Change) -> Change:
    row = change.row.rpartition(" ")[0]
    of_the_record = (kind for kind in kinds() if model in (kind.model, kind.form) and kind.row_name == row)
    kind = next((kind for kind in of_the_record if kind.is_personal(change.field)), None)
    if kind is None:
        return change
    before, after = (kind.instead_of(change.field, told) for told in (change.before, change.after))
    return replace(change, before=before, after=after)
