"""Form definitions, read from the models: the one source of every face.

The admin page, the serializer, the JSON Schema, imports and exports ask here what a form consists of;
nothing else lists the fields of a form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models

from patients.fields import ClinicalField, CodedField, Meaning
from patients.models import CaseReportForm, Form, FormGroup, MissingReason, Row, Visit
from patients.models.base import Answered
from trials.actions.given import IDENTIFIER_LENGTH
from trials.models import StudyNoun
from trials.text import plain


@dataclass(frozen=True)
class Item:
    """A question of a form."""

    field: Any
    name: str
    kind: str
    meaning: Meaning

    @property
    def question(self) -> str:
        return str(self.field.verbose_name)

    @property
    def instruction(self) -> str:
        return str(self.field.help_text)

    @property
    def attname(self) -> str:
        return self.field.attname

    @property
    def required(self) -> bool:
        return self.meaning.required

    @property
    def derived(self) -> bool:
        return self.meaning.derived

    @property
    def identifying(self) -> bool:
        """Whether de-identified readers do not see the answer."""
        return self.meaning.identifying

    @property
    def codelist(self) -> list[tuple[str, str]]:
        """Codes and their labels; empty for what is not coded."""
        if not isinstance(self.field, CodedField) or self.field.codelist is None:
            return []
        return [(str(code), str(label)) for code, label in self.field.codelist.choices]

    @property
    def codelist_name(self) -> str:
        return (
            self.field.codelist.__name__ if isinstance(self.field, CodedField) and self.field.codelist else ""
        )

    @property
    def protocol_noun(self) -> type[StudyNoun] | None:
        """The protocol model whose items may be chosen, by their code."""
        return self.field.related_model if self.kind == "protocol item" else None

    @property
    def record_form(self) -> type[CaseReportForm] | None:
        """The form of the same subject whose records may be named, by their number."""
        return self.field.related_model if self.kind == "record" else None

    @property
    def refers(self) -> bool:
        """Whether the answer names something that stands elsewhere: a protocol item or a record."""
        return self.kind in ("protocol item", "record")


@dataclass(frozen=True)
class Section:
    """Questions that are answered together: a form's own, or those of one of its rows."""

    name: str
    title: str
    model: Any

    @cached_property
    def items(self) -> list[Item]:
        fields: list[Any] = [
            each for each in self.model._meta.concrete_fields if isinstance(each, ClinicalField)
        ]
        return [Item(field, field.name, field.kind, field.meaning) for field in fields]

    @property
    def asked(self) -> list[Item]:
        return [item for item in self.items if not item.derived]

    @property
    def derived(self) -> list[Item]:
        return [item for item in self.items if item.derived]

    def item(self, name: str) -> Item:
        """The item of this name. Raises KeyError."""
        return {item.name: item for item in self.items}[name]


@dataclass(frozen=True)
class FormPart:
    """A part of a form: questions that are answered together, and the rows that follow them.

    `title` is empty where the form has no parts; `only_if` is the answer after which the part is asked.
    """

    title: str
    items: list[Item]
    rows: list[Section]
    only_if: Answered | None = None

    @property
    def names(self) -> list[str]:
        """The questions and tables by their names in a request."""
        return [*(item.name for item in self.items), *(rows.name for rows in self.rows)]


@dataclass(frozen=True)
class FormDefinition(Section):
    """A form of the casebook, with the sections of its rows by their name in a request."""

    model: type[CaseReportForm]

    @property
    def oid(self) -> str:
        return self.model.form.oid

    @property
    def path(self) -> str:
        return self.model.form.path

    @property
    def domain(self) -> str:
        return self.model.form.domain

    @property
    def version(self) -> int:
        return self.model.form.version

    @property
    def repeats(self) -> bool:
        return self.model.form.repeats

    @property
    def at_visit(self) -> bool:
        return self.model.form.at_visit

    @property
    def group(self) -> FormGroup:
        return self.model.form.group

    @property
    def standing(self) -> tuple[int, int]:
        """Where the form stands in the casebook: its group, its place in the group."""
        return list(FormGroup).index(self.group), self.model.form.place

    @cached_property
    def rows(self) -> dict[str, Section]:
        models_of_rows = {name: apps.get_model(label) for name, label in self.model.form.rows.items()}
        return {
            name: Section(name, str(model._meta.verbose_name_plural), model)
            for name, model in models_of_rows.items()
        }

    @cached_property
    def parts(self) -> list[FormPart]:
        """Every question and table of rows in the order of the page; a short form is one part."""
        if not self.model.form.parts:
            return [FormPart("", self.asked, list(self.rows.values()))]
        return [
            FormPart(
                str(part.title),
                [self.item(name) for name in part.questions if name not in self.rows],
                [self.rows[name] for name in part.questions if name in self.rows],
                part.only_if,
            )
            for part in self.model.form.parts
        ]


def form_models() -> Iterator[type[CaseReportForm]]:
    """Every form of the casebook, in the order of definition."""
    for model in apps.get_models():
        if issubclass(model, CaseReportForm):
            yield model


def record_models() -> dict[str, type[CaseReportForm] | type[Visit]]:
    """What checks look at and queries are about, by OID: every form, and visits."""
    return {model.form.oid: model for model in form_models()} | {Visit.form.oid: Visit}


def about(oid: str) -> Form:
    """What a query's form or visit says about itself: title, path. Raises KeyError."""
    return record_models()[oid].form


def definition_of(model: type[CaseReportForm]) -> FormDefinition:
    """The definition of a form's model."""
    return FormDefinition(model.form.oid, str(model.form.title), model)


