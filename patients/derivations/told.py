"""One thing that the rules say beside the answers of a form."""

from dataclasses import dataclass

from patients.facts import Source
from patients.models import Row


@dataclass(frozen=True)
class Told:
    """One thing that the rules say: of what, the answer in words, and the way to it.

    `answer` is empty where it cannot be determined; `reason` then says why. `row` is the row it is about.
    """

    about: str
    answer: str
    reason: str = ""
    row: Row | None = None
    sources: tuple[Source, ...] = ()
