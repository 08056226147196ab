"""Turns what a file says into what a column holds, strictly: nothing is guessed from a near miss."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

MAX_TEXT = 20_000
MAX_ITEMS = 200

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,10})?", re.ASCII)


class BadValue(ValueError):
    """The value is not what the field asks for; the message is the reason."""


def column_value(column: Any, value: Any) -> Any:
    """The value for a model field. Raises BadValue with the reason."""
    if value is None:
        if column.null:
            return None
        raise BadValue("must not be null")
    read = next(function for kind, function in READERS if isinstance(column, kind))
    try:
        return column.clean(_chosen(column, read(value)), None)
    except ValidationError as error:
        raise BadValue(" ".join(error.messages)) from None


def _chosen(column: Any, value: Any) -> Any:
    if value == "" and not column.blank:
        raise BadValue("must not be empty")
    if (
        column.choices
        and value != ""
        and value not in (known := [code for code, _label in column.flatchoices])
    ):
        raise BadValue(f"must be one of {', '.join(known)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("must be text (put it in quotes)")
    if len(value) > MAX_TEXT:
        raise BadValue(f"must have at most {MAX_TEXT} characters")
    return value.strip()


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue("must be a whole number")
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadValue("must be a decimal number such as 1.5")
    return Decimal(value)


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise BadValue("must be a day such as 2020-03-06")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadValue("is no day of the calendar") from None


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue("must be true or false")
    return value


def _plain(value: Any) -> Any:
    """A value for a JSON column; decimals become text, because JSON has no exact ones."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return _text(value)
        case Decimal():
            return str(value)
        case list() if len(value) <= MAX_ITEMS:
            return [_plain(item) for item in value]
        case dict() if len(value) <= MAX_ITEMS:
            return {key: _plain(item) for key, item in value.items()}
    raise BadValue(f"must be a number, text, true, false, or a list of at most {MAX_ITEMS} of them")


READERS: tuple[tuple[type[models.Field], Callable[[Any], Any]], ...] = (
    (models.CharField, _text),
    (models.TextField, _text),
    (models.BooleanField, _flag),
    (models.IntegerField, _whole),
    (models.DecimalField, _decimal),
    (models.DateField, _day),
    (models.JSONField, _plain),
)
