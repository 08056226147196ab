"""Where a write comes from: set once by each face, read by the audit event."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """`source` is a value of trials.models.audit.Source; `request_id` is made by the server."""

    source: str
    request_id: str


FROM_A_COMMAND = Origin("COMMAND", "")

_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current_origin() -> Origin:
    """The origin of the work that is running now; a command where no face has named itself."""
    return _origin.get() or FROM_A_COMMAND


@contextmanager
def origin(source: str, request_id: str = "") -> Iterator[None]:
    """Name the face (and request) under which everything inside is recorded."""
    token = _origin.set(Origin(source, request_id))
    try:
        yield
    finally:
        _origin.reset(token)
