"""What happens to every request before a view sees it."""

import ipaddress
import uuid
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from ecrf.log import current_request
from ecrf.sessions import expire, is_over, is_too_old
from trials.actions.second_factor import is_missing
from trials.audit.origin import origin
from trials.models import User

Next = Callable[[HttpRequest], HttpResponse]

ADMIN_PREFIX = "/admin/"
API_PREFIX = "/api/"


class RequestIdentity:
    """Gives each request an id of ours and tells the audit trail which door it came through.

    An id sent by the client is ignored: it could be made to look like another request.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        source = "ADMIN" if request.path_info.startswith(ADMIN_PREFIX) else "API"
        token = current_request.set(request_id)
        try:
            with origin(source=source, request_id=request_id):
                response = self.get_response(request)
        finally:
            current_request.reset(token)
        response["X-Request-ID"] = request_id
        return response


class LoopbackOnly:
    """Refuses whatever did not come straight from this machine. For the demo, whose passwords are public."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_loopback(request.META.get("REMOTE_ADDR", "")) and not is_forwarded(request):
            return self.get_response(request)
        return HttpResponseForbidden("The demo answers this machine only.", content_type="text/plain")


def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8 (also as IPv4 inside IPv6) and ::1; False for anything else."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


FORWARDING_HEADERS = {
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
}


def is_forwarded(request: HttpRequest) -> bool:
    """True when any header says that a proxy stands between the client and us."""
    return any(name.startswith("HTTP_X_FORWARDED") or name in FORWARDING_HEADERS for name in request.META)


class Refusal(NamedTuple):
    """Why a body is not read."""

    status: int
    detail: str


class BoundedBody:
    """Refuses a body that is too large, compressed or of unknown length, before anything reads it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = refused_body(request)
        if refusal is None:
            return self.get_response(request)
        told = {"errors": {"detail": [refusal.detail]}, "request_id": getattr(request, "request_id", "")}
        response = JsonResponse(told, status=refusal.status)
        response["Connection"] = "close"  # the body stays unread on the wire
        return response


def refused_body(request: HttpRequest) -> Refusal | None:
    """The reason to refuse the body of `request`, judged by its headers alone; None when it may be read."""
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in {"", "identity"}:
        return Refusal(415, "A compressed request body is not accepted.")
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        # Django reads a body without length as empty: what was sent would be dropped in silence.
        return Refusal(411, "Send Content-Length: a chunked request body is not accepted.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return Refusal(400, "Content-Length is not a number.")
    limit = body_limit_bytes(request.path_info)
    if len(length) > 18 or int(length) > limit:
        return Refusal(413, f"The request body is larger than {limit} bytes.")
    return None


def body_limit_bytes(path: str) -> int:
    """Largest body in bytes that `path` accepts."""
    for prefix, limit in settings.BODY_LIMITS_BYTES_BY_PREFIX.items():
        if path.startswith(prefix):
            return int(limit)
    return int(settings.BODY_LIMIT_BYTES)


class NoStore:
    """Keeps replies out of every cache unless the view itself said something about caching."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


class LiveSession:
    """Ends a session that has lasted long enough, however busy it is, or that was ended elsewhere."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user  # a request without a session costs no query here
        if isinstance(user, User):
            if is_too_old(request):
                expire(request, user)
                logout(request)
            elif is_over(request, user):
                logout(request)
        return self.get_response(request)


class OwnSecretsFirst:
    """Lets a person whose password somebody else knows, or whose second factor is missing, do only that.

    It looks at sessions; a token is judged where it is read (ecrf/api/authentication.py).
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = awaited(request.user) if isinstance(request.user, User) else None
        if name is None:
            return self.get_response(request)
        if request.path_info.startswith(API_PREFIX):
            told = {"errors": {"detail": [FIRST[name]]}, "request_id": getattr(request, "request_id", "")}
            return JsonResponse(told, status=403)
        if not request.path_info.startswith(ADMIN_PREFIX) or leads_there(request, name):
            return self.get_response(request)
        return redirect(name)


FIRST = {
    "admin:password_change": "Set an own password on the pages first: somebody else knows the present one.",
    "admin:second_factor": "Set up a second factor on the pages first: your role requires it.",
}
"""The page that a person must see before any other, and what a client without pages is told."""

ALWAYS_OPEN = ("admin:logout", "admin:jsi18n")


def awaited(user: User) -> str | None:
    """The page on which the user must do something before anything else."""
    if user.must_change_password:
        return "admin:password_change"
    return "admin:second_factor" if is_missing(user) else None


def leads_there(request: HttpRequest, name: str) -> bool:
    """Whether the request asks for the awaited page, or for one that is always open."""
    return request.path_info in {reverse(each) for each in (name, *ALWAYS_OPEN)}
