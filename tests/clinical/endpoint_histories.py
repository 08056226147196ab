"""Histories of one invented subject, randomized on 2021-01-01 and scanned every six weeks from day 43."""

from dataclasses import replace
from datetime import date, timedelta

from trials.clinical.endpoints.history import (
    Assessment,
    Happening,
    History,
    ReportedProgression,
    Resection,
)
from trials.clinical.endpoints.possible import exactly
from trials.clinical.endpoints.rules import Handling
from trials.clinical.endpoints.schedule import Recurrence, planned_assessments
from trials.clinical.partial_date import PartialDate, parse
from trials.clinical.recist.response import Response

RANDOMIZED = date(2021, 1, 1)


def day(number: int) -> date:
    """The calendar day of a study day; day 1 is randomization."""
    return RANDOMIZED + timedelta(days=number - 1)


def on(when: int | str | None) -> PartialDate | None:
    """A study day, or a written date that may be partial."""
    if when is None or isinstance(when, PartialDate):
        return when
    return exactly(day(when)) if isinstance(when, int) else parse(when)


def happened(when: int | str | None, words: str) -> Happening:
    return Happening(on(when), words, (words, when))


def scan(when: int | str, response: str | None, **options) -> Assessment:
    """An assessment made on one day, unless `last` names the day of its last scan."""
    first, last = on(when), on(options.pop("last", when))
    lesion = on(options.pop("new_lesion_on", None))
    read = Response(response) if response else None
    grew = options.pop("grew", response == "PD" and lesion is None)
    return Assessment(first, last, read, lesion, grew, sources=("scan", when), **options)


def died(when: int | str | None) -> Happening:
    return happened(when, "the death")


def therapy(when: int | str | None) -> Happening:
    return happened(when, "new anticancer therapy")


def reported(when: int | str | None, *, ended_treatment: bool = False) -> ReportedProgression:
    return ReportedProgression(
        on(when), "progression as reported", ("reported", when), ended_treatment=ended_treatment
    )


def resected(when: int | str, handling: Handling | None = None) -> Resection:
    return Resection(on(when), "resection after downstaging", ("resection", when), handling=handling)


PLANNED = planned_assessments([Recurrence(43, 42, 7, 7)], RANDOMIZED, date(2023, 12, 31))
PLAIN = History(
    randomized=happened(1, "randomization"),
    first_dose=happened(4, "the first dose"),
    baseline=happened(-10, "the baseline scan"),
    planned=PLANNED,
)


def history(**what) -> History:
    """The subject with these facts."""
    return replace(PLAIN, **what)
