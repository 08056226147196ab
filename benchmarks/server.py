"""A real gunicorn on loopback, with as many threads as connections, and clients that keep theirs open."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

WORKERS = 2
THREADS = 4
CONNECTIONS = WORKERS * THREADS
START_SECONDS = 30


class Client:
    """One keep-alive connection that carries a token."""

    def __init__(self, port: int, token: str = "") -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: Any) -> Any:
        return json.loads(self._ask("POST", path, json.dumps(body).encode(), 201))

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None, 200)

    def _ask(self, method: str, path: str, body: bytes | None, expected: int) -> bytes:
        self.connection.request(method, path, body, self.headers)
        reply = self.connection.getresponse()
        content = reply.read()
        assert reply.status == expected, (method, path, reply.status, content[:500])
        return content

    def close(self) -> None:
        self.connection.close()


@contextmanager
def serving() -> Iterator[int]:
    """Serve the measured database; yields the port. Stops the server at the end."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        command = [
            *(sys.executable, "-m", "gunicorn", "ecrf.wsgi", "--bind", f"fd://{listener.fileno()}"),
            *("--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "error"),
            *("--keep-alive", "30", "--worker-tmp-dir", os.environ["ECRF_VAR"]),
        ]
        server = subprocess.Popen(command, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
        try:
            port = listener.getsockname()[1]
            _wait_for(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(START_SECONDS)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        client = Client(port)
        try:
            client.get("/healthz")
        except (OSError, AssertionError):
            time.sleep(0.2)
        else:
            return
        finally:
            client.close()
    raise RuntimeError("the server did not start")


def token_of(port: int, username: str, password: str) -> str:
    """A token of the account, got with its password."""
    client = Client(port)
    reply = client.post("/api/v1/auth/token/", {"username": username, "password": password})
    client.close()
    return str(reply["token"])
