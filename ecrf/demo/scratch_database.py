"""A database for one build, thrown away afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import ConnectionHandler

from ecrf.settings.database import embedded

# Nothing here outlives the build, so nothing has to reach the disk.
CARELESS = (
    "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON"
)


@contextmanager
def scratch_database() -> Iterator[None]:
    """An empty, migrated SQLite database in the place of the configured one, for this thread."""
    with TemporaryDirectory(prefix="ecrf-demo-") as directory:
        file = Path(directory) / "demo.sqlite3"
        file.write_bytes(_empty_tables())
        with _connected_to(file):
            yield


@cache
def _empty_tables() -> bytes:
    """A migrated database without a row; made once for each process."""
    with TemporaryDirectory(prefix="ecrf-demo-") as directory:
        file = Path(directory) / "empty.sqlite3"
        with _connected_to(file):
            call_command("migrate", verbosity=0, interactive=False)
        return file.read_bytes()


@contextmanager
def _connected_to(file: Path) -> Iterator[None]:
    ours = connections[DEFAULT_DB_ALIAS]
    handler = ConnectionHandler({DEFAULT_DB_ALIAS: _settings(file)})
    connections[DEFAULT_DB_ALIAS] = handler[DEFAULT_DB_ALIAS]
    # Content types are remembered by their keys, which differ from database to database.
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS].close()
        connections[DEFAULT_DB_ALIAS] = ours
        ContentType.objects.clear_cache()


def _settings(file: Path) -> dict[str, Any]:
    database = embedded(file)
    return {**database, "OPTIONS": {**database["OPTIONS"], "init_command": CARELESS}}
