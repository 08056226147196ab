"""Sessions: how long they last, who sees them, and who ends them."""

from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from ecrf.sessions import TOUCHED_EVERY
from tests.ecrf.access.people import is_in, log_in, told
from tests.ecrf.api.client import client_of
from tests.factories import PASSWORD, coordinator_of, make_site, make_study, person
from trials.actions import accounts
from trials.models import AuditEvent, Role, Site, User, UserSession

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


def key_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.requirement("R41")
def test_a_session_left_alone_for_half_an_hour_leads_to_the_login_and_takes_no_post(
    anna: User, site: Site
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        browser, _reply = log_in("anna")
        time.shift(timedelta(minutes=29, seconds=50))
        assert is_in(browser)
        time.shift(timedelta(minutes=30, seconds=10))
        posted = browser.post("/admin/patients/subject/add/", {"site": site.pk, "screened_on": "2021-03-01"})
        assert posted.status_code == 302
        assert posted["Location"].startswith("/admin/login/")
        assert not site.subjects.exists()
        assert not is_in(browser)


@pytest.mark.requirement("R41")
def test_a_busy_session_ends_after_twelve_hours_with_an_event(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        browser, _reply = log_in("anna")
        for _ in range(12 * 3 - 1):
            time.shift(timedelta(minutes=20))
            assert is_in(browser)
        time.shift(timedelta(minutes=20))
        assert not is_in(browser)
    assert told("end session") == ["account anna: a session ended after 12 hours"]
    assert not UserSession.objects.exists()


def test_the_last_use_of_a_session_is_known_to_the_minute(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        browser, _reply = log_in("anna")
        time.shift(timedelta(minutes=10))
        browser.get("/admin/")
        assert timezone.now() - UserSession.objects.get().last_used_at < TOUCHED_EVERY


def test_sessions_that_were_left_alone_are_forgotten_at_the_next_login(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as time:
        log_in("anna")
        time.shift(timedelta(hours=1))
        log_in("anna")
        assert UserSession.objects.filter(user=anna).count() == 1


@pytest.mark.requirement("R34")
def test_a_person_ends_one_of_the_own_sessions_and_stays_in_the_other(anna: User) -> None:
    here, _reply = log_in("anna")
    there, _reply = log_in("anna", **{"user-agent": "Mozilla/5.0 (iPhone) Safari/605"})
    assert "Safari on iOS" in here.get("/admin/account/").content.decode()
    other = UserSession.objects.get(browser="Safari on iOS")
    assert here.get(f"/admin/account/sessions/{other.pk}/end/").status_code == 403
    assert is_in(there)
    assert here.post(f"/admin/account/sessions/{other.pk}/end/").status_code == 302
    assert not is_in(there)
    assert is_in(here)
    assert told("end session") == ["account anna: a session ended from elsewhere"]


def test_a_person_ends_all_the_other_sessions_at_once(anna: User) -> None:
    here = log_in("anna")[0]
    others = [log_in("anna")[0] for _ in range(3)]
    assert here.post("/admin/account/sessions/end/").status_code == 302
    assert is_in(here)
    assert not any(is_in(each) for each in others)
    assert here.post("/admin/account/sessions/end/").status_code == 302
    assert told("end session") == ["account anna: 3 sessions ended"]


def test_the_session_of_somebody_else_does_not_exist_for_a_person(anna: User, site: Site) -> None:
    bella = coordinator_of(site)
    theirs = log_in(bella.username)[0]
    here = log_in("anna")[0]
    session = UserSession.objects.get(user=bella)
    assert here.post(f"/admin/account/sessions/{session.pk}/end/").status_code == 404
    assert is_in(theirs)


@pytest.mark.requirement("R34")
def test_an_administrator_ends_a_session_of_anybody_with_a_reason(anna: User, administrator: User) -> None:
    hers, desk = log_in("anna")[0], log_in("admin")[0]
    session = UserSession.objects.get(user=anna)
    page = f"/admin/trials/user/{anna.pk}/sessions/{session.pk}/end/"
    assert "A reason is required" in desk.post(page, {}).content.decode()
    assert is_in(hers)
    assert desk.post(page, {"change_reason": "lost her telephone"}).status_code == 302
    assert not is_in(hers)
    event = AuditEvent.objects.get(action="end session")
    assert (event.actor, event.reason) == (administrator, "lost her telephone")
    assert "has ended already" in desk.post(page, {"change_reason": "again"}).content.decode()


def test_an_administrator_ends_every_session_of_a_person(anna: User, administrator: User) -> None:
    hers, desk = [log_in("anna")[0] for _ in range(2)], log_in("admin")[0]
    page = f"/admin/trials/user/{anna.pk}/sessions/end/"
    assert desk.post(page, {"change_reason": "lost her telephone"}).status_code == 302
    assert not any(is_in(each) for each in hers)
    assert is_in(desk)


@pytest.mark.requirement("R34")
@pytest.mark.parametrize("act", ["deactivate", "set_password"])
def test_closing_an_account_or_setting_its_password_ends_sessions_and_tokens_at_once(
    anna: User, administrator: User, act: str
) -> None:
    browser, api = log_in("anna")[0], client_of(anna)
    assert is_in(browser)
    assert api.get("/api/v1/studies/").status_code == 200
    more = {"password": OWN} if act == "set_password" else {}
    getattr(accounts, act)(actor=administrator, user=anna, reason="left the hospital", **more)
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")
    assert browser.get("/api/v1/studies/").status_code == 401
    assert api.get("/api/v1/studies/").status_code == 401
    assert not UserSession.objects.filter(user=anna).exists()
    event = AuditEvent.objects.filter(chain__key="system").latest("id")
    assert event.note == "account anna: 1 tokens and 1 sessions ended"


def test_opening_an_account_again_brings_back_no_session(anna: User, administrator: User) -> None:
    browser = log_in("anna")[0]
    accounts.deactivate(actor=administrator, user=anna, reason="leave")
    accounts.reactivate(actor=administrator, user=anna, reason="back")
    assert not is_in(browser)


def test_the_own_new_password_ends_every_session_but_the_one_it_was_set_in(anna: User) -> None:
    here, there = log_in("anna")[0], log_in("anna")[0]
    typed = {"old_password": PASSWORD, "password": OWN, "again": OWN}
    assert here.post("/admin/password_change/", typed).status_code == 302
    assert is_in(here)
    assert not is_in(there)


def test_a_change_of_rights_gives_each_session_a_new_key_and_keeps_it(
    anna: User, administrator: User, site: Site
) -> None:
    browser = log_in("anna")[0]
    assert is_in(browser)
    before = key_of(browser)
    accounts.assign(
        actor=administrator, user=anna, study=site.study, role=Role.MONITOR, valid_from=date(2021, 1, 1)
    )
    assert is_in(browser)
    after = key_of(browser)
    assert after != before
    assert is_in(browser)
    assert key_of(browser) == after
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = before
    assert not is_in(stolen)


def test_a_session_without_its_row_is_over_although_the_cookie_is_good(anna: User) -> None:
    browser = log_in("anna")[0]
    UserSession.objects.all().delete()
    assert not is_in(browser)
