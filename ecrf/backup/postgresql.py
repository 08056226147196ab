"""pg_dump and pg_restore: found, and run without a password in the list of processes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from ecrf.backup.errors import BackupError

ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


def program(name: str, server_version: int) -> str:
    """A program of PostgreSQL that is not older than the server (its major version). Raises BackupError."""
    for candidate in _candidates(name):
        told = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
        found = VERSION.search(told)
        if found and int(found[1]) >= server_version:
            return candidate
    raise BackupError(
        f"{name} of PostgreSQL {server_version} or newer is neither in POSTGRESQL_PROGRAMS nor on the PATH."
    )


def _candidates(name: str) -> Iterator[str]:
    if folder := settings.POSTGRESQL_PROGRAMS:
        yield from [found] if (found := shutil.which(name, path=folder)) else []
        return  # a place that was named is meant
    yield from [found] if (found := shutil.which(name)) else []
    for place in USUAL_PLACES:
        root, _star, rest = place.partition("*")
        for bin_folder in sorted(Path(root).parent.glob(f"{Path(root).name}*{rest}"), reverse=True):
            yield from [found] if (found := shutil.which(name, path=str(bin_folder))) else []


def major_version(connection: BaseDatabaseWrapper) -> int:
    return int(connection.pg_version) // 10_000  # type: ignore[attr-defined]


def run(connection: BaseDatabaseWrapper, name: str, arguments: Sequence[str]) -> None:
    """Run a program on the database of a connection. Raises BackupError with its first complaint.

    Only with that line: what follows may quote a row.
    """
    parameters: dict[str, Any] = connection.get_connection_params()
    given = {
        ENVIRONMENT[key]: str(value) for key, value in parameters.items() if key in ENVIRONMENT and value
    }
    command = [program(name, major_version(connection)), "--no-password", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **given}, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        complaint = next((line for line in done.stderr.splitlines() if "error:" in line), "")
        raise BackupError(f"{name} failed (exit status {done.returncode}). {complaint[:300]}".strip())
