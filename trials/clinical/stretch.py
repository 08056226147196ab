"""A stretch of days of which the first and the last may be known in part, and what is certain about two."""

from dataclasses import dataclass
from datetime import date

from trials.clinical.partial_date import Truth, span

NEVER_ENDED = date.max
UNKNOWN = (date.min, date.max)


@dataclass(frozen=True)
class Stretch:
    """From some day of `first` to some day of `last`, both included; each is the span of days it may be."""

    first: tuple[date, date]
    last: tuple[date, date]

    def overlaps(self, other: "Stretch") -> Truth:
        """Whether the two share a day: YES or NO only when certain for every day they may begin and end."""
        if self.first[1] <= other.last[0] and other.first[1] <= self.last[0]:
            return Truth.YES
        if self.first[0] > other.last[1] or other.first[0] > self.last[1]:
            return Truth.NO
        return Truth.UNKNOWN

    def covers(self, day: date) -> Truth:
        """Whether a day lies in it."""
        return self.overlaps(Stretch((day, day), (day, day)))


def stretch(started: str | None, ended: str | None, *, ongoing: bool | None = None) -> Stretch:
    """From two partial dates as they are written; None where nothing is recorded.

    Without an end it goes on where `ongoing` says so; otherwise its end may be any day from its start on.
    An end beside `ongoing` is a contradiction: then, too, it may end on any day from the start on. Raises
    PartialDateError for a text that is no date.

    >>> march = stretch("2021-03", "2021-03-20")
    >>> march.covers(date(2021, 3, 20)), march.covers(date(2021, 3, 1)), march.covers(date(2021, 4, 1))
    (<Truth.YES: 'yes'>, <Truth.UNKNOWN: 'unknown'>, <Truth.NO: 'no'>)
    >>> stretch("2021-03-01", None, ongoing=True).covers(date(2022, 1, 1))
    <Truth.YES: 'yes'>
    """
    first = span(started) if started else UNKNOWN
    if ended and not ongoing:
        last = span(ended)
    elif ongoing and not ended:
        last = (NEVER_ENDED, NEVER_ENDED)
    else:
        last = (first[0], NEVER_ENDED)
    if first[0] > last[1]:
        return Stretch(first, last)  # contradictory, as it was recorded
    # Nothing starts after its end: each day narrows what the other may be.
    return Stretch((first[0], min(first[1], last[1])), (max(last[0], first[0]), last[1]))
