"""What is wrong with protocol files, line by line."""

from collections.abc import Iterable, Sequence

MAX_LINES = 100


class ProtocolError(Exception):
    """Every fault that was found. `lines` read "laboratory.yaml: tests[3] (NEUT): unit: is required"."""

    def __init__(self, lines: Iterable[str]) -> None:
        found = list(lines)
        self.lines: Sequence[str] = found[:MAX_LINES]
        if len(found) > MAX_LINES:
            self.lines = [*self.lines, f"and {len(found) - MAX_LINES} more"]
        super().__init__("\n".join(self.lines))
