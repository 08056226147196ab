"""What the trail tells of: every regulated table, a form or row by its questions, others by their columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from patients.fields import WITHHELD as WITHHELD
from patients.fields import instead_of
from patients.forms import Section, definitions
from patients.models import Visit
from patients.withheld import stated_of
from trials.audit.trail import told_columns
from trials.models import RegulatedModel

# What nobody reads here, whatever the role: secrets, and what would tell the next place of a list.
SECRET = re.compile(
    r"password|secret|seed|nonce|salt|otp|recovery|token\w*\.(\w*digest|\w*key|\w*hash)"
    r"|^randomizationseal\.(block_sizes|arms)|^randomizationslot\.(arm|stratum|number)"
    r"|^randomizationpublication\.lengths|^(unusableslot|allocation)\.slot$"
)

LONGEST_CODE = 60
"""A longer text column of a model that is no form holds sentences."""


@dataclass(frozen=True)
class Kind:
    """A regulated table. `key` names it in filters: the OID of a form (also of its rows), SV for visits,
    else the name of the model in capitals. `row_name` and `section` are those of the form definition."""

    key: str
    title: str
    model: Any
    section: Section | None = None
    row_name: str = ""
    form: Any = None

    @property
    def history(self) -> Any:
        return self.model.history.model

    @property
    def names(self) -> set[str]:
        """The fields that a reader may ask for."""
        if self.section is None:
            return {column.name for column in told_columns(self.model)}
        stated = ("entry_state", "not_done_reason", "missing_reasons", "entered_in_error", "external_id")
        own = {field.name for field in self.model._meta.concrete_fields}
        return {item.name for item in self.section.items} | (own & set(stated))

    def is_secret(self, name: str) -> bool:
        return bool(SECRET.search(f"{self.model._meta.model_name}.{name}"))

    def instead_of(self, name: str, told: str) -> str:
        """What a de-identified reader sees in the place of what is told of a field."""
        if self.section is None or name in stated_of(self.model):
            return WITHHELD if told else ""
        return str(instead_of(self.section.item(name).field, told))

    def is_personal(self, name: str) -> bool:
        """Whether a de-identified reader does not see the values of this field."""
        if name in stated_of(self.model):
            return True
        if self.section is not None:
            return any(item.name == name and item.identifying for item in self.section.items)
        column = self.model._meta.get_field(name)
        if column.choices or not isinstance(column, models.TextField | models.CharField):
            return False
        return column.max_length is None or column.max_length > LONGEST_CODE


def is_about_forms(kind: Kind) -> bool:
    """Whether rows of this kind name a form by its OID (`form`) and key (`record_id`)."""
    names = {column.name for column in kind.model._meta.concrete_fields}
    return kind.section is None and {"form", "record_id"} <= names


@cache
def kinds() -> tuple[Kind, ...]:
    """Every regulated table, forms first, in the order of the casebook."""
    found: dict[Any, Kind] = {}
    for form in sorted(definitions(), key=lambda each: each.standing):
        found[form.model] = Kind(form.oid, str(form.title), form.model, form, form=form.model)
        for name, section in form.rows.items():
            found[section.model] = Kind(form.oid, str(form.title), section.model, section, name, form.model)
    for model in apps.get_models():
        if issubclass(model, RegulatedModel) and model not in found:
            key = Visit.form.oid if model is Visit else str(model._meta.model_name).upper()
            title = str(model._meta.verbose_name)
            found[model] = Kind(key, f"{title[:1].upper()}{title[1:]}", model)
    return tuple(found.values())


@cache
def kinds_named() -> dict[str, tuple[Kind, ...]]:
    """The tables of each key: a form with those of its rows, or one table."""
    named: dict[str, tuple[Kind, ...]] = {}
    for kind in kinds():
        named[kind.key] = (*named.get(kind.key, ()), kind)
    return named


def titles() -> Iterator[tuple[str, str]]:
    """Key and title of what can be asked for as `form`."""
    for key, found in kinds_named().items():
        yield key, found[0].title
