"""Bearer tokens: hashed at rest, expiring, ended at logout."""

import re
from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from trials.models import User

TOKEN = re.compile(rb"[0-9a-f]{64}")


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`.

    Bytes that no token of ours consists of are answered 401 before the database or a decoder sees them.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        if not TOKEN.fullmatch(token):
            raise AuthenticationFailed("The token is not valid.")
        user, held = super().authenticate_credentials(token)
        return user, held
