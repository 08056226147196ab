"""One transaction around the tests of a file; what happens in it is taken back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction that is rolled back, in which actions may start theirs, as inside Django's TestCase."""
    around = transaction.atomic()
    around._from_testcase = True
    with around:
        yield
        transaction.set_rollback(True)
