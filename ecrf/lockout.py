"""Failed logins, counted for each username and for each address."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.db.models import QuerySet, Sum
from django.http import HttpRequest

SHARE_AN_ADDRESS = 10
"""A hospital has one address: it is locked after ten times the failures of one person."""


class Attempts(AxesDatabaseHandler):
    """A login that succeeds forgives the failures of its own username, not those of its address.

    Otherwise a colleague could guess another's password without end, by logging in now and then.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        by_name, by_address = map(failures, self.get_user_attempts(request, credentials))
        return max(by_name, by_address // SHARE_AN_ADDRESS)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        forgiven, _by_model = AccessAttempt.objects.filter(
            username=get_client_username(request, credentials)
        ).delete()
        return forgiven


def failures(attempts: QuerySet[AccessAttempt]) -> int:
    return attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0