def definitions() -> list[FormDefinition]:
    """All forms of the casebook."""
    return [definition_of(model) for model in form_models()]


def definition(oid: str) -> FormDefinition:
    """The form of this OID. Raises KeyError."""
    return {each.oid: each for each in definitions()}[oid]


JSON_TYPES: dict[str, dict[str, Any]] = {
    "quantity": {"type": ["string", "number"], "format": "decimal"},
    "count": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"},
    "partial date": {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"},
}
EXTERNAL_ID: dict[str, Any] = {
    "external_id": {
        "type": "string",
        "maxLength": IDENTIFIER_LENGTH,
        "title": "Identifier in the sending system",
    }
}
ROW_ADDRESS: dict[str, Any] = {
    "repeat": {"type": "integer", "title": "Number of an existing row; a row without is new"},
    "entered_in_error": {"type": "boolean", "title": "Takes the row out, for good"},
}


def json_schema(form: FormDefinition) -> dict[str, Any]:
    """The form as JSON Schema (2020-12); what JSON Schema has no word for stands under `x-` keys."""
    properties = section_properties(form) | EXTERNAL_ID
    for name, section in form.rows.items():
        properties[name] = {"type": "array", "title": section.title, "items": _section_schema(section)}
    for part in form.parts:
        for name in part.names if part.title else ():
            properties[name]["x-part"] = part.title
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"forms/{form.oid}/{form.version}",
        "title": str(form.title),
        "type": "object",
        "x-oid": form.oid,
        "x-path": form.path,
        "x-domain": form.domain,
        "x-version": form.version,
        "x-repeats": form.repeats,
        "x-at-visit": form.at_visit,
        "x-group": form.group,
        "x-parts": [_part_schema(part) for part in form.parts if part.title],
        "properties": properties,
        "additionalProperties": False,
    }


def _part_schema(part: FormPart) -> dict[str, Any]:
    """A part of the form: its title, its questions in their order, and the answer after which it is asked."""
    after = part.only_if and {part.only_if.question: list(part.only_if.codes)}
    return {
        "title": part.title,
        "properties": part.names,
        **({"only_if": after} if after else {}),
    }


def _section_schema(section: Section) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": section_properties(section) | EXTERNAL_ID | ROW_ADDRESS,
        "additionalProperties": False,
    }


def section_properties(section: Section) -> dict[str, Any]:
    """The questions of a section as JSON Schema properties, and the reasons for absence."""
    properties = {item.name: item_schema(item) for item in section.items}
    properties["missing_reasons"] = {
        "type": "object",
        "title": "Why a question has no answer",
        "propertyNames": {"enum": [item.name for item in section.asked]},
        "additionalProperties": {"enum": MissingReason.values},
    }
    return properties


def item_schema(item: Item) -> dict[str, Any]:
    """One question as a JSON Schema property."""
    schema: dict[str, Any] = {"title": item.question}
    schema |= JSON_TYPES.get(item.kind, {"type": "string"})
    schema |= _limits(item) | _codes(item)
    if item.field.max_length and item.kind in ("text", "narrative", "code"):
        schema["maxLength"] = item.field.max_length
    said: dict[str, Any] = {
        "description": item.instruction,
        "x-unit": item.meaning.unit,
        "x-cdash": item.meaning.cdash,
        "x-kind": item.kind,
        "x-identifying": item.identifying,
        "readOnly": item.derived,
        "x-required-for-completeness": item.required,
    }
    return {**schema, **{key: value for key, value in said.items() if value}}


def _limits(item: Item) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if item.meaning.limits:
        said["minimum"], said["maximum"] = (float(limit) for limit in item.meaning.limits)
    if item.meaning.usual:
        said["x-usual"] = [float(limit) for limit in item.meaning.usual]
    return said


def _codes(item: Item) -> dict[str, Any]:
    if item.codelist:
        return {
            "enum": [code for code, _label in item.codelist],
            "x-codelist": item.codelist_name,
            "x-labels": dict(item.codelist),
        }
    if item.protocol_noun is not None:
        # A noun without a code (a reference range) is shown by its key.
        coded = any(field.name == "code" for field in item.protocol_noun._meta.fields)
        return {"x-codelist": item.protocol_noun.__name__, "type": "string" if coded else "integer"}
    if item.record_form is not None:
        return {"x-record": item.record_form.form.oid, "type": "integer", "minimum": 1}
    return {}


def headline(record: CaseReportForm) -> str:
    """A record in a few words, where another one names it: its number and what tells it from others.

    A form that does not say what that is gives its first two answers.
    """
    definition = definition_of(type(record))
    shown = definition.model.form.headline or {
        item.name: "{}" for item in definition.asked if not item.refers and not item.identifying
    }
    said = [(around, _in_words(definition.item(name), record)) for name, around in shown.items()]
    words = [str(around).format(answer) for around, answer in said if answer]
    words = words if definition.model.form.headline else words[:2]
    return f"{record.repeat}: {', '.join(words)}" if words else str(record.repeat)


def _in_words(item: Item, record: CaseReportForm) -> str:
    value = getattr(record, item.name)
    if value is None:
        return ""
    written = plain(value) if isinstance(value, Decimal) else str(value)
    return dict(item.codelist).get(written, written)


def rows_of(record: CaseReportForm, name: str) -> list[Row]:
    """The rows of a filled form that are not entered in error, in order."""
    rows: models.Manager[Row] = getattr(record, name)
    return [row for row in rows.all() if not row.entered_in_error]
