"""Databases that were prepared once, and copies of them that a test may disturb."""

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from ecrf.settings.database import from_url
from tests.faults.no_migrations import NoMigrations
from tests.faults.server import copy_of_sqlite, environment, run_script
from tests.postgresql import CannotStart

# Read by the servers' own processes.
collect_ignore = ["installation.py", "no_migrations.py", "prepare.py", "wsgi.py"]

PREPARE = "tests.faults.prepare"


@dataclass(frozen=True)
class Prepared:
    """A database with a small study; `world` names its people and subjects."""

    url: str
    world: dict[str, Any]
    migrations: bool

    def environment(self, **more: str) -> dict[str, str]:
        return environment(self.url, migrations=self.migrations, **more)


@pytest.fixture(scope="session")
def with_migrations(pytestconfig: pytest.Config) -> bool:
    return not pytestconfig.getoption("nomigrations", default=False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, with_migrations: bool) -> tuple[Path, Any]:
    """A prepared file and its world, made by one of the processes of this run for all of them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    file, told = shared / "template.sqlite3", shared / "template.json"
    with (shared / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            world = run_script(environment(f"sqlite:///{file}", migrations=with_migrations), PREPARE)
            told.write_text(json.dumps(world), encoding="utf-8")
    return file, json.loads(told.read_text(encoding="utf-8"))


@pytest.fixture
def on_sqlite(sqlite_template: tuple[Path, Any], tmp_path: Path, with_migrations: bool) -> Prepared:
    """A copy of the prepared file, as an installation holds it."""
    file, world = sqlite_template
    return Prepared(copy_of_sqlite(file, tmp_path / "database"), world, with_migrations)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL that writes to the disk before it answers."""
    from tests.faults.durable_postgres import durable_server

    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(durable_server())
        except CannotStart as error:
            if os.environ.get("ECRF_ALLOW_NO_POSTGRES") == "1":
                pytest.skip(str(error))
            raise
        yield server


@pytest.fixture(scope="session")
def postgres_world(postgres: Any, with_migrations: bool) -> Any:
    """The world of the database `prepared`, of which tests take copies."""
    url = postgres.create("prepared")
    return run_script(environment(url, migrations=with_migrations), PREPARE)


@pytest.fixture
def on_postgres(postgres: Any, postgres_world: Any, with_migrations: bool) -> Prepared:
    """A copy of the prepared database."""
    url = postgres.create(f"copy_{uuid.uuid4().hex}", template="prepared")
    return Prepared(url, postgres_world, with_migrations)


@pytest.fixture
def installed(
    django_db_blocker: DjangoDbBlocker, with_migrations: bool, settings: Any
) -> Iterator[Callable[[str], Any]]:
    """`with installed(url):` work on the database of a prepared installation."""
    if not with_migrations:
        settings.MIGRATION_MODULES = NoMigrations()

    from ecrf.backup.state import on_database

    @contextmanager
    def on(url: str) -> Iterator[None]:
        with on_database(from_url(url) if url.startswith("sqlite") else without_pool(url)):
            yield

    with django_db_blocker.unblock():
        yield on


def without_pool(url: str) -> dict[str, Any]:
    configured = from_url(url)
    configured["OPTIONS"].pop("pool")
    return configured
