"""A log line says what happened and never about whom."""

import json
import logging
import sys

import pytest
from django.test import Client

from ecrf.log import JsonLines, current_request


def line(message: str, *args: object, exc_info: object = None) -> dict[str, object]:
    record = logging.LogRecord("ecrf.test", logging.ERROR, __file__, 1, message, args, exc_info)  # type: ignore[arg-type]
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_break_from_outside_starts_no_line_of_its_own() -> None:
    assert line("login of %s", 'eve\n{"level": "INFO"}')["message"] == 'login of eve\n{"level": "INFO"}'


def test_of_an_exception_the_type_and_the_place_are_logged_and_not_its_text() -> None:
    try:
        raise ValueError("DETAIL: Key (code)=(ZS-001) already exists")
    except ValueError:
        logged = line("refused", exc_info=sys.exc_info())
    assert logged["exception"] == "ValueError"
    assert "test_log.py" in str(logged["places"])
    assert "ZS-001" not in json.dumps(logged)


def test_lines_of_a_request_carry_its_id() -> None:
    token = current_request.set("0123456789abcdef")
    try:
        assert line("something")["request_id"] == "0123456789abcdef"
    finally:
        current_request.reset(token)
    assert "request_id" not in line("something")


def test_a_page_that_is_not_found_is_logged_under_the_id_of_its_request(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/no/such/page")
    assert json.loads(JsonLines().format(caplog.records[-1]))["request_id"] == response["X-Request-ID"]


def test_neither_a_body_nor_a_token_reaches_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client.post(
        "/no/such/page?free=canary-query",
        data={"note": "canary-body"},
        HTTP_AUTHORIZATION="Bearer canary-token",
        HTTP_COOKIE="session=canary-cookie",
    )
    written = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert "/no/such/page" in written
    assert "canary" not in written


def test_the_code_of_a_subject_in_an_address_is_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/api/v1/subjects/ZS-001/")
    [logged] = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert logged["message"] == "Unauthorized: /api/v1/subjects/<code>/"
