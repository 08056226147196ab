"""One populated world for the tests of a file; each takes back only what it did itself."""

import logging
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.access.world import World, make_world
from tests.taken_back import taken_back


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    around_the_file = taken_back()
    with django_db_blocker.unblock():
        around_the_file.__enter__()
        made = make_world()
    yield made
    with django_db_blocker.unblock():
        around_the_file.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _without_the_log() -> Iterator[None]:
    """Thousands of refusals, each with its traceback, are no news."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
