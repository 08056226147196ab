"""Failed proofs of identity, at whichever door, counted for each account and each address."""

import hashlib
import hmac
import logging
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest

from trials.actions.access_events import about
from trials.actions.lockouts import SHARE_AN_ADDRESS, UNKNOWN
from trials.audit.recording import Act, recording
from trials.models import User, system_chain

logger = logging.getLogger("ecrf.access")

Credentials = dict[str, Any]


class Attempts(AxesDatabaseHandler):
    """Counts failures up to the lockout; what is tried during a lockout changes and records nothing.

    A proof that succeeds forgives the failures of its own account, not those of its address. Otherwise a
    colleague could guess another's password without end, by logging in now and then.
    """

    def get_failures(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        by_name, by_address = map(failures, self.get_user_attempts(request, credentials))
        return max(by_name, by_address // SHARE_AN_ADDRESS)

    def reset_user_attempts(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        forgiven, _by_model = AccessAttempt.objects.filter(
            username=counted_name(request, credentials)
        ).delete()
        return forgiven

    def user_login_failed(
        self, sender: Any, credentials: Credentials, request: HttpRequest | None = None, **_: Any
    ) -> None:
        """Count one failure. A known account gets an event for each, up to the one of its lockout."""
        if request is None:
            return
        act = Act(User.objects.system_user(), "SYSTEM", "login failed")
        # The lock of the chain makes the count exact: of parallel attempts one and only one locks.
        with recording(system_chain(), act) as record:
            self.clean_expired_user_attempts(request, credentials)
            locked = self.get_failures(request, credentials) >= settings.AXES_FAILURE_LIMIT
            if not locked:
                self._count(request, credentials)
                number = self.get_failures(request, credentials)
                locked = number >= settings.AXES_FAILURE_LIMIT
                if locked:
                    act.action = "lock out"
                if told := self._told(request, credentials, locked):
                    record.note(told)
        request.axes_locked_out = locked  # type: ignore[attr-defined]
        request.axes_credentials = credentials  # type: ignore[attr-defined]
        if act.action == "lock out":
            logger.warning("an account or an address is locked out after failed attempts")

    def _count(self, request: Any, credentials: Credentials) -> None:
        # One row for each name and address: neither a changing browser nor what was typed makes more.
        row, _made = AccessAttempt.objects.get_or_create(
            username=counted_name(request, credentials),
            ip_address=request.axes_ip_address,
            user_agent="",
            defaults={"failures_since_start": 0},
        )
        AccessAttempt.objects.filter(pk=row.pk).update(
            failures_since_start=F("failures_since_start") + 1, attempt_time=request.axes_attempt_time
        )

    def _told(self, request: Any, credentials: Credentials, locked: bool) -> str:
        by_name, by_address = map(failures, self.get_user_attempts(request, credentials))
        where = f"at the {getattr(request, 'door', 'login page')} from {request.axes_ip_address}"
        user = known(credentials)
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        if locked and by_name < settings.AXES_FAILURE_LIMIT:
            return (
                f"address {request.axes_ip_address}: locked for {minutes} minutes after {by_address} failures"
            )
        if user is None:
            return ""
        if locked:
            return about(user, f"locked for {minutes} minutes after {by_name} failures, the last {where}")
        return about(user, f"failure {by_name} {where}")


def failures(attempts: QuerySet[AccessAttempt]) -> int:
    return attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def known(credentials: Credentials | None) -> User | None:
    """The account of a name as it was typed, in any case; None where there is none."""
    typed = str((credentials or {}).get("username") or "")
    if not typed.isprintable():
        return None  # PostgreSQL cannot even be asked for a text with NUL
    return User.objects.filter(username__iexact=typed, is_system=False).first()


def counted_name(request: HttpRequest | None, credentials: Credentials | None) -> str:
    """Under which name a failure counts: the account's own, or a digest of what is no account.

    Whoever types a password where the name belongs would else leave it in the table.
    """
    user = known(credentials)
    if user is not None:
        return user.username
    typed = str((credentials or {}).get("username") or "").casefold()
    mac = hmac.new(
        settings.SECRET_KEY.encode(), b"unknown name:" + typed.encode("utf-8", "replace"), hashlib.sha256
    )
    return UNKNOWN + mac.hexdigest()[:32]
