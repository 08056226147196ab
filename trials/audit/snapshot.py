"""One unchanging view of the database for a long read, while others go on writing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def snapshot(using: str) -> Iterator[BaseDatabaseWrapper]:
    """A transaction that only reads; inside a transaction of the caller, that one."""
    connection = connections[using]
    connection.ensure_connection()
    with TOLERANT[connection.vendor](connection):
        if connection.in_atomic_block:
            yield connection
            return
        with READING[connection.vendor](connection):
            yield connection


@contextmanager
def _reading_sqlite(connection: BaseDatabaseWrapper) -> Iterator[None]:
    # Django's own transactions are IMMEDIATE here and would keep every writer waiting.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def _reading_postgresql(connection: BaseDatabaseWrapper) -> Iterator[None]:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")  # every row will be read
        yield


@contextmanager
def _any_bytes(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Text that is no UTF-8 arrives as text with surrogates, which no digest takes, and ends no reading."""
    raw = connection.connection
    before, raw.text_factory = raw.text_factory, _tolerant
    try:
        yield
    finally:
        raw.text_factory = before


def _tolerant(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


@contextmanager
def _as_it_is(connection: BaseDatabaseWrapper) -> Iterator[None]:
    yield


READING: Mapping[str, Callable] = {"sqlite": _reading_sqlite, "postgresql": _reading_postgresql}
TOLERANT: Mapping[str, Callable] = {"sqlite": _any_bytes, "postgresql": _as_it_is}
