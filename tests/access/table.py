"""The table of who reaches what, as it stands in the CSV files beside this module."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FACES = ("admin", "rest", "other")
"""A file for each face: the pages of the admin, the REST API, and what is neither."""

AT_OWN_PLACE = (
    "anonymous",
    "principal",
    "investigator",
    "coordinator",
    "monitor",
    "data_manager",
    "statistician",
    "keeper",
    "administrator",
    "superuser",
)
ELSEWHERE = ("other_site", "other_study")
COLUMNS = ("path", "method", "sends", *AT_OWN_PLACE, *ELSEWHERE)

WORDS = frozenset({"yes", "no", "hidden", "login", "never", "public"})
WORDS_ELSEWHERE = frozenset({"same", "unknown"})
"""Of the last two columns alone; docs/access.md says what each word means."""

ANY = "ANY"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLACEHOLDER = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True)
class Line:
    """A path with placeholders, the methods that it is about, what is sent, and a word for each column."""

    face: str
    where: str
    path: str
    methods: tuple[str, ...]
    sends: str
    cells: dict[str, str]

    def placeholders(self) -> list[str]:
        return PLACEHOLDER.findall(self.path)

    def __str__(self) -> str:
        return f"{self.where} {'/'.join(self.methods)} {self.path}"


def lines(face: str) -> Iterator[Line]:
    """The lines of one file. Raises ValueError for a word or a method that the vocabulary does not know."""
    with (HERE / f"{face}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{face}.csv: the columns must be {', '.join(COLUMNS)}")
        for row in reader:
            yield _line(face, f"{face}.csv:{reader.line_num}", row)


def table() -> list[Line]:
    return [line for face in FACES for line in lines(face)]


def _line(face: str, where: str, row: dict[str, str]) -> Line:
    methods = METHODS if row["method"] == ANY else tuple(row["method"].split())
    if not methods or not set(methods) <= set(METHODS):
        raise ValueError(f"{where}: {row['method']!r} is no method of the table")
    cells = {column: row[column] for column in (*AT_OWN_PLACE, *ELSEWHERE)}
    for column, word in cells.items():
        if word not in WORDS | (WORDS_ELSEWHERE if column in ELSEWHERE else frozenset()):
            raise ValueError(f"{where}: {word!r} in {column} is no word of the table")
    return Line(face, where, row["path"], methods, row["sends"], cells)


def placeholder_values(face: str, name: str) -> list[str]:
    """What a placeholder of kinds stands for, as placeholders.csv lists it; empty for one of records."""
    with (HERE / "placeholders.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    return [row["value"] for row in rows if (row["face"], row["placeholder"]) == (face, name)]
