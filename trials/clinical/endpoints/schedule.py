"""The planned tumor assessments of a subject, and which of them were missed before an event."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class PlannedAssessment:
    """An assessment of the schedule: the day it is planned for, and its window, both ends included.

    `visit` names the visit at which it is due, where there is one; `sources` are opaque to this package.
    """

    on: date
    opens: date
    closes: date
    visit: str = ""
    sources: tuple[Hashable, ...] = ()

    @property
    def named(self) -> str:
        """Its visit and its day, for a sentence."""
        return f"{self.visit} {self.on}".strip()


@dataclass(frozen=True)
class Recurrence:
    """Assessments that recur: the first on `first_day` (day 1 is the day they count from), then every
    `every_days` (None: only once), each with a window of days before and after.

    Raises ValueError for an interval or a window that is none.
    """

    first_day: int
    every_days: int | None
    days_before: int = 0
    days_after: int = 0

    def __post_init__(self) -> None:
        if self.every_days is not None and self.every_days < 1:
            raise ValueError("every_days must be at least 1")
        if self.days_before < 0 or self.days_after < 0:
            raise ValueError("a window has no negative days")


def planned_assessments(
    recurrences: Iterable[Recurrence], day_1: date, until: date
) -> tuple[PlannedAssessment, ...]:
    """The assessments planned up to a day. A recurrence lasts until the next one begins.

    >>> six_weeks, twelve_weeks = Recurrence(43, 42, 7, 7), Recurrence(169, 84, 7, 7)
    >>> found = planned_assessments([six_weeks, twelve_weeks], date(2021, 1, 1), date(2021, 12, 31))
    >>> [(each.on - date(2021, 1, 1)).days + 1 for each in found]
    [43, 85, 127, 169, 253, 337]
    """
    ordered = sorted(recurrences, key=lambda each: each.first_day)
    found = []
    for place, each in enumerate(ordered):
        ends = [following.first_day for following in ordered[place + 1 : place + 2]]
        day = each.first_day
        while (on := day_1 + timedelta(days=day - 1)) <= until and all(day < end for end in ends):
            window = on - timedelta(days=each.days_before), on + timedelta(days=each.days_after)
            found.append(PlannedAssessment(on, *window))
            if each.every_days is None:
                break
            day += each.every_days
    return tuple(found)


def missed_before(
    planned: Sequence[PlannedAssessment], day_1: date, last_seen: date | None, event: date, seen: bool
) -> list[PlannedAssessment]:
    """The planned assessments missed between the last adequate one (None: none) and an event.

    A scan stands for the planned assessment in whose window it lies, else for the nearest. `seen`: the
    event is itself the finding of a scan, which then stands for a planned assessment too; before another
    event, those are missed whose window had closed.

    >>> plan = planned_assessments([Recurrence(43, 42, 7, 7)], date(2021, 1, 1), date(2021, 12, 31))
    >>> [each.on.isoformat() for each in
    ...  missed_before(plan, date(2021, 1, 1), date(2021, 2, 12), date(2021, 6, 20), True)]
    ['2021-03-26', '2021-05-07']
    """
    first = 0 if last_seen is None else _place(planned, day_1, last_seen) + 1
    if seen:
        return list(planned[first : max(first, _place(planned, day_1, event))])
    return [each for each in planned[first:] if each.closes < event]


def _place(planned: Sequence[PlannedAssessment], day_1: date, day: date) -> int:
    """The place of the planned assessment for which a scan stands; -1 where that is the baseline."""
    for place, each in enumerate(planned):
        if each.opens <= day <= each.closes:
            return place
    distances = [(abs((day - each.on).days), place) for place, each in enumerate(planned)]
    return min([(abs((day - day_1).days), -1), *distances])[1]
