"""Checks of pregnancy: tests of those who can become pregnant, and what follows a positive one."""

from collections.abc import Iterator

from patients.checks.common import is_of_screening
from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import (
    Demographics,
    EligibilityAssessment,
    LabSample,
    PregnancyExposure,
    PregnancyOutcome,
    PregnancyResult,
    PregnancyTest,
    Severity,
    Subject,
    YesNo,
)
from trials.models import Sex

BLOOD_TEST = "HCG"
DATED_OUTCOMES = tuple(
    each for each in PregnancyOutcome if each not in (PregnancyOutcome.ONGOING, PregnancyOutcome.UNKNOWN)
)


def childbearing_is_contradictory(form: Demographics, facts: Facts) -> Iterator[Hit]:
    """Whether she can bear children is asked of a woman, and why not where she cannot."""
    unanswered = not form.childbearing_potential and "childbearing_potential" not in form.missing_reasons
    if form.sex == Sex.FEMALE and unanswered:
        yield Hit("childbearing_potential", "Is she able to bear children?")
    if form.sex == Sex.MALE and (form.childbearing_potential or form.no_childbearing_reason):
        yield Hit(
            "childbearing_potential",
            "Only a woman is asked whether she is able to bear children: please remove the answer.",
        )
    no_reason = not form.no_childbearing_reason and "no_childbearing_reason" not in form.missing_reasons
    if form.childbearing_potential == YesNo.NO and no_reason:
        yield Hit("no_childbearing_reason", "Not able to bear children: please give the reason.")
    if form.childbearing_potential == YesNo.YES and form.no_childbearing_reason:
        yield Hit(
            "no_childbearing_reason",
            "A reason why not is given, but she is able to bear children: which is right?",
        )


def screening_test_is_missing(form: Demographics, facts: Facts) -> Iterator[Hit]:
    """A woman who can bear children is tested at screening, before eligibility is judged."""
    if form.sex != Sex.FEMALE or form.childbearing_potential != YesNo.YES:
        return
    judged = facts.forms(EligibilityAssessment, form.subject)
    if judged and not _tested_at_screening(facts, form.subject):
        yield Hit(
            "childbearing_potential",
            "She is able to bear children, but no pregnancy test of screening is entered.",
        )


def test_needs_no_doing(form: PregnancyTest, facts: Facts) -> Iterator[Hit]:
    if why := _cannot_be_pregnant(facts, form.subject):
        yield Hit("result", f"A pregnancy test is entered, but the subject {why}: which is right?")


def blood_test_needs_no_doing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """The blood test for pregnancy is a laboratory result."""
    for row in facts.rows(form, "results"):
        if row.test is None or row.test.code != BLOOD_TEST or not row.value:
            continue
        if why := _cannot_be_pregnant(facts, form.subject):
            yield Hit("value", f"A pregnancy test is entered, but the subject {why}: which is right?", row)


def exposure_is_not_recorded(form: PregnancyTest, facts: Facts) -> Iterator[Hit]:
    """After randomization a positive test has a page of the pregnancy."""
    allocation = facts.allocation(form.subject)
    if form.result != PregnancyResult.POSITIVE or allocation is None or not form.performed_on:
        return
    if form.performed_on >= allocation.randomized_on and not facts.forms(PregnancyExposure, form.subject):
        yield Hit("result", "The test is positive: please enter the page of the pregnancy.")


def exposure_is_contradictory(form: PregnancyExposure, facts: Facts) -> Iterator[Hit]:
    if form.who == "SUBJECT" and (why := _cannot_be_pregnant(facts, form.subject)):
        yield Hit("who", f"The subject is said to be pregnant, but {why}: which is right?")
    if form.outcome in DATED_OUTCOMES and not form.outcome_on and "outcome_on" not in form.missing_reasons:
        yield Hit("outcome_on", "The pregnancy is over: please give the date.")
    if form.outcome == PregnancyOutcome.ONGOING and form.outcome_on:
        yield Hit("outcome_on", "The pregnancy is ongoing, but its outcome is dated: which is right?")


def _cannot_be_pregnant(facts: Facts, subject: Subject) -> str:
    """Why a subject cannot be pregnant, in words; empty where that is not certain."""
    known = facts.forms(Demographics, subject)
    if not known:
        return ""
    if known[0].sex == Sex.MALE:
        return "is a man"
    if known[0].childbearing_potential == YesNo.NO:
        return "is not able to bear children"
    return ""


def _tested_at_screening(facts: Facts, subject: Subject) -> bool:
    tests = [each for each in facts.forms(PregnancyTest, subject) if each.result and is_of_screening(each)]
    return bool(tests) or any(
        row.test is not None and row.test.code == BLOOD_TEST and bool(row.value)
        for sample in facts.forms(LabSample, subject)
        if is_of_screening(sample)
        for row in facts.rows(sample, "results")
    )


CHECKS = (
    Check(
        "EC43a",
        ("DM",),
        Severity.SOFT,
        childbearing_is_contradictory,
        asks="Whether she can bear children is answered for a woman, and for nobody else.",
    ),
    Check(
        "EC43b",
        ("DM",),
        Severity.SOFT,
        screening_test_is_missing,
        rests_on=("RP", "LB", "IE"),
        asks="A woman who can bear children has a pregnancy test at screening.",
    ),
    Check(
        "EC43c",
        ("RP",),
        Severity.SOFT,
        test_needs_no_doing,
        rests_on=("DM",),
        asks="Only a woman who can bear children has a pregnancy test.",
    ),
    Check(
        "EC43d",
        ("LB",),
        Severity.SOFT,
        blood_test_needs_no_doing,
        rests_on=("DM",),
        asks="Only a woman who can bear children has a pregnancy test in blood.",
    ),
    Check(
        "EC43e",
        ("RP",),
        Severity.HARD,
        exposure_is_not_recorded,
        rests_on=("PREX",),
        asks="A positive pregnancy test after randomization has a page of the pregnancy.",
    ),
    Check(
        "EC43f",
        ("PREX",),
        Severity.SOFT,
        exposure_is_contradictory,
        rests_on=("DM",),
        asks="A pregnancy has a date when it is over, and a subject who can be pregnant.",
    ),
)
