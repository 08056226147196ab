"""The recording that is running in this thread, known to history without importing any model."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol


class NotRecording(RuntimeError):
    """Regulated data were about to be written outside a recording (without actor, time and reason)."""


class OpenRecording(Protocol):
    saved: dict[int, Any]

    def event_id_of(self, instance: Any) -> int: ...
    def touched(self, history_model: Any) -> None: ...
    def save_all(self, objects: Sequence[Any]) -> list[Any]: ...
    def created(self, model: Any) -> list[int]: ...
    def remark(self, chain_id: int, text: str) -> None: ...


running: ContextVar[OpenRecording | None] = ContextVar("running_recording", default=None)

consequences: list[Callable[[OpenRecording], None]] = []
"""Called at the end of every act, in its transaction and before its events: what follows from any change,
whichever path it took (a floor above registers it once, when the applications are ready). One that raises
takes the whole act back."""

before_commit: ContextVar[tuple[Callable[[OpenRecording], None], ...]] = ContextVar(
    "before_commit", default=()
)
"""Called in the act's own transaction, after its last write and before its events: what a face must keep
together with the effect, or not at all (the reply to an Idempotency-Key)."""


def current_recording() -> OpenRecording:
    """The running recording. Raises NotRecording where there is none."""
    recording = running.get()
    if recording is None:
        raise NotRecording("regulated data are written only inside a recording: call an action")
    return recording
