"""The demo, whose passwords are public, answers this machine only."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from ecrf.middleware import LoopbackOnly


def answer(**headers: str) -> int:
    def inside(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    return LoopbackOnly(inside)(RequestFactory().get("/", **headers)).status_code


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_a_request_of_this_machine_comes_in(address: str) -> None:
    assert answer(REMOTE_ADDR=address) == 200


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.5", "8.8.8.8", "::ffff:10.0.0.1", "fe80::1", "0.0.0.0", "", "unknown"]
)
def test_a_request_from_elsewhere_is_refused(address: str) -> None:
    assert answer(REMOTE_ADDR=address) == 403


@pytest.mark.parametrize(
    "header",
    [
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_FORWARDED",
        "HTTP_FORWARDED",
        "HTTP_X_REAL_IP",
        "HTTP_VIA",
    ],
)
def test_a_forwarded_request_is_refused_even_when_the_proxy_runs_on_this_machine(header: str) -> None:
    assert answer(REMOTE_ADDR="127.0.0.1", **{header: "127.0.0.1"}) == 403
