"""What the rules say about doses: the plan, the expected action beside what was given, exposure so far."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from patients.derivations.dose import element_of, regimen_of
from patients.derivations.dose_history import given_on
from patients.derivations.dose_settings import dose_tolerance
from patients.derivations.expected_action import ExpectedAction, differs, expected_action
from patients.derivations.exposure import exposure_to
from patients.derivations.told import Told
from patients.facts import Facts
from patients.models import DailyDosePeriod, DoseAdministration, Subject, Visit
from trials.clinical.partial_date import Truth
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import counted, with_unit
from trials.models import RegimenElement
from trials.text import plain

BESIDE = {
    Truth.YES: "differs from the expected action",
    Truth.NO: "as expected",
    Truth.UNKNOWN: "",
}


def expected_doses(facts: Facts, subject: Subject, visit: Visit | None) -> Iterator[Told]:
    """The planned dose of each drug of the arm on the day of a visit, and the expected action with it."""
    if facts.allocation(subject) is None:
        yield Told("No dose is expected", "", "the subject is not randomized")
    day = visit.occurred_on if visit is not None and visit.occurred_on else facts.today(subject)
    for element in sorted(regimen_of(facts, subject), key=lambda each: each.drug.code):
        expected = expected_action(facts, subject, element.drug, day)
        yield _planned(expected)
        yield _expected(expected)


def expected_exposures(facts: Facts, subject: Subject, visit: Visit | None) -> Iterator[Told]:
    """The exposure to each drug of the arm that was given so far, up to the day of a visit."""
    day = visit.occurred_on if visit is not None and visit.occurred_on else facts.today(subject)
    until = _until(facts, subject, day)
    for element in sorted(regimen_of(until, subject), key=lambda each: each.drug.code):
        if exposure_to(until, subject, element).sources:
            yield _exposure(until, subject, element, day)


def told_of_exposure(facts: Facts, form: DoseAdministration | DailyDosePeriod) -> Iterator[Told]:
    """The exposure to the drug of a dose up to its day; of a period up to its last day, or to today."""
    day = form.given_on if isinstance(form, DoseAdministration) else _last_day(facts, form)
    if form.drug_id is None or day is None:
        return
    until = _until(facts, form.subject, day)
    element = element_of(until, form.subject, form.drug_id)
    if element is not None:
        yield _exposure(until, form.subject, element, day)


def told_of_dose(facts: Facts, form: DoseAdministration | DailyDosePeriod) -> Iterator[Told]:
    """The expected action on the day of a dose, and whether what was given is that; the plan stands there."""
    day: date | None = form.given_on if isinstance(form, DoseAdministration) else form.started
    if form.drug is None or day is None or facts.allocation(form.subject) is None:
        return
    expected = expected_action(facts, form.subject, form.drug, day)
    yield _expected(expected)
    given = given_on(facts, form.subject, form.drug, day)
    if expected.action is None or given is None:
        return
    answer = BESIDE[differs(facts, form.subject, expected, given)]
    reason = f"given: {given.words}"
    if not answer:
        undecided = (f"no {each}" for each in _undecided(facts, form))
        lacking = [each for each in (expected.lacking, *undecided) if each]
        because = f": {', '.join(lacking)}" if lacking else ""
        reason += f"; it cannot be told whether that is as expected{because}"
    yield Told(f"{form.drug} on {day}", answer, reason, sources=given.sources)


def _undecided(facts: Facts, form: DoseAdministration | DailyDosePeriod) -> tuple[str, ...]:
    tolerance = dose_tolerance(facts, form.subject, form.drug)
    return tolerance.missing if isinstance(tolerance, Undetermined) else ()


def _last_day(facts: Facts, form: DailyDosePeriod) -> date | None:
    if not form.started:
        return None
    ended: date | None = form.ended
    return ended or facts.today(form.subject)


def _until(facts: Facts, subject: Subject, day: date) -> Facts:
    """The facts up to a day, or to their own cutoff if that is earlier."""
    cutoff = min(day, facts.moment.cutoff or day)
    return Facts([subject], replace(facts.moment, cutoff=cutoff))


def _exposure(until: Facts, subject: Subject, element: RegimenElement, day: date) -> Told:
    """Cumulative dose, courses and relative dose intensity."""
    found = exposure_to(until, subject, element)
    about = f"Exposure to {element.drug} up to {day}"
    if isinstance(found.exposure, Undetermined):
        return Told(about, "", found.exposure.sentence(), sources=found.sources)
    number = found.exposure.courses
    courses = f" in {counted(number, 'course')}" if number is not None else ""
    share = plain(round(found.exposure.relative * 100, 1))
    answer = (
        f"{with_unit(plain(round(found.exposure.cumulative, 2)), found.unit)}{courses}, "
        f"relative dose intensity {share} %"
    )
    return Told(about, answer, found.words, sources=found.sources)


def _planned(expected: ExpectedAction) -> Told:
    dose, note = expected.planned.dose, expected.planned.note
    answer = "" if dose is None else f"{plain(dose)} mg"
    return Told(f"Planned dose of {expected.drug} on {expected.day}", answer, note)


def _expected(expected: ExpectedAction) -> Told:
    about = f"Expected action with {expected.drug} on {expected.day}"
    if expected.action is None and expected.approved:
        return Told(about, "", "; ".join((expected.words, *expected.remarks)))
    if not expected.table:  # the drug is not of the arm, or the study has no table
        return Told(about, "", expected.words)
    beside = [*expected.remarks, expected.table]
    if expected.not_looked_at:
        beside.append(f"not looked at: {', '.join(expected.not_looked_at)}")
    return Told(about, expected.words, "; ".join(beside), sources=expected.sources)
