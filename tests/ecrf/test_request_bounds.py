"""What is refused by the headers of a request, before anything reads its body."""

import re

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from ecrf.middleware import body_limit_bytes, refused_body

factory = RequestFactory()


def test_a_body_over_the_limit_is_answered_413_with_the_reason_before_any_view(client: Client) -> None:
    response = client.post(
        "/api/v1/subjects/", data=b"x" * (settings.BODY_LIMIT_BYTES + 1), content_type="application/json"
    )
    assert response.status_code == 413
    (reason,) = response.json()["errors"]["detail"]
    assert str(settings.BODY_LIMIT_BYTES) in reason
    assert response.json()["request_id"] == response["X-Request-ID"]
    assert response["X-Request-ID"]


def test_a_body_of_exactly_the_limit_is_read() -> None:
    limit = settings.BODY_LIMIT_BYTES
    request = factory.generic("POST", "/api/v1/subjects/", data=b"x" * limit)
    assert refused_body(request) is None


def test_an_import_may_be_10_mib_and_no_more() -> None:
    assert body_limit_bytes("/api/v1/imports/AE/") == 10_485_760
    request = factory.generic("POST", "/api/v1/imports/AE/", CONTENT_LENGTH="10485760")
    assert refused_body(request) is None
    request = factory.generic("POST", "/api/v1/imports/AE/", CONTENT_LENGTH="10485761")
    refusal = refused_body(request)
    assert refusal is not None
    assert refusal.status == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "gzip, gzip"])
def test_a_compressed_body_is_answered_415(client: Client, encoding: str) -> None:
    response = client.post(
        "/api/v1/subjects/", data=b"x", content_type="text/plain", HTTP_CONTENT_ENCODING=encoding
    )
    assert response.status_code == 415


def test_a_chunked_body_is_answered_411_instead_of_being_taken_for_empty(client: Client) -> None:
    response = client.post(
        "/api/v1/subjects/", data=b"x", content_type="text/plain", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert response.status_code == 411


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "0x10", "1 2"])
def test_a_length_that_is_no_number_is_answered_400(length: str) -> None:
    refusal = refused_body(factory.generic("POST", "/", CONTENT_LENGTH=length))
    assert refusal is not None
    assert refusal.status == 400


def test_a_length_of_thousands_of_digits_is_too_large_and_not_an_error() -> None:
    refusal = refused_body(factory.generic("POST", "/", CONTENT_LENGTH="9" * 5000))
    assert refusal is not None
    assert refusal.status == 413


def test_every_reply_carries_an_id_of_ours_and_never_the_one_that_the_client_sent(client: Client) -> None:
    first = client.get("/healthz", HTTP_X_REQUEST_ID="chosen-by-the-client")["X-Request-ID"]
    second = client.get("/healthz", HTTP_X_REQUEST_ID="chosen-by-the-client")["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_a_reply_is_kept_out_of_caches(client: Client) -> None:
    assert "no-store" in client.get("/no/such/page")["Cache-Control"]
