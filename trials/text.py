"""Text as it may be kept and shown: only characters that every database, export and page can hold."""

from decimal import Decimal
from unicodedata import category

LINE_BREAKS = "\n\r\u2028\u2029"
ECHO = 60


def fault_in(text: str, *, lines: bool) -> str:
    """Why a text cannot be kept, in words that follow the name of its field; empty when it can.

    `lines`: whether it may have several. Refused are control characters (PostgreSQL stores no NUL, XML
    none of them), halves of surrogate pairs (no encoding has them) and code points that are no characters.

    >>> fault_in("a\\x00b", lines=True), fault_in("two\\nlines", lines=False), fault_in("two", lines=False)
    ('contains a control character', 'contains a line break', '')
    """
    if text.isprintable():
        return ""
    for letter in text:
        if letter in LINE_BREAKS:
            if not lines:
                return "contains a line break"
        elif category(letter) == "Cc" and letter != "\t":
            return "contains a control character"
        elif category(letter) == "Cs":
            return "contains half of a character"
        elif ord(letter) & 0xFFFE == 0xFFFE:
            return "contains a code point that is no character"
    return ""


def shown(name: object) -> str:
    """A name that came from outside, fit to be repeated in an error: printable and short.

    >>> shown("weigth"), shown("a\\ud800b"), shown(7)
    ('weigth', 'a?b', '7')
    """
    text = "".join(letter if letter.isprintable() else "?" for letter in str(name)[:ECHO])
    return text or "(empty)"


def plain(value: Decimal | None) -> str:
    """A decimal as people write it: without exponent and without trailing zeros; empty for none.

    >>> plain(Decimal("60.1000")), plain(Decimal("1E+2")), plain(None)
    ('60.1', '100', '')
    """
    return "" if value is None else format(value.normalize(), "f")
