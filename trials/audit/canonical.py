"""The canonical form of a history row and its digest.

Version 1: JSON with sorted keys and no spaces; NULL is left out, so that a nullable column added later
leaves the digest of older rows as it was; decimals as plain text without trailing zeros; instants as UTC
ISO 8601 in milliseconds; dates and times as ISO 8601; floats are refused, because their text changes
between databases. Each row carries its own random salt inside the digest, so that a value can later be
redacted without being found by guessing.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

VERSION = 1


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
            return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="seconds")
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


def canonical_json(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON of a mapping, NULL left out."""
    return json.dumps(
        canonical_value(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON."""
    return hashlib.sha256(canonical_json(content)).hexdigest()
