"""Text in CSV that no spreadsheet takes for a formula."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
QUOTES = "\"'“”‘’` \u3000"
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def cell(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet could calculate it; numbers stay.

    >>> cell("=1+1"), cell('"=1+1'), cell("-5"), cell("-5+2"), cell("nausea")
    ("'=1+1", '\\'"=1+1', '-5', "'-5+2", 'nausea')
    """
    bare = text.lstrip(QUOTES)
    if bare.startswith(STARTS_A_FORMULA) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


class Echo:
    """A file for csv.writer that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV as they come, every cell harmless."""
    writer = csv.writer(Echo(), lineterminator="\r\n")
    for line in lines:
        yield writer.writerow([cell(text) for text in line])
