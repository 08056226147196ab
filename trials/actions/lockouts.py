"""Who is locked out after failed attempts, and letting them in again before the time is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone

from trials.actions.access_events import about
from trials.actions.errors import WrongState
from trials.actions.given import needed
from trials.audit.recording import Act, recording
from trials.models import User, system_chain
from trials.roles import Verb, require

SHARE_AN_ADDRESS = 10
"""A hospital has one address: it is locked after ten times the failures of one person."""

UNKNOWN = "unknown:"
"""How a name that is no account is counted: a digest stands behind it, for it may be a password."""


@dataclass(frozen=True)
class Lockout:
    """An account or an address that no attempt succeeds for at present."""

    username: str
    address: str
    failures: int
    until: datetime

    @property
    def key(self) -> str:
        return self.username or self.address


def lockouts() -> list[Lockout]:
    """Every lockout in force, accounts first. Names that are no account are not listed."""
    return _of_accounts() + _of_addresses()


def lift_lockout(*, actor: User, key: str, reason: str) -> Lockout:
    """Forget the failures of an account or an address. Raises NotPermitted, ReasonRequired, WrongState."""
    role = require(actor, Verb.MANAGE_ACCOUNTS)
    with recording(system_chain(), Act(actor, role, "lift lockout", needed(reason))) as record:
        found = next((each for each in lockouts() if each.key == key), None)
        if found is None:
            raise WrongState("There is no such lockout any more.")
        whose = Q(username=found.username) if found.username else Q(ip_address=found.address)
        AccessAttempt.objects.filter(whose).delete()
        record.note(told_of(found.username, found.address, "the lockout is lifted"))
    return found


def told_of(username: str, address: str, text: str) -> str:
    """The note of an event about a lockout, found again by its account where it has one."""
    user = User.objects.filter(username=username).first() if username else None
    return about(user, text) if user else f"address {address}: {text}"


def _of_accounts() -> list[Lockout]:
    counted = _counted("username").exclude(username__startswith=UNKNOWN)
    found = counted.filter(failed__gte=settings.AXES_FAILURE_LIMIT).order_by("username")
    return [Lockout(each["username"], "", each["failed"], each["newest"] + _pause()) for each in found]


def _of_addresses() -> list[Lockout]:
    limit = settings.AXES_FAILURE_LIMIT * SHARE_AN_ADDRESS
    found = _counted("ip_address").filter(failed__gte=limit).order_by("ip_address")
    return [Lockout("", str(each["ip_address"]), each["failed"], each["newest"] + _pause()) for each in found]


def _counted(column: str) -> QuerySet[Any, Any]:
    recent = AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - _pause())
    return (
        recent.order_by()
        .values(column)
        .annotate(failed=Sum("failures_since_start"), newest=Max("attempt_time"))
    )


def _pause() -> timedelta:
    pause: timedelta = settings.AXES_COOLOFF_TIME
    return pause
