"""Anchors: the heads of all chains at an instant, signed, kept where the database's keepers cannot write.

A chain proves that nothing inside it was changed; whoever can write to the database can still cut off its
end. Only a copy of the head that was kept elsewhere shows that.
"""

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import DEFAULT_DB_ALIAS

from trials.audit import clock
from trials.audit.canonical import canonical_json, canonical_value
from trials.audit.kinds import Kind, guarded_tables
from trials.audit.snapshot import snapshot
from trials.models.audit import AuditEvent, Chain

FORMAT = 1
LARGEST = 64 * 2**20
"""Bytes of an anchor file that are read at most."""


class CannotAnchor(Exception):
    """A key or an anchor that is not to be trusted or not to be read; the text says which and why."""


@dataclass(frozen=True)
class Anchor:
    """What was signed: when, and the head of each chain by its key."""

    taken_at: datetime
    heads: Mapping[str, tuple[int, str]]
    counts: Mapping[str, int]


def new_key(path: Path) -> Path:
    """Write a new private key, readable by its owner only, and the public key beside it; the latter's path.

    Raises CannotAnchor when either file is there already.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    if public.exists():
        raise CannotAnchor(f"{public} is there already; no key is ever overwritten")
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    _write_once(path, key.private_bytes(pem, kind, serialization.NoEncryption()), 0o600)
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    _write_once(public, key.public_key().public_bytes(pem, info), 0o644)
    return public


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Raises CannotAnchor for a key that others may read, and for what is no Ed25519 key."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise CannotAnchor(f"{path} can be read by others than its owner: chmod 600")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise CannotAnchor(f"{path} cannot be read as a private key: {type(error).__name__}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotAnchor(f"{path} is no Ed25519 key")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Raises CannotAnchor for what is no Ed25519 public key."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CannotAnchor(f"{path} cannot be read as a public key: {type(error).__name__}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise CannotAnchor(f"{path} is no Ed25519 key")
    return key


def anchor_of(using: str = DEFAULT_DB_ALIAS) -> dict[str, Any]:
    """What there is to sign now: the head of every chain, counts, software, time.

    Raises CannotAnchor when a chain does not end with its last event: an anchor would hide that.
    """
    with snapshot(using) as connection:
        histories = [table.model for table in guarded_tables(connection) if table.kind is Kind.HISTORY]
        chains = [_head(chain) for chain in Chain._base_manager.using(using).order_by("key")]
        rows = sum(model._base_manager.using(using).count() for model in histories)
        events = AuditEvent._base_manager.using(using).count()
    return {
        "format": FORMAT,
        "taken_at": canonical_value(clock.now()),
        "software": software(),
        "counts": {"chains": len(chains), "events": events, "history_rows": rows},
        "chains": chains,
    }


def software() -> str:
    """Name and version of this software; a checkout that was never installed has none."""
    try:
        return f"icc-ecrf {version('icc-ecrf')}"
    except PackageNotFoundError:
        return "icc-ecrf"


def _head(chain: Chain) -> dict[str, Any]:
    last = AuditEvent._base_manager.using(chain._state.db).filter(chain=chain).order_by("-number").first()
    found = (last.number, last.hash) if last else (0, "")
    if found != (chain.last_number, chain.last_hash):
        raise CannotAnchor(f"{chain.key} does not end with its last event: verify the record first")
    return {"key": chain.key, "number": chain.last_number, "hash": chain.last_hash}


def write_anchor(path: Path, key: Ed25519PrivateKey, content: Mapping[str, Any]) -> None:
    """Sign and write; an anchor that is there already is never overwritten. Raises CannotAnchor."""
    signature = base64.b64encode(key.sign(canonical_json(content))).decode()
    signed = {"anchor": content, "algorithm": "Ed25519", "signature": signature}
    _write_once(path, json.dumps(signed, indent=1, ensure_ascii=False).encode(), 0o644)


def read_anchor(path: Path, public_key: Path) -> Anchor:
    """A checked anchor. Raises CannotAnchor for one that was changed or signed with another key."""
    key = read_public_key(public_key)
    try:
        if path.stat().st_size > LARGEST:
            raise CannotAnchor(f"{path} is too large for an anchor")
        signed = json.loads(path.read_bytes())
        content, signature = signed["anchor"], base64.b64decode(signed["signature"], validate=True)
        key.verify(signature, canonical_json(content))
    except InvalidSignature:
        raise CannotAnchor(f"{path} was changed, or signed with another key") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotAnchor(f"{path} cannot be read as an anchor: {type(error).__name__}") from error
    if content.get("format") != FORMAT:
        raise CannotAnchor(f"{path} has a format that this version does not know")
    return Anchor(
        taken_at=clock.instant(content["taken_at"]),
        heads={chain["key"]: (chain["number"], chain["hash"]) for chain in content["chains"]},
        counts=content["counts"],
    )


def _write_once(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError:
        raise CannotAnchor(f"{path} is there already and is not overwritten") from None
    except OSError as error:
        raise CannotAnchor(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(content)
        file.flush()
        os.fsync(handle)
