"""`python -m tests.faults.judge LEDGER`: is the database what the clients were told?

Runs in the environment of the server, when nobody writes any more. Prints counts as JSON: `lost` are writes
that were acknowledged and are not there, `torn` are traces of a write that happened in part, `doubled` are
requests that took effect twice.
"""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROUTES = {
    "medical-histories": "MedicalHistory",
    "vital-signs": "VitalSigns",
    "subjects": "Subject",
    "correct": "MedicalHistory",
}
LINES = 3
"""Lines of each form of vital signs that a client sends."""


def main() -> None:
    import django

    django.setup()
    print(json.dumps(judged(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))


def judged(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """Counts, and the first few findings of each kind in words."""
    from trials.models import AuditEvent

    lost = list(losses(ledger["acknowledged"]))
    torn = [*half_written(), *broken_chains(), *rows_beside_their_history(), *found_by_verification()]
    doubled = list(twice(ledger["keys"]))
    return {
        "acknowledged": len(ledger["acknowledged"]),
        "sent": len(ledger["keys"]),
        "events": AuditEvent.objects.count(),
        "lost": len(lost),
        "torn": len(torn),
        "doubled": len(doubled),
        "findings": [*lost[:5], *torn[:5], *doubled[:5]],
    }


def losses(acknowledged: list[dict[str, Any]]) -> Iterator[str]:
    """Acknowledged writes without their row, their history row, or the event of their request."""
    from django.apps import apps

    for each in acknowledged:
        model: Any = apps.get_model("patients", ROUTES[each["act"]])
        column = "code" if each["act"] == "subjects" else "id"
        rows = model.history.filter(**{column: each["record"]}, version=each["version"])
        row = rows.select_related("event").first()
        if row is None or not model.objects.filter(**{column: each["record"]}).exists():
            yield f"lost: {each['act']} {each['record']} version {each['version']}"
        elif each["act"] in ("correct", "medical-histories") and row.term != each["mark"]:
            yield f"lost: {each['act']} {each['record']}: another text is stored"
        elif each["request_id"] and row.event.request_id != each["request_id"]:
            yield f"lost: {each['act']} {each['record']}: not under the event of its request"


def half_written() -> Iterator[str]:
    """Forms without their lines, and replies kept for what is not there or the other way round."""
    from patients.models import MedicalHistory, Subject, VitalSigns
    from trials.models import IdempotencyKey

    for form in VitalSigns.objects.exclude(external_id="").prefetch_related("blood_pressures"):
        if form.external_id and form.blood_pressures.count() != LINES:
            yield f"torn: vital signs {form.pk} have {form.blood_pressures.count()} lines"
    for noun, model in (
        ("medical-histories", MedicalHistory),
        ("vital-signs", VitalSigns),
        ("subjects", Subject),
    ):
        kept = set(
            IdempotencyKey.objects.filter(route__endswith=f"/{noun}/").values_list("record_id", flat=True)
        )
        made: Any = model.history.filter(history_type="+", event__source="API")  # type: ignore[attr-defined]
        stored = set(made.values_list("id", flat=True))
        if kept != stored:
            yield f"torn: {noun}: {len(stored)} stored, {len(kept)} replies kept"


def twice(keys: list[str]) -> Iterator[str]:
    """Requests that took effect more than once, or whose key is kept more than once."""
    from django.db.models import Count

    from patients.models import MedicalHistory
    from trials.models import IdempotencyKey

    first = MedicalHistory.history.filter(history_type="+")
    for row in first.values("term").order_by("term").annotate(times=Count("history_id")).filter(times__gt=1):
        yield f"doubled: {row['term']}"
    if unknown := set(IdempotencyKey.objects.values_list("key", flat=True)) - set(keys):
        yield f"doubled: {len(unknown)} keys that nobody sent"


# ---------------------------------------------------------------- chains, recomputed from the tables alone
def history_models() -> list[Any]:
    from django.apps import apps

    found = [model.history.model for model in apps.get_models() if hasattr(model, "history")]
    return sorted(found, key=lambda model: str(model._meta.db_table))


def broken_chains() -> Iterator[str]:
    """Gaps, links, hashes and digests that do not fit."""
    from trials.audit.event_hash import event_hash
    from trials.models import AuditEvent, Chain

    rows, digests = digests_of_events()
    events = defaultdict(list)
    for event in AuditEvent.objects.select_related("actor").order_by("chain_id", "number"):
        events[event.chain_id].append(event)
    for chain in Chain.objects.all():
        last = ""
        for number, event in enumerate(events[chain.pk], 1):
            empty = hashlib.sha256().hexdigest()
            fits = (
                event.number == number
                and event.previous_hash == last
                and event.hash == event_hash(event, chain.key, event.actor.username)
                and event.rows == rows.pop(event.pk, 0)
                and event.digest == digests.get(event.pk, empty)
            )
            if not fits:
                yield f"torn: event {number} of chain {chain.key}"
            last = event.hash
        if (chain.last_number, chain.last_hash) != (len(events[chain.pk]), last):
            yield f"torn: the head of chain {chain.key}"
    if rows:
        yield f"torn: history rows of {len(rows)} events that do not exist"


def found_by_verification() -> Iterator[str]:
    """What `verify_audit` finds; beside the arithmetic here, which shares no code with it."""
    from trials.audit.verification import Verification

    return (f"torn: {finding}" for finding in Verification().findings())


def digests_of_events() -> tuple[dict[int, int], dict[int, str]]:
    """Count and digest of the history rows of each event, all tables read once."""
    from trials.audit.canonical import digest

    rows: dict[int, int] = defaultdict(int)
    whole: dict[int, Any] = defaultdict(hashlib.sha256)
    for model in history_models():
        names = [column.attname for column in model._meta.concrete_fields]
        for values in model._base_manager.order_by("history_id").values_list(*names):
            row = dict(zip(names, values, strict=True))
            whole[row["event_id"]].update(digest({"table": model._meta.db_table, **row}).encode())
            rows[row["event_id"]] += 1
    return rows, {event: each.hexdigest() for event, each in whole.items()}


def rows_beside_their_history() -> Iterator[str]:
    """Live rows that differ from their newest history row, or have none."""
    for history in history_models():
        model = history.instance_type
        names = [field.attname for field in history.tracked_fields]
        key = model._meta.pk.attname
        newest = {row[key]: row for row in history._base_manager.order_by("history_id").values(*names)}
        for row in model._base_manager.values(*names):
            if newest.get(row[key]) != row:
                yield f"torn: {model._meta.label} {row[key]} is not its newest history row"


if __name__ == "__main__":
    main()
