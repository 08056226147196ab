"""Logging in and out on the pages, and what the audit trail tells of it."""

from datetime import date

import pytest
from django.conf import settings
from django.test import Client, override_settings
from rest_framework.throttling import SimpleRateThrottle

from tests.ecrf.access.people import LOGIN, TOKEN, WRONG, actions, is_in, log_in, told
from tests.ecrf.api.client import Client as ApiClient
from tests.ecrf.api.client import client_of
from tests.factories import PASSWORD, UserFactory, coordinator_of, make_site, make_study, person
from trials.actions import accounts
from trials.models import AuditEvent, Role, Site, User
from trials.roles import Verb, may

pytestmark = pytest.mark.django_db
OWN = "a phrase of my own making"


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def anna(site: Site) -> User:
    return person(Role.COORDINATOR, site.study, site, username="anna")


@pytest.fixture
def administrator(site: Site) -> User:
    return person(Role.ADMINISTRATOR, site.study, username="admin")


@pytest.mark.requirement("R07")
def test_a_login_and_a_logout_are_events_of_the_person(anna: User) -> None:
    browser, _reply = log_in("ANNA", **{"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    assert is_in(browser)
    browser.post("/admin/logout/")
    assert not is_in(browser)
    events = AuditEvent.objects.filter(action__in=("log in", "log out")).order_by("id")
    assert [(each.actor, each.role, each.source) for each in events] == [(anna, "SELF", "ADMIN")] * 2
    assert told("log in") == ["account anna: logged in from 127.0.0.1 with Firefox on Windows"]


@pytest.mark.requirement("R07")
def test_a_failed_login_of_a_known_account_is_an_event_that_says_where(anna: User) -> None:
    log_in("anna", WRONG)
    ApiClient().post(TOKEN, {"username": "Anna", "password": WRONG}, format="json")
    assert told("login failed") == [
        "account anna: failure 1 at the login page from 127.0.0.1",
        "account anna: failure 2 at the token endpoint from 127.0.0.1",
    ]
    assert {each.actor for each in AuditEvent.objects.filter(action="login failed")} == {
        User.objects.system_user()
    }


def test_what_is_typed_as_the_name_of_no_account_is_stored_nowhere(anna: User) -> None:
    from axes.models import AccessAttempt

    before = actions()
    log_in("my secret pass-phrase", WRONG)
    ApiClient().post(TOKEN, {"username": "my secret pass-phrase", "password": WRONG}, format="json")
    assert actions() == before
    (row,) = AccessAttempt.objects.all()
    assert row.failures_since_start == 2
    assert "secret" not in str(vars(row))
    assert WRONG not in str(vars(row))


@pytest.mark.requirement("R35")
def test_failures_lock_at_every_door_even_with_the_right_password(anna: User) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        log_in("anna" if number % 2 else "ANNA", WRONG)
    _browser, reply = log_in("anna")
    assert reply.status_code == 429
    assert "Too many failed attempts" in reply.content.decode()
    token = ApiClient().post(TOKEN, {"username": "anna", "password": PASSWORD}, format="json")
    assert token.status_code == 429


def test_a_flood_of_failures_leaves_one_event_of_the_lockout_and_no_more(anna: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT + 20):
        log_in("anna", WRONG)
    assert len(told("login failed")) == settings.AXES_FAILURE_LIMIT - 1
    assert told("lock out") == [
        "account anna: locked for 15 minutes after 10 failures, the last at the login page from 127.0.0.1"
    ]


def test_an_address_that_tries_many_names_is_locked_with_one_event(anna: User) -> None:
    for number in range(10 * settings.AXES_FAILURE_LIMIT + 5):
        log_in(f"nobody{number}", WRONG)
    assert told("lock out") == ["address 127.0.0.1: locked for 15 minutes after 100 failures"]
    assert log_in("anna")[1].status_code == 429


@pytest.mark.requirement("R35")
def test_an_administrator_sees_a_lockout_and_lifts_it_with_a_reason(anna: User, administrator: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in("anna", WRONG)
    browser, _reply = log_in("admin")
    page = browser.get("/admin/trials/user/lockouts/")
    assert "anna" in page.content.decode()
    without = browser.post("/admin/trials/user/lockouts/", {"lockout": "anna"})
    assert "A reason is required" in without.content.decode()
    assert log_in("anna")[1].status_code == 429
    typed = {"lockout": "anna", "change_reason": "She mistyped it, on the telephone."}
    assert browser.post("/admin/trials/user/lockouts/", typed).status_code == 302
    assert is_in(log_in("anna")[0])
    event = AuditEvent.objects.get(action="lift lockout")
    assert (event.actor, event.reason) == (administrator, "She mistyped it, on the telephone.")
    assert event.note == "account anna: the lockout is lifted"


def test_lockouts_exist_for_administrators_only(anna: User) -> None:
    browser, _reply = log_in("anna")
    assert browser.get("/admin/trials/user/lockouts/").status_code == 404


def test_too_many_attempts_in_a_minute_are_not_even_tried(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        SimpleRateThrottle, "THROTTLE_RATES", {**SimpleRateThrottle.THROTTLE_RATES, "login": "2/min"}
    )
    statuses = [log_in("anna", WRONG)[1].status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert len(told("login failed")) == 2


def test_a_login_gets_a_new_key_of_its_session(anna: User) -> None:
    browser = Client()
    browser.get(LOGIN)
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    browser.cookies[settings.SESSION_COOKIE_NAME] = planted
    log_in("anna", client=browser)
    assert is_in(browser)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != planted
    stranger = Client()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not is_in(stranger)


# ---------------------------------------------------------------- a password that somebody else knows
@pytest.fixture
def given_password(anna: User, administrator: User) -> User:
    accounts.set_password(actor=administrator, user=anna, password=OWN + "!", reason="forgotten")
    return anna


@pytest.mark.requirement("R31")
def test_after_a_reset_every_page_leads_to_the_own_password(given_password: User) -> None:
    browser, _reply = log_in("anna", OWN + "!")
    for page in ("/admin/", "/admin/patients/subject/", "/admin/account/", "/admin/account/second-factor/"):
        assert browser.get(page)["Location"] == "/admin/password_change/"
        assert browser.post(page)["Location"] == "/admin/password_change/"
    assert browser.get("/api/v1/studies/").status_code == 403
    typed = {"old_password": OWN + "!", "password": OWN + "!", "again": OWN + "!"}
    assert "is the present one" in browser.post("/admin/password_change/", typed).content.decode()
    assert not is_in(browser)
    typed |= {"password": OWN, "again": OWN}
    assert browser.post("/admin/password_change/", typed).status_code == 302
    assert is_in(browser)
    assert not User.objects.get(username="anna").must_change_password


@pytest.mark.requirement("R31")
def test_after_a_reset_no_token_is_given_before_the_own_password(given_password: User) -> None:
    reply = ApiClient().post(TOKEN, {"username": "anna", "password": OWN + "!"}, format="json")
    assert reply.status_code == 403
    assert "set your own" in reply.json()["errors"]["detail"][0]
    accounts.set_password(
        actor=given_password, user=User.objects.get(pk=given_password.pk), password=OWN, reason="own"
    )
    reply = ApiClient().post(TOKEN, {"username": "anna", "password": OWN}, format="json")
    assert reply.status_code == 201


def test_a_token_made_before_somebody_else_knew_the_password_is_told_what_to_do(given_password: User) -> None:
    reply = client_of(given_password).get("/api/v1/studies/")
    assert reply.status_code == 403
    assert "own password" in reply.json()["errors"]["detail"][0]


def test_a_new_account_begins_with_a_password_that_must_change(administrator: User) -> None:
    made = accounts.create_account(actor=administrator, username="li.na", password=PASSWORD)
    assert made.must_change_password


# ---------------------------------------------------------------- the last day of an account
@pytest.mark.requirement("R33")
def test_an_expired_account_neither_logs_in_nor_uses_a_token(anna: User, administrator: User) -> None:
    api, (browser, _reply) = client_of(anna), log_in("anna")
    accounts.set_valid_until(
        actor=administrator, user=anna, valid_until=date(2021, 1, 31), reason="end of the contract"
    )
    assert api.get("/api/v1/studies/").status_code == 401
    assert not is_in(browser)
    assert not is_in(log_in("anna")[0])
    assert (
        ApiClient().post(TOKEN, {"username": "anna", "password": PASSWORD}, format="json").status_code == 401
    )
    assert client_of(anna).get("/api/v1/studies/").status_code == 401
    assert not may(User.objects.get(pk=anna.pk), Verb.READ)


@pytest.mark.requirement("R33")
def test_the_last_day_itself_is_a_day_of_the_account(anna: User, administrator: User) -> None:
    from trials.audit import clock

    today = clock.today(settings.TIME_ZONE)
    accounts.set_valid_until(actor=administrator, user=anna, valid_until=today, reason="end of the contract")
    assert is_in(log_in("anna")[0])


def test_the_last_day_is_set_on_a_page_with_a_reason(anna: User, administrator: User) -> None:
    browser, _reply = log_in("admin")
    page = f"/admin/trials/user/{anna.pk}/last-day/"
    assert "A reason is required" in browser.post(page, {"valid_until": "2021-01-31"}).content.decode()
    typed = {"valid_until": "2021-01-31", "change_reason": "end of the contract"}
    assert browser.post(page, typed).status_code == 302
    assert User.objects.get(pk=anna.pk).valid_until == date(2021, 1, 31)
    assert browser.post(page, {"valid_until": "", "change_reason": "stays"}).status_code == 302
    assert User.objects.get(pk=anna.pk).valid_until is None


@pytest.mark.requirement("R29")
@pytest.mark.parametrize("again", ["anna", "ANNA"])
def test_the_name_of_a_closed_account_is_never_given_again_on_the_page(
    anna: User, administrator: User, again: str
) -> None:
    accounts.deactivate(actor=administrator, user=anna, reason="left")
    browser, _reply = log_in("admin")
    typed = {"username": again, "password": OWN, "again": OWN}
    assert browser.post("/admin/trials/user/add/", typed).status_code == 200
    assert User.objects.filter(username__iexact="anna").count() == 1
    assert browser.post(f"/admin/trials/user/{anna.pk}/delete/", {"post": "yes"}).status_code in (403, 404)


def test_a_closed_account_is_opened_again_on_its_page(anna: User, administrator: User) -> None:
    accounts.deactivate(actor=administrator, user=anna, reason="leave")
    assert not is_in(log_in("anna")[0])
    browser, _reply = log_in("admin")
    assert "Open account again" in browser.get(f"/admin/trials/user/{anna.pk}/change/").content.decode()
    page = f"/admin/trials/user/{anna.pk}/reactivate/"
    assert "A reason is required" in browser.post(page, {}).content.decode()
    assert browser.post(page, {"change_reason": "back from leave"}).status_code == 302
    assert is_in(log_in("anna")[0])


def test_nobody_but_an_administrator_reaches_the_pages_of_an_account(anna: User, site: Site) -> None:
    other = coordinator_of(site)
    browser, _reply = log_in("anna")
    for page in (
        "reactivate",
        "last-day",
        "second-factor",
        "sessions/end",
        "sessions/1/end",
        "tokens/none/end",
    ):
        address = f"/admin/trials/user/{other.pk}/{page}/"
        assert browser.get(address).status_code == 404, page
        assert browser.post(address, {"change_reason": "forged"}).status_code == 404, page


@override_settings(AXES_FAILURE_LIMIT=3)
def test_the_page_of_an_account_tells_administrators_what_happened_in_words(
    anna: User, administrator: User
) -> None:
    for _ in range(3):
        log_in("anna", WRONG)
    browser, _reply = log_in("admin")
    shown = browser.get(f"/admin/trials/user/{anna.pk}/change/").content.decode()
    for words in (
        "Account created",
        "Locked out",
        "failure 1 at the login page",
        "locked for 15 minutes",
        "Locked out after",
    ):
        assert words in shown, words


def test_a_person_sees_the_own_account_and_nothing_of_another(anna: User, site: Site) -> None:
    UserFactory(username="bella")
    log_in("bella", WRONG)
    browser, _reply = log_in("anna")
    shown = browser.get("/admin/account/").content.decode()
    assert "logged in from 127.0.0.1" in shown
    assert "bella" not in shown
