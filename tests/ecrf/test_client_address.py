"""Only our own proxies are believed about where a request comes from."""

import pytest
from django.test import RequestFactory, override_settings

from ecrf.client_address import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "10.0.0.9"),
        (0, "1.2.3.4", "10.0.0.9"),  # no proxy of ours: the header is an invention
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # the client invented 6.6.6.6
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),  # went around one proxy
        (1, "", "10.0.0.9"),
    ],
)
def test_the_address_is_the_one_that_the_outermost_proxy_of_ours_saw(
    proxies: int, forwarded: str, expected: str
) -> None:
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", **headers)) == expected
