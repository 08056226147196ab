"""Username and password entered anew in the body of a request, for an act that asks for it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from trials.actions.reentry import Reentered

CREDENTIALS = ("username", "password", "code")
USERNAME_LENGTH, PASSWORD_LENGTH, CODE_LENGTH = 60, 200, 40


class CredentialsRequest(serializers.Serializer):
    username = serializers.CharField(
        max_length=USERNAME_LENGTH, help_text="The username of the token's own account"
    )
    password = serializers.CharField(
        max_length=PASSWORD_LENGTH, help_text="Entered anew for this act; kept nowhere"
    )
    code = serializers.CharField(
        max_length=CODE_LENGTH,
        required=False,
        allow_blank=True,
        help_text="Of the second factor, where it is on",
    )


def reentered(request: Request, data: Mapping[str, Any]) -> Reentered:
    """Username, password and code of a body; what is missing or of a wrong kind is a failed attempt."""
    typed = {name: data.get(name) for name in CREDENTIALS}
    given = {name: value if isinstance(value, str) else "" for name, value in typed.items()}
    return Reentered(
        username=given["username"] if len(given["username"]) <= USERNAME_LENGTH else "",
        password=given["password"],
        code=given["code"] if len(given["code"]) <= CODE_LENGTH else "",
        request=request._request,
    )
