"""The second factor: a code of an authenticator app, or a recovery code once.

The secret stands encrypted in its own table and nowhere else: not in history, event, log or export.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from trials import one_time_code
from trials.actions.access_events import SELF, about
from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.models import RecoveryCode, Role, SecondFactor, User, UserSession, system_chain
from trials.roles import assignments_today

RECOVERY_CODES = 10
RECOVERY_BYTES = 10


def is_required(user: User) -> bool:
    """Whether a role of the user asks for a second factor (SECOND_FACTOR_ROLES)."""
    roles = set(settings.SECOND_FACTOR_ROLES)
    if not roles:
        return False
    if user.is_superuser and Role.ADMINISTRATOR in roles:
        return True
    return assignments_today(user).filter(role__in=roles).exists()


def is_on(user: User) -> bool:
    """Whether the user has a confirmed second factor: then every login and signature asks for it."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def is_missing(user: User) -> bool:
    """Whether the user must set up a second factor before anything else."""
    return is_required(user) and not is_on(user)


def accepts(user: User, code: str) -> bool:
    """Whether the code is right now. Each is taken once: one seen over a shoulder is worth nothing."""
    typed = code.replace(" ", "").replace("-", "")
    if len(typed) > one_time_code.DIGITS:
        return _takes_recovery_code(user, typed)
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    return factor is not None and _takes(factor, typed)


def begin(*, user: User) -> bytes:
    """A new secret for one's own factor, not in force before its first code. Raises WrongState."""
    secret = one_time_code.new_secret()
    with transaction.atomic():
        _owner(user)
        factor = SecondFactor.objects.filter(user=user).first() or SecondFactor(user=user)
        if factor.confirmed_at is not None:
            raise WrongState("The account has a second factor; remove it first.")
        factor.secret, factor.last_step = _sealed(secret), 0
        factor.save()
    return secret


def begun(user: User) -> bytes | None:
    """The secret that waits for its first code; None where none does or it cannot be read any more."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=True).first()
    return _opened(factor) if factor else None


def confirm(*, user: User, code: str) -> list[str]:
    """Put the own factor in force by its first code. Returns the recovery codes, which are shown once.

    Raises WrongState (nothing to confirm), Refused (the code is wrong).
    """
    codes = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    with recording(system_chain(), Act(user, SELF, "set second factor")) as record:
        factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=True).first()
        if factor is None:
            raise WrongState("No second factor waits for its first code.")
        if not _takes(factor, code.replace(" ", "")):
            raise Refused({"code": ["is not the code that the app shows now"]})
        SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=clock.now())
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, digest=_digest(user, each)) for each in codes
        )
        UserSession.objects.filter(user=user).update(renew=True)
        record.note(about(user, "the second factor is set and confirmed by its first code"))
    return [f"{each[:4]}-{each[4:8]}-{each[8:12]}-{each[12:]}" for each in codes]


def remove_own(*, user: User) -> None:
    """Remove one's own factor, once a code of it was checked (credentials.check_code).

    Raises Refused (the role requires it), WrongState (there is none).
    """
    if is_required(user):
        raise Refused("Your role requires a second factor; an administrator can reset it.")
    with recording(system_chain(), Act(user, SELF, "remove second factor")) as record:
        if not _remove(user):
            raise WrongState("The account has no second factor.")
        record.note(about(user, "the second factor is removed by its owner"))


def reset(*, actor: User, role: str, user: User, reason: str) -> None:
    """Remove the factor of somebody who lost it; `role` is the one under which the actor may.

    Nobody sets up a factor for somebody else. Raises ReasonRequired, WrongState (there is none).
    """
    act = Act(actor, role, "remove second factor", needed(reason))
    with recording(system_chain(), act) as record:
        if not _remove(user):
            raise WrongState("The account has no second factor.")
        record.note(about(user, "the second factor is removed by an administrator"))


def _remove(user: User) -> bool:
    RecoveryCode.objects.filter(user=user).delete()
    return bool(SecondFactor.objects.filter(user=user).delete()[0])


def _owner(user: User) -> None:
    if not user.is_staff:
        raise Refused("The account is closed.")


def _takes(factor: SecondFactor, code: str) -> bool:
    secret = _opened(factor)
    if secret is None:
        return False
    step = one_time_code.matching_step(secret, code, clock.now().timestamp(), factor.last_step)
    if step is None:
        return False
    # The condition stands in the database: of two requests with one code, one finds the row.
    newer = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return newer.update(last_step=step) == 1


def _takes_recovery_code(user: User, typed: str) -> bool:
    found = RecoveryCode.objects.filter(user=user, digest=_digest(user, typed.lower()))
    return found.delete()[0] == 1


def _digest(user: User, code: str) -> str:
    """HMAC of a recovery code: 80 random bits need no slow hash; the table alone tells nothing."""
    return hmac.new(
        _key(settings.SECOND_FACTOR_KEY or settings.SECRET_KEY), f"{user.pk}:{code}".encode(), hashlib.sha256
    ).hexdigest()


def _sealed(secret: bytes) -> str:
    return Fernet(_key(settings.SECOND_FACTOR_KEY or settings.SECRET_KEY)).encrypt(secret).decode("ascii")


def _opened(factor: SecondFactor) -> bytes | None:
    try:
        return Fernet(_key(settings.SECOND_FACTOR_KEY or settings.SECRET_KEY)).decrypt(
            factor.secret.encode("ascii")
        )
    except InvalidToken:
        return None  # the key of the installation has changed: an administrator resets the factor


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"icc-ecrf second factor").derive(
        secret.encode()
    )
    return base64.urlsafe_b64encode(derived)
