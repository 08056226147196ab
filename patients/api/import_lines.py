"""From the body of an import to lines: JSON array, NDJSON, CSV; each read as strictly as any other body."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from patients.actions.import_forms import MAXIMUM_LINES
from patients.forms import FormDefinition
from trials.actions.errors import Refused
from trials.api.strict_json import MAXIMUM_MEMBERS, strict_json

MISSING = "missing_reasons"


@dataclass
class Line:
    """One form: the number of its (first) line, from 1, and its content as the action wants it."""

    number: int
    content: dict[str, Any]


class Lines(list[Line]):
    """The lines of a body; `flat` when they came from CSV and rows stand in columns."""

    flat = False


class JSONLinesParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        value = strict_json(stream.read())
        if not isinstance(value, list):
            raise ParseError("The body must be a JSON array of objects.")
        return Lines(_line(number, each) for number, each in enumerate(value, start=1))


class NDJSONParser(BaseParser):
    media_type = "application/x-ndjson"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        lines = Lines()
        for number, text in enumerate(stream.read().split(b"\n"), start=1):
            if not text.strip():
                continue
            try:
                lines.append(_line(number, strict_json(text)))
            except (Refused, APIException) as refusal:
                raise ParseError(f"Line {number}: {_words(refusal)}") from None
        return lines


class CSVParser(BaseParser):
    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ParseError(f"The file is not UTF-8 (byte {error.start}).") from None
        lines = Lines(_csv_lines(text))
        lines.flat = True
        return lines


def _line(number: int, value: Any) -> Line:
    if not isinstance(value, dict):
        raise ParseError(f"Line {number}: is not an object.")
    return Line(number, value)


def _words(refusal: Exception) -> str:
    return str(getattr(refusal, "detail", refusal))


def _csv_lines(text: str) -> Iterator[Line]:
    if "\x00" in text:
        raise ParseError("The file contains the character NUL.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not header or len(set(header)) < len(header) or "" in header:
            raise ParseError("The first line must name every column, each once.")
        if len(header) > MAXIMUM_MEMBERS:
            raise ParseError(f"The first line names more than {MAXIMUM_MEMBERS} columns.")
        for number, cells in enumerate(reader, start=1):
            if not cells:
                continue
            if len(cells) != len(header):
                raise ParseError(f"Line {number}: has {len(cells)} cells, the header has {len(header)}.")
            given = {name: cell for name, cell in zip(header, cells, strict=True) if cell.strip()}
            yield Line(number, given)
    except csv.Error as error:
        raise ParseError(f"The file is not CSV: {error}.") from None


def folded(lines: Lines, form: FormDefinition) -> Lines:
    """CSV lines with the columns of rows folded into rows; other lines as they are.

    Following lines whose own columns are the same are one form with several rows. Raises Refused for more
    lines than an import may have.
    """
    if len(lines) > MAXIMUM_LINES:
        raise Refused(f"An import has at most {MAXIMUM_LINES} lines; divide it.")
    if not lines.flat:
        return lines
    found = Lines()
    before: dict[str, Any] | None = None
    for line in lines:
        own, rows = _divided(line, form)
        if rows and own == before:
            for name, row in rows.items():
                found[-1].content.setdefault(name, []).append(row)
        else:
            found.append(Line(line.number, {**own, **{name: [row] for name, row in rows.items()}}))
            before = own
    return found


def _divided(line: Line, form: FormDefinition) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """A CSV line's own columns, and those of its rows (`results.test`) by the name of the rows."""
    own: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    for column, cell in line.content.items():
        if column in form.rows:
            raise Refused({f"line {line.number}": [{column: ["must be a list of objects"]}]})
        name, dot, member = column.partition(".")
        place = rows.setdefault(name, {}) if dot and name in form.rows else own
        key = member if dot and name in form.rows else column
        place[key] = _reasons(line, cell) if key == MISSING else cell
    return own, rows


def _reasons(line: Line, cell: str) -> dict[str, str]:
    """Reasons for absence as they stand in one cell: `weight=NOT_DONE; height=UNKNOWN`."""
    reasons = {}
    for part in cell.split(";"):
        name, equals, reason = part.partition("=")
        if not equals:
            raise Refused(f"Line {line.number}: {MISSING} must read like weight=NOT_DONE; height=UNKNOWN")
        reasons[name.strip()] = reason.strip()
    return reasons
