"""What is asked of a password: 12 characters (15 are better), unknown, not made of words of the study.

Asked on purpose for nothing else. There are no rules of composition and no forced change after some time:
both make people choose weaker passwords and write them down (NIST SP 800-63B; OWASP ASVS 5.0, 6.2.5 and
6.2.10). What 21 CFR 11.300(b) wants checked periodically is served by the last day that an account may have
and by the review of accounts (`manage.py report access`).
"""

import hashlib
import re
from io import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trials.models import Drug, Site, Study, User

LEFT_OVER = 8
"""Letters and digits that must remain when the words everybody here would guess are taken out."""

SHORTEST_WORD = 4
PRODUCT = ("ecrf", "icc-ecrf", "cholangiocarcinoma", "password")
NOT_ALPHANUMERIC = re.compile(r"[\W_]+")

HASH_HEX = 40
"""Characters of a SHA-1 in hexadecimal digits."""

LONGEST_LINE = HASH_HEX + 20


class NotMadeOfWordsOfTheStudy:
    """Refuses a password of which little is left without the words of the study and of the person."""

    def validate(self, password: str, user: User | None = None) -> None:
        left = _plain(password)
        for word in sorted(words_of(user), key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < LEFT_OVER and left != _plain(password):
            raise ValidationError(self.get_help_text(), code="password_of_the_study")

    def get_help_text(self) -> str:
        return _("The password must not be made of your name or of words of the study.")


class NeverBreached:
    """Refuses a password that stands in the installation's list of breached ones; nothing is sent out."""

    def validate(self, password: str, user: User | None = None) -> None:
        if settings.BREACHED_PASSWORDS_FILE and is_breached(password, Path(settings.BREACHED_PASSWORDS_FILE)):
            raise ValidationError(
                _("This password is known from a breach of another site; choose another one."),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return _("The password must not be known from a breach.")


def words_of(user: User | None) -> set[str]:
    """The words that anybody here would try first, in small letters and digits only."""
    words: list[Any] = [*PRODUCT]
    for study in Study.objects.all():
        words += [study.code, study.registry_id]
    words += Site.objects.values_list("code", flat=True)
    words += Drug.objects.values_list("name", flat=True)
    if user is not None:
        words += [user.username, user.full_name, *user.full_name.split(), *re.split(r"[._-]", user.username)]
    return {plain for word in words if len(plain := _plain(word)) >= SHORTEST_WORD}


def is_breached(password: str, file: Path) -> bool:
    """Whether the hash of a password stands in the sorted file; a few dozen reads, however large the file is.

    Raises OSError where the file cannot be read: a rule that cannot be checked is not taken as kept.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, SEEK_END)
        # Bytes are bisected, not lines: the first line at or after a position says which way to go.
        while low < high:
            middle = (low + high) // 2
            found = _hash_from(lines, middle)
            if found == wanted:
                return True
            if found is None or found > wanted:
                high = middle
            else:
                low = middle + 1
    return False


def _hash_from(lines: BinaryIO, position: int) -> bytes | None:
    """The hash of the first line that begins at or after a position; None at the end of the file."""
    if position == 0:
        lines.seek(0)
    else:
        lines.seek(position - 1)
        lines.readline(LONGEST_LINE)
    line = lines.readline(LONGEST_LINE)
    return line[:HASH_HEX].upper() or None


def _plain(text: str) -> str:
    return NOT_ALPHANUMERIC.sub("", text.casefold())
