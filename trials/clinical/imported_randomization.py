"""The published text of a randomization list that was made elsewhere and imported.

Such a list has no seed, so nothing can be regenerated; the text still fixes every slot before the first
subject is randomized.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

from trials.clinical.randomization import NONCE_BYTES, RandomizationError

ALGORITHM = "imported-list-v1"


def published_text(
    *, nonce: bytes, arms: Sequence[tuple[str, int]], slots: Sequence[tuple[str, int, str]]
) -> str:
    """The canonical text of an imported list, in the form of `trials.clinical.randomization`.

    Lines of ASCII: `nonce` in hexadecimal, `algorithm`, one line `arm` per (code, share) by code, one line
    `slot` per (stratum, number, arm) by stratum and number. Raises RandomizationError for a nonce that is
    not 32 bytes and for a list without slots.

    >>> slots = [("", 2, "B"), ("", 1, "A")]
    >>> print(published_text(nonce=bytes(32), arms=[("B", 1), ("A", 1)], slots=slots), end="")
    nonce 0000000000000000000000000000000000000000000000000000000000000000
    algorithm imported-list-v1
    arm ["A",1]
    arm ["B",1]
    slot ["",1,"A"]
    slot ["",2,"B"]
    """
    if not isinstance(nonce, bytes) or len(nonce) != NONCE_BYTES:
        raise RandomizationError(f"nonce must be {NONCE_BYTES} bytes")
    if not slots:
        raise RandomizationError("slots must hold at least one slot")
    return "".join(f"{line}\n" for line in _lines(nonce, arms, slots))


def _lines(
    nonce: bytes, arms: Sequence[tuple[str, int]], slots: Sequence[tuple[str, int, str]]
) -> Iterator[str]:
    yield f"nonce {nonce.hex()}"
    yield f"algorithm {ALGORITHM}"
    for arm in sorted(arms):
        yield f"arm {json.dumps(list(arm), separators=(',', ':'))}"
    for slot in sorted(slots):
        yield f"slot {json.dumps(list(slot), separators=(',', ':'))}"


def published_digest(
    *, nonce: bytes, arms: Sequence[tuple[str, int]], slots: Sequence[tuple[str, int, str]]
) -> str:
    """SHA-256 of `published_text`, in lower-case hexadecimal. Raises like it.

    >>> len(published_digest(nonce=bytes(32), arms=[("A", 1), ("B", 1)], slots=[("", 1, "A")]))
    64
    """
    return sha256(published_text(nonce=nonce, arms=arms, slots=slots).encode("ascii")).hexdigest()
