"""A proof of the allocation for an outsider: what was published, what was given, and how to check it.

While a list is open the proof opens used slots only, by their commitments. A seed tells every slot to come;
it is given only when all lists of the study are closed for ever.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patients.actions.randomization_faults import faults_of_randomization
from patients.actions.slots import lists_at_rest
from patients.models import Allocation
from trials.actions.errors import WrongState
from trials.actions.given import needed
from trials.actions.sealed_list import Sealed, sealed
from trials.audit.recording import Act, recording
from trials.clinical import randomization_verifier
from trials.clinical.slot_commitments import salt_of
from trials.models import (
    RandomizationList,
    RandomizationPublication,
    RandomizationSlot,
    Study,
    UnusableSlot,
    User,
)
from trials.roles import Verb, require

Files = dict[str, str]
"""Content by file name."""

ALLOCATIONS = (
    *("order", "list", "stratum", "slot", "arm", "salt", "subject", "randomized_at"),
    *("event_number", "event_hash"),
)
UNUSABLE = ("list", "stratum", "slot", "marked_at", "event_number", "event_hash")


@dataclass(frozen=True, repr=False)
class _Kept:
    """A list with its content and its publications."""

    row: RandomizationList
    content: Sealed
    published: list[RandomizationPublication]


def prove_randomization(*, actor: User, study: Study, reason: str, after_study: bool = False) -> Files:
    """The files of the proof; making it is an event of the study.

    `after_study` adds the whole text of each list, with its seed. Raises NotPermitted, ReasonRequired,
    WrongState (no list; a list is still open; something does not fit, each named without its arm).
    """
    role = require(actor, Verb.MANAGE_LIST, study=study)
    reason = needed(reason, "A reason is required for a proof of the randomization.")
    with recording(study.chain, Act(actor, role, "prove randomization", reason)) as record:
        lists = _lists(study, after_study)
        given = list(_allocations(study, lists))
        which = "whole lists with their seeds" if after_study else "used slots only"
        record.note(f"A proof of {len(given)} allocations was made: {which}.")
        files = {
            "published.json": _published(study, lists),
            "allocations.csv": _csv(ALLOCATIONS, given),
            "unusable.csv": _csv(UNUSABLE, _unusable(study)),
            "verify.py": Path(randomization_verifier.__file__).read_text(encoding="utf-8"),
        }
        for each in lists:
            files[f"list-{each.row.order}-commitments.txt"] = each.content.commitments()
            if after_study:
                files[f"list-{each.row.order}.txt"] = each.content.text()
        files["README.md"] = _readable(study, lists, given, after_study)
    return files


def _lists(study: Study, after_study: bool) -> list[_Kept]:
    rows = lists_at_rest(study.pk)
    if not rows:
        raise WrongState("The study has no randomization list.")
    still_open = [row.name for row in rows if row.closed_at is None]
    if after_study and still_open:
        named = ", ".join(f"“{name}”" for name in still_open)
        raise WrongState(f"A seed tells every slot to come: close first for ever {named}.")
    if faults := faults_of_randomization(study):
        raise WrongState({"detail": ["Nothing is proved of what does not fit:", *faults]})
    kept = []
    for row in rows:
        content = sealed(row)
        published = list(RandomizationPublication.objects.filter(list=row).order_by("number"))
        if content is not None:
            kept.append(_Kept(row, content, published))
    return kept


def _allocations(study: Study, lists: Sequence[_Kept]) -> Iterator[dict[str, Any]]:
    nonces = {each.row.pk: each.content.nonce for each in lists}
    given = Allocation.objects.filter(subject__study=study).select_related("slot__list", "arm", "subject")
    events = _events(Allocation, given)
    for order, each in enumerate(given.order_by("pk"), 1):
        slot, event = each.slot, events[each.pk]
        yield {
            "order": order,
            "list": slot.list.order,
            "stratum": each.stratum,
            "slot": slot.number,
            "arm": each.arm.code,
            "salt": salt_of(nonce=nonces[slot.list_id], stratum=slot.stratum, number=slot.number),
            "subject": each.subject.code,
            "randomized_at": _instant(each.randomized_at),
            "event_number": event.number,
            "event_hash": event.hash,
        }


def _unusable(study: Study) -> Iterator[dict[str, Any]]:
    marked = UnusableSlot.objects.filter(study=study).select_related("slot__list")
    events = _events(UnusableSlot, marked)
    for each in marked.order_by("slot__list__order", "slot__stratum", "slot__number"):
        slot: RandomizationSlot = each.slot
        yield {
            "list": slot.list.order,
            "stratum": slot.stratum,
            "slot": slot.number,
            "marked_at": _instant(each.marked_at),
            "event_number": events[each.pk].number,
            "event_hash": events[each.pk].hash,
        }


def _events(model: Any, found: Any) -> dict[int, Any]:
    """The event that wrote each row."""
    history = model.history.model.objects.filter(id__in=found.values("pk"), history_type="+")
    return {row.id: row.event for row in history.select_related("event")}


def _published(study: Study, lists: Sequence[_Kept]) -> str:
    told = [
        {
            "name": each.row.name,
            "order": each.row.order,
            "closed_at": _instant(each.row.closed_at) if each.row.closed_at else None,
            "publications": [
                {"lengths": one.lengths, "digest": one.digest, "commitments_digest": one.commitments_digest}
                for one in each.published
            ],
        }
        for each in lists
    ]
    return json.dumps({"study": study.code, "lists": told}, indent=2, ensure_ascii=True) + "\n"


def _csv(columns: Sequence[str], rows: Any) -> str:
    # Every cell is a number, a code, an instant or hexadecimal: none can begin a formula.
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _readable(
    study: Study, lists: Sequence[_Kept], given: Sequence[dict[str, Any]], after_study: bool
) -> str:
    digests = "\n".join(
        f"| {each.row.order} | {_cell(each.row.name)} | {one.number} | {sum(one.lengths.values())} "
        f"| `{one.digest}` | `{one.commitments_digest}` |"
        for each in lists
        for one in each.published
    )
    table = "\n".join(
        f"| {row['order']} | {row['list']} | {row['stratum'] or '—'} | {row['slot']} | {row['subject']} "
        f"| {row['arm']} | {row['event_number']} | `{row['event_hash']}` |"
        for row in given
    )
    shown = WHOLE if after_study else USED
    return READABLE.format(study=study.code, digests=digests, table=table, shown=shown, number=len(given))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


READABLE = """# Proof of the randomization of {study}

