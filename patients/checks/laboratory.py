"""Checks of laboratory results: unit, range, judgment, age at the first dose, what must follow."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from patients.checks.common import is_of_screening
from patients.checks.engine import Check, Hit
from patients.derivations.dose_settings import tests_that_follow
from patients.derivations.doses_taken import first_dose_day
from patients.derivations.results import names_of_tests
from patients.facts import Facts
from patients.models import ConcomitantMedication, LabSample, MedicationCategory, Severity, Subject
from trials.clinical.dose_settings import FollowUpTest
from trials.clinical.laboratory_value import POSITIVE
from trials.clinical.plausible import implausible
from trials.clinical.reading import Reading
from trials.clinical.words import counted, with_unit
from trials.text import plain

NAMED_AT_MOST = 5
SURFACE_ANTIGEN = "HBSAG"


def range_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """A result without a range is kept and questioned; it is never taken for normal."""
    for row in facts.rows(form, "results"):
        rangeless = (
            getattr(row, "number", None) is not None and getattr(row, "reference_range_id", None) is None
        )
        if rangeless and row.test.has_ranges:
            yield Hit(
                "range_low",
                "No reference range of this laboratory for this test and unit applies on this day: please "
                "check them.",
                row,
            )


def unit_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "results"):
        unitless = getattr(row, "number", None) is not None and not getattr(row, "unit", None)
        if unitless and row.test.unit:
            yield Hit("unit", "The result has no unit: please give it, none is assumed.", row)


def significance_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "results"):
        abnormal = getattr(row, "flag", None) in ("LOW", "HIGH", "ABNORMAL")
        if abnormal and not getattr(row, "clinically_significant", None):
            yield Hit("clinically_significant", "The result is abnormal: is it clinically significant?", row)


def value_is_implausible(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """A number that fits another unit of the test better."""
    for row in facts.rows(form, "results"):
        if row.number is None or row.test is None:
            continue
        limits = implausible(row.test.code, Reading(row.number, row.comparator or ""), row.unit)
        if limits is not None:
            low, high = plain(limits.low), plain(limits.high)
            yield Hit(
                "value",
                f"{with_unit(row.value, row.unit)} lies outside {low} to {with_unit(high, row.unit)}: are "
                "value and unit right?",
                row,
            )


def screening_result_was_old(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """Screening results are at most so many days old at the first dose, unless they were repeated."""
    window = facts.setting(form.subject, "screening_laboratory_window_days")
    first_dose = first_dose_day(facts, form.subject)
    if window is None or first_dose is None or not form.collected_on or not is_of_screening(form):
        return
    age = (first_dose - form.collected_on).days
    if age <= window:
        return
    renewed = {
        row.test_id
        for sample in facts.forms(LabSample, form.subject)
        if sample.collected_on and form.collected_on < sample.collected_on <= first_dose
        for row in facts.rows(sample, "results")
        if row.value
    }
    panels = facts.setting(form.subject, "screening_laboratory_window_panels")
    old = [
        row.test
        for row in facts.rows(form, "results")
        if row.value and row.test_id not in renewed and (panels is None or row.test.panel in panels)
    ]
    if old:
        named = ", ".join(str(test) for test in old[:NAMED_AT_MOST])
        more = f" and {len(old) - NAMED_AT_MOST} more" if len(old) > NAMED_AT_MOST else ""
        yield Hit(
            "collected_on",
            f"Taken {counted(age, 'day')} before the first dose ({first_dose}) and not repeated, although "
            f"at most {counted(window, 'day')} are allowed: {named}{more}.",
        )


def further_test_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """A result that asks for another test, by the study's setting, has one within its days."""
    rules = facts.once(tests_that_follow, form.subject)
    for row in facts.rows(form, "results") if rules else ():
        for rule in rules:
            if row.test is None or row.test.code != rule.test:
                continue
            if not rule.is_asked_for_by(word=row.word, flag=row.flag):
                continue
            if not form.collected_on or not _was_tested(facts, form.subject, rule, form.collected_on):
                yield Hit("value", _asked_for(facts, form, rule, row), row)


def prophylaxis_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """Who carries hepatitis B is treated against it once the study drugs are given."""
    if first_dose_day(facts, form.subject) is None:
        return
    medications = facts.forms(ConcomitantMedication, form.subject)
    if any(each.category == MedicationCategory.HBV_PROPHYLAXIS for each in medications):
        return
    for row in facts.rows(form, "results"):
        if row.test is not None and row.test.code == SURFACE_ANTIGEN and row.word == POSITIVE:
            yield Hit(
                "value",
                "The subject carries hepatitis B, but no antiviral against it is entered: is one taken?",
                row,
            )


def _asked_for(facts: Facts, form: LabSample, rule: FollowUpTest, row: Any) -> str:
    needed = facts.once(names_of_tests, form.subject).get(rule.needs, rule.needs)
    return (
        f"{row.test} is {row.word or row.flag.lower()}: please enter {needed}, from at most "
        f"{counted(rule.days_before, 'day')} before it or {rule.days_after} after it."
    )


def _was_tested(facts: Facts, subject: Subject, rule: FollowUpTest, day: Any) -> bool:
    earliest, latest = day - timedelta(rule.days_before), day + timedelta(rule.days_after)
    return any(
        row.test is not None and row.test.code == rule.needs and bool(row.value)
        for sample in facts.forms(LabSample, subject)
        if sample.collected_on and earliest <= sample.collected_on <= latest
        for row in facts.rows(sample, "results")
    )


CHECKS = (
    Check(
        "EC06",
        ("LB",),
        Severity.SOFT,
        screening_result_was_old,
        rests_on=("LB", "EC", "ECD"),
        asks="Screening results are at most as old at the first dose as the study allows, or were repeated.",
    ),
    Check("EC07", ("LB",), Severity.SOFT, value_is_implausible, asks="A result is plausible in its unit."),
    Check(
        "EC08a",
        ("LB",),
        Severity.HARD,
        range_is_missing,
        asks="A result has a reference range of its laboratory, test and unit on its day.",
    ),
    Check("EC08b", ("LB",), Severity.HARD, unit_is_missing, asks="A result that is a number has a unit."),
    Check(
        "EC09",
        ("LB",),
        Severity.SOFT,
        significance_is_missing,
        asks="An abnormal result is judged clinically significant or not.",
    ),
    Check(
        "HB01",
        ("LB",),
        Severity.SOFT,
        prophylaxis_is_missing,
        rests_on=("CM", "EC", "ECD"),
        asks="A treated carrier of hepatitis B takes an antiviral against it.",
    ),
    Check(
        "EC42",
        ("LB",),
        Severity.SOFT,
        further_test_is_missing,
        rests_on=("LB",),
        asks="A result that asks for another test, by the study's setting, has one within its days.",
    ),
)
