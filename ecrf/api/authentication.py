"""Bearer tokens: hashed at rest, expiring, narrower than their owner on wish, ended at logout."""

import re
from contextlib import suppress
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from ecrf.middleware import FIRST, awaited
from trials.actions.tokens import refuse_expired
from trials.models import AccessToken, User
from trials.roles import Limits, Verb

TOKEN = re.compile(rb"[0-9a-f]{64}")
TOUCHED_EVERY = timedelta(minutes=10)


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`.

    Bytes that no token of ours consists of are answered 401 before the database or a decoder sees them.
    What a token leaves of its owner's rights is told to trials/roles.py by `user.limits`; which addresses it
    reaches is judged here, so that a new resource is closed to a narrow token until it says what it is about.
    """

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        found = super().authenticate(request)
        if found is not None:
            refuse_outside(found[1], request)
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        if not TOKEN.fullmatch(token):
            raise AuthenticationFailed("The token is not valid.")
        held = held_token(token.decode("ascii"))
        user = held.user
        if not user.is_staff:
            raise AuthenticationFailed("The token is not valid.")
        if (first := awaited(user)) is not None:
            raise PermissionDenied(FIRST[first])
        if held.site or held.forms or held.read_only:
            user.limits = Limits(held.site, frozenset(held.forms), held.read_only)
        touch(held)
        return user, held


def held_token(text: str) -> AccessToken:
    """The token in force whose text this is. Raises AuthenticationFailed."""
    digest = hash_token(text)
    alike = AccessToken.objects.filter(token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH])
    for each in alike.select_related("user", "site__study"):
        if compare_digest(digest, each.digest):
            if each.expiry is not None and each.expiry <= timezone.now():
                refuse_expired(each)
                break
            return each
    raise AuthenticationFailed("The token is not valid.")


def refuse_outside(token: AccessToken, request: Request) -> None:
    """Raises PermissionDenied for what a narrow token does not reach. Logging out is always open."""
    view = request.parser_context["view"]
    if getattr(view, "open_to_every_token", False):
        return
    if token.read_only and request.method not in SAFE_METHODS:
        raise PermissionDenied("This token only reads.")
    if not token.forms:
        return
    asked = form_asked(view)
    if asked not in token.forms and not (asked is None and request.method in SAFE_METHODS):
        raise PermissionDenied(f"This token is for these forms only: {', '.join(token.forms)}.")


def form_asked(view: Any) -> str | None:
    """The OID of the form that a resource is about, `*` where it may be about any; None for protocol data."""
    if getattr(view, "verb", None) is Verb.READ_PROTOCOL or getattr(view, "shows_no_answers", False):
        return None
    definition = getattr(view, "definition", None)
    named = definition.oid if definition is not None else getattr(view, "form_oid", None)
    return str(named or view.kwargs.get("oid") or "*")


def touch(token: AccessToken) -> None:
    """Note the use of a token, now and then; reading goes on where nothing can be written."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= TOUCHED_EVERY:
        with suppress(DatabaseError), transaction.atomic():
            AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
