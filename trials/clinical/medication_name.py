"""Whether a medication, as a site wrote it, goes by one of the names of a list."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

MAX_LENGTH = 400

# A word, with * for any letters at its beginning or end; names of several words are written with spaces.
_NAME = re.compile(r"\*?[^*]{2,}\*?")


def matching_name(medication: str, names: Iterable[str]) -> str | None:
    """The first of the names that the medication goes by, None for none of them.

    Case, width, accents of typing and the kind of spaces or hyphens do not matter. A name in Latin letters
    is found as whole words; one in Chinese characters, which have no spaces, anywhere. Raises ValueError for
    a name that could match anything, and for a text of more than 400 characters.

    >>> matching_name("Nivolumab 240 mg (Opdivo)", ["pembrolizumab", "*lumab"])
    '*lumab'
    >>> matching_name("Dexamethasone ointment", ["methasone"])
    """
    written = _plain(medication)
    return next((name for name in names if _pattern(name).search(written)), None)


def require_name(name: str) -> str:
    """The name, when it can stand in a list. Raises ValueError with the reason."""
    _pattern(name)
    return name


@lru_cache(maxsize=2000)
def _pattern(name: str) -> re.Pattern[str]:
    plain = _plain(name)
    if not _NAME.fullmatch(plain) or len(plain.strip("* ")) < 2:
        raise ValueError("a name has two letters or more, with * only at its beginning or end")
    # Built from escaped text only: what stands in a protocol file cannot become a pattern of its own.
    core = re.escape(plain.strip("*"))
    if not plain.isascii():
        return re.compile(core)
    before = "" if plain.startswith("*") else r"(?<![a-z0-9])"
    after = "" if plain.endswith("*") else r"(?![a-z0-9])"
    return re.compile(f"{before}{core}{after}")


def _plain(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a name of a medication has at most {MAX_LENGTH} characters")
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\-\u2010-\u2015_/]+", " ", folded).strip()
