"""Text in CSV that no spreadsheet takes for a formula."""

import re

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
