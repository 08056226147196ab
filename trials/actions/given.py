"""What an action is given beside a form's answers, checked before anything is locked.

The faces pass on what was sent; a wrong type, an impossible day or an endless text becomes a Refused that
names the field, never an error of the server.
"""

from datetime import date
from typing import Any

from trials.actions.errors import ReasonRequired, Refused
from trials.clinical import partial_date
from trials.personal_data import refusal
from trials.text import fault_in

IDENTIFIER_LENGTH = 100
REASON_LENGTH = 1000


def text(field: str, value: Any, *, limit: int, required: bool = False) -> str:
    """Stripped text of at most `limit` characters; None is the empty text. Raises Refused."""
    if value is not None and not isinstance(value, str):
        raise Refused({field: ["must be text"]})
    stripped = (value or "").strip()
    if fault := fault_in(stripped, lines=True):
        raise Refused({field: [fault]})
    if len(stripped) > limit:
        raise Refused({field: [f"has more than {limit} characters"]})
    if required and not stripped:
        raise Refused({field: ["is required"]})
    return stripped


def needed(reason: Any, words: str = "") -> str:
    """The stripped reason for a change, or for another act that `words` name where there is none.

    Raises ReasonRequired for an empty one, Refused for no fit text.
    """
    stripped = free_text("change_reason", reason, limit=REASON_LENGTH)
    if not stripped:
        raise ReasonRequired(words) if words else ReasonRequired()
    return stripped


def free_text(field: str, value: Any, *, limit: int, required: bool = False) -> str:
    """Text for other people to read (a reason, a message): as `text`, and without what tells who a person is.

    Unlike an answer it is no fact that must be kept, so it is refused rather than questioned.
    """
    stripped = text(field, value, limit=limit, required=required)
    if why := refusal(stripped):
        raise Refused({field: [why]})
    return stripped


def identifier(field: str, value: Any) -> str:
    """An identifier of another system: printable, stripped, at most 100 characters. Raises Refused."""
    if value is not None and not isinstance(value, str):
        raise Refused({field: ["must be text"]})
    stripped = (value or "").strip()
    if len(stripped) > IDENTIFIER_LENGTH or not stripped.isprintable():
        raise Refused({field: [f"must be printable text of at most {IDENTIFIER_LENGTH} characters"]})
    return stripped


def day(field: str, value: Any) -> date:
    """A full date of the calendar, given as date or as YYYY-MM-DD, from 1900 to 2100. Raises Refused."""
    if isinstance(value, str):
        written = value.strip()
    elif type(value) is date:  # a datetime is a date to Python; which day it means depends on a zone
        written = value.isoformat()
    else:
        written = ""
    try:
        read = partial_date.parse(written)
    except partial_date.PartialDateError as error:
        raise Refused({field: [_why_no_day(written)]}) from error
    if not read.is_complete:
        raise Refused({field: ["is not a full date of the form YYYY-MM-DD"]})
    return read.earliest


def _why_no_day(written: str) -> str:
    try:
        outside = date.fromisoformat(written).isoformat() == written
    except ValueError:
        outside = False
    if outside:
        return f"the year must be from {partial_date.FIRST_YEAR} to {partial_date.LAST_YEAR}"
    return "is not a date of the calendar of the form YYYY-MM-DD"


def version_number(value: Any) -> int:
    """The version that was read before a change. Raises Refused for what is no whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused({"version": ["must be the whole number of the version that was read"]})
    return value
