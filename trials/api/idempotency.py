"""Idempotency-Key: a POST that is sent twice takes effect once, and both times says the same.

The reply is kept in the transaction of its effect, so a client that lost the connection, or a server that
was killed right after the commit, leaves nothing in doubt. Requests with one key that run side by side wait
for each other in the database; the later ones get the reply of the first. A refusal is not kept: it changed
nothing, and the same request may succeed later.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

from django.db import IntegrityError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from trials.actions.errors import Refused
from trials.audit import clock
from trials.audit.context import OpenRecording, before_commit
from trials.models import IdempotencyKey

KEEP = timedelta(days=2)
KEPT_HEADERS = ("ETag", "Location")


class KeyUsedForAnotherBody(APIException):
    status_code = 422
    default_detail = (
        "This Idempotency-Key was used with another body or query; use a new key for a new request."
    )


class ReplyLost(APIException):
    status_code = 409
    default_detail = "The request with this Idempotency-Key was carried out, but its reply was not kept."


class Written(Protocol):
    """What an action returns: a record with its key."""

    pk: Any


def once(
    request: Request, *, model: Any, act: Callable[[], Written], reply: Callable[[int], Response]
) -> HttpResponseBase:
    """Carry out `act`, which inserts a row of `model`, and reply; a repeated request gets the first reply.

    `reply` makes the response from the row's key, reading only what the user may see. Raises what `act`
    raises, ValidationError for a malformed key, KeyUsedForAnotherBody.
    """
    address = address_of(request)
    if address is None:
        return reply(act().pk)

    def keep(record: OpenRecording) -> None:
        if keys := record.created(model):
            _keep(address, keys[0], reply(keys[0]))

    if kept := find(address):
        return replay(kept, address, reply)
    try:
        with keeping(keep):
            made = act()
    except (Refused, IntegrityError):
        # The same request may have been first by a moment; then its reply is ours too.
        if kept := find(address):
            return replay(kept, address, reply)
        raise
    forget_old(address)
    kept = find(address)
    return as_it_was(kept) if kept else reply(made.pk)


def once_whole(request: Request, *, model: Any, act: Callable[[], Response]) -> HttpResponseBase:
    """The same for an act on many records, whose reply is known only when all is stored.

    The key is kept with the effect, the reply right after it; a server killed in between answers a
    repeated request with ReplyLost, never by doing it again.
    """
    address = address_of(request)
    if address is None:
        return act()

    def keep(record: OpenRecording) -> None:
        if keys := record.created(model):
            IdempotencyKey.objects.create(**address, record_id=keys[0], created_at=clock.now())

    if kept := find(address):
        return replay(kept, address, reply=None)
    try:
        with keeping(keep):
            response = act()
    except (Refused, IntegrityError):
        if kept := find(address):
            return replay(kept, address, reply=None)
        raise
    IdempotencyKey.objects.filter(**lookup(address)).update(**content_of(response))
    return response


def once_then_told(
    request: Request, *, model: Any, act: Callable[[], Written], reply: Callable[[int], Response]
) -> HttpResponseBase:
    """The same as `once` for a reply that tells the event of the act, which is written last.

    The key is kept with the effect, the reply right after it; a repeated request that comes in between
    gets the record as it is then.
    """
    address = address_of(request)
    if address is None:
        return reply(act().pk)

    def keep(record: OpenRecording) -> None:
        if keys := record.created(model):
            IdempotencyKey.objects.create(**address, record_id=keys[0], created_at=clock.now())

    if kept := find(address):
        return replay(kept, address, reply)
    try:
        with keeping(keep):
            response = reply(act().pk)
    except (Refused, IntegrityError):
        if kept := find(address):
            return replay(kept, address, reply)
        raise
    IdempotencyKey.objects.filter(**lookup(address)).update(**content_of(response))
    forget_old(address)
    return response


class Address(dict[str, Any]):
    """user, route, key and body_sha256 of a request with an Idempotency-Key."""


def address_of(request: Request) -> Address | None:
    """Where the reply to this request is kept; None without the header. Raises ValidationError."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise ValidationError({"Idempotency-Key": ["must be 1 to 200 printable ASCII characters"]})
    if len(request.path) > 200:
        raise ValidationError({"Idempotency-Key": ["the address is too long to keep a reply for"]})
    # The query is part of what is asked for: ?study=A and ?study=B are two requests.
    asked = request.META.get("QUERY_STRING", "").encode() + b"\n" + request._request.body
    # Keyed: a body may hold a password, which a plain digest would let anybody try out.
    keyed = salted_hmac("trials.api.idempotency", asked, algorithm="sha256")
    return Address(user_id=request.user.pk, route=request.path, key=key, body_sha256=keyed.hexdigest())


def lookup(address: Address) -> dict[str, Any]:
    return {name: address[name] for name in ("user_id", "route", "key")}


def find(address: Address) -> IdempotencyKey | None:
    """The reply that is kept under the key, whatever its body was."""
    return IdempotencyKey.objects.filter(**lookup(address)).first()


@contextmanager
def keeping(keep: Callable[[OpenRecording], None]) -> Iterator[None]:
    """Every recording inside calls `keep` before it commits."""
    token = before_commit.set((*before_commit.get(), keep))
    try:
        yield
    finally:
        before_commit.reset(token)


def _keep(address: Address, record_id: int, response: Response) -> None:
    IdempotencyKey.objects.create(
        **address, record_id=record_id, created_at=clock.now(), **content_of(response)
    )


def content_of(response: Response) -> dict[str, Any]:
    """Status, headers and body of a response as they are kept."""
    return {
        "status": response.status_code,
        "headers": {name: response[name] for name in KEPT_HEADERS if name in response},
        "body": JSONRenderer().render(response.data).decode(),
    }


def replay(
    kept: IdempotencyKey, address: Address, reply: Callable[[int], Response] | None
) -> HttpResponseBase:
    """The first reply again. Raises KeyUsedForAnotherBody, ReplyLost, and what `reply` raises."""
    if kept.body_sha256 != address["body_sha256"]:
        raise KeyUsedForAnotherBody()
    if not kept.status and reply is None:
        raise ReplyLost()
    # The user's rights may have ended since: then this raises NotFound.
    now = reply(kept.record_id) if reply is not None else None
    response: HttpResponseBase = as_it_was(kept) if kept.status or now is None else now
    response["Idempotency-Replayed"] = "true"
    return response


def as_it_was(kept: IdempotencyKey) -> HttpResponse:
    response = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    for name, value in kept.headers.items():
        response[name] = value
    return response


def forget_old(address: Address) -> None:
    """Replies are kept for two days; the user's older ones go when a new one comes."""
    too_old = IdempotencyKey.objects.filter(user_id=address["user_id"], created_at__lt=clock.now() - KEEP)
    too_old.delete()
