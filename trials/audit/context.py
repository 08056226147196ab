"""The recording that is running in this thread, known to history without importing any model."""

from contextvars import ContextVar
from typing import Any, Protocol


class NotRecording(RuntimeError):
    """Regulated data were about to be written outside a recording (without actor, time and reason)."""


class OpenRecording(Protocol):
    def event_id_of(self, instance: Any) -> int: ...
    def touched(self, history_model: Any) -> None: ...


running: ContextVar[OpenRecording | None] = ContextVar("running_recording", default=None)


def current_recording() -> OpenRecording:
    """The running recording. Raises NotRecording where there is none."""
    recording = running.get()
    if recording is None:
        raise NotRecording("regulated data are written only inside a recording: call an action")
    return recording
