"""What the rules say beside a form, as a template shows it: each value that was used, linked to its form."""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.admin.addresses import source_url
from patients.derivations.told import Told

SOURCES_SHOWN = 20
"""A sum of many lesions over many scans rests on more values than anybody reads."""


@dataclass(frozen=True)
class ShownTold:
    """One thing told, with the words and the page of each value it rests on; `more` are not shown."""

    about: str
    answer: str
    reason: str
    sources: list[tuple[str, str]]
    more: int


def shown_told(told: Iterable[Told]) -> list[ShownTold]:
    return [
        ShownTold(
            each.about,
            each.answer,
            each.reason,
            [(str(source), source_url(source)) for source in each.sources[:SOURCES_SHOWN]],
            max(len(each.sources) - SOURCES_SHOWN, 0),
        )
        for each in told
    ]
