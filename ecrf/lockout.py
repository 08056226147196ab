"""Failed logins, counted for each username and for each address."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.http import HttpRequest


class Attempts(AxesDatabaseHandler):
    """A login that succeeds forgives the failures of its own username, not those of its address.

    Otherwise a colleague could guess another's password without end, by logging in now and then.
    """

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        forgiven, _by_model = AccessAttempt.objects.filter(
            username=get_client_username(request, credentials)
        ).delete()
        return forgiven
