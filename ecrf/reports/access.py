"""`manage.py report access`: who had which role where on a day, as text, JSON or CSV."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date

from django.core.serializers.json import DjangoJSONEncoder

from trials.access import COLUMNS, Holder, cells


def access_as_text(day: date, holders: Sequence[Holder]) -> str:
    """Aligned columns, one line for each role."""
    lines = [list(COLUMNS), *map(cells, holders)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(COLUMNS))]
    table = ("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join([f"Roles on {day.isoformat()}", "", *(line.rstrip() for line in table)]) + "\n"


def access_as_csv(day: date, holders: Sequence[Holder]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([COLUMNS, *map(cells, holders)])
    return file.getvalue()


def access_as_json(day: date, holders: Sequence[Holder]) -> str:
    results = [{column: getattr(each, column) for column in COLUMNS} for each in holders]
    told = {"on": day, "results": results}
    return json.dumps(told, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False) + "\n"


FORMATS = {"text": access_as_text, "json": access_as_json, "csv": access_as_csv}
