"""How a form looks in a request and in a reply, both read from its definition; no form is listed here."""

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers

from patients.actions.corrections import NAMED_AT_MOST
from patients.actions.entry import NOT_DONE_REASON_LENGTH
from patients.api.marks import MARKS_SCHEMA
from patients.api.signed import SIGNATURES_SCHEMA
from patients.api.told import TOLD_SCHEMA
from patients.forms import (
    EXTERNAL_ID,
    ROW_ADDRESS,
    FormDefinition,
    Item,
    Section,
    rows_of,
    section_properties,
)
from patients.models import EntryState
from trials.actions.given import REASON_LENGTH
from trials.audit.canonical import canonical_decimal

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}

ADDRESS: dict[str, Schema] = {
    "subject": TEXT | {"title": "Code of the subject", "examples": ["ZS-001"]},
    "study": TEXT | {"title": "Code of the study, needed only where the subject's code exists in several"},
    "visit": {"type": ["string", "null"], "title": "Code of the visit within the subject"},
}
STATED: dict[str, Schema] = {
    **EXTERNAL_ID,
    "not_done_reason": TEXT
    | {"maxLength": NOT_DONE_REASON_LENGTH, "title": "Why the form was not done; empty when it was"},
}
CHANGE_REASON: dict[str, Schema] = {
    "change_reason": TEXT
    | {"minLength": 1, "maxLength": REASON_LENGTH, "title": "Reason for the change, kept in the audit trail"}
}
ANSWERS_QUERIES: dict[str, Schema] = {
    "answers_queries": {
        "type": "array",
        "items": WHOLE,
        "maxItems": NAMED_AT_MOST,
        "title": "Ids of queries of this casebook that the change answers beside those about what it changes",
    }
}
ENVELOPE: dict[str, Schema] = {
    "id": WHOLE,
    "subject": TEXT,
    "visit": {"type": ["string", "null"]},
    "repeat": WHOLE | {"title": "Number of this form at its visit, or in the casebook"},
    "version": WHOLE | {"title": "What If-Match names"},
    "entry_state": TEXT | {"enum": list(EntryState.values)},
    "entered_in_error": FLAG,
    "queries": WHOLE | {"title": "Open queries on this form"},
    "form_version": WHOLE,
    "protocol_version": TEXT,
}
ROW_ENVELOPE: dict[str, Schema] = {"repeat": WHOLE, "version": WHOLE, **EXTERNAL_ID}


# ---------------------------------------------------------------- replies
def shown_value(item: Item, record: Any) -> Any:
    """One answer as JSON: numbers with a point as exact text, protocol items as their code."""
    if item.protocol_noun is not None:
        noun = getattr(record, item.name)
        return getattr(noun, "code", None) or (noun.pk if noun else None)
    if item.record_form is not None:
        named = getattr(record, item.name)
        return named.repeat if named else None
    value = getattr(record, item.attname)
    match value:
        case Decimal():
            return canonical_decimal(value)
        case time():
            return value.strftime("%H:%M:%S" if value.second else "%H:%M")
        case None | int() | str():
            return value
    return value.isoformat()


def shown_section(section: Section, record: Any) -> dict[str, Any]:
    """The answers of a section and why others are missing."""
    answers = {item.name: shown_value(item, record) for item in section.items}
    return answers | {"missing_reasons": record.missing_reasons}


def shown_row(section: Section, row: Any) -> dict[str, Any]:
    stated = {"repeat": row.repeat, "version": row.version, "external_id": row.external_id}
    return stated | shown_section(section, row)


def shown_form(definition: FormDefinition, record: Any, queries: int) -> dict[str, Any]:
    """A filled form with its rows, those entered in error left out."""
    envelope = {
        "id": record.pk,
        "subject": record.subject.code,
        "visit": record.visit.code if record.visit else None,
        "repeat": record.repeat,
        "version": record.version,
        "entry_state": record.entry_state,
        "entered_in_error": record.entered_in_error,
        "queries": queries,
        "form_version": record.form_version,
        "protocol_version": record.protocol_version,
        "external_id": record.external_id,
        "not_done_reason": record.not_done_reason,
    }
    rows = {
        name: [shown_row(section, row) for row in rows_of(record, name)]
        for name, section in definition.rows.items()
    }
    return envelope | shown_section(definition, record) | rows


# ---------------------------------------------------------------- schemas
def answers_schema(section: Section, *, reply: bool) -> dict[str, Schema]:
    """The questions of a section as OpenAPI properties; what the server computes stands in replies only."""
    asked = {item.name for item in section.asked} | {"missing_reasons"}
    return {
        name: schema if name == "missing_reasons" else nullable(schema)
        for name, schema in section_properties(section).items()
        if reply or name in asked
    }


def nullable(schema: Schema) -> Schema:
    """The same, or null: an answer that is not given."""
    kinds = schema.get("type", "string")
    widened: Schema = {**schema, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
    if "enum" in schema:
        widened["enum"] = [*schema["enum"], None]
    return widened


def rows_schema(definition: FormDefinition, *, reply: bool, change: bool = False) -> dict[str, Schema]:
    stated = ROW_ENVELOPE if reply else EXTERNAL_ID | ROW_ADDRESS if change else EXTERNAL_ID
    return {
        name: {
            "type": "array",
            "title": section.title,
            "items": closed({**stated, **answers_schema(section, reply=reply)}),
        }
        for name, section in definition.rows.items()
    }


def closed(properties: dict[str, Schema], required: Sequence[str] = ()) -> Schema:
    """An object without further members."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


class FormShape(serializers.BaseSerializer):
    """A form as one kind of message; the schema extension of `ecrf.api.schema` asks for `schema()`."""

    definition: ClassVar[FormDefinition]

    @classmethod
    def schema(cls) -> Schema:
        raise NotImplementedError


class FormReply(FormShape):
    def to_representation(self, instance: Any) -> dict[str, Any]:
        queries: dict[int, int] = self.context.get("queries", {})
        return shown_form(self.definition, instance, queries.get(instance.pk, 0))

    @classmethod
    def schema(cls) -> Schema:
        form = cls.definition
        rows = rows_schema(form, reply=True)
        properties = {**ENVELOPE, **STATED, **answers_schema(form, reply=True), **rows}
        told = {"marks": MARKS_SCHEMA, "signatures": SIGNATURES_SCHEMA, "derivations": TOLD_SCHEMA}
        return closed(properties | told) | described(form)


class FormEntry(FormShape):
    @classmethod
    def schema(cls) -> Schema:
        form = cls.definition
        rows = rows_schema(form, reply=False)
        properties = {**ADDRESS, **STATED, **answers_schema(form, reply=False), **rows}
        return closed(properties, required=["subject"]) | described(form)


class FormCorrection(FormShape):
    @classmethod
    def schema(cls) -> Schema:
        form = cls.definition
        rows = rows_schema(form, reply=False, change=True)
        stated = {**CHANGE_REASON, **ANSWERS_QUERIES, **STATED}
        properties = {**stated, **answers_schema(form, reply=False), **rows}
        return closed(properties, required=["change_reason"]) | described(form)


def described(form: FormDefinition) -> Schema:
    return {"title": str(form.title), "x-oid": form.oid, "x-version": form.version}


def shape(kind: type[FormShape], form: FormDefinition) -> type[FormShape]:
    """The message class of one form, for example AdverseEventReply."""
    name = f"{form.model.__name__}{kind.__name__.removeprefix('Form')}"
    return type(name, (kind,), {"definition": form})
