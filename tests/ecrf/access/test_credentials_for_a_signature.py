"""Username, password and code entered anew, as a signature asks for them (21 CFR 11.200)."""

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import RequestFactory

from tests.ecrf.access.people import WRONG, code_now, log_in, told, with_second_factor
from tests.factories import PASSWORD, coordinator_of, make_site, make_study, person
from trials.actions import accounts
from trials.actions.credentials import confirm_credentials
from trials.actions.errors import (
    CodeRequired,
    LockedOut,
    PasswordMustChange,
    Refused,
    SecondFactorMissing,
    WrongCredentials,
)
from trials.audit.context import NotRecording
from trials.audit.recording import Act, recording
from trials.models import Role, Site, User, system_chain

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def anna(site: Site) -> User:
    return person(Role.INVESTIGATOR, site.study, site, username="anna")


def request() -> HttpRequest:
    return RequestFactory().post("/admin/")


def confirm(user: User, username: str = "anna", password: str = PASSWORD, code: str = "") -> None:
    confirm_credentials(user=user, username=username, password=password, code=code, request=request())


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("username", ["anna", "ANNA", " Anna "])
def test_the_own_name_and_password_are_confirmed(anna: User, username: str) -> None:
    confirm(anna, username)
    assert told("login failed") == []


@pytest.mark.requirement("R30")
def test_a_wrong_password_is_refused_and_counted(anna: User) -> None:
    with pytest.raises(WrongCredentials) as refusal:
        confirm(anna, password=WRONG)
    assert refusal.value.status == 403
    assert told("login failed") == ["account anna: failure 1 at the signature from 127.0.0.1"]


@pytest.mark.requirement("R30")
def test_the_credentials_of_another_person_are_refused_and_counted_against_who_is_logged_in(
    anna: User, site: Site
) -> None:
    bella = coordinator_of(site)
    with pytest.raises(WrongCredentials):
        confirm(anna, username=bella.username)
    with pytest.raises(WrongCredentials):
        confirm(anna, username=bella.username, password=WRONG)
    assert [note.split(":")[0] for note in told("login failed")] == ["account anna", "account anna"]


@pytest.mark.requirement("R35")
def test_failures_at_the_signature_lock_every_door_and_failures_there_the_signature(anna: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        with pytest.raises(WrongCredentials):
            confirm(anna, password=WRONG)
    with pytest.raises(LockedOut) as refusal:
        confirm(anna, password=WRONG)
    assert refusal.value.status == 429
    with pytest.raises(LockedOut):
        confirm(anna)
    assert log_in("anna")[1].status_code == 429
    (note,) = told("lock out")
    assert note.endswith("the last at the signature from 127.0.0.1")


def test_a_signature_that_succeeds_starts_the_count_anew(anna: User) -> None:
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            with pytest.raises(WrongCredentials):
                confirm(anna, password=WRONG)
        confirm(anna)


@pytest.mark.requirement("R31")
def test_after_the_reset_of_an_administrator_nothing_is_confirmed_before_the_own_password(
    anna: User, site: Site
) -> None:
    administrator = person(Role.ADMINISTRATOR, site.study)
    known, own = "known to the administrator", "a phrase of my own making"
    accounts.set_password(actor=administrator, user=anna, password=known, reason="forgotten")
    anna.refresh_from_db()
    with pytest.raises(PasswordMustChange) as refusal:
        confirm(anna, password=known)
    assert refusal.value.status == 403
    with pytest.raises(WrongCredentials):
        confirm(anna, password=PASSWORD)
    accounts.set_password(actor=anna, user=anna, password=own, reason="own")
    confirm(anna, password=own)


def test_where_the_second_factor_is_on_its_code_is_needed_and_taken_once(anna: User) -> None:
    with_second_factor(anna)
    with pytest.raises(CodeRequired):
        confirm(anna)
    with pytest.raises(WrongCredentials):
        confirm(anna, code="000000")
    code = code_now(anna)
    with pytest.raises(WrongCredentials):
        confirm(anna, password=WRONG, code=code)
    confirm(anna, code=code)
    with pytest.raises(WrongCredentials):
        confirm(anna, code=code)


def test_a_role_that_requires_a_second_factor_signs_nothing_without_one(anna: User, settings: object) -> None:
    settings.SECOND_FACTOR_ROLES = ["INVESTIGATOR"]  # type: ignore[attr-defined]
    with pytest.raises(SecondFactorMissing):
        confirm(anna)


def test_a_closed_account_confirms_nothing(anna: User, site: Site) -> None:
    accounts.deactivate(actor=person(Role.ADMINISTRATOR, site.study), user=anna, reason="left")
    with pytest.raises(WrongCredentials):
        confirm(anna)


def test_inside_an_act_credentials_are_not_checked_at_all(anna: User) -> None:
    """The act may be refused and rolled back, and the failure with it."""
    with pytest.raises(NotRecording), recording(system_chain(), Act(anna, "SELF", "try")):
        confirm(anna, password=WRONG)
    assert told("login failed") == []


def test_every_refusal_is_one_that_faces_can_show(anna: User) -> None:
    for refusal in (
        WrongCredentials(),
        CodeRequired(),
        LockedOut(),
        PasswordMustChange(),
        SecondFactorMissing(),
    ):
        assert isinstance(refusal, Refused)
        assert all(refusal.errors.values())
