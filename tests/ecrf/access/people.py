"""People at their browser: who logs in, with which code, and what the audit trail says of it."""

from typing import Any

from django.test import Client

from tests.factories import PASSWORD
from trials import one_time_code
from trials.actions import second_factor
from trials.audit import clock
from trials.models import AuditEvent, User

LOGIN = "/admin/login/"
CODE = "/admin/login/code/"
TOKEN = "/api/v1/auth/token/"
WRONG = "wrong but long enough"


def log_in(
    username: str, password: str = PASSWORD, client: Client | None = None, **headers: str
) -> tuple[Client, Any]:
    """A browser after the login page, and the reply."""
    browser = client or Client()
    reply = browser.post(LOGIN, {"username": username, "password": password}, headers=headers or None)
    return browser, reply


def is_in(browser: Client) -> bool:
    """Whether the browser reaches the first page."""
    return bool(browser.get("/admin/").status_code == 200)


def told(action: str) -> list[str]:
    """The notes of the events of one kind in the chain of the installation, oldest first."""
    events = AuditEvent.objects.filter(chain__key="system", action=action).order_by("id")
    return list(events.values_list("note", flat=True))


def actions() -> list[str]:
    """What was recorded in the chain of the installation, oldest first."""
    events = AuditEvent.objects.filter(chain__key="system").order_by("id")
    return list(events.values_list("action", flat=True))


def code_now(user: User, steps: int = 0) -> str:
    """What the user's app shows now, or some steps later."""
    secret = second_factor._opened(user.second_factor)
    assert secret is not None
    return one_time_code.code_at(secret, one_time_code.step_at(clock.now().timestamp()) + steps)


def with_second_factor(user: User) -> list[str]:
    """Set up and confirm the user's second factor by the code one step back; the recovery codes."""
    secret = second_factor.begin(user=user)
    step = one_time_code.step_at(clock.now().timestamp()) - 1
    return second_factor.confirm(user=user, code=one_time_code.code_at(secret, step))
