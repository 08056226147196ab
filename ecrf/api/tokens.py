"""Getting a token with a password, listing one's tokens, and ending them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from knox.settings import knox_settings
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecrf.api.authentication import BearerToken
from patients.forms import definitions
from trials.actions.credentials import PASSWORD_LIMIT, prove
from trials.actions.errors import CodeRequired, Refused, WrongCredentials
from trials.actions.given import REASON_LENGTH
from trials.actions.tokens import MOST_FORMS, end_token, issue_token
from trials.api.bodies import object_of, text_of
from trials.api.resource import refuse_unknown_parameters
from trials.models import AccessToken, Site, User
from trials.roles import Verb, may, sites_of

DOOR = "token endpoint"
CODE_LIMIT = 40


class TokenReply(serializers.Serializer):
    token = serializers.CharField(help_text="Shown once; only its hash is kept")
    expires_at = serializers.DateTimeField()


class Credentials(serializers.Serializer):
    username = serializers.CharField(max_length=60)
    password = serializers.CharField(max_length=PASSWORD_LIMIT)
    code = serializers.CharField(
        max_length=CODE_LIMIT, required=False, help_text="Of the second factor, where the account has one"
    )
    name = serializers.CharField(max_length=60, required=False, help_text="To know the token again")
    site = serializers.CharField(
        max_length=40, required=False, help_text="Code of the only site it may reach; STUDY/SITE if ambiguous"
    )
    forms = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="OIDs of the only forms it may reach"
    )
    read_only = serializers.BooleanField(  # type: ignore[assignment]
        required=False, help_text="true: it changes nothing"
    )


class TokenShown(serializers.Serializer):
    handle = serializers.CharField(help_text="Names the token here; it opens nothing")
    name = serializers.CharField()
    user = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Exact to ten minutes")
    site = serializers.CharField(allow_null=True)
    forms = serializers.ListField(child=serializers.CharField())
    read_only = serializers.BooleanField()  # type: ignore[assignment]
    this = serializers.BooleanField(help_text="true: the token of this request")


class TokensReply(serializers.Serializer):
    results = TokenShown(many=True)


class EndRequest(serializers.Serializer):
    change_reason = serializers.CharField(
        max_length=REASON_LENGTH, required=False, help_text="Needed for the token of somebody else"
    )


class TokenView(APIView):
    """Exchange username and password for a token, as wide as one's rights or narrower."""

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
        known = ("username", "password", "code", "name", "site", "forms", "read_only")
        data = object_of(request, known=known)
        username = text_of(data, "username", required=True, limit=60)
        code, name = text_of(data, "code", limit=CODE_LIMIT), text_of(data, "name", limit=60)
        forms, read_only, site_code = (
            forms_of(data),
            truth_of(data, "read_only"),
            text_of(data, "site", limit=81),
        )
        password = data.get("password")
        try:
            user = prove(
                username=username,
                password=password if isinstance(password, str) else "",
                code=code,
                request=request._request,
                door=DOOR,
            )
        except (WrongCredentials, CodeRequired) as refusal:
            raise AuthenticationFailed(refusal.errors) from None
        site = site_named(user, site_code) if site_code else None
        held, token = issue_token(user=user, name=name, site=site, forms=forms, read_only=read_only)
        return Response({"token": token, "expires_at": held.expiry}, status=201)

    def get_authenticate_header(self, request: Request) -> str:
        return knox_settings.AUTH_HEADER_PREFIX


def forms_of(data: Mapping[str, Any]) -> list[str]:
    """The OIDs under `forms`, each a form of the casebook. Raises Refused."""
    given = data.get("forms")
    if given is None:
        return []
    if (
        not isinstance(given, list)
        or not all(isinstance(each, str) for each in given)
        or len(given) > MOST_FORMS
    ):
        raise Refused({"forms": ["must be a list of OIDs"]})
    known = {each.oid for each in definitions()}
    if not given or (unknown := sorted(set(given) - known)):
        raise Refused(
            {"forms": [f"{each} is not a form" for each in unknown] if given else ["names no form"]}
        )
    return sorted(set(given))


def truth_of(data: Mapping[str, Any], name: str) -> bool:
    """The truth value under a name, false when absent. Raises Refused."""
    given = data.get(name, False)
    if not isinstance(given, bool):
        raise Refused({name: ["must be true or false"]})
    return given


def site_named(user: User, code: str) -> Site:
    """The user's site of this code, or STUDY/SITE. Raises Refused, alike for a foreign one and none."""
    study, _slash, site = code.rpartition("/")
    found = sites_of(user).filter(code=site, **({"study__code": study} if study else {}))[:2]
    if len(found) != 1:
        raise Refused(
            {"site": ["names no single site of yours; write STUDY/SITE where the code is not enough"]}
        )
    return found[0]


class TokensView(APIView):
    """The tokens in force: one's own, or as administrator those of `user`."""

    http_method_names = ["get", "head"]
    shows_no_answers = True

    @extend_schema(
        operation_id="token_list",
        tags=["auth"],
        parameters=[OpenApiParameter("user", str, description="Username; for administrators")],
        responses=TokensReply,
    )
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request, ("user",))
        user: Any = request.user
        whose = request.query_params.get("user", user.username)
        tokens = visible_tokens(user).filter(user__username__iexact=whose).order_by("-created")
        return Response({"results": [shown(each, request.auth) for each in tokens]})


class TokenEndView(APIView):
    """End one token, wherever it is in use."""

    http_method_names = ["post"]

    @extend_schema(
        operation_id="token_end_one",
        tags=["auth"],
        request=EndRequest,
        responses={204: OpenApiResponse(description="The token is no longer valid.")},
    )
    def post(self, request: Request, handle: str) -> Response:
        refuse_unknown_parameters(request)
        reason = text_of(object_of(request, known=("change_reason",)), "change_reason", limit=REASON_LENGTH)
        user: Any = request.user
        token = visible_tokens(user).filter(handle=handle).first()
        if token is None:
            raise NotFound()
        end_token(actor=user, token=token, reason=reason)
        return Response(status=204)


def visible_tokens(user: User) -> QuerySet[AccessToken]:
    """One's own tokens, and everybody's for an administrator."""
    tokens = AccessToken.objects.select_related("user", "site")
    return tokens if may(user, Verb.MANAGE_ACCOUNTS) else tokens.filter(user=user)


def shown(token: AccessToken, own: Any) -> dict[str, Any]:
    return {
        "handle": token.handle,
        "name": token.name,
        "user": token.user.username,
        "created_at": token.created,
        "expires_at": token.expiry,
        "last_used_at": token.last_used_at,
        "site": token.site.code if token.site else None,
        "forms": token.forms,
        "read_only": token.read_only,
        "this": isinstance(own, AccessToken) and own.pk == token.pk,
    }


class LogoutView(APIView):
    """End the token that the request is made with."""

    authentication_classes = (BearerToken,)
    http_method_names = ["post"]
    open_to_every_token = True

    @extend_schema(
        operation_id="token_end",
        tags=["auth"],
        request=None,
        responses={204: OpenApiResponse(description="The token is no longer valid.")},
    )
    def post(self, request: Request) -> Response:
        refuse_unknown_parameters(request)
        object_of(request, known=())
        user: Any = request.user
        own: Any = request.auth
        end_token(actor=user, token=own)
        return Response(status=204)
