"""Reads MedDRA as it is distributed to its licensees (MedAscii): soc.asc, pt.asc, llt.asc, mdhier.asc.

Fields are parted by dollar signs, one more of which ends a line. No part of MedDRA comes with the software.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trials.terminology.entries import DictionaryError, TermEntry

MAX_BYTES = 100 * 2**20
MAX_LINE = 2_000
MAX_LINES = 500_000
MAX_NAME = 250


@dataclass(frozen=True)
class MedAscii:
    """The terms of a distribution by level, each level after the one above it."""

    system_organ_classes: list[TermEntry]
    preferred_terms: list[TermEntry]
    lowest_level_terms: list[TermEntry]


@dataclass(frozen=True)
class _Line:
    where: str
    fields: Sequence[str]

    def name(self, position: int) -> str:
        text = self.fields[position].strip()
        if not text or len(text) > MAX_NAME or not text.isprintable():
            raise DictionaryError([f"{self.where}, field {position + 1}: is no name"])
        return text

    def code(self, position: int) -> str:
        text = self.fields[position].strip()
        if not (text.isascii() and text.isdigit() and len(text) == 8):
            raise DictionaryError([f"{self.where}, field {position + 1}: is no code of eight digits"])
        return text


def read_medascii(directory: Path) -> MedAscii:
    """The hierarchy of a distribution: lowest level term, preferred term, primary system organ class.

    High level terms and their groups are read where mdhier.asc is there. Raises DictionaryError naming file,
    line and field of the first fault: a file that is missing, too large or not UTF-8, a line with too few
    fields, a code that is none, comes twice, or refers to a term that is not there.
    """
    classes = {
        line.code(0): TermEntry(line.name(1), line.name(1), code=line.code(0), where=line.where)
        for line in _unique(directory / "soc.asc", fields=2)
    }
    groups = _primary_path(directory / "mdhier.asc")
    preferred: dict[str, TermEntry] = {}
    for line in _unique(directory / "pt.asc", fields=4):
        soc = _known(classes, line, 3, "system organ class")
        high, group = groups.get(line.code(0), ("", ""))
        preferred[line.code(0)] = TermEntry(
            line.name(1),
            soc.term,
            code=line.code(0),
            parent=soc.code,
            high_level_term=high,
            high_level_group_term=group,
            where=line.where,
        )
    lowest = []
    for line in _unique(directory / "llt.asc", fields=10):
        above = _known(preferred, line, 2, "preferred term")
        lowest.append(
            TermEntry(
                line.name(1),
                above.system_organ_class,
                code=line.code(0),
                parent=above.code,
                is_current=_is_current(line),
                where=line.where,
            )
        )
    return MedAscii(list(classes.values()), list(preferred.values()), lowest)


def _primary_path(path: Path) -> dict[str, tuple[str, str]]:
    """High level term and its group on the primary path of each preferred term; empty without the file."""
    if not path.exists():
        return {}
    lines = (line for line in _lines(path, fields=12) if line.fields[11].strip() == "Y")
    return {line.code(0): (line.name(5), line.name(6)) for line in lines}


def _is_current(line: _Line) -> bool:
    written = line.fields[9].strip()
    if written not in ("Y", "N"):
        raise DictionaryError([f"{line.where}, field 10: is neither Y nor N"])
    return written == "Y"


def _known(entries: dict[str, TermEntry], line: _Line, position: int, what: str) -> TermEntry:
    code = line.code(position)
    if code not in entries:
        raise DictionaryError([f"{line.where}, field {position + 1}: {what} {code} is not there"])
    return entries[code]


def _unique(path: Path, fields: int) -> Iterator[_Line]:
    seen: set[str] = set()
    for line in _lines(path, fields):
        code = line.code(0)
        if code in seen:
            raise DictionaryError([f"{line.where}, field 1: code {code} comes twice"])
        seen.add(code)
        yield line
    if not seen:
        raise DictionaryError([f"{path.name}: holds no terms"])


def _lines(path: Path, fields: int) -> Iterator[_Line]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DictionaryError([f"{path.name}: is larger than {MAX_BYTES // 2**20} MiB"])
        with path.open(encoding="utf-8-sig", errors="strict", newline="\n") as stream:
            number = 0
            while text := stream.readline(MAX_LINE + 1):
                number += 1
                where = f"{path.name}, line {number}"
                if len(text) > MAX_LINE or number > MAX_LINES:
                    raise DictionaryError([f"{where}: is too long, or one line too many"])
                if not text.strip():
                    continue
                parts = text.rstrip("\r\n").split("$")
                if len(parts) < fields:
                    raise DictionaryError([f"{where}: has {len(parts)} fields, not {fields} or more"])
                yield _Line(where, parts)
    except OSError as error:
        raise DictionaryError([f"{path.name}: cannot be opened"]) from error
    except UnicodeDecodeError as error:
        raise DictionaryError([f"{path.name}: is not in UTF-8"]) from error
