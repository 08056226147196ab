"""Whether the trigger of a row is there: on the day, or at some time since the first dose."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trials.clinical.dose_modification.missing import Missing
from trials.clinical.dose_modification.rules import (
    QUESTIONS,
    TIMES_ULN,
    EventTrigger,
    ResultTrigger,
    Rule,
)
from trials.clinical.dose_modification.situation import Event, Measured, Situation
from trials.clinical.partial_date import PartialDate, Truth, on_or_before
from trials.clinical.reading import Reading, all_of, opposite
from trials.clinical.words import counted, either, printed_unit


@dataclass(frozen=True)
class Found:
    """One result or event held against a row: the answer, what is missing for one, what it rests on.

    `began`: first and last of the days on which it may have begun, of a result the day before its sample;
    `required`: a missing answer matters.
    """

    truth: Truth
    began: tuple[date, date]
    missing: tuple[Missing, ...] = ()
    words: str = ""
    key: Any = None
    required: bool = True


def on_the_day(rule: Rule, situation: Situation) -> list[Found]:
    """What counts on the day itself: the newest results within their age, the events that are going on.

    What is certainly not there is left out.

    >>> from trials.clinical.dose_modification import Action, Limits
    >>> low = ResultTrigger("PLAT", "platelets", 3, Limits(below=Decimal(75)), unit="10*9/L")
    >>> rule = Rule("LOW", Action.HOLD, low, "low platelets")
    >>> [each.truth for each in on_the_day(rule, Situation(date(2021, 3, 8)))]
    [<Truth.UNKNOWN: 'unknown'>]
    """
    match rule.trigger:
        case ResultTrigger() as trigger:
            found = list(_newest(trigger, situation))
        case EventTrigger() as trigger:
            found = list(_events(trigger, situation, _going_on))
    return _possible(found, rule, situation)


def since_first_dose(rule: Rule, situation: Situation) -> list[Found]:
    """Every result and event that came after the first dose, without what is certainly not there.

    Results of the day of that dose do not count: their blood was drawn before it.
    """
    first = situation.first_dose
    if first is None:
        return []
    match rule.trigger:
        case ResultTrigger() as trigger:
            later = [each for each in situation.results if first < each.day <= situation.day]
            found = [_judged(trigger, each) for each in later if each.test == trigger.test]
        case EventTrigger() as trigger:
            found = list(_events(trigger, situation, _begun_under_treatment))
    return _possible(found, rule, situation)


def _newest(trigger: ResultTrigger, situation: Situation) -> Iterator[Found]:
    oldest = situation.day - timedelta(days=trigger.within_days)
    near = [
        each
        for each in situation.results
        if each.test == trigger.test and oldest <= each.day <= situation.day
    ]
    if not near:
        days = counted(trigger.within_days, "day")
        missing = Missing(f"{trigger.name} within {days} up to {situation.day}")
        span = (situation.day, situation.day)
        yield Found(Truth.UNKNOWN, span, (missing,), required=trigger.required)
        return
    newest = max(each.day for each in near)
    # Of several results of one day each counts: which one is right is asked elsewhere.
    yield from (_judged(trigger, each) for each in near if each.day == newest)


def _judged(trigger: ResultTrigger, measured: Measured) -> Found:
    reading, missing = _reading(trigger, measured)
    truth = Truth.UNKNOWN if reading is None else trigger.limits.hold(reading)
    if truth is Truth.UNKNOWN and missing is None:
        missing = Missing(f"exact {trigger.name} on {measured.day}")
    shown = "" if reading is None else _shown(trigger, reading, measured)
    told = (missing,) if truth is Truth.UNKNOWN and missing is not None else ()
    before = measured.day - timedelta(days=1)  # a dose of the same day is given after the sample
    return Found(truth, (before, before), told, shown, measured.key, trigger.required)


def _shown(trigger: ResultTrigger, reading: Reading, measured: Measured) -> str:
    """The result in words; a rounded number stays on its side of every limit of the row."""
    if trigger.term:
        number = measured.reading
        graded = f"{trigger.name}: grade {reading}"
        if number is None:
            return f"{graded} on {measured.day}"
        shown = either((number.number,), measured.unit, signs=(number.comparator,))
        return f"{graded} ({shown} on {measured.day})"
    ends = (getattr(trigger.limits, each.name) for each in fields(trigger.limits))
    limits = [end for end in ends if end is not None]
    shown = either((reading.number,), trigger.unit, *limits, signs=(reading.comparator,))
    return f"{trigger.name} {shown} on {measured.day}"


def _reading(trigger: ResultTrigger, measured: Measured) -> tuple[Reading | None, Missing | None]:
    """The number that the row asks for, or what is missing for it."""
    where = f"{trigger.name} on {measured.day}"
    if trigger.term:
        grade = measured.grades.get(trigger.term)
        missing = Missing(f"grade of {where}", stands=measured.fault)
        return (None, missing) if grade is None else (Reading(Decimal(grade)), None)
    if measured.reading is None:
        return None, Missing(f"number of {where}", stands=measured.fault)
    if trigger.unit == TIMES_ULN:
        if measured.uln is None or measured.uln <= 0:
            return None, Missing(f"upper limit of normal of {where}")
        return measured.reading.divided_by(measured.uln), None
    if measured.unit == trigger.unit:
        return measured.reading, None
    return None, Missing(f"number of {where} in {printed_unit(trigger.unit)}")


def _events(trigger: EventTrigger, situation: Situation, asked: "_Asked") -> Iterator[Found]:
    """Events of the named terms, from the asked occurrence on; unknown ones count as possible."""
    held = [(event, _event(trigger, event, situation)) for event in situation.events]
    possible = [(event, found) for event, found in held if found.truth is not Truth.NO]
    possible.sort(key=lambda each: (each[1].began, each[0].label))
    certain_before = 0
    for number, (event, found) in enumerate(possible, 1):
        if number >= trigger.occurrence:
            counted = Truth.YES if certain_before >= trigger.occurrence - 1 else Truth.UNKNOWN
            answers = {**asked(event, situation), Missing(f"number of events before {event.label}"): counted}
            answers[Missing("duration", event.label)] = _lasted(trigger, event, situation.day)
            yield _together(found, answers)
        certain_before += found.truth is Truth.YES


def _event(trigger: EventTrigger, event: Event, situation: Situation) -> Found:
    """Whether an event is one that the row means, whenever it was, if it began by the day."""
    began = (event.first.earliest, event.first.latest) if event.first else (date.min, situation.day)
    any_term = not trigger.terms and not trigger.other_than
    named = Truth.YES if any_term else Truth.UNKNOWN
    if event.term is not None:
        named = _known(trigger.names(event.term))
    graded = Truth.UNKNOWN if event.grade is None else _known(event.grade in trigger.grades)
    answers = {
        Missing("CTCAE term", event.label): named,
        Missing("grade", event.label): graded,
        Missing("relation to the drug", event.label): event.related if trigger.related else Truth.YES,
        _start(event): _begun_by(event, situation.day),
    }
    if trigger.asks:
        question = Missing(f"answer to “{QUESTIONS[trigger.asks]}”", event.label)
        answers[question] = event.answers.get(trigger.asks, Truth.UNKNOWN)
    words = f"{event.label}, grade {event.grade}"
    return _together(Found(Truth.YES, began, (), words, event.key), answers)


_Asked = Callable[[Event, Situation], dict[Missing, Truth]]


def _start(event: Event) -> Missing:
    return Missing("start" if event.first is None else "exact start", event.label)


def _going_on(event: Event, situation: Situation) -> dict[Missing, Truth]:
    """On the day of its end an event is over."""
    if event.last is None:
        active = Truth.YES if event.ongoing else Truth.UNKNOWN
    else:
        contradicts = event.ongoing is True
        active = Truth.UNKNOWN if contradicts else opposite(on_or_before(event.last, _day(situation.day)))
    contradicted = event.last is None or event.ongoing is True
    return {Missing("end" if contradicted else "exact end", event.label): active}


def _begun_under_treatment(event: Event, situation: Situation) -> dict[Missing, Truth]:
    first = situation.first_dose
    if first is None or event.first is None:
        return {_start(event): Truth.UNKNOWN}
    return {_start(event): on_or_before(_day(first), event.first)}


def _begun_by(event: Event, day: date) -> Truth:
    return Truth.UNKNOWN if event.first is None else on_or_before(event.first, _day(day))


def _lasted(trigger: EventTrigger, event: Event, day: date) -> Truth:
    """Whether an event has lasted as long as the row asks, up to its end or to the day."""
    if not trigger.lasting_days:
        return Truth.YES
    if event.first is None:
        return Truth.UNKNOWN
    ends = (day, day) if event.last is None else (min(event.last.earliest, day), min(event.last.latest, day))
    if (ends[0] - event.first.latest).days >= trigger.lasting_days:
        return Truth.YES
    return Truth.UNKNOWN if (ends[1] - event.first.earliest).days >= trigger.lasting_days else Truth.NO


def _together(found: Found, answers: Mapping[Missing, Truth]) -> Found:
    """The answer together with further ones; each unknown one is named as missing."""
    truth = all_of(found.truth, *answers.values())
    names = tuple(name for name, answer in answers.items() if answer is Truth.UNKNOWN)
    missing = tuple(dict.fromkeys((*found.missing, *names))) if truth is Truth.UNKNOWN else ()
    return replace(found, truth=truth, missing=missing)


def _possible(found: Sequence[Found], rule: Rule, situation: Situation) -> list[Found]:
    """What is or may be there, together with what else the row asks."""
    asked = conditions(rule, situation)
    together = [_together(each, asked) for each in found]
    return [each for each in together if each.truth is not Truth.NO]


def conditions(rule: Rule, situation: Situation) -> dict[Missing, Truth]:
    """What the row asks beside its trigger: day of the cycle, tumor in the liver, baseline."""
    answers: dict[Missing, Truth] = {}
    if rule.cycle_day is not None:
        same = situation.cycle_day == rule.cycle_day
        answers[Missing("day of the cycle")] = Truth.UNKNOWN if situation.cycle_day is None else _known(same)
    if rule.liver_tumor is not None:
        same = situation.liver_tumor is rule.liver_tumor
        name = Missing("finding whether there is tumor in the liver")
        answers[name] = Truth.UNKNOWN if situation.liver_tumor is None else _known(same)
    if isinstance(rule.trigger, ResultTrigger) and rule.trigger.baseline is not None:
        fault = situation.baseline_faults.get(rule.trigger.test, "")
        baseline = Missing(f"baseline of {rule.trigger.name}", stands=fault)
        answers[baseline] = baseline_holds(rule.trigger, situation)
    return answers


def baseline_holds(trigger: ResultTrigger, situation: Situation) -> Truth:
    """Whether the baseline of the test lies where the row asks for it; YES where it asks for none."""
    if trigger.baseline is None:
        return Truth.YES
    readings = situation.baselines.get(trigger.test, ())
    found = {Truth.UNKNOWN if each is None else trigger.baseline.hold(each) for each in readings}
    return found.pop() if len(found) == 1 else Truth.UNKNOWN


def _known(answer: bool) -> Truth:
    return Truth.YES if answer else Truth.NO


def _day(day: date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)
