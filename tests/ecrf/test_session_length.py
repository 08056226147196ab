"""A session ends after 30 idle minutes, and after 12 hours however busy it was."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory
from django.utils import timezone

from ecrf.sessions import STARTED, is_too_old


def request_of_a_session(started_ago: timedelta | None) -> object:
    request = RequestFactory().get("/admin/")
    request.session = SessionStore()
    if started_ago is not None:
        request.session[STARTED] = int((timezone.now() - started_ago).timestamp())
    return request


def test_half_an_hour_without_a_request_ends_a_session() -> None:
    assert settings.SESSION_COOKIE_AGE == 30 * 60
    assert settings.SESSION_SAVE_EVERY_REQUEST is True


def test_a_session_of_11_hours_goes_on_and_one_of_12_hours_ends() -> None:
    assert not is_too_old(request_of_a_session(timedelta(hours=11, minutes=59)))
    assert is_too_old(request_of_a_session(timedelta(hours=12)))


def test_a_visitor_who_never_logged_in_has_no_session_to_end() -> None:
    assert not is_too_old(request_of_a_session(None))
