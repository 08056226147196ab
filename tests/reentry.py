"""Username and password as a person types them at the moment of an act."""

from django.test import RequestFactory

from tests.factories import PASSWORD
from trials.actions.reentry import Reentered
from trials.models import User


def typed(user: User, password: str = PASSWORD, *, username: str | None = None, code: str = "") -> Reentered:
    """What the user types; another username or password for who tries."""
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    given = user.username if username is None else username
    return Reentered(username=given, password=password, request=request, code=code)
