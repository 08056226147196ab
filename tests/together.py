"""Work done at the same moment by several threads, each with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def together(*work: Callable[[], Any]) -> list[Any]:
    """Start every piece of work at once; returns what each gave back, or the exception it raised."""
    gate = Barrier(len(work))

    def one(piece: Callable[[], Any]) -> Any:
        try:
            gate.wait(timeout=60)
            return piece()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))
