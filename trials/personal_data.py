"""Finds in free text what would tell who a person is: identity numbers, telephone numbers, e-mail addresses.

It never says what it found, only of which kind and where, so that no error or query repeats it. It knows
forms, not meaning: names and addresses in words are beyond it.

Identity numbers: People's Republic of China (GB 11643-1999, 18 characters with a check character by ISO 7064
MOD 11-2, and the older 15 digits), Hong Kong (check digit), Taiwan (check digit), United States social
security number, United Kingdom national insurance number. Telephone numbers: Chinese mobile and area-code
numbers, North American numbers, and international ones that begin with + or 00.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

LONGEST = 20_000
"""Characters that are looked at: more than any field holds."""


@dataclass(frozen=True)
class Found:
    """The kind, with its article, and where it stands: first character and the one after the last."""

    kind: str
    start: int
    end: int


IDENTITY_NUMBER, TELEPHONE_NUMBER, EMAIL_ADDRESS = (
    "an identity number",
    "a telephone number",
    "an e-mail address",
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def personal_data(text: str) -> list[Found]:
    """What a text seems to tell about who somebody is, in the order in which it stands there.

    >>> [found.kind for found in personal_data("call 138 0013 8000 or ask x.y@example.org")]
    ['a telephone number', 'an e-mail address']
    >>> personal_data("Platelets 138 on 2021-03-14, capsules 4 mg and 10 mg, lot 20210314001")
    []
    """
    # Full-width digits and letters are written in Chinese text; each stays one character.
    plain = "".join(_narrow(letter) for letter in text[:LONGEST])
    taken: list[Found] = []
    for kind, pattern, is_one in _PATTERNS:
        for match in pattern.finditer(plain):
            found = Found(kind, match.start(), match.end())
            overlaps = any(found.start < each.end and each.start < found.end for each in taken)
            if not overlaps and is_one(match.group()):
                taken.append(found)
    return sorted(taken, key=lambda found: found.start)


def kinds_in(text: str) -> list[str]:
    """The kinds that were found, each once."""
    return list(dict.fromkeys(found.kind for found in personal_data(text)))


def _narrow(letter: str) -> str:
    narrow = unicodedata.normalize("NFKC", letter)
    return narrow if len(narrow) == 1 else letter


def _always(_text: str) -> bool:
    return True


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _is_resident_number(text: str) -> bool:
    """18 characters: region, day of birth, sequence, check character."""
    compact = re.sub(r"[ -]", "", text).upper()
    weighed = sum(int(digit) * weight for digit, weight in zip(compact[:17], _WEIGHTS, strict=True))
    return _is_day(compact[6:14]) and "10X98765432"[weighed % 11] == compact[17]


def _is_old_resident_number(text: str) -> bool:
    return _is_day(f"19{text[6:12]}") and "11" <= text[:2] <= "82"


def _is_day(written: str) -> bool:
    try:
        return 1880 <= date(int(written[:4]), int(written[4:6]), int(written[6:8])).year <= 2100
    except ValueError:
        return False


def _is_hong_kong_number(text: str) -> bool:
    """One or two letters and six digits; letters count from 10, a missing first one as 36."""
    compact = re.sub(r"[()\s]", "", text).upper()
    values = [36] * (9 - len(compact))
    values += [int(each) if each.isdigit() else ord(each) - 55 for each in compact[:-1]]
    weighed = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    check = 10 if compact[-1] == "A" else int(compact[-1])
    return (weighed + check) % 11 == 0


def _is_taiwan_number(text: str) -> bool:
    compact = text.upper()
    letter = _TAIWAN_LETTERS.index(compact[0]) + 10
    digits = [letter // 10, letter % 10, *map(int, compact[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0


def _is_social_security_number(text: str) -> bool:
    area, group, serial = re.split(r"[- ]", text)
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _is_international(text: str) -> bool:
    return 8 <= len(_digits(text)) <= 15


_APART = r"(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"
_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (kind, re.compile(_APART.format(pattern), re.IGNORECASE | re.ASCII), is_one)
    for kind, pattern, is_one in (
        (EMAIL_ADDRESS, r"[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}", _always),
        (IDENTITY_NUMBER, r"[1-9]\d{5}[ -]?\d{8}[ -]?\d{3}[\dX]", _is_resident_number),
        (IDENTITY_NUMBER, r"[1-9]\d{14}", _is_old_resident_number),
        (IDENTITY_NUMBER, r"[A-Z]{1,2}\d{6} ?\(?[\dA]\)?", _is_hong_kong_number),
        (IDENTITY_NUMBER, r"[A-Z][12]\d{8}", _is_taiwan_number),
        (IDENTITY_NUMBER, r"\d{3}-\d{2}-\d{4}", _is_social_security_number),
        (IDENTITY_NUMBER, r"[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", _always),
        (TELEPHONE_NUMBER, r"(?:(?:\+|00)86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}", _always),
        (TELEPHONE_NUMBER, r"\(?0[1-9]\d{1,2}\)?[ -]\d{7,8}", _always),
        (TELEPHONE_NUMBER, r"\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}", _always),
        (TELEPHONE_NUMBER, r"(?:\+|00)[1-9](?:[ .()-]{0,2}\d){6,14}", _is_international),
    )
)


def refusal(text: str) -> str:
    """Why a reason or a message is not kept, in words that follow the name of its field; empty when it is.

    >>> refusal("typed wrongly"), refusal("told by a.b@example.org")
    ('', 'seems to hold an e-mail address; write it without what tells who a person is')
    """
    kinds = kinds_in(text)
    if not kinds:
        return ""
    return f"seems to hold {' and '.join(kinds)}; write it without what tells who a person is"
