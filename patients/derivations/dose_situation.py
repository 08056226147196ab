"""What the rows of a dose-modification table are held against, read from captured data."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from patients.derivations.dose_history import levels_given
from patients.derivations.grades import laboratory_grades
from patients.derivations.organ_function import DerivedValue, creatinine_clearances, qtcf_changes, qtcf_values
from patients.derivations.result_faults import fault_of_baseline, fault_of_number
from patients.derivations.results import Result, baselines_of, results
from patients.facts import Facts, Source, source
from patients.models import (
    AdverseEvent,
    Causality,
    DiseaseExtent,
    Subject,
    TumorHistory,
    TumorLesion,
    Visit,
)
from patients.models.base import is_yes
from patients.models.history import TumorNumber
from patients.models.tumor_lesion import Organ
from trials.clinical.dose_level import Level
from trials.clinical.dose_modification import (
    QUESTIONS,
    Event,
    Measured,
    ResultTrigger,
    Rule,
    Situation,
)
from trials.clinical.partial_date import Truth, parse
from trials.clinical.reading import Reading
from trials.models import Drug, RegimenElement

RELATION = {
    Causality.DEFINITE: Truth.YES,
    Causality.PROBABLE: Truth.YES,
    Causality.POSSIBLE: Truth.YES,
    Causality.UNLIKELY: Truth.NO,
    Causality.UNRELATED: Truth.NO,
    Causality.NOT_APPLICABLE: Truth.NO,
}


def situation_of(
    facts: Facts,
    subject: Subject,
    element: RegimenElement,
    rules: Sequence[Rule],
    levels: Sequence[Level],
    on: date,
) -> Situation:
    """What is known of a subject and drug on a day, before the dose of that day."""
    tests = {rule.trigger.test for rule in rules if isinstance(rule.trigger, ResultTrigger)}
    measured = [each for each in facts.once(_measured, subject) if each.test in tests]
    known = facts.once(_baselines, subject)
    baselines = {test: known[test] for test in tests if test in known}
    return Situation(
        day=on,
        results=[*measured, *(each for each in facts.once(_derived, subject) if each.test in tests)],
        events=list(_events(facts, subject, element.drug)),
        given=levels_given(facts, subject, element.drug, levels, on),
        baselines={test: [each.times_upper_limit for each in found] for test, found in baselines.items()},
        baseline_faults={test: fault_of_baseline(found) for test, found in baselines.items()},
        cycle_day=cycle_day(facts, subject, element, on),
        liver_tumor=liver_tumor(facts, subject),
    )


def _measured(facts: Facts, subject: Subject) -> list[Measured]:
    grades: dict[int, dict[str, int | None]] = {}
    for each in laboratory_grades(facts, subject):
        grades.setdefault(each.result.row.pk, {})[each.term] = each.grade
    return [_of_result(each, grades.get(each.row.pk, {})) for each in results(facts, subject)]


def _of_result(result: Result, grades: dict[str, int | None]) -> Measured:
    unit = result.row.test.unit if result.row.test is not None else ""
    return Measured(
        test=result.code,
        day=result.day,
        reading=result.in_unit(unit),
        unit=unit,
        uln=result.limit_in(unit, upper=True),
        grades=grades,
        fault=fault_of_number(result, unit),
        key=result.source,
    )


def _derived(facts: Facts, subject: Subject) -> list[Measured]:
    found = {
        "CREATCLR": creatinine_clearances(facts, subject),
        "QTCF": qtcf_values(facts, subject),
        "QTCFCHG": qtcf_changes(facts, subject),
    }
    return [each for code, values in found.items() for value in values for each in _of_value(code, value)]


def _of_value(code: str, value: DerivedValue) -> Iterator[Measured]:
    """One for each number that the value may be, or one without a number."""
    key = value.sources[0] if value.sources else None
    for number in value.possible or (None,):
        reading = None if number is None else Reading(number)
        yield Measured(code, value.day, reading, value.unit, key=key)


def _baselines(facts: Facts, subject: Subject) -> dict[str, list[Result]]:
    """What may be the baseline of each test that has one; found once for all days."""
    codes = {each.code for each in results(facts, subject)}
    found = {code: baselines_of(facts, subject, code) for code in codes}
    return {code: each for code, each in found.items() if each}


def _events(facts: Facts, subject: Subject, drug: Drug) -> Iterator[Event]:
    for form in facts.forms(AdverseEvent, subject):
        term = form.ctcae_term or form.term
        yield Event(
            label=f"adverse event {form.repeat} ({term})" if term else f"adverse event {form.repeat}",
            term=form.ctcae_term,
            grade=int(form.grade) if form.grade else None,
            first=parse(form.started) if form.started else None,
            last=parse(form.ended) if form.ended else None,
            ongoing=is_yes(form.ongoing),
            related=_relation(facts, form, drug),
            answers=_answers(form),
            key=source(form, "grade"),
        )


def _answers(form: AdverseEvent) -> dict[str, Truth]:
    """The questions that were answered with yes or no."""
    given = {name: getattr(form, name) for name in QUESTIONS}
    return {name: Truth.YES if is_yes(answer) else Truth.NO for name, answer in given.items() if answer}


def _relation(facts: Facts, form: AdverseEvent, drug: Drug) -> Truth:
    rows = [row for row in facts.rows(form, "drugs") if row.drug_id == drug.pk and row.causality]
    return RELATION[Causality(rows[0].causality)] if rows else Truth.UNKNOWN


def cycle_day(facts: Facts, subject: Subject, element: RegimenElement, on: date) -> int | None:
    """The day of the cycle that a dose of this day is for; None where that cannot be told.

    That of the visit of the day; without one the treatment day that is nearest, the next day 1 among them.
    """
    at_visit = {day for visit in facts.visits(subject) if (day := _day_of(visit, on)) is not None}
    if len(at_visit) == 1:
        return at_visit.pop()
    days = sorted(element.days)
    started = [each.started_on for each in facts.cycles(subject) if each.started_on and each.started_on <= on]
    if not days or not started:
        return days[0] if days and not started else None
    passed = (on - max(started)).days + 1
    if element.cycle_length_days is None:
        return None
    next_first = element.cycle_length_days + 1
    distances = sorted((abs(passed - day), day) for day in {*days, next_first})
    if len(distances) > 1 and distances[0][0] == distances[1][0]:
        return None
    return 1 if distances[0][1] == next_first else distances[0][1]


def _day_of(visit: Visit, on: date) -> int | None:
    in_cycle = visit.cycle_id is not None and visit.occurred_on == on
    return visit.definition.day if in_cycle and visit.definition is not None else None


def liver_tumor(facts: Facts, subject: Subject) -> bool | None:
    """Whether there is tumor in the liver, by the lesions and the history of the tumor; None: not known."""
    lesions = facts.forms(TumorLesion, subject)
    if any(lesion.organ == Organ.LIVER for lesion in lesions):
        return True
    for form in facts.forms(TumorHistory, subject):
        if form.extent == DiseaseExtent.UNRESECTABLE or form.tumor_number in (
            TumorNumber.SINGLE,
            TumorNumber.MULTIPLE,
        ):
            return True
        if form.tumor_number == TumorNumber.NONE:
            return False
    return False if lesions else None


def sources_of(keys: Sequence[Any]) -> tuple[Source, ...]:
    """The sources among the keys of what was found, each once."""
    return tuple(dict.fromkeys(key for key in keys if isinstance(key, Source)))
