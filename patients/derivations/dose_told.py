"""What the rules say about doses: the plan, the expected action, and both beside what was given."""

from collections.abc import Iterator
from datetime import date

from patients.derivations.dose import regimen_of
from patients.derivations.dose_history import given_on
from patients.derivations.expected_action import ExpectedAction, differs, expected_action
from patients.derivations.told import Told
from patients.facts import Facts
from patients.models import DailyDosePeriod, DoseAdministration, Subject, Visit
from trials.clinical.partial_date import Truth
from trials.text import plain

BESIDE = {
    Truth.YES: "differs from the expected action",
    Truth.NO: "as expected",
    Truth.UNKNOWN: "",
}


def expected_doses(facts: Facts, subject: Subject, visit: Visit | None) -> Iterator[Told]:
    """The planned dose of each drug of the arm on the day of a visit, and the expected action with it."""
    day = visit.occurred_on if visit is not None and visit.occurred_on else facts.today(subject)
    for element in sorted(regimen_of(facts, subject), key=lambda each: each.drug.code):
        expected = expected_action(facts, subject, element.drug, day)
        yield _planned(expected)
        yield _expected(expected)


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
        lacking = f": no {', no '.join(expected.missing)}" if expected.missing else ""
        reason += f"; it cannot be told whether that is as expected{lacking}"
    yield Told(f"{form.drug} on {day}", answer, reason, sources=given.sources)


def _planned(expected: ExpectedAction) -> Told:
    dose, note = expected.planned.dose, expected.planned.note
    answer = "" if dose is None else f"{plain(dose)} mg"
    return Told(f"Planned dose of {expected.drug} on {expected.day}", answer, note)


def _expected(expected: ExpectedAction) -> Told:
    about = f"Expected action with {expected.drug} on {expected.day}"
    if expected.action is None and expected.approved:
        return Told(about, "", expected.words)
    if not expected.table:  # the drug is not of the arm, or the study has no table
        return Told(about, "", expected.words)
    beside = [expected.table]
    if expected.not_looked_at:
        beside.append(f"not looked at: {', '.join(expected.not_looked_at)}")
    return Told(about, expected.words, "; ".join(beside), sources=expected.sources)
