"""Reads the CTCAE spreadsheet of the National Cancer Institute: what each grade of a term means.

Columns are found by their headings, in the one sheet that has them (the clean copy, where changes are tracked
in another). The file is bounded before and while it is read; entities and document types are refused.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from trials.models.dictionary import folded
from trials.terminology.entries import DictionaryError, TermEntry

MAX_BYTES = 20 * 2**20
MAX_UNPACKED = 200 * 2**20
MAX_PARTS = 500
MAX_SHEETS = 20
MAX_ROWS = 5_000
MAX_COLUMNS = 50
MAX_CELL = 4_000
HEADING_ROWS = 10  # a title may stand above the headings

_VERSION = r"(?:(?:ctcae )?v\d+(?:\.\d+)? )?"
HEADINGS = {
    "code": re.compile(_VERSION + r"(?:meddra )?(?:v?\d+(?:\.\d+)? )?code"),
    "soc": re.compile(_VERSION + r"(?:meddra )?(?:v?\d+(?:\.\d+)? )?(?:soc|system organ class)"),
    "term": re.compile(_VERSION + r"(?:ctcae )?term"),
    "definition": re.compile(_VERSION + r"definition"),
    "note": re.compile(_VERSION + r"navigational note"),
    **{str(grade): re.compile(_VERSION + rf"grade {grade}") for grade in range(1, 6)},
}
NEEDED = ("term", "1", "2", "3", "4", "5")
NO_GRADE = frozenset({"", "-", "–", "—"})

Row = Sequence[Any]


def sheet_terms(path: Path) -> list[TermEntry]:
    """The terms of the spreadsheet with the descriptions of their grades.

    Raises DictionaryError: naming sheet, row and column of every cell that cannot be read, for a file that
    is too large, is no workbook, or has no sheet or several with the headings.
    """
    _require_harmless(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # the library raises whatever the damage happens to cause
        raise DictionaryError([f"{path.name}: is no workbook that can be read"]) from error
    try:
        return _read(path, book)
    except DictionaryError:
        raise
    except Exception as error:
        raise DictionaryError([f"{path.name}: is damaged"]) from error
    finally:
        book.close()


def _require_harmless(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DictionaryError([f"{path.name}: is larger than {MAX_BYTES // 2**20} MiB"])
        with ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise DictionaryError([f"{path.name}: unpacks to more than {MAX_UNPACKED // 2**20} MiB"])
            for part in parts:
                _require_plain_xml(path, archive, part)
    except OSError as error:
        raise DictionaryError([f"{path.name}: cannot be opened"]) from error
    except (BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise DictionaryError([f"{path.name}: is no workbook (.xlsx)"]) from error


def _require_plain_xml(path: Path, archive: ZipFile, part: zipfile.ZipInfo) -> None:
    content = archive.read(part)
    # A relation may name a part of any name as XML; without the NULs of UTF-16 its words stand as in UTF-8.
    plain = content.replace(b"\0", b"")
    binary = b"\0" in content and part.filename.endswith((".xml", ".rels", ".vml"))
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain or binary:
        raise DictionaryError([f"{path.name}: {part.filename}: document types and entities are refused"])


def _read(path: Path, book: Any) -> list[TermEntry]:
    sheets = book.worksheets[: MAX_SHEETS + 1]
    if len(sheets) > MAX_SHEETS:
        raise DictionaryError([f"{path.name}: has more than {MAX_SHEETS} sheets"])
    found = [(sheet, *place) for sheet in sheets if (place := _headings(sheet)) is not None]
    if len(found) > 1:
        found = [each for each in found if "clean" in each[0].title.casefold()] or found
    if len(found) != 1:
        names = ", ".join(f"“{each[0].title}”" for each in found) or "none"
        headings = "CTCAE Term and Grade 1 to Grade 5"
        raise DictionaryError(
            [f"{path.name}: one sheet with the headings {headings} is expected; found {names}"]
        )
    sheet, heading_row, columns = found[0]
    return _entries(sheet, heading_row, columns)


def _headings(sheet: Any) -> tuple[int, dict[str, int]] | None:
    """Row of the headings and column of each one; None for a sheet that has not all that are needed."""
    for number, row in _rows(sheet, HEADING_ROWS):
        columns: dict[str, int] = {}
        for position, cell in enumerate(row):
            heading = folded(str(cell)) if cell is not None else ""
            for name, pattern in HEADINGS.items():
                if name not in columns and pattern.fullmatch(heading):
                    columns[name] = position
                    break
        if all(name in columns for name in NEEDED):
            return number, columns
    return None


def _rows(sheet: Any, last: int) -> Iterator[tuple[int, Row]]:
    rows = sheet.iter_rows(max_row=last, max_col=MAX_COLUMNS, values_only=True)
    yield from enumerate(rows, start=1)


def _entries(sheet: Any, heading_row: int, columns: Mapping[str, int]) -> list[TermEntry]:
    entries: list[TermEntry] = []
    faults: list[str] = []
    first_row: dict[str, int] = {}
    for number, row in _rows(sheet, MAX_ROWS + 1):
        if number > MAX_ROWS:
            raise DictionaryError([f"sheet “{sheet.title}”: has more than {MAX_ROWS} rows"])
        if number <= heading_row or all(cell is None or not str(cell).strip() for cell in row):
            continue
        cells = _Cells(sheet.title, number, row, columns, faults)
        entry = cells.entry()
        key = folded(entry.term)
        if not key:
            cells.fault("term", "is empty")
        elif key in first_row:
            cells.fault("term", f"stands in row {first_row[key]} already")
        else:
            first_row[key] = number
            entries.append(entry)
    if not entries and not faults:
        faults.append(f"sheet “{sheet.title}”: holds no terms")
    if faults:
        raise DictionaryError(faults)
    return entries


class _Cells:
    """One row of the sheet, read by column."""

    def __init__(
        self, title: str, number: int, row: Row, columns: Mapping[str, int], faults: list[str]
    ) -> None:
        self.place = f"sheet “{title}”, row {number}"
        self.row = row
        self.columns = columns
        self.faults = faults

    def entry(self) -> TermEntry:
        descriptions = {str(grade): self.text(str(grade)) for grade in range(1, 6)}
        described = {grade: text for grade, text in descriptions.items() if text}
        return TermEntry(
            term=self.text("term"),
            system_organ_class=self.text("soc"),
            code=self.code(),
            grades="".join(described),
            descriptions=described,
            definition=self.text("definition"),
            note=self.text("note"),
            where=self.place,
        )

    def text(self, name: str) -> str:
        """A cell with single blanks; a dash, which stands for nothing, is empty."""
        written = self._value(name)
        if written is None:
            return ""
        if not isinstance(written, str):
            self.fault(name, "is no text")
            return ""
        plain = " ".join(written.split())
        if len(plain) > (MAX_CELL if name in ("definition", "note") or name.isdigit() else 250):
            self.fault(name, "is too long")
            return ""
        if not plain.isprintable():
            self.fault(name, "holds characters that cannot be printed")
            return ""
        return "" if plain in NO_GRADE else plain

    def code(self) -> str:
        """Eight digits, which a spreadsheet may keep as a number; empty where there is no code."""
        written = self._value("code")
        plain = (
            str(int(written)) if isinstance(written, float) and written.is_integer() else str(written or "")
        )
        plain = plain.strip()
        if plain in NO_GRADE:
            return ""
        if not re.fullmatch(r"[0-9]{8}", plain):
            self.fault("code", "is no code of eight digits")
            return ""
        return plain

    def _value(self, name: str) -> Any:
        position = self.columns.get(name)
        return self.row[position] if position is not None and position < len(self.row) else None

    def fault(self, name: str, reason: str) -> None:
        self.faults.append(
            f"{self.place}, column {get_column_letter(self.columns[name] + 1)} ({name}): {reason}"
        )
