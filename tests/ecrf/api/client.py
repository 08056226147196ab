"""Clients of the API, as other systems are: a bearer token and JSON."""

from typing import Any

from knox.models import get_token_model
from rest_framework.test import APIClient

from trials.models import User


class Client(APIClient):
    """Sends JSON with a token of one user; `change` names a version and gives a reason."""

    def change(self, path: str, version: int | str, data: dict[str, Any], **headers: str) -> Any:
        return self.patch(path, data, format="json", headers={"If-Match": f'"{version}"', **headers})

    def act(self, path: str, version: int | str, data: dict[str, Any]) -> Any:
        return self.post(path, data, format="json", headers={"If-Match": f'"{version}"'})

    def once(self, path: str, key: str, data: Any) -> Any:
        return self.post(path, data, format="json", headers={"Idempotency-Key": key})

    def send(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return self.generic("POST", path, body, content_type=content_type)


def client_of(user: User) -> Client:
    """A client with a fresh token of the user; errors of the server are replies, as for any client."""
    _held, token = get_token_model().objects.create(user=user)
    client = Client(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def results(response: Any) -> list[dict[str, Any]]:
    """The records on a page of a list."""
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    return found
