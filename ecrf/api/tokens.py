"""Getting a token with a password, and ending it."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.models import get_token_model
from knox.settings import knox_settings
from rest_framework import serializers
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecrf.api.authentication import BearerToken
from trials.api.bodies import object_of, text_of
from trials.api.resource import refuse_unknown_parameters
from trials.models import User

LOCKED_OUT = "Too many failed attempts. Wait some minutes and try again."
WRONG = "Username or password is wrong, or the account is closed."


class Locked(APIException):
    status_code = 429
    default_detail = LOCKED_OUT


class TokenReply(serializers.Serializer):
    token = serializers.CharField(help_text="Shown once; only its hash is kept")
    expires_at = serializers.DateTimeField()


class Credentials(serializers.Serializer):
    username = serializers.CharField(max_length=60)
    password = serializers.CharField(max_length=200)


class TokenView(APIView):
    """Exchange username and password for a token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "token"
    http_method_names = ["post"]

    @extend_schema(
        operation_id="token_create",
        tags=["auth"],
        request=Credentials,
        responses={201: TokenReply},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        refuse_unknown_parameters(request)
        data = object_of(request, known=("username", "password"))
        username = text_of(data, "username", required=True, limit=60)
        user = self._person(request, username, data.get("password"))
        with transaction.atomic():
            _make_room(user)
            held, token = get_token_model().objects.create(user=user)
        return Response({"token": token, "expires_at": held.expiry}, status=201)

    def _person(self, request: Request, username: str, password: Any) -> User:
        """The active account of these credentials. Raises AuthenticationFailed, Locked."""
        if not isinstance(password, str) or not 0 < len(password) <= 200:
            password = ""  # tried all the same: the attempt counts
        plain = request._request
        user = authenticate(plain, username=username, password=password)
        if getattr(plain, "axes_locked_out", False):
            # The middleware would put a page of its own in the place of this reply.
            plain.axes_locked_out = False  # type: ignore[attr-defined]
            raise Locked()
        if not isinstance(user, User):
            raise AuthenticationFailed(WRONG)
        AxesProxyHandler.user_logged_in(sender=User, request=plain, user=user)
        return user

    def get_authenticate_header(self, request: Request) -> str:
        return knox_settings.AUTH_HEADER_PREFIX


def _make_room(user: User) -> None:
    """The oldest tokens go when a person holds as many as allowed, so that logging in never fails for it."""
    held = user.auth_token_set.order_by("-created")  # type: ignore[attr-defined]
    surplus = [each.pk for each in held[knox_settings.TOKEN_LIMIT_PER_USER - 1 :]]
    get_token_model().objects.filter(pk__in=surplus).delete()


class LogoutView(APIView):
    """End the token that the request is made with."""

    authentication_classes = (BearerToken,)
    http_method_names = ["post"]

    @extend_schema(
        operation_id="token_end",
        tags=["auth"],
        request=None,
        responses={204: OpenApiResponse(description="The token is no longer valid.")},
    )
    def post(self, request: Request) -> Response:
        refuse_unknown_parameters(request)
        object_of(request, known=())
        request.auth.delete()
        return Response(status=204)
