"""Planted secrets and planted details of a patient turn up in no log line, mail, message or error page.

A real server with production's log, good requests and failing ones; then everything it said is searched.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client as Browser

from patients.models import MedicalHistory
from tests.ecrf.api.world import world  # noqa: F401  a fixture
from tests.factories import PASSWORD
from tests.faults.conftest import Prepared
from tests.faults.server import Reply, Server, serving

SECRET_KEY = "canary-secret-key-0123456789-0123456789-0123456789"
GUESS = "canary-password-guess"
NARRATIVE = "canary-narrative: fell from a ladder in Haidian"
BIRTH = "1987-11"
WEIGHT = "73.1937"
CANARIES = ("canary", "Haidian", BIRTH, WEIGHT, PASSWORD)


class Requests:
    """Sends requests and keeps the replies that must tell nothing: every refusal and every error."""

    def __init__(self, server: Server, prepared: Prepared) -> None:
        self.server, self.prepared = server, prepared
        self.replies: list[tuple[str, Reply]] = []
        self.token = server.token(prepared.world)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {self.token}", **named}
        reply = self.server.ask(method, path, body, given)
        if reply.status >= 400:
            self.replies.append((f"{method} {path.partition('?')[0]}", reply))
        return reply


def good_ones(send: Requests, subject: str) -> None:
    """What a coordinator does all day, with the canaries as answers."""
    history = send("POST", "/api/v1/medical-histories/", {"subject": subject, "term": NARRATIVE[:60]})
    assert history.status == 201, history
    signs = {"subject": subject, "visit": "SCR", "measured_on": "2021-03-01", "weight": WEIGHT}
    assert send("POST", "/api/v1/vital-signs/", signs).status == 201
    site = send.prepared.world["site"]
    new = send("POST", "/api/v1/subjects/", {"site": site, "screened_on": "2021-03-01"}).json()["code"]
    born = {"subject": new, "birth": BIRTH, "age": 33, "sex": "M"}
    assert send("POST", "/api/v1/demographics/", born).status == 201


def bad_ones(send: Requests, subject: str) -> None:
    """What goes wrong: malformed, refused, forged, crashed."""
    told = {"subject": subject, "term": NARRATIVE}
    everywhere = urlencode({"narrative": NARRATIVE, "password": GUESS})
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    send("POST", "/api/v1/auth/token/", {"username": "user0", "password": GUESS})
    send("POST", "/api/v1/auth/token/", {"username": NARRATIVE[:50], "password": [GUESS]})
    send("GET", "/api/v1/subjects/", Authorization=f"Bearer {'c' * 63}x canary")
    send("GET", "/api/v1/subjects/", Authorization="Basic " + base64.b64encode(GUESS.encode()).decode())
    send("POST", "/api/v1/vital-signs/", {"subject": subject, "visit": "SCR", "weight": NARRATIVE})
    send("POST", "/api/v1/vital-signs/", {"subject": subject, "visit": "SCR", "weight": f"{WEIGHT}999"})
    send("POST", "/api/v1/demographics/", {"subject": subject, "birth": f"{BIRTH}x"})
    send("POST", "/api/v1/medical-histories/", {**told, "subject": NARRATIVE})
    send("POST", "/api/v1/medical-histories/", {**told, "started": NARRATIVE})
    send("POST", "/api/v1/medical-histories/", f'{{"term": "{NARRATIVE}", '.encode())
    send("POST", "/api/v1/medical-histories/", f'{{"term": "{NARRATIVE}\\u0000"}}'.encode())
    send("POST", "/api/v1/medical-histories/", NARRATIVE.encode("utf-16"), Content_Type="text/xml")
    send("POST", "/api/v1/medical-histories/", told, Idempotency_Key="k" * 300)
    send("PATCH", "/api/v1/medical-histories/1/", {"term": NARRATIVE}, If_Match='"99"')
    send("POST", "/api/v1/imports/MH/?change_reason=x", [told, {**told, "started": NARRATIVE}])
    send("GET", f"/api/v1/medical-histories/?term={quote(NARRATIVE)}")
    send("GET", f"/api/v1/subjects/{quote(NARRATIVE)}/")
    send("GET", f"/no/such/page/?{everywhere}")
    for crash in ("/crash/locals/", "/crash/database/", "/crash/template/", "/api/crash/"):
        reply = send("GET", f"{crash}?{everywhere}", Cookie=f"sessionid={GUESS}")
        assert reply.status == 500, (crash, reply)
    send("POST", "/crash/locals/", urlencode({"narrative": NARRATIVE}).encode(), **form)
    send("POST", "/admin/login/", urlencode({"username": "user0", "password": GUESS}).encode(), **form)


def searched(text: str) -> Iterator[str]:
    return (canary for canary in CANARIES if canary in text)


@pytest.mark.requirement("R58")
def test_what_was_planted_stands_in_no_log_mail_or_error_page(on_sqlite: Prepared, tmp_path: Path) -> None:
    log, mails = tmp_path / "server.log", tmp_path / "mails"
    mails.mkdir()
    env = on_sqlite.environment(
        URLS="tests.faults.crashing", SECRET_KEY=SECRET_KEY, LOG_LEVEL="DEBUG", MAILS=str(mails)
    )
    with serving(env, log, workers=1) as server:
        send = Requests(server, on_sqlite)
        subject = on_sqlite.world["subjects"][0]
        good_ones(send, subject)
        bad_ones(send, subject)
        token = send.token
    written = log.read_text(encoding="utf-8")
    assert written.count('"exception": "') >= 4  # the failures are there, without their words
    assert "/crash/locals/" in written
    assert list(searched(written)) == []
    assert token not in written
    assert list(mails.iterdir()) == []
    assert len(send.replies) >= 20
    for name, reply in send.replies:
        whole = reply.body.decode() + str(dict(reply.headers))
        assert (name, list(searched(whole))) == (name, [])
        assert "Traceback" not in whole


def test_a_database_that_cannot_be_reached_is_logged_without_its_password(tmp_path: Path) -> None:
    from tests.faults.server import environment

    url = "postgresql://somebody:canary-database-password@127.0.0.1:9/none"
    log = tmp_path / "server.log"
    with serving(environment(url, migrations=False), log, workers=1) as server:
        replies = [server.ask("GET", path) for path in ("/readyz", "/admin/login/", "/api/v1/subjects/")]
        replies.append(server.ask("POST", "/api/v1/auth/token/", {"username": "a", "password": GUESS}))
    assert [reply.status for reply in replies] == [503, 200, 401, 503]
    said = log.read_text(encoding="utf-8") + "".join(reply.body.decode() for reply in replies)
    assert "canary" not in said


def test_the_message_after_a_save_names_the_form_and_none_of_its_answers(
    world: SimpleNamespace,  # noqa: F811
) -> None:
    browser = Browser()
    browser.force_login(world.coordinator, backend="trials.authentication.RoleBackend")
    address = f"/admin/patients/medicalhistory/add/?subject={world.subject.pk}"
    answers = {"subject": str(world.subject.pk), "term": "canary-term", "version": "0"}
    reply = browser.post(address, answers, follow=True)
    assert MedicalHistory.objects.get().term == "canary-term"
    told = [str(message) for message in reply.context["messages"]]
    assert told
    assert "canary" not in " ".join(told)
