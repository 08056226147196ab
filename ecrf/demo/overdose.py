"""Lenvatinib taken at home in a wrong amount: the days, and the event that it led to."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from ecrf.demo.adverse_events import Happening
from ecrf.demo.plans import Plan
from ecrf.demo.terms import DRUGS, LENVATINIB
from ecrf.demo.treatment import Day, Period


@dataclass(frozen=True)
class Overdose:
    """So many mg a day too much on some days in a row, the first of them on a day of a cycle."""

    cycle: int
    day: int
    days: int
    extra_mg: int
    detail: str


OVERDOSES = {
    # number of the life
    47: Overdose(cycle=5, day=9, days=2, extra_mg=8, detail="Two capsules too many, see the error"),
}
CONSEQUENCE = ("Dizziness", 1)
"""CTCAE term and grade. No other life has it: how often other events occur stays as it was drawn."""
LASTS_DAYS = 2


def overdosed_on(plan: Plan, attended: list[Day]) -> date | None:
    """The first day of the overdose; None in a life that has none."""
    overdose = OVERDOSES.get(plan.number)
    if overdose is None:
        return None
    day_1 = next(each.on for each in attended if (each.cycle, each.day) == (overdose.cycle, 1))
    return day_1 + timedelta(days=overdose.day - 1)


def consequence_of_overdose(plan: Plan, attended: list[Day]) -> list[Happening]:
    """The event that the overdose led to, from its second day on."""
    first = overdosed_on(plan, attended)
    if first is None:
        return []
    ctcae, grade = CONSEQUENCE
    started = first + timedelta(days=1)
    blamed = dict.fromkeys(DRUGS[plan.arm], "UNRELATED") | {LENVATINIB: "PROBABLY RELATED"}
    return [Happening(ctcae, ctcae, grade, started, started + timedelta(days=LASTS_DAYS), blamed)]


def with_overdose(plan: Plan, attended: list[Day], periods: list[Period]) -> list[Period]:
    """The periods of lenvatinib, the one of the overdose divided into before, during and after it."""
    first = overdosed_on(plan, attended)
    if first is None:
        return periods
    overdose = OVERDOSES[plan.number]
    last = first + timedelta(days=overdose.days - 1)
    place, whole = next(
        (place, each) for place, each in enumerate(periods) if each.started < first and last < each.ended
    )
    before = replace(whole, ended=first - timedelta(days=1))
    during = Period(first, last, whole.level, "ERROR", overdose.detail, extra_mg=overdose.extra_mg)
    after = replace(whole, started=last + timedelta(days=1))
    return [*periods[:place], before, during, after, *periods[place + 1 :]]
