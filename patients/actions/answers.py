"""From what was sent to what a form can hold: every answer cleaned, every refusal named by its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from patients.forms import FormDefinition, Item, Section
from patients.models import MissingReason, Subject
from patients.selectors import choosable, current
from trials.actions.errors import Refused
from trials.actions.given import identifier
from trials.audit import clock
from trials.clinical import partial_date
from trials.models import Site
from trials.text import shown

MAXIMUM_ROWS = 500
_NUMBER = re.compile(r"[0-9]{1,9}")
ALWAYS_ALLOWED = ("missing_reasons", "external_id")
ROW_ONLY = ("repeat", "entered_in_error")


@dataclass
class Answers:
    """Cleaned answers of one section: values by column, and why others are missing."""

    values: dict[str, Any] = field(default_factory=dict)
    missing_reasons: dict[str, str] | None = None
    external_id: str | None = None
    repeat: int | None = None
    entered_in_error: bool | None = None


@dataclass
class Context:
    """What cleaning needs to know: the site (for its laboratories and study) and its calendar day.

    Codes of protocol items are read once for each noun, however many answers name them.
    """

    site: Site
    today: date
    subject: Subject | None = None
    _keys: dict[Any, dict[str, int]] = field(default_factory=dict)
    _records: dict[Any, dict[int, int]] = field(default_factory=dict)

    def key_of(self, noun: Any, code: str) -> int | None:
        """The key of a protocol item that may be chosen here, None for an unknown code."""
        if noun not in self._keys:
            self._keys[noun] = dict(choosable(noun, self.site).values_list("code", "pk"))
        return self._keys[noun].get(code)

    def record_of(self, form: Any, number: int) -> int | None:
        """The key of the subject's record of this number; None where there is none, or it is in error."""
        if self.subject is None:
            return None
        if form not in self._records:
            self._records[form] = dict(current(form, self.subject).values_list("repeat", "pk"))
        return self._records[form].get(number)

    def within(self, subject: Subject) -> "Context":
        """The same for the entries of one subject, so that its records may be named."""
        return Context(self.site, self.today, subject, self._keys)


def context_of(site: Site) -> Context:
    """The context of entries at a site, today."""
    return Context(site=site, today=clock.today(site.time_zone))


def clean_form(
    form: FormDefinition,
    data: Any,
    rows: Any,
    context: Context,
) -> tuple[Answers, dict[str, list[Answers]]]:
    """All answers of a form and its rows. Raises Refused with every error found, nested as it was sent.

    `data` and `rows` may be of any type: they come as they were sent.
    """
    if not isinstance(data, Mapping):
        raise Refused("The answers must be an object of fields and their values.")
    if not isinstance(rows, Mapping):
        raise Refused("The rows must be an object of lists.")
    answers, errors = clean_section(form, data, context, extra=())
    cleaned_rows: dict[str, list[Answers]] = {}
    for name, sent in rows.items():
        if name not in form.rows:
            errors[shown(name)] = ["is not a part of this form"]
            continue
        cleaned_rows[name], row_errors = _clean_rows(form.rows[name], sent, context)
        if any(row_errors):
            errors[name] = row_errors
    if errors:
        raise Refused(errors)
    return answers, cleaned_rows


def _clean_rows(section: Section, sent: Any, context: Context) -> tuple[list[Answers], list[Any]]:
    """The answers of every row sent, and beside them the errors, row by row or of the list itself."""
    if sent is None:
        return [], []
    if not isinstance(sent, list | tuple):
        return [], ["must be a list of rows"]
    if len(sent) > MAXIMUM_ROWS:
        return [], [f"has more than {MAXIMUM_ROWS} rows"]
    cleaned = [
        clean_section(section, row, context, extra=ROW_ONLY)
        if isinstance(row, Mapping)
        else (Answers(), {"detail": ["must be an object of fields and their values"]})
        for row in sent
    ]
    answers, errors = [each for each, _ in cleaned], [found for _, found in cleaned]
    seen: set[int] = set()
    for answer, found in zip(answers, errors, strict=True):
        if answer.repeat in seen:
            found["repeat"] = [f"row {answer.repeat} is sent twice"]
        if answer.repeat is not None:
            seen.add(answer.repeat)
    return answers, errors


