"""A real server in processes of its own, which a test may kill."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60

Environment = Mapping[str, str]


class Unreachable(Exception):
    """The connection broke before a reply came: whether the request took effect is not known."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """Gunicorn with several workers; `log` is what it writes to standard error."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> list[int]:
        """Process ids of the workers that live now."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in found.stdout.split()]

    def kill(self, worker: int) -> bool:
        """End a worker as a crash would, in the middle of whatever it does; False when it is gone already."""
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Reply:
        """One request over a connection of its own; `body` is sent as JSON unless it is bytes.

        Raises Unreachable when no whole reply arrives.
        """
        sent = {"Accept": "*/*", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body, sent = json.dumps(body).encode(), {"Content-Type": "application/json", **sent}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)) as connection:
            try:
                connection.request(method, path, body=body, headers=sent)
                reply = connection.getresponse()
                return Reply(reply.status, dict(reply.headers), reply.read())
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(type(error).__name__) from error

    def token(self, world: Mapping[str, Any], username: str = "") -> str:
        """A bearer token of the world's coordinator, or of another of its people."""
        credentials = {"username": username or world["username"], "password": world["password"]}
        reply = self.ask("POST", "/api/v1/auth/token/", credentials)
        assert reply.status == 201, reply
        return str(reply.json()["token"])


def environment(database_url: str, *, migrations: bool = True, **more: str) -> dict[str, str]:
    """The environment of a server on a database, and of the scripts beside it."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.faults.installation",
        "DATABASE_URL": database_url,
        "PYTHONPATH": str(ROOT),
        "WITHOUT_MIGRATIONS": "" if migrations else "1",
        **more,
    }


def run_script(env: Environment, module: str, *arguments: str) -> Any:
    """What a module of this folder prints as JSON. Raises RuntimeError with its last words."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=dict(env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stderr[-3000:]}")
    return json.loads(done.stdout)


@contextmanager
def serving(env: Environment, log: Path, *, workers: int = 3) -> Iterator[Server]:
    """Serve until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening, log.open("ab") as err:
        command = [
            sys.executable, "-m", "gunicorn", "tests.faults.wsgi",
            "--bind", f"fd://{listening.fileno()}",
            "--workers", str(workers),
            "--preload",  # a worker that takes the place of a killed one is there at once
            "--timeout", "60",
            "--graceful-timeout", "3",
            "--log-level", "warning",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, env=dict(env), cwd=ROOT, pass_fds=[listening.fileno()], stdout=err, stderr=err
        )
        server = Server(listening.getsockname()[1], process, log)
        try:
            wait_until_it_serves(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_it_serves(server: Server) -> None:
    """Raises AssertionError with the end of the log when the server does not come up."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if server.ask("GET", "/healthz", timeout=PATIENCE_SECONDS).status == 200:
                return
        except Unreachable:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start: {server.log.read_text()[-3000:]}")


def copy_of_sqlite(template: Path, folder: Path) -> str:
    """The URL of a copy of a database file that nobody has open."""
    folder.mkdir(parents=True, exist_ok=True)
    copied = folder / "served.sqlite3"
    shutil.copyfile(template, copied)
    return f"sqlite:///{copied}"
