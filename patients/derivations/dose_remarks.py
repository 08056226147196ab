"""What the rows of a dose-modification table cannot see: a blood pressure that no adverse event tells of."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from patients.facts import Facts
from patients.models import AdverseEvent, Subject, VitalSigns
from trials.clinical.ctcae import VERSIONS
from trials.clinical.ctcae.findings import hypertension
from trials.clinical.dose_modification import EventTrigger, ResultTrigger, Rule
from trials.clinical.partial_date import PartialDate, Truth, on_or_before, parse

HYPERTENSION = "Hypertension"


def remarks_on(facts: Facts, subject: Subject, rules: Sequence[Rule], on: date) -> tuple[str, ...]:
    """Remarks beside the expected action of a drug on a day.

    Only where the rows of the drug name hypertension: they look at adverse events, and whether one was made
    of a blood pressure is for the site to say. The newest vital signs count that are as old as a QTcF may
    be; without a row on QTcF there is no such age, and nothing is remarked.
    """
    triggers = [rule.trigger for rule in rules]
    grades = {
        grade
        for each in triggers
        if isinstance(each, EventTrigger) and each.terms and each.names(HYPERTENSION)
        for grade in each.grades
    }
    ages = [each.within_days for each in triggers if isinstance(each, ResultTrigger) and each.test == "QTCF"]
    version = facts.setting(subject, "ctcae_version")
    if not grades or not ages or version not in VERSIONS:
        return ()
    newest = _newest(facts, subject, on - timedelta(days=max(ages)), on)
    if newest is None or newest.measured_on is None:
        return ()
    found = _highest(facts, newest, str(version))
    if found is None or found[0] not in grades or _told(facts, subject, found[0], newest.measured_on, on):
        return ()
    grade, shown = found
    return (
        f"blood pressure {shown} mmHg on {newest.measured_on} is grade {grade} by its numbers; no adverse "
        "event says so",
    )


def _newest(facts: Facts, subject: Subject, first: date, last: date) -> VitalSigns | None:
    """The newest vital signs with a blood pressure, from the first to the last day."""
    near = [
        form
        for form in facts.forms(VitalSigns, subject)
        if form.measured_on and first <= form.measured_on <= last and facts.rows(form, "blood_pressures")
    ]
    return max(near, key=lambda form: (form.measured_on, form.pk), default=None)


def _highest(facts: Facts, form: VitalSigns, version: str) -> tuple[int, str] | None:
    """The highest grade of its readings and the reading as it is written; None where none can be graded."""
    found = []
    for row in facts.rows(form, "blood_pressures"):
        parts = [row.systolic, row.diastolic]
        systolic, diastolic = (None if each is None else Decimal(each) for each in parts)
        grade = hypertension(systolic=systolic, diastolic=diastolic, version=version).grade
        if grade is not None:
            found.append((grade, "/".join("?" if each is None else str(each) for each in parts)))
    return max(found, default=None)


def _told(facts: Facts, subject: Subject, grade: int, measured_on: date, on: date) -> bool:
    """Whether an adverse event tells of a hypertension of this grade that may have been there."""
    return any(
        (form.ctcae_term or "").casefold() == HYPERTENSION.casefold()
        and (not form.grade or int(form.grade) >= grade)
        and (not form.started or on_or_before(parse(form.started), _day(on)) is not Truth.NO)
        and (not form.ended or on_or_before(_day(measured_on), parse(form.ended)) is not Truth.NO)
        for form in facts.forms(AdverseEvent, subject)
    )


def _day(day: date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)
