"""Rows as the database stores them, written down in the canonical form.

Digests are made from what is stored, never from Python objects: the two differ for decimals, instants and
booleans, and rows of a rolled-back savepoint must not count. SQLite stores any text in any column, so a value
is also refused there when it is not written as the application writes it: another spelling of the same day
is a change too.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from functools import partial
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from trials.audit.canonical import canonical_decimal, canonical_fragment, canonical_value

Reader = Callable[[Any], Any]
"""From a stored value, never NULL, to one whose canonical form is that of the value. Raises ValueError."""

Between = tuple[int, int] | None

CHUNK = 500
DIGITS = Context(prec=15)


class NotAsWritten(ValueError):
    """A stored value is not one that the application wrote; names the column, never the value."""

    def __init__(self, column: str) -> None:
        super().__init__(f"{column} is not stored as the application writes it")
        self.column = column


def _text(raw: Any) -> str:
    if type(raw) is not str:
        raise ValueError
    return raw


def _whole(raw: Any) -> int:
    if type(raw) is not int:
        raise ValueError
    return raw


def _bit(raw: Any) -> bool:
    if type(raw) is not int or raw not in (0, 1):
        raise ValueError
    return raw == 1


def _number(places: int, raw: Any) -> str:
    exact = DIGITS.create_decimal_from_float(raw)
    rounded = exact.quantize(Decimal(1).scaleb(-places), context=DIGITS)
    if float(rounded) != raw:
        raise ValueError
    return canonical_decimal(rounded)


def _day(raw: Any) -> str:
    if date.fromisoformat(raw).isoformat() != raw:
        raise ValueError
    return str(raw)


def _clock(raw: Any) -> str:
    if str(time.fromisoformat(raw)) != raw:
        raise ValueError
    return str(raw)


def _moment(raw: Any) -> Any:
    parsed = datetime.fromisoformat(raw)
    if str(parsed) != raw:
        raise ValueError
    return canonical_value(parsed.replace(tzinfo=UTC))


def _json(encoder: Any, raw: Any) -> Any:
    content = json.loads(raw)
    if json.dumps(content, cls=encoder) != raw:
        raise ValueError
    return content


def _sqlite_reader(column: models.Field) -> Reader:
    """How a column is read on SQLite."""
    kind = _internal_type(column)
    if isinstance(column, models.DecimalField):
        return partial(_number, column.decimal_places)
    if isinstance(column, models.JSONField):
        return partial(_json, column.encoder)
    return SQLITE.get(kind) or (_whole if "Integer" in kind or "Auto" in kind else _text)


SQLITE: Mapping[str, Reader] = {
    "BooleanField": _bit,
    "DateField": _day,
    "DateTimeField": _moment,
    "TimeField": _clock,
}
"""The other columns hold whole numbers or text."""


def _postgresql_reader(column: models.Field) -> Reader:
    """How a column is read on PostgreSQL, which has one way to store each value."""
    return json.loads if isinstance(column, models.JSONField) else canonical_value


READERS: Mapping[str, Callable[[models.Field], Reader]] = {
    "sqlite": _sqlite_reader,
    "postgresql": _postgresql_reader,
}

# An expression has no declared type, by which the driver would convert and round.
SELECTED = {"sqlite": "+{}", "postgresql": "{}"}


def _internal_type(column: models.Field) -> str:
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    return column.get_internal_type()


def _writer(read: Reader) -> Callable[[Any], str]:
    """From a stored value to its canonical JSON; empty for a null inside of JSON, which is left out."""

    def write(raw: Any) -> str:
        value = read(raw)
        direct = DIRECT.get(type(value))
        return "" if value is None else direct(value) if direct else canonical_fragment(value)

    # Nearly all values are text, and this refuses by itself what is none.
    return quoted if read is _text else write


DIRECT: Mapping[type, Callable[[Any], str]] = {
    str: quoted,
    int: str,
    bool: lambda value: "true" if value else "false",
}
"""By exact type; the others as the canonical form says."""


class StoredTable:
    """How the rows of one table are read and written down. `names` are the columns in order."""

    def __init__(self, model: type[models.Model], vendor: str, quote: Callable[[str], str]) -> None:
        columns = [column for column in model._meta.concrete_fields if not column.generated]
        self.table = model._meta.db_table
        self.names = [column.attname for column in columns]
        self.readers = [READERS[vendor](column) for column in columns]
        stored = ", ".join(SELECTED[vendor].format(quote(str(column.column))) for column in columns)
        self._select = f"SELECT {stored} FROM {quote(self.table)}"  # noqa: S608  names of models, quoted
        self._quote = quote
        places: list[tuple[str, int]] = [(name, place) for place, name in enumerate(self.names)]
        table = f'"table":{quoted(self.table)}'
        self._parts = [
            (f"{quoted(name)}:", place, _writer(self.readers[place])) if place >= 0 else (table, -1, str)
            for name, place in sorted([*places, ("table", -1)])
        ]

    def read(
        self,
        connection: BaseDatabaseWrapper,
        order: Sequence[str],
        between: Between = None,
        *,
        all_at_once: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """Raw rows in this order, of those whose first column of it lies between two numbers (inclusive).

        Few rows are cheaper taken `all_at_once`; many would fill the memory.
        """
        quoted_order = [self._quote(column) for column in order]
        where = "" if between is None else f" WHERE {quoted_order[0]} BETWEEN %s AND %s"
        with connection.cursor() if all_at_once else connection.chunked_cursor() as cursor:
            cursor.execute(f"{self._select}{where} ORDER BY {', '.join(quoted_order)}", between)
            while rows := cursor.fetchmany(CHUNK):
                yield from rows

    def values(self, row: Sequence[Any]) -> dict[str, Any]:
        """Values by name, each in its canonical form. Raises NotAsWritten."""
        found = {}
        for name, read, raw in zip(self.names, self.readers, row, strict=True):
            try:
                found[name] = None if raw is None else read(raw)
            except (ValueError, TypeError, ArithmeticError):
                raise NotAsWritten(name) from None
        return found

    def text(self, row: Sequence[Any]) -> str:
        """Canonical JSON of the row and the name of its table. Raises NotAsWritten."""
        parts = []
        place = 0
        try:
            for prefix, place, write in self._parts:
                if place < 0:
                    parts.append(prefix)
                elif row[place] is not None and (text := write(row[place])):
                    parts.append(prefix + text)
        except (ValueError, TypeError, ArithmeticError):
            raise NotAsWritten(self.names[place]) from None
        return f"{{{','.join(parts)}}}"

    def digest(self, row: Sequence[Any]) -> str:
        """SHA-256 (hex) of the canonical JSON. Raises NotAsWritten."""
        try:
            return sha256(self.text(row).encode()).hexdigest()
        except UnicodeEncodeError:
            raise NotAsWritten("text") from None


_ready: dict[tuple[type[models.Model], str], StoredTable] = {}


def stored_table(model: type[models.Model], connection: BaseDatabaseWrapper) -> StoredTable:
    """The table as this kind of database stores it; put together once."""
    place = (model, connection.vendor)
    if place not in _ready:
        _ready[place] = StoredTable(model, connection.vendor, connection.ops.quote_name)
    return _ready[place]
