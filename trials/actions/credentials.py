"""Proving who one is: for a token, for a signature, and (in two steps) for a login.

Every failure counts toward one lockout, whichever door it was tried at. Nothing here may run inside a
recording: a refused act is rolled back, and the failure must stay counted.
"""

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from trials.actions import second_factor
from trials.actions.errors import (
    CodeRequired,
    LockedOut,
    PasswordMustChange,
    SecondFactorMissing,
    WrongCredentials,
)
from trials.audit.context import NotRecording, running
from trials.models import User

PASSWORD_LIMIT = 200
"""Characters; the same at every door, so that no password that was accepted is refused elsewhere."""

SIGNATURE = "signature"


def confirm_credentials(
    *, user: User, username: str, password: str, code: str = "", request: HttpRequest
) -> None:
    """Prove that the person at the keyboard is `user`, for a signature (21 CFR 11.200).

    `username` is the user's own in any case; `code` is needed where the user's second factor is on.
    Raises WrongCredentials, CodeRequired, LockedOut, PasswordMustChange, SecondFactorMissing; call it before
    the recording of the act, never inside.
    """
    own = username.strip().casefold() == user.username.casefold()
    # A colleague's credentials are not tried out: they count as a failure of who is logged in.
    prove(
        username=user.username, password=password if own else "", code=code, request=request, door=SIGNATURE
    )


def prove(*, username: str, password: str, code: str, request: HttpRequest, door: str) -> User:
    """The account of these credentials, ready to be used. Raises as confirm_credentials does.

    `door` says in the audit trail where they were typed.
    """
    plain = named(request, door)
    user = of_password(username=username, password=password, request=plain)
    if second_factor.is_on(user):
        if not code.strip():
            raise CodeRequired()
        check_code(user=user, code=code, request=plain)
    if user.must_change_password:
        raise PasswordMustChange()
    if second_factor.is_missing(user):
        raise SecondFactorMissing()
    forgive(user=user, request=plain)
    return user


def of_password(*, username: str, password: str, request: HttpRequest) -> User:
    """The active account of a name and a password. Raises WrongCredentials, LockedOut."""
    _outside_of_acts()
    typed = password if 0 < len(password) <= PASSWORD_LIMIT else ""  # tried all the same: the attempt counts
    user = authenticate(request, username=username, password=typed)
    if not isinstance(user, User):
        raise _refusal(request)
    return user


def check_code(*, user: User, code: str, request: HttpRequest) -> None:
    """The code of the second factor. Raises WrongCredentials, LockedOut, also for the right code then."""
    _outside_of_acts()
    credentials = {"username": user.username}
    if AxesProxyHandler.is_allowed(request, credentials) and second_factor.accepts(user, code):
        return
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    raise _refusal(request)


def forgive(*, user: User, request: HttpRequest) -> None:
    """A proof that succeeded starts the count of the account's failures anew."""
    AxesProxyHandler.user_logged_in(sender=User, request=request, user=user)


def named(request: HttpRequest, door: str) -> HttpRequest:
    """Django's request (a face may hold its own around it), saying at which door it knocks."""
    plain: HttpRequest = getattr(request, "_request", request)
    plain.door = door  # type: ignore[attr-defined]
    return plain


def _refusal(request: HttpRequest) -> WrongCredentials | LockedOut:
    if not getattr(request, "axes_locked_out", False):
        return WrongCredentials()
    # The middleware would put a page of its own in the place of ours.
    request.axes_locked_out = False  # type: ignore[attr-defined]
    return LockedOut()


def _outside_of_acts() -> None:
    if running.get() is not None:
        raise NotRecording(
            "credentials are checked before the act: a failure must not be rolled back with it"
        )
