"""Codes of authenticator apps: HOTP (RFC 4226) counted by time (RFC 6238), SHA-1, 30 seconds, six digits.

SHA-1, because that is what every app knows; inside HMAC its known collisions do not matter.
"""

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
"""As long as the hash, which RFC 4226 section 4 recommends."""

DRIFT_STEPS = 1
"""A clock may be wrong by one step either way (RFC 6238 section 5.2)."""


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def step_at(seconds: float) -> int:
    """The number of the step at an instant, in seconds since 1970 (UTC)."""
    return int(seconds) // STEP_SECONDS


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step (RFC 4226 section 5.3).

    >>> code_at(b"12345678901234567890", step_at(59), digits=8)
    '94287082'
    """
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def matching_step(secret: bytes, code: str, now: float, after: int) -> int | None:
    """The step within the drift, later than the step `after`, whose code this is; None where none is."""
    current = step_at(now)
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    # Every step is compared, so that the time taken says nothing about which one it was.
    matching = [
        step
        for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1)
        if hmac.compare_digest(code_at(secret, step), code)
    ]
    return next((step for step in matching if step > after), None)


def as_text(secret: bytes) -> str:
    """The secret as people type it into an app: Base32."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def address(secret: bytes, *, issuer: str, account: str) -> str:
    """The otpauth address that a QR code holds.

    >>> address(b"12345678901234567890", issuer="icc-ecrf", account="anna")
    'otpauth://totp/icc-ecrf:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=icc-ecrf'
    """
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?{urlencode({'secret': as_text(secret), 'issuer': issuer})}"
