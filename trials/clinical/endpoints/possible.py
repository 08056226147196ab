"""Every history that dates known in part allow: nothing is completed by guessing, everything is tried.

An endpoint is determined where each possible history gives the same answer. The days tried are all days of
a date known in part; where these are too many, the days on which an answer can turn: the ends of the span,
and the days beside every other day that is known.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from math import prod
from typing import Any

from trials.clinical.endpoints.history import Assessment, Happening, History, UndatedAssessment
from trials.clinical.partial_date import FIRST_YEAR, LAST_YEAR, PartialDate
from trials.clinical.recist.response import Response

MOST = 5000
OPEN_END = date(LAST_YEAR, 12, 31)  # the last day of what has no known day and no cut-off
# What an overall response that cannot be determined may be, as far as a time to event can tell apart.
RESPONSES = (Response.PD, Response.SD, Response.NE)
ONE = ("death", "discontinuation")
MANY = ("assessments", "reported_progressions", "new_therapies", "resections", "undated")
SCANS = ("first_scan", "last_scan", "new_lesion_on")

Span = tuple[date, date]
Days = Callable[[Span], Sequence[date]]


class TooMany(ValueError):
    """More dates are known only in part than can be tried."""


@dataclass(frozen=True)
class Doubt:
    """Something whose day, or response, is not certain, where it stands, and everything it may be."""

    where: str
    place: int | None
    what: Happening | Assessment
    choices: tuple[Any, ...]


def doubts(history: History) -> list[Doubt]:
    """What is not certain, each with its possible values. Raises TooMany.

    >>> unknown = Happening(PartialDate(2021, 3), "the death")
    >>> [len(doubt.choices) for doubt in doubts(History(death=unknown))]
    [31]
    """
    held: list[tuple[str, int | None, Any]] = [(name, None, getattr(history, name)) for name in ONE]
    held += [(name, place, each) for name in MANY for place, each in enumerate(getattr(history, name))]
    open_ones = [each for each in held if each[2] is not None and not _is_certain(each[2])]
    turning = _turning_days(history) if open_ones else set()

    def near_others(span: Span) -> list[date]:
        return sorted({*span, *(day for day in turning if span[0] <= day <= span[1])})

    ways: tuple[Days, ...] = (_every_day, near_others)
    for days in ways:
        found = [Doubt(*each, choices=tuple(_choices(each[2], history, days))) for each in open_ones]
        if prod(len(doubt.choices) for doubt in found) <= MOST:
            return found
    raise TooMany("too many dates are known only in part")


def histories(history: History, found: Sequence[Doubt]) -> Iterator[History]:
    """The history with each combination of what its doubts may be; itself where there is none."""
    for chosen in product(*(doubt.choices for doubt in found)):
        changed: dict[str, Any] = {}
        for doubt, choice in zip(found, chosen, strict=True):
            if doubt.place is None:
                changed[doubt.where] = choice
            else:
                held = list(changed.get(doubt.where, getattr(history, doubt.where)))
                held[doubt.place] = choice
                changed[doubt.where] = tuple(held)
        yield replace(history, **changed)


def _is_certain(what: Happening | Assessment) -> bool:
    if isinstance(what, Happening):
        return what.possible is not None or (what.on is not None and what.on.is_complete)
    return what.response is not None and all(day.is_complete for day in _scans(what))


def _scans(assessment: Assessment) -> list[PartialDate]:
    return [day for name in SCANS if (day := getattr(assessment, name)) is not None]


def _choices(what: Any, history: History, days: Days) -> Iterator[Any]:
    if isinstance(what, UndatedAssessment):
        for day, response in product(days(_span(what, history)), RESPONSES):
            yield replace(what, possible=day, response=response)
        return
    if isinstance(what, Happening):
        for day in days(_span(what, history)):
            yield replace(what, possible=day)
        return
    # Scans that are written alike were made on one day.
    written = sorted({day for day in _scans(what) if not day.is_complete}, key=str)
    responses = RESPONSES if what.response is None else (what.response,)
    for chosen in product(responses, *(days((day.earliest, day.latest)) for day in written)):
        known = dict(zip(written, map(exactly, chosen[1:]), strict=True))
        settled = {name: known.get(day, day) for name in SCANS if (day := getattr(what, name)) is not None}
        first, last = settled["first_scan"], settled["last_scan"]
        if first.earliest <= last.earliest:
            yield replace(what, response=chosen[0], **settled)


def _span(what: Happening, history: History) -> Span:
    if what.on is not None:
        return what.on.earliest, what.on.latest
    if what.between is not None:
        return what.between
    begin = history.randomized.day if history.randomized else date(FIRST_YEAR, 1, 1)
    return begin, max(begin, history.cutoff or OPEN_END)


def _every_day(span: Span) -> Sequence[date]:
    """The days of a span; of a long one so many that they are too many."""
    first, last = span
    return [first + timedelta(days=day) for day in range(min((last - first).days, MOST) + 1)]


def _turning_days(history: History) -> set[date]:
    """The days beside which an answer can turn: of everything known, and of every window and cut-off."""
    happenings: list[Any] = [
        history.randomized,
        history.first_dose,
        history.baseline,
        history.death_known,
        *history.alive,
    ]
    happenings += [getattr(history, name) for name in ONE]
    for name in MANY[1:]:
        happenings += getattr(history, name)
    dates: list[PartialDate] = [each.on for each in happenings if each is not None and each.on is not None]
    dates += [day for each in history.assessments for day in _scans(each)]
    known = {day for each in dates for day in (each.earliest, each.latest)}
    known |= {day for each in happenings if each is not None and each.between for day in each.between}
    known |= {day for each in history.planned for day in (each.opens, each.closes)}
    if history.cutoff is not None:
        known.add(history.cutoff)
    return {day + timedelta(days=beside) for day in known for beside in (-1, 0, 1)}


def exactly(day: date) -> PartialDate:
    """A day that is wholly known."""
    return PartialDate(day.year, day.month, day.day)
