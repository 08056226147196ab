"""Reads the reference values beside the tests."""

import csv
from pathlib import Path

VECTORS = Path(__file__).parent / "vectors"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one file of reference values; an empty file is an error, or its test would pass idly."""
    with (VECTORS / name).open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert found, f"{name} holds no rows"
    return found
