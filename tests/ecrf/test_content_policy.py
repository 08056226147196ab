"""What a browser may load and run."""

from django.test import Client


def policy(client: Client, path: str) -> dict[str, str]:
    header = client.get(path)["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";") if " " in part.strip())


def test_outside_the_admin_scripts_come_from_us_and_evaluate_nothing(client: Client) -> None:
    directives = policy(client, "/healthz")
    assert directives["default-src"] == "'self'"
    assert directives["script-src"] == "'self'"
    assert directives["img-src"] == "'self' data:"
    assert directives["frame-ancestors"] == "'none'"


def test_admin_pages_may_evaluate_and_nothing_else_is_loosened(client: Client) -> None:
    outside, admin = policy(client, "/healthz"), policy(client, "/admin/no-such-page/")
    assert set(admin.pop("script-src").split()) == {"'self'", "'unsafe-eval'"}
    outside.pop("script-src")
    assert admin == outside