def clean_section(
    section: Section, data: Mapping[str, Any], context: Context, extra: Sequence[str]
) -> tuple[Answers, dict[str, Any]]:
    """Answers of one section and the errors found in it, by field."""
    answers = Answers()
    errors: dict[str, Any] = {}
    items = {item.name: item for item in section.items}
    for name, value in data.items():
        if name in items:
            _clean_into(answers, errors, items[name], value, context)
        elif name not in (*ALWAYS_ALLOWED, *extra):
            errors[shown(name)] = ["is not a field of this form"]
    _clean_common(answers, errors, data, section)
    for name in answers.missing_reasons or {}:
        if name in items and answers.values.get(items[name].attname) is not None:
            errors[name] = ["has a value and a reason for its absence; only one can be true"]
    return answers, errors


def _clean_into(answers: Answers, errors: dict[str, Any], item: Item, value: Any, context: Context) -> None:
    if item.derived:
        errors[item.name] = ["is computed by the server and cannot be sent"]
        return
    try:
        answers.values[item.attname] = clean_value(item, value, context)
    except ValidationError as error:
        errors[item.name] = list(error.messages)


def clean_value(item: Item, value: Any, context: Context) -> Any:
    """One answer as its column holds it; an empty one is None. Raises ValidationError with the reason."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, list | dict):
        raise ValidationError("must be a single value")
    if item.protocol_noun is not None:
        return _protocol_item(item.protocol_noun, value, context)
    if item.record_form is not None:
        return _record(item, value, context)
    cleaned = item.field.clean(value, None)
    _refuse_future(item, cleaned, context.today)
    return cleaned


def _refuse_future(item: Item, value: Any, today: date) -> None:
    if value is None or item.meaning.future:
        return
    if item.kind == "date":
        earliest = value
    elif item.kind == "partial date":
        earliest = partial_date.span(value)[0]
    else:
        return
    if earliest > today:
        raise ValidationError(f"lies in the future (today at the site is {today})")


def _protocol_item(noun: Any, value: Any, context: Context) -> int:
    code = value.code if isinstance(value, noun) else value
    found = context.key_of(noun, code) if isinstance(code, str) else None
    if found is None:
        # The same words for an unknown code and for another site's: neither may be told apart.
        raise ValidationError("is not a known code")
    return found


def _record(item: Item, value: Any, context: Context) -> int:
    form = item.record_form
    if form is not None and isinstance(value, form):
        value = value.repeat
    number = int(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else value
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValidationError("is not the number of a record")
    found = context.record_of(form, number)
    if found is None:
        title = form.form.title if form is not None else ""
        raise ValidationError(f"there is no record {number} of this subject under “{title}”")
    return found


def _clean_common(
    answers: Answers, errors: dict[str, Any], data: Mapping[str, Any], section: Section
) -> None:
    names = {item.name for item in section.asked}
    if "missing_reasons" in data:
        reasons = {} if data["missing_reasons"] is None else data["missing_reasons"]
        if not isinstance(reasons, Mapping) or not all(
            name in names and reason in MissingReason.values for name, reason in reasons.items()
        ):
            allowed = ", ".join(MissingReason.values)
            errors["missing_reasons"] = [f"must name fields of this form, each with one of: {allowed}"]
        else:
            answers.missing_reasons = dict(reasons)
    if "external_id" in data:
        try:
            answers.external_id = identifier("external_id", data["external_id"])
        except Refused as refusal:
            errors |= refusal.errors
    if data.get("repeat") is not None:
        if isinstance(data["repeat"], bool) or not isinstance(data["repeat"], int):
            errors["repeat"] = ["must be the number of an existing row"]
        else:
            answers.repeat = data["repeat"]
    if "entered_in_error" in data:
        if not isinstance(data["entered_in_error"], bool):
            errors["entered_in_error"] = ["must be true or false"]
        else:
            answers.entered_in_error = data["entered_in_error"]