{number} subjects were randomized, in the order below. {shown}

## What was published

Compare these with what you were given before the first subject was randomized.

| list | name | publication | slots | SHA-256 of the text | SHA-256 of the commitments |
|---|---|---|---|---|---|
{digests}

## Allocations

| order | list | stratum | slot | subject | arm | event | hash of the event |
|---|---|---|---|---|---|---|---|
{table}

## How to check

1. With Python 3.11 or later, nothing else: `python verify.py --published DIGEST ...` with the digests that
   you were given. The script is one readable file of the standard library.
2. By hand, with any SHA-256 program: the digest of `list-N-commitments.txt` (in its newest form) is the
   last one above. For an allocation write one line, ended by a line feed:
   `["STRATUM",SLOT,"ARM"] SALT`, with the salt of `allocations.csv`; its SHA-256 stands in
   `list-N-commitments.txt` beside `["STRATUM",SLOT]`. Nobody can find another arm and salt that give it.
3. Slots follow each other in every stratum; those that are missing stand in `unusable.csv`, with the event
   in which the keeper took them out unseen.
4. Number and hash of an event are those of the audit trail of the subject (of the study for unusable slots).
"""
USED = (
    "Only slots that were used are opened. The others stay secret until a list is shown to its end; how many "
    "there are can be counted in the commitments, so keep this proof from who randomizes."
)
WHOLE = (
    "All lists are closed. `list-N.txt` is the whole text of a list; its SHA-256 is the published one, and "
    "its seed gives every slot again."
)
