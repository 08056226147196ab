"""A database for one build, thrown away afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
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
        ours = connections[DEFAULT_DB_ALIAS]
        connections[DEFAULT_DB_ALIAS] = ConnectionHandler({DEFAULT_DB_ALIAS: _settings(Path(directory))})[
            DEFAULT_DB_ALIAS
        ]
        try:
            call_command("migrate", verbosity=0, interactive=False)
            yield
        finally:
            connections[DEFAULT_DB_ALIAS].close()
            connections[DEFAULT_DB_ALIAS] = ours
            ContentType.objects.clear_cache()


def _settings(directory: Path) -> dict[str, Any]:
    database = embedded(directory / "demo.sqlite3")
    return {**database, "OPTIONS": {**database["OPTIONS"], "init_command": CARELESS}}
