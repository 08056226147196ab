"""One commitment for each slot of a list, so that used slots can be shown while the others stay secret.

1. Salt. The salt of a slot is HMAC-SHA-256 (RFC 2104) with the 32 bytes of the list's nonce as key over the
   ASCII text `slot-commitments-sha256-v1`, one line feed, and the slot's stratum and number as a JSON array
   without blanks. Who knows the salts of some slots learns nothing of the others.
2. Opening. The opening of a slot is one line of ASCII: the JSON array of stratum, number and arm, one
   blank, the salt in lower-case hexadecimal, one line feed.
3. Commitment. SHA-256 of the opening, in lower-case hexadecimal.
4. File. `algorithm slot-commitments-sha256-v1`, then one line `commitment` for each slot by stratum and
   number: the JSON array of stratum and number, one blank, the commitment. Its SHA-256 is published with
   the digest of the list; the file itself tells no arm.

Whoever holds the file checks an opened slot with any SHA-256 program.
"""

import hmac
import json
from collections.abc import Sequence
from hashlib import sha256

from trials.clinical.randomization import NONCE_BYTES, RandomizationError

ALGORITHM = "slot-commitments-sha256-v1"


def salt_of(*, nonce: bytes, stratum: str, number: int) -> str:
    """The salt of one slot, 64 hexadecimal digits. Raises RandomizationError for a nonce of another length.

    >>> salt_of(nonce=bytes(32), stratum="", number=1)[:16]
    '41972104b918fcec'
    """
    if len(nonce) != NONCE_BYTES:
        raise RandomizationError(f"nonce must be {NONCE_BYTES} bytes")
    return hmac.new(nonce, f"{ALGORITHM}\n{_json(stratum, number)}".encode("ascii"), sha256).hexdigest()


def opening(*, stratum: str, number: int, arm: str, salt: str) -> str:
    """The line that opens the commitment of a slot.

    >>> opening(stratum="", number=1, arm="A", salt="00")
    '["",1,"A"] 00\\n'
    """
    return f"{_json(stratum, number, arm)} {salt}\n"


def commitments_text(*, nonce: bytes, slots: Sequence[tuple[str, int, str]]) -> str:
    """The file of commitments to (stratum, number, arm); raises RandomizationError for a faulty nonce."""
    lines = [f"algorithm {ALGORITHM}\n"]
    for stratum, number, arm in sorted(slots):
        salt = salt_of(nonce=nonce, stratum=stratum, number=number)
        opened = opening(stratum=stratum, number=number, arm=arm, salt=salt)
        commitment = sha256(opened.encode("ascii")).hexdigest()
        lines.append(f"commitment {_json(stratum, number)} {commitment}\n")
    return "".join(lines)


def _json(*values: str | int) -> str:
    return json.dumps(list(values), ensure_ascii=True, separators=(",", ":"))
