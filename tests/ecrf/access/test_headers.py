"""Headers of every kind of reply: a page, data, a file, an error, the login."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from tests.ecrf.access.people import log_in
from tests.ecrf.api.client import client_of
from tests.ecrf.test_installation import COMPLETE
from tests.factories import make_study, person
from trials.models import Role

pytestmark = pytest.mark.django_db

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
REPLIES = {
    # path: (status, kind of content, may be kept in a cache)
    "/admin/login/": (200, "admin", False),
    "/admin/": (200, "admin", False),
    "/admin/no-such-page/": (404, "admin", False),
    "/no-such-page/": (404, "page", False),
    "/api/docs/": (200, "page", False),
    "/api/v1/studies/": (200, "data", False),
    "/api/v1/no-such-thing/": (404, "data", False),
    "/healthz": (200, "data", False),
    "/static/ecrf/admin.css": (200, "data", True),
}


def directives(header: str) -> dict[str, set[str]]:
    parts = (part.strip().partition(" ") for part in header.split(";"))
    return {name: set(sources.split()) for name, _blank, sources in parts}


PAGE = {
    "default-src": {"'self'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "object-src": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
}
DATA = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), {"'none'"})
POLICIES = {"page": PAGE, "admin": PAGE | {"script-src": {"'self'", "'unsafe-eval'"}}, "data": DATA}


@pytest.fixture
def browser() -> Client:
    person(Role.MONITOR, make_study(), username="mona")
    return log_in("mona")[0]


@pytest.mark.parametrize("path", REPLIES)
def test_every_kind_of_reply_carries_the_headers_of_its_kind(path: str, browser: Client) -> None:
    status, kind, cached = REPLIES[path]
    reply = (Client() if path == "/admin/login/" else browser).get(path)
    assert reply.status_code == status
    assert {name: reply.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert directives(reply["Content-Security-Policy"]) == POLICIES[kind]
    assert "Content-Security-Policy-Report-Only" not in reply.headers
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert ("no-store" in reply["Cache-Control"]) is not cached


def test_a_body_that_is_too_large_is_refused_with_the_headers_of_data(browser: Client) -> None:
    reply = browser.post(
        "/api/v1/auth/token/", "x" * (settings.BODY_LIMIT_BYTES + 1), content_type="application/json"
    )
    assert reply.status_code == 413
    assert {name: reply.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert directives(reply["Content-Security-Policy"]) == DATA


def test_a_reply_to_a_token_sets_no_cookie() -> None:
    client = client_of(person(Role.MONITOR, make_study()))
    assert not client.get("/api/v1/studies/").cookies


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(browser: Client) -> None:
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


def production() -> dict[str, object]:
    """What a production process really runs with, and what it answers."""
    code = """
import json, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "ecrf.settings.production"
django.setup()
from django.conf import settings
from django.test import Client
reply = Client(HTTP_HOST="ecrf.example.org").get("/healthz", secure=True)
plain = Client(HTTP_HOST="ecrf.example.org").get("/admin/login/")
print(json.dumps({
    "cookies": [[getattr(settings, f"{name}_COOKIE_{part}") for part in ("NAME", "SECURE", "PATH", "DOMAIN")]
        for name in ("SESSION", "CSRF", "LANGUAGE")],
    "httponly": [settings.SESSION_COOKIE_HTTPONLY, settings.CSRF_COOKIE_HTTPONLY],
    "transport": reply.headers.get("Strict-Transport-Security"),
    "upgrade": settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"],
    "plain": [plain.status_code, plain.headers.get("Location")],
    "roles": settings.SECOND_FACTOR_ROLES,
}))
"""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**inherited, **COMPLETE, "SECOND_FACTOR_ROLES": "INVESTIGATOR"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.mark.requirement("R26")
def test_in_production_cookies_belong_to_the_host_and_nothing_goes_over_an_open_line() -> None:
    told = production()
    assert told["cookies"] == [
        ["__Host-session", True, "/", None],
        ["__Host-csrf", True, "/", None],
        ["__Host-language", True, "/", None],
    ]
    assert told["httponly"] == [True, True]
    assert told["transport"] == "max-age=31536000; includeSubDomains; preload"
    assert told["upgrade"] is True
    assert told["plain"] == [301, "https://ecrf.example.org/admin/login/"]
    assert told["roles"] == ["ADMINISTRATOR", "INVESTIGATOR", "RANDOMIZATION_KEEPER"]
