"""The demonstration as the checkout keeps it, loaded once into a database of its own."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from ecrf.demo.fixture import read
from ecrf.demo.load import load
from ecrf.demo.scratch_database import scratch_database
from ecrf.demo.world import fixture_path
from tests.ecrf.demo.entries import Entry
from tests.taken_back import taken_back


@pytest.fixture(scope="package")
def entries() -> list[Entry]:
    """Every object of the file."""
    return list(read(fixture_path()))


@pytest.fixture(scope="package")
def _loaded(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), scratch_database():
        load(fixture_path())
        yield


@pytest.fixture(scope="module")
def demonstration(_loaded: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The loaded demonstration; what the tests of a file change is taken back after its last one."""
    with django_db_blocker.unblock(), taken_back():
        yield
