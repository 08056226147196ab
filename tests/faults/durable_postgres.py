"""A PostgreSQL with every guarantee of durability on, which a test may restart."""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.postgresql import CannotStart, started

CONFIGURATION = """
max_connections = 100
fsync = on
full_page_writes = on
synchronous_commit = on
"""


@dataclass(frozen=True)
class Durable:
    """A running server; `socket` is the folder of its socket, `data` that of its files."""

    data: Path
    socket: str
    user: str
    programs: Path

    def url(self, name: str) -> str:
        return f"postgresql://{quote(self.user)}@/{quote(name)}?host={quote(self.socket, safe='')}"

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=self.socket, user=self.user, dbname=name, autocommit=True)

    def create(self, name: str, template: str = "template1", tablespace: str = "pg_default") -> str:
        """Make a database and give its URL."""
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {} TABLESPACE {}")
        with self.connect() as connection:
            connection.execute(
                command.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(tablespace))
            )
            # A copied sequence believes that its next numbers are logged already, which they are for the
            # template only: a crash would give them out again. After a checkpoint it logs them anew.
            connection.execute("CHECKPOINT")
        return self.url(name)

    def restart_at_once(self) -> None:
        """Stop like a crash, without finishing anything, and start again; returns when it answers."""
        command = [str(self.programs / "pg_ctl"), "-D", str(self.data), "restart", "-m", "immediate", "-w"]
        command += ["-l", str(self.data / "restarts.log"), "-o", f'-k {self.socket} -h ""']
        self.as_owner(command)
        until = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def as_owner(self, command: list[str]) -> None:
        """Run a program as the owner of the data, who is never root."""
        owner = self.data.stat()
        done = subprocess.run(
            command,
            user=owner.st_uid,
            group=owner.st_gid,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, command


@contextlib.contextmanager
def durable_server() -> Iterator[Durable]:
    """Start a server with fsync in a folder of its own; stop it and remove the folder. Raises CannotStart."""
    home = Path(tempfile.mkdtemp(prefix="ecrf-pg-"))
    try:
        server = started(home / "data", CONFIGURATION)
    except (ImportError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        shutil.rmtree(home, ignore_errors=True)
        raise CannotStart(f"{type(error).__name__}: {error}") from error
    told = conninfo_to_dict(server.get_uri())
    programs = Path((home / "data" / "postmaster.opts").read_text(encoding="utf-8").split()[0]).parent
    durable = Durable(home / "data", str(told["host"]), str(told.get("user", "postgres")), programs)
    try:
        yield durable
    finally:
        with contextlib.suppress(AssertionError, subprocess.SubprocessError):
            # What it holds is thrown away: it need not be written to the disk first.
            durable.as_owner([str(programs / "pg_ctl"), "-D", str(durable.data), "stop", "-m", "immediate"])
        with contextlib.suppress(subprocess.SubprocessError):
            server.cleanup()
        shutil.rmtree(home, ignore_errors=True)
