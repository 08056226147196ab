"""The second factor: set up, confirmed, asked at every door, replaced by recovery codes, reset, secret."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from tests.ecrf.access.people import (
    CODE,
    LOGIN,
    TOKEN,
    code_now,
    is_in,
    log_in,
    told,
    with_second_factor,
)
from tests.ecrf.api.client import Client as ApiClient
from tests.ecrf.api.client import client_of
from tests.factories import PASSWORD, coordinator_of, make_site, make_study, person
from trials import one_time_code
from trials.actions import second_factor
from trials.models import AuditEvent, RecoveryCode, Role, SecondFactor, Site, User

pytestmark = pytest.mark.django_db
PAGE = "/admin/account/second-factor/"
REQUIRED = override_settings(SECOND_FACTOR_ROLES=["ADMINISTRATOR", "RANDOMIZATION_KEEPER"])


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def anna(site: Site) -> User:
    return person(Role.COORDINATOR, site.study, site, username="anna")


@pytest.fixture
def administrator(site: Site) -> User:
    return person(Role.ADMINISTRATOR, site.study, username="admin")


def text(reply: object) -> str:
    return re.sub(r"\s+", " ", reply.content.decode())  # type: ignore[attr-defined]


def typed(username: str, code: str) -> tuple[Client, object]:
    browser, reply = log_in(username)
    assert reply["Location"] == CODE
    return browser, browser.post(CODE, {"code": code})


def test_a_person_sets_up_the_own_factor_on_a_page_and_confirms_it_by_the_first_code(anna: User) -> None:
    browser, _reply = log_in("anna")
    assert browser.post(PAGE, {"step": "begin"}).status_code == 302
    page = browser.get(PAGE)
    assert 'src="data:image/svg+xml' in text(page)
    secret = second_factor.begun(anna)
    assert secret is not None
    assert one_time_code.as_text(secret) in text(page)
    assert "data:" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    assert not second_factor.is_on(anna)
    assert "is not the code" in text(browser.post(PAGE, {"step": "confirm", "code": "000000"}))
    shown = browser.post(PAGE, {"step": "confirm", "code": code_now(anna)})
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", shown.content.decode())
    assert len(set(codes)) == 10
    assert second_factor.is_on(anna)
    assert codes[0] not in text(browser.get(PAGE))
    assert told("set second factor") == [
        "account anna: the second factor is set and confirmed by its first code"
    ]


def test_until_it_is_confirmed_a_factor_is_not_asked_for(anna: User) -> None:
    second_factor.begin(user=anna)
    assert is_in(log_in("anna")[0])


@pytest.mark.requirement("R30")
def test_a_login_asks_for_the_code_on_a_page_of_its_own(anna: User) -> None:
    with_second_factor(anna)
    browser, reply = log_in("anna")
    assert reply["Location"] == CODE
    assert not is_in(browser)
    assert "code is wrong" in text(browser.post(CODE, {"code": "000000"}))
    assert not is_in(browser)
    assert browser.post(CODE, {"code": code_now(anna)})["Location"] == "/admin/"
    assert is_in(browser)


def test_the_page_for_the_code_leads_nobody_in_without_the_password(anna: User) -> None:
    with_second_factor(anna)
    browser = Client()
    assert browser.get(CODE)["Location"] == LOGIN
    assert browser.post(CODE, {"code": code_now(anna)})["Location"] == LOGIN
    assert not is_in(browser)


def test_the_password_is_forgotten_after_five_minutes_without_a_code(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        with_second_factor(anna)
        browser, _reply = log_in("anna")
        time.shift(timedelta(minutes=5, seconds=1))
        assert browser.post(CODE, {"code": code_now(anna)})["Location"] == LOGIN


def test_a_code_is_taken_once_and_the_next_one_half_a_minute_later(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        with_second_factor(anna)
        seen = code_now(anna)
        assert is_in(typed("anna", seen)[0])
        assert not is_in(typed("anna", seen)[0])
        time.shift(timedelta(seconds=30))
        assert not is_in(typed("anna", seen)[0])
        assert is_in(typed("anna", code_now(anna))[0])


@pytest.mark.parametrize(("steps", "taken"), [(2, False), (1, True)])
def test_a_telephone_may_be_half_a_minute_wrong(anna: User, steps: int, taken: bool) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        with_second_factor(anna)
        assert is_in(typed("anna", code_now(anna, steps))[0]) is taken


@pytest.mark.requirement("R35")
def test_wrong_codes_lock_the_account_as_wrong_passwords_do(anna: User) -> None:
    with_second_factor(anna)
    browser, _reply = log_in("anna")
    statuses = [
        browser.post(CODE, {"code": "000000"}).status_code for _ in range(settings.AXES_FAILURE_LIMIT)
    ]
    assert statuses[-1] == 429
    assert browser.post(CODE, {"code": code_now(anna)}).status_code == 429
    assert not is_in(browser)
    assert log_in("anna")[1].status_code == 429
    assert len(told("lock out")) == 1


def test_a_right_password_forgives_no_wrong_codes(anna: User) -> None:
    with_second_factor(anna)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        browser, reply = log_in("anna")
        if reply.status_code == 302:
            browser.post(CODE, {"code": "000000"})
    assert log_in("anna")[1].status_code == 429


def test_the_token_endpoint_takes_the_code_and_gives_nothing_without_it(anna: User) -> None:
    with_second_factor(anna)
    client = ApiClient()
    asked = {"username": "anna", "password": PASSWORD}
    without = client.post(TOKEN, asked, format="json")
    assert without.status_code == 401
    assert list(without.json()["errors"]) == ["code"]
    assert client.post(TOKEN, {**asked, "code": "000000"}, format="json").status_code == 401
    assert client.post(TOKEN, {**asked, "code": code_now(anna)}, format="json").status_code == 201


def test_a_recovery_code_replaces_the_app_once(anna: User) -> None:
    codes = with_second_factor(anna)
    assert is_in(typed("anna", codes[3].upper())[0])
    assert not is_in(typed("anna", codes[3])[0])
    assert RecoveryCode.objects.filter(user=anna).count() == 9


def test_the_recovery_code_of_somebody_else_opens_nothing(anna: User, site: Site) -> None:
    with_second_factor(anna)
    theirs = with_second_factor(coordinator_of(site))
    assert not is_in(typed("anna", theirs[0])[0])


def test_a_person_removes_the_own_factor_by_a_code_and_not_without(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        with_second_factor(anna)
        browser, _reply = typed("anna", code_now(anna))
        time.shift(timedelta(seconds=60))
        assert "is not the code" in text(browser.post(PAGE, {"step": "remove", "code": "000000"}))
        assert browser.post(PAGE, {"step": "remove", "code": code_now(anna)}).status_code == 302
    assert not second_factor.is_on(anna)
    assert is_in(log_in("anna")[0])
    assert told("remove second factor") == ["account anna: the second factor is removed by its owner"]


@pytest.mark.requirement("R35")
def test_codes_tried_out_where_a_factor_is_removed_lock_the_account(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        with_second_factor(anna)
        browser, _reply = typed("anna", code_now(anna))
        time.shift(timedelta(seconds=60))
        for _ in range(settings.AXES_FAILURE_LIMIT):
            browser.post(PAGE, {"step": "remove", "code": "000000"})
        assert "Too many failed attempts" in text(
            browser.post(PAGE, {"step": "remove", "code": code_now(anna)})
        )
    assert second_factor.is_on(anna)
    assert len(told("lock out")) == 1


@pytest.mark.requirement("R34")
def test_an_administrator_resets_a_lost_factor_with_a_reason_and_sets_none_up(
    anna: User, administrator: User
) -> None:
    with_second_factor(anna)
    desk = log_in("admin")[0]
    page = f"/admin/trials/user/{anna.pk}/second-factor/"
    assert "A reason is required" in text(desk.post(page, {}))
    assert second_factor.is_on(anna)
    assert desk.post(page, {"change_reason": "lost her telephone"}).status_code == 302
    assert not second_factor.is_on(anna)
    assert not RecoveryCode.objects.filter(user=anna).exists()
    event = AuditEvent.objects.get(action="remove second factor")
    assert (event.actor, event.role, event.reason) == (
        administrator,
        Role.ADMINISTRATOR,
        "lost her telephone",
    )
    assert "has no second factor" in text(desk.post(page, {"change_reason": "again"}))


@REQUIRED
def test_a_role_that_requires_a_factor_reaches_nothing_but_the_page_to_set_it_up(administrator: User) -> None:
    desk, _reply = log_in("admin")
    for page in ("/admin/", "/admin/trials/user/", "/admin/account/", "/admin/password_change/"):
        assert desk.get(page)["Location"] == PAGE
    assert desk.get("/api/v1/access/").status_code == 403
    assert desk.get(PAGE).status_code == 200
    refused = ApiClient().post(TOKEN, {"username": "admin", "password": PASSWORD}, format="json")
    assert refused.status_code == 403
    assert "second factor" in refused.json()["errors"]["detail"][0]
    assert client_of(administrator).get("/api/v1/access/").status_code == 403
    desk.post(PAGE, {"step": "begin"})
    desk.post(PAGE, {"step": "confirm", "code": code_now(administrator)})
    assert is_in(desk)
    assert desk.get("/admin/trials/user/").status_code == 200
    assert client_of(administrator).get("/api/v1/access/").status_code == 200


@REQUIRED
def test_a_role_that_requires_a_factor_keeps_it(administrator: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        with_second_factor(administrator)
        desk, _reply = typed("admin", code_now(administrator))
        time.shift(timedelta(seconds=60))
        said = text(desk.post(PAGE, {"step": "remove", "code": code_now(administrator)}))
    assert "Your role requires a second factor" in said
    assert second_factor.is_on(administrator)


@REQUIRED
def test_roles_that_are_not_named_and_settings_without_roles_require_none(anna: User, site: Site) -> None:
    assert is_in(log_in("anna")[0])
    keeper = person(Role.RANDOMIZATION_KEEPER, site.study)
    assert second_factor.is_missing(keeper)
    assert second_factor.is_missing(person(Role.MONITOR, site.study, is_superuser=True))
    with override_settings(SECOND_FACTOR_ROLES=[]):
        assert not second_factor.is_missing(keeper)


def test_the_secret_stands_encrypted_in_its_table_and_nowhere_else(
    anna: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        codes = with_second_factor(anna)
        secret = second_factor._opened(SecondFactor.objects.get(user=anna))
        assert secret is not None
        typed("anna", code_now(anna))
    known = [one_time_code.as_text(secret), secret.hex(), *codes, *(each.replace("-", "") for each in codes)]
    kept = [str(row) for model in apps.get_models() for row in model._base_manager.values_list()]
    for place in (*kept, caplog.text):
        assert not any(each in place for each in known)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM trials_secondfactor")
        assert cursor.fetchone()[0].startswith("gAAAA")


def test_a_factor_that_cannot_be_read_after_a_change_of_the_key_opens_nothing_and_can_be_reset(
    anna: User, administrator: User
) -> None:
    with_second_factor(anna)
    right = code_now(anna)
    with override_settings(SECOND_FACTOR_KEY="another key of the installation, long enough"):
        assert not second_factor.accepts(anna, right)
        assert second_factor.is_on(anna)
    assert second_factor.accepts(anna, right)
