"""A session ends when left alone (SESSION_COOKIE_AGE), after SESSION_ABSOLUTE_AGE, and by hand.

Each login has a row (UserSession) whose key stands in the session: without its row a session is over.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone

from ecrf.client_address import client_address
from trials.actions.access_events import note_access
from trials.models import User, UserSession

STARTED = "_session_started"
"""Key of the session under which the second of the login stands (Unix time, UTC)."""

ROW = "_session_row"
"""Key of the session under which the key of its UserSession stands."""

TOUCHED_EVERY = timedelta(minutes=1)
"""How exact the time of last use is; a write at each request would cost more than it tells."""

# In this order: Edge and Opera call themselves Chrome, and Chrome calls itself Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def begin(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Note when the session began, and tell the audit trail."""
    if request is None or not hasattr(request, "session"):
        return
    now = timezone.now()
    forget_old(user)
    browser, address = browser_of(request.META.get("HTTP_USER_AGENT", "")), client_address(request) or None
    row = UserSession.objects.create(
        user=user, started_at=now, last_used_at=now, address=address, browser=browser
    )
    request.session[STARTED] = int(now.timestamp())
    request.session[ROW] = row.pk
    note_access(action="log in", user=user, text=f"logged in from {address or 'here'} with {browser}")


def end(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    """A person logs out. A session that has ended before leaves no second event."""
    if user is not None and remove(request):
        note_access(action="log out", user=user, text="logged out")


def expire(request: HttpRequest, user: User) -> None:
    """End a session that has lasted too long."""
    if remove(request):
        hours = int(settings.SESSION_ABSOLUTE_AGE.total_seconds() // 3600)
        note_access(action="end session", user=user, text=f"a session ended after {hours} hours")


def remove(request: HttpRequest) -> bool:
    """Remove the row of the session. False where there was none."""
    row: int | None = request.session.get(ROW)
    return row is not None and UserSession.objects.filter(pk=row).delete()[0] == 1


def is_over(request: HttpRequest, user: User) -> bool:
    """True for a session whose row is gone: it was ended elsewhere, or the account or password changed."""
    row = UserSession.objects.filter(pk=request.session.get(ROW, 0), user=user).first()
    if row is None:
        return True
    now = timezone.now()
    if row.renew:
        request.session.cycle_key()
    if row.renew or now - row.last_used_at >= TOUCHED_EVERY:
        UserSession.objects.filter(pk=row.pk).update(last_used_at=now, renew=False)
    return False


def is_too_old(request: HttpRequest) -> bool:
    """True for the session of a login that lies SESSION_ABSOLUTE_AGE or more back."""
    started = request.session.get(STARTED)
    if started is None:
        return False
    return bool(timezone.now().timestamp() - started >= settings.SESSION_ABSOLUTE_AGE.total_seconds())


def forget_old(user: User) -> None:
    """Remove the rows of sessions that ended by being left alone."""
    idle = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE) - TOUCHED_EVERY
    UserSession.objects.filter(user=user, last_used_at__lt=idle).delete()


def browser_of(agent: str) -> str:
    """A browser in short, as its owner would name it.

    >>> browser_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")
    'Chrome on Windows'
    >>> browser_of("curl/8")
    'another program'
    """
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if browser and system else browser or "another program"


def connect() -> None:
    """Start listening; called once, when the applications are ready."""
    user_logged_in.connect(begin, dispatch_uid="ecrf.sessions.begin")
    user_logged_out.connect(end, dispatch_uid="ecrf.sessions.end")
