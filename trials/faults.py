"""Everything that is wrong with a file, told at once."""

from collections.abc import Iterable, Sequence


class FaultyFile(Exception):
    """Every fault that was found, each with its place; the first `most` of them are kept."""

    most = 100

    def __init__(self, lines: Iterable[str]) -> None:
        found = list(lines)
        self.lines: Sequence[str] = found[: self.most]
        if len(found) > self.most:
            self.lines = [*self.lines, f"and {len(found) - self.most} more"]
        super().__init__("\n".join(self.lines))
