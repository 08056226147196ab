"""A session ends after idle minutes (SESSION_COOKIE_AGE) and, however busy, after SESSION_ABSOLUTE_AGE."""

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils import timezone

STARTED = "_session_started"
"""Key of the session under which the second of the login stands (Unix time, UTC)."""


def remember_start(sender: Any, request: HttpRequest | None, **_: Any) -> None:
    """Note when the session began."""
    if request is not None and hasattr(request, "session"):
        request.session[STARTED] = int(timezone.now().timestamp())


def is_too_old(request: HttpRequest) -> bool:
    """True for the session of a login that lies SESSION_ABSOLUTE_AGE or more back."""
    started = request.session.get(STARTED)
    if started is None:
        return False
    return timezone.now().timestamp() - started >= settings.SESSION_ABSOLUTE_AGE.total_seconds()


def connect() -> None:
    """Start listening; called once, when the applications are ready."""
    user_logged_in.connect(remember_start, dispatch_uid="ecrf.sessions.remember_start")
