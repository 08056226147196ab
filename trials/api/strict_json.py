"""JSON as strictly as a record needs it: what two readers could understand differently is refused.

UTF-8, no duplicate keys, no NaN or Infinity, no NUL and no half characters; bounded depth, members, digits.
Numbers with a point are Decimal, so that 0.1 stays 0.1.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from rest_framework.exceptions import ParseError

from trials.actions.errors import Refused

MAXIMUM_DEPTH = 20
MAXIMUM_MEMBERS = 500  # of one object; each unknown one is named in the refusal
MAXIMUM_DIGITS = 30


def strict_json(body: bytes) -> Any:
    """The value that a JSON text holds. Raises ParseError or Refused, naming the reason and the field."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8 (byte {error.start}).") from None
    try:
        value = json.loads(
            text,
            parse_constant=_no_constant,
            parse_int=_whole_number,
            parse_float=_decimal,
            object_pairs_hook=_without_doubles,
        )
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        # Without the document: it may hold a patient's data, and the words go into the reply.
        raise ParseError(f"The body is not JSON: {error.msg} (character {error.pos}).") from None
    except ValueError as error:
        raise ParseError(f"The body is not acceptable JSON: {error}.") from None
    _look_through(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _whole_number(digits: str) -> int:
    if len(digits) > MAXIMUM_DIGITS:
        raise ValueError(f"a number has more than {MAXIMUM_DIGITS} digits")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise ValueError("a number is out of range") from None
    if len(digits) > 2 * MAXIMUM_DIGITS or abs(number.adjusted()) > MAXIMUM_DIGITS:
        raise ValueError("a number is out of range")
    return number


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAXIMUM_MEMBERS:
        raise ValueError(f"an object has more than {MAXIMUM_MEMBERS} members")
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise ValueError(f"the key {_printable(name)} stands twice")
        content[name] = value
    return content


def _look_through(value: Any) -> None:
    """Refuse text that no database stores, and depth that no form has; without recursion."""
    waiting: list[tuple[Any, str, int]] = [(value, "", 1)]
    while waiting:
        each, name, depth = waiting.pop()
        if depth > MAXIMUM_DEPTH:
            raise ParseError("The JSON is nested too deeply.")
        if isinstance(each, str):
            if reason := unstorable(each):
                raise Refused({name or "detail": [reason]})
        elif isinstance(each, list):
            waiting += [(member, name, depth + 1) for member in each]
        elif isinstance(each, dict):
            for key, member in each.items():
                if unstorable(key):
                    raise ParseError("A key contains a character that cannot be stored.")
                waiting.append((member, key, depth + 1))


def unstorable(text: str) -> str:
    """Why a text cannot be stored; empty when it can."""
    if "\x00" in text:
        return "contains the character NUL"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "contains half of a character (a lone surrogate)"
    return ""


def _printable(name: str) -> str:
    return name[:60].encode("ascii", "backslashreplace").decode()
