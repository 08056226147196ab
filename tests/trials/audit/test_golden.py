"""Frozen examples: what a row, a text and an event came to once, they come to for ever.

golden.json is never written anew from the code. When one of these fails, records that exist no longer verify.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.screening import Clinic
from trials.audit.canonical import VERSION, canonical_json, digest
from trials.audit.event_hash import REDACTABLE_VERSIONS, TEXT, hash_of_values, text_digest
from trials.audit.history import HistoryRow
from trials.audit.stored import stored_table

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
KINDS = {
    "decimal": Decimal,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "instant": datetime.fromisoformat,
}

pytestmark = pytest.mark.requirement("R01", "R54")


def real(content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an example; what JSON has no type for stands under the name of its kind."""
    found = {}
    for name, value in content.items():
        kind = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else ""
        found[name] = KINDS[kind](value[kind]) if kind in KINDS else value  # type: ignore[operator]
    return found


@pytest.mark.parametrize("example", GOLDEN["rows"], ids=lambda example: example["digest"][:8])
def test_a_row_has_this_canonical_form_and_digest_for_ever(example: Any) -> None:
    content = real(example["content"])
    assert canonical_json(content).decode() == example["canonical"]
    assert digest(content) == example["digest"]


@pytest.mark.parametrize("example", GOLDEN["texts"], ids=lambda example: example["digest"][:8])
def test_the_text_of_an_event_has_this_digest_for_ever(example: Any) -> None:
    assert text_digest(example["reason"], example["note"], example["salt"]) == example["digest"]


@pytest.mark.parametrize(
    "example", GOLDEN["events"], ids=lambda each: str(each["event"]["canonical_version"])
)
def test_an_event_of_each_version_has_this_hash_for_ever(example: Any) -> None:
    found = hash_of_values(real(example["event"]), example["chain"], example["username"])
    assert found == example["hash"]


def test_every_version_has_an_example_and_the_newest_is_written() -> None:
    assert {each["event"]["canonical_version"] for each in GOLDEN["events"]} == set(TEXT)
    assert max(TEXT) == VERSION
    assert VERSION in REDACTABLE_VERSIONS


def test_two_ways_of_writing_one_letter_are_two_contents() -> None:
    composed, decomposed = (each["digest"] for each in GOLDEN["rows"][1:3])
    assert composed != decomposed


def test_what_is_read_from_the_database_is_what_the_models_read(db: None) -> None:
    """The stored values are read by rules of our own; they come to the same as Django's."""
    Clinic().screened()
    compared = 0
    for model in apps.get_models():
        if not issubclass(model, HistoryRow):
            continue
        stored = stored_table(model, connection)
        raw = list(stored.read(connection, ("history_id",)))
        for row, values in zip(raw, model._base_manager.order_by("history_id").values(), strict=True):
            assert stored.digest(row) == digest({"table": stored.table, **values})
            compared += 1
    assert compared > 500
