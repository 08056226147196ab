"""The canonical form of a history row and its digest.

JSON with sorted keys and no spaces; NULL is left out, so that a nullable column added later leaves the
digest of older rows as it was; decimals as plain text without trailing zeros; instants as UTC ISO 8601 in
milliseconds (a finer one whole, so that nothing of it can be changed unseen); dates and times as ISO 8601;
floats are refused, because their text changes between databases. Text stands as it was stored, in no Unicode
normal form: two ways of writing one letter are two different records, and changing one into the other is a
change. Each row carries its own random salt inside the digest, so that a value can later be redacted without
being found by guessing.

The form of a row is the same in every VERSION so far; what differs is the event (event_hash.py).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

VERSION = 2


def canonical_value(value: Any) -> Any:
    """One value as canonical JSON sees it. Raises TypeError for what has no canonical form."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return canonical_decimal(value)
        case datetime():
            if value.tzinfo is None:
                raise TypeError("an instant without a time zone has no canonical form")
            fineness = "microseconds" if value.microsecond % 1000 else "milliseconds"
            return value.astimezone(UTC).isoformat(timespec=fineness).replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")
        case list() | tuple():
            return [canonical_value(item) for item in value]
        case Mapping():
            return {str(key): canonical_value(item) for key, item in value.items() if item is not None}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_decimal(value: Decimal) -> str:
    """Plain text without exponent or trailing zeros.

    >>> [canonical_decimal(Decimal(text)) for text in ("1.50", "-0.0", "1E+2")]
    ['1.5', '0', '100']
    """
    if not value.is_finite():
        raise TypeError("a decimal that is not finite has no canonical form")
    # Cut as text: normalize() would round to the precision of the caller's decimal context.
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def canonical_fragment(value: Any) -> str:
    """Canonical JSON of one value. Raises TypeError for what has no canonical form."""
    return json.dumps(
        canonical_value(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def canonical_json(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON of a mapping, NULL left out."""
    return canonical_fragment(content).encode()


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON."""
    return hashlib.sha256(canonical_json(content)).hexdigest()
