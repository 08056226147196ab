"""The hash of an event, by the version of the canonical form under which it was written.

1. Reason and note in clear. 2. Their salted digest instead, so that they can be redacted.
A version that was used once is never changed: its events are verified for ever.
"""

from collections.abc import Mapping
from typing import Any

from trials.audit.canonical import digest
from trials.models.audit import AuditEvent

OF_EVERY_VERSION = (
    "number",
    "recorded_at",
    "role",
    "action",
    "source",
    "request_id",
    "rows",
    "digest",
    "previous_hash",
)
TEXT: dict[int, tuple[str, ...]] = {1: ("reason", "note"), 2: ("text_digest",)}
"""What stands for the text of an event, by version."""

REDACTABLE_VERSIONS = frozenset(version for version, names in TEXT.items() if "text_digest" in names)


def hashed_content(values: Mapping[str, Any], chain_key: str, username: str) -> dict[str, Any]:
    """What the hash covers, from an event's values by name. Raises KeyError for an unknown version."""
    version = values["canonical_version"]
    names = (*OF_EVERY_VERSION, *TEXT[version])
    return {
        "version": version,
        "chain": chain_key,
        "actor": username,
        **{name: values[name] for name in names},
    }


def hash_of_values(values: Mapping[str, Any], chain_key: str, username: str) -> str:
    """SHA-256 over the event and the hash of the event before it."""
    return digest(hashed_content(values, chain_key, username))


def event_hash(event: AuditEvent, chain_key: str, username: str) -> str:
    """The same of an event in memory."""
    return hash_of_values(vars(event), chain_key, username)


def text_digest(reason: str, note: str, salt: str) -> str:
    """Digest of an event's text; without the salt nobody can find the text by trying."""
    return digest({"reason": reason, "note": note, "salt": salt})
