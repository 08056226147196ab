"""Fixtures for every test. The options --db and --heavy stand in tests/both_databases.py."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


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
