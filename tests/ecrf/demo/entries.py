"""Comparing objects of a fixture: what must be the same on every build, and what cannot be."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import models

from ecrf.demo.fixture import lines_of, models_of_the_record

Entry = dict[str, Any]

DRAWN_ANEW = {
    "salt",
    "hash",
    "previous_hash",
    "digest",
    "last_hash",
    "password",
    "nonce",
    "published_digest",
    "text_digest",
    "row_marks",
    "content_digest",
    "identifier",
    "history_rows",
}


def connected() -> Iterator[Entry]:
    """The objects of the connected database, as a fixture would hold them."""
    for model in models_of_the_record():
        for line in lines_of(model):
            yield json.loads(line)


def settled(entry: Entry) -> Entry:
    """The object without what is drawn anew on every build."""
    return {
        **entry,
        "fields": {name: value for name, value in entry["fields"].items() if name not in DRAWN_ANEW},
    }


def casebooks(entries: Iterable[Entry], codes: set[str]) -> dict[str, list[str]]:
    """What the casebooks of some subjects hold, by code: forms, rows, visits and events without their keys.

    Keys of captured data depend on how many lives were replayed together; keys of the protocol do not.
    """
    kept = [settled(entry) for entry in entries if not entry["model"].startswith("patients.historical")]
    by_key = {(entry["model"], entry["pk"]): entry for entry in kept}
    subjects = {entry["pk"]: entry["fields"] for entry in kept if entry["model"] == "patients.subject"}
    chains = {fields["chain"]: fields["code"] for fields in subjects.values()}
    found: dict[str, list[str]] = {code: [] for code in codes}
    for entry in kept:
        code = _owner(entry, by_key, subjects, chains)
        if code in found:
            found[code].append(json.dumps([entry["model"], _content(entry)], sort_keys=True))
    return {code: sorted(lines) for code, lines in found.items()}


def _owner(entry: Entry, by_key: dict[Any, Entry], subjects: dict[int, Any], chains: dict[int, str]) -> str:
    fields, model = entry["fields"], apps.get_model(entry["model"])
    if entry["model"] == "trials.auditevent":
        return chains.get(fields["chain"], "")
    if not model._meta.label.startswith("patients."):
        return ""
    if "parent" in fields:
        parent = model._meta.get_field("parent").related_model._meta.label_lower
        return _owner(by_key[(parent, fields["parent"])], by_key, subjects, chains)
    return subjects[fields["subject"]]["code"] if "subject" in fields else ""


def _content(entry: Entry) -> Entry:
    model = apps.get_model(entry["model"])
    own = {column.name for column in model._meta.concrete_fields if _is_own_key(column)}
    return {name: value for name, value in entry["fields"].items() if name not in own}


def _is_own_key(column: models.Field) -> bool:
    related = column.related_model
    points_to_captured_data = related is not None and (
        related._meta.label.startswith("patients.") or related._meta.label == "trials.AuditEvent"
    )
    return points_to_captured_data or column.name in {"chain", "record_id", "row_id", "about"}
