"""Fixtures for every test. The options --db and --heavy stand in tests/both_databases.py."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import DjangoDbBlocker

from tests.taken_back import taken_back


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Throttles count in the cache: no test may spend the allowance of another."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def database_vendor(db: None) -> str:
    """`sqlite` or `postgresql`."""
    from django.db import connection

    return connection.vendor


@pytest.fixture(scope="module")
def registered_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The registered study, loaded once for the tests of a file: each takes back only what it did itself.

    For files without a transactional test, which would empty the database under the others.
    """
    from tests.screening import registered_study

    around_the_file = taken_back()
    with django_db_blocker.unblock():
        around_the_file.__enter__()
        registered_study()
    yield
    with django_db_blocker.unblock():
        around_the_file.__exit__(None, None, None)
