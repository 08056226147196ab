"""What an expected action cannot be determined without, and how that is said once for each adverse event."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """One thing that is not there: a noun phrase without “no”.

    `event`: the label of the adverse event whose part it is. `stands`: a clause that says what stands in its
    place, such as a result without its unit; it is said instead of “no ...”.
    """

    what: str
    event: str = ""
    stands: str = ""

    def __str__(self) -> str:
        return f"{self.what} of {self.event}" if self.event else self.what


def in_words(missing: Iterable[Missing]) -> str:
    """Everything that is missing, each thing once and the parts of an unfinished adverse event together.

    >>> cough = "adverse event 3 (Cough)"
    >>> in_words([Missing("weight"), Missing("CTCAE term", cough), Missing("grade", cough)])
    'no weight; adverse event 3 (Cough) is unfinished: no CTCAE term, no grade'
    >>> in_words([Missing("number of ALT", stands="the ALT of C1D1 (30) has no unit")])
    'the ALT of C1D1 (30) has no unit'
    """
    alone: dict[str, None] = {}
    of_events: dict[str, dict[str, None]] = {}
    for each in missing:
        if each.event:
            of_events.setdefault(each.event, {})[f"no {each.what}"] = None
        else:
            alone[each.stands or f"no {each.what}"] = None
    unfinished = [f"{event} is unfinished: {', '.join(parts)}" for event, parts in of_events.items()]
    return "; ".join(each for each in (", ".join(alone), *unfinished) if each)
