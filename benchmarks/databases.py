"""Databases that a run starts for itself and throws away, both as durable as an installation's."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgresql import temporary_server

# The server's own defaults, said aloud: a commit is on disk before it is acknowledged.
DURABLE = """
fsync = on
full_page_writes = on
synchronous_commit = on
"""


@contextmanager
def sqlite() -> Iterator[str]:
    """The URL of an empty SQLite file; the settings open it with WAL and synchronous=FULL."""
    with tempfile.TemporaryDirectory(prefix="ecrf-bench-") as directory:
        yield f"sqlite:///{Path(directory) / 'bench.sqlite3'}"


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL database. Raises tests.postgresql.CannotStart."""
    with temporary_server(DURABLE) as url:
        yield url


DATABASES = {"SQLite": sqlite, "PostgreSQL": postgresql}
