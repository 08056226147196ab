"""What a request body says, taken apart strictly: nothing unknown, nothing of the wrong kind."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from rest_framework.request import Request

from trials.actions.errors import Refused
from trials.actions.given import day, text

TEXT_LIMIT = 4000


def object_of(request: Request, known: Collection[str] | None = None) -> dict[str, Any]:
    """The JSON object that was sent, empty for an empty body.

    With `known`, any other key is refused: an unknown key is a mistake of the client, never ignored.
    """
    data = request.data
    if not isinstance(data, Mapping):
        raise Refused("The body must be a JSON object.")
    if known is not None and (unknown := sorted(set(data) - set(known))):
        raise Refused({name: ["is not known here"] for name in unknown})
    return dict(data)


def text_of(data: Mapping[str, Any], name: str, *, required: bool = False, limit: int = TEXT_LIMIT) -> str:
    """The text under a name, stripped; empty when absent or null. Raises Refused naming the field."""
    return text(name, data.get(name), limit=limit, required=required)


def day_of(data: Mapping[str, Any], name: str) -> date:
    """The full date under a name. Raises Refused naming the field."""
    value = data.get(name)
    if value is None or value == "":
        raise Refused({name: ["is required"]})
    if not isinstance(value, str):
        raise Refused({name: ["is not a date of the calendar of the form YYYY-MM-DD"]})
    return day(name, value)


def rows_of(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The list of objects under a name. Raises Refused naming the field."""
    value = data.get(name)
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise Refused({name: ["must be a list of objects"]})
    return value
