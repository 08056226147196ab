"""A small table and short ways to say what was found; days count from the first dose."""

from datetime import date, timedelta
from decimal import Decimal

from trials.clinical.dose_level import Level, Rhythm
from trials.clinical.dose_modification import (
    Action,
    Event,
    EventTrigger,
    LevelGiven,
    Limits,
    Measured,
    Reduction,
    ResultTrigger,
    Rule,
    Situation,
    decide,
)
from trials.clinical.partial_date import Truth, parse
from trials.clinical.reading import Reading

FIRST = date(2021, 3, 1)
LENVATINIB = [
    Level(Decimal(12), Rhythm.DAILY),
    Level(Decimal(8), Rhythm.DAILY),
    Level(Decimal(4), Rhythm.DAILY),
    Level(Decimal(4), Rhythm.EVERY_OTHER_DAY),
]
GEMCITABINE = [Level(Decimal(1000), Rhythm.ONCE)]
OXALIPLATIN = [Level(Decimal(85), Rhythm.ONCE), Level(Decimal(65), Rhythm.ONCE)]


def day(later):
    return FIRST + timedelta(days=later)


def limits(**given):
    return Limits(**{name: Decimal(value) for name, value in given.items()})


def counts(test, action, code, reduction=None, cycle_day=None, **bounds):
    trigger = ResultTrigger(test, test.lower(), 3, limits(**bounds), unit="10*9/L")
    return Rule(code, action, trigger, code, reduction=reduction, cycle_day=cycle_day)


# Gemcitabine on any treatment day: 75 % from 0.5 and 50, nothing below.
COUNTS = [
    counts("NEUT", Action.OMIT, "N-OMIT", below="0.5"),
    counts("NEUT", Action.REDUCE, "N-75", Reduction(percent=Decimal(75)), at_least="0.5", below="1.0"),
    counts("PLAT", Action.OMIT, "P-OMIT", below="50"),
    counts("PLAT", Action.REDUCE, "P-75", Reduction(percent=Decimal(75)), at_least="50", below="100"),
]


def event_rule(action, code, grades, terms=(), reduction=None, **options):
    split = {name: options.pop(name) for name in ("resume_levels", "resume") if name in options}
    trigger = EventTrigger(frozenset(grades), frozenset(terms), **options)
    return Rule(code, action, trigger, code, reduction=reduction, **split)


EVENTS = [
    event_rule(Action.HOLD, "G3", {3}, resume_levels=1, resume="grade 0 to 1"),
    event_rule(Action.STOP, "G4", {4}),
    event_rule(Action.STOP, "STROKE", {1, 2, 3, 4}, ["Stroke"]),
]


def result(test, number, later, unit="10*9/L", comparator="", **more):
    reading = None if number is None else Reading(Decimal(number), comparator)
    return Measured(test, day(later), reading, unit, key=(test, later), **more)


def event(grade, began, ended=None, term="Diarrhea", related=Truth.YES, label="event 1", **more):
    """`began` and `ended` are days after the first dose, or a partial date as written."""
    first, last = (
        None if each is None else parse(each if isinstance(each, str) else day(each).isoformat())
        for each in (began, ended)
    )
    given = {"ongoing": ended is None} | more
    return Event(label, term, grade, first, last, related=related, key=label, **given)


def given(*levels):
    """`(0, 0), (21, 1)`: level 0 from the first day, level 1 from 21 days later."""
    return [LevelGiven(day(later), level, shown=f"the dose of {day(later)}") for later, level in levels]


def decided(rules, levels, later, **known):
    return decide(rules, levels, Situation(day(later), **known))


def codes(hits):
    return {hit.rule.code for hit in hits}
