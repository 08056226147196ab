"""The terms of CTCAE that come with the software, with the grades that exist (National Cancer Institute)."""

import re
from pathlib import Path

from django.conf import settings

from trials.models.dictionary import folded
from trials.terminology.entries import DictionaryError, TermEntry

VERSIONS = ("5.0", "6.0")
SOURCE = "National Cancer Institute (public domain)"

_TERM = re.compile(r"\t(1?2?3?4?5?)\t(\S.*)")


def shipped_file(version: str) -> Path:
    """Where the terms of a version stand. Raises DictionaryError for a version that is not shipped."""
    if version not in VERSIONS:
        raise DictionaryError([f"CTCAE {version} is not shipped; versions: {', '.join(VERSIONS)}"])
    return Path(settings.BASE_DIR) / "fixtures" / "terminology" / f"ctcae_{version}.tsv"


def shipped_terms(version: str) -> list[TermEntry]:
    """The terms of a version in the order of the publication.

    A line is a system organ class, or a term of the class above it: tab, digits of its grades, tab, term.
    Raises DictionaryError naming the lines that are neither or come twice.
    """
    path = shipped_file(version)
    soc, entries, faults = "", [], []
    seen: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name}: line {number}"
        if not line.startswith("\t"):
            soc = line
            continue
        match = _TERM.fullmatch(line)
        if match is None or not match[1] or not soc:
            faults.append(f"{where}: is neither a class nor a term with its grades")
        elif folded(match[2]) in seen:
            faults.append(f"{where}: comes twice")
        else:
            seen.add(folded(match[2]))
            entries.append(TermEntry(match[2], soc, grades=match[1], where=where))
    if faults:
        raise DictionaryError(faults)
    return entries
