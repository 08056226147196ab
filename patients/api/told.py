"""What the rules say about a form, as JSON."""

from typing import Any

from patients.derivations.tellers import told
from patients.derivations.told import Told
from patients.facts import Facts, Source
from patients.models import CaseReportForm

TEXT = {"type": "string"}
SOURCE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "A value that was used, and where it stands",
    "properties": {
        "form": TEXT,
        "href": TEXT,
        "visit": {"type": ["string", "null"]},
        "repeat": {"type": "integer"},
        "row": TEXT,
        "field": TEXT,
        "question": TEXT,
        "value": TEXT,
        "day": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}
TOLD_SCHEMA: dict[str, Any] = {
    "type": "array",
    "title": "What the rules say about this form as the casebook stands now",
    "items": {
        "type": "object",
        "properties": {
            "about": TEXT,
            "answer": {"type": ["string", "null"], "title": "null where it cannot be determined"},
            "reason": TEXT | {"title": "How it was found, or why it cannot be determined"},
            "row": {"type": ["integer", "null"], "title": "Number of the row it is about"},
            "sources": {"type": "array", "items": SOURCE_SCHEMA},
        },
        "additionalProperties": False,
    },
}


def shown_source(source: Source) -> dict[str, Any]:
    """A source with the address of its form."""
    return {
        "form": source.form,
        "href": f"/api/v1/{source.path}/{source.record_id}/",
        "visit": source.visit,
        "repeat": source.repeat,
        "row": source.row,
        "field": source.field,
        "question": source.question,
        "value": source.value,
        "day": source.day,
    }


def shown_told(each: Told) -> dict[str, Any]:
    return {
        "about": each.about,
        "answer": each.answer or None,
        "reason": each.reason,
        "row": each.row.repeat if each.row is not None else None,
        "sources": [shown_source(source) for source in each.sources],
    }


def derivations_of(record: CaseReportForm) -> list[dict[str, Any]]:
    """What the rules say about a form, read anew from its casebook."""
    return [shown_told(each) for each in told(Facts([record.subject]), record)]
