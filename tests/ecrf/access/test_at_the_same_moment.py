"""Attempts of many at the same moment: each lockout once, each code once, whatever the database."""

import pytest
from django.conf import settings
from django.test import RequestFactory

from tests.ecrf.access.people import WRONG, code_now, told, with_second_factor
from tests.factories import PASSWORD, UserFactory
from tests.together import together
from trials.actions.credentials import prove
from trials.actions.errors import LockedOut, WrongCredentials
from trials.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def attempt(password: str, code: str = "") -> User:
    request = RequestFactory().post("/")
    return prove(username="anna", password=password, code=code, request=request, door="test")


@pytest.mark.requirement("R35")
def test_of_parallel_failures_exactly_one_locks_and_none_is_lost() -> None:
    UserFactory(username="anna")
    User.objects.system_user()
    number = settings.AXES_FAILURE_LIMIT + 6
    outcomes = together(*[lambda: attempt(WRONG)] * number)
    kinds = [type(each) for each in outcomes]
    assert set(kinds) == {WrongCredentials, LockedOut}
    assert kinds.count(WrongCredentials) == settings.AXES_FAILURE_LIMIT - 1
    assert len(told("lock out")) == 1
    assert len(told("login failed")) == settings.AXES_FAILURE_LIMIT - 1


def test_of_parallel_logins_with_one_code_exactly_one_succeeds() -> None:
    user = UserFactory(username="anna")
    with_second_factor(user)
    code = code_now(user)
    outcomes = together(*[lambda: attempt(PASSWORD, code)] * 6)
    assert [each for each in outcomes if isinstance(each, User)] == [user]
    assert {type(each) for each in outcomes} == {User, WrongCredentials}
