"""What the subject's study decides about the doses of a drug, read from its settings.

A setting that does not name the drug decides nothing about it: nothing is put in its place.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from patients.facts import Facts
from patients.models import Subject
from trials.clinical.dose_settings import (
    AFTER_COURSES,
    COMPLIANCE,
    DOSE_TOLERANCE,
    FOLLOW_UP_TESTS,
    INFUSION_MINUTES,
    MINIMUM_COUNTS,
    FollowUpTest,
    InfusionMinutes,
    MinimumCount,
    Onward,
    by_drug,
    follow_up_tests,
    infusion_minutes,
    minimum_counts,
    onward,
    percent,
    shares,
)
from trials.clinical.partial_date import Truth
from trials.clinical.undetermined import Undetermined
from trials.models import Drug

T = TypeVar("T")


def dose_tolerance(facts: Facts, subject: Subject, drug: Drug) -> Decimal | Undetermined:
    """By how many percent of the planned dose a dose of the drug may differ from it; 0: not at all."""
    found = _of_drug(facts, subject, drug, DOSE_TOLERANCE, percent)
    return Undetermined((f"tolerance for doses of {drug}",)) if found is None else found


def differs_from_plan(given: Decimal, planned: Decimal, tolerance: Decimal | Undetermined) -> Truth:
    """Whether a dose differs from the planned one by more than the tolerance, both in one unit.

    UNKNOWN where it is another dose and no tolerance is decided; of no dose at all there is no share.
    """
    if given == planned:
        return Truth.NO
    if not planned:
        return Truth.YES
    if isinstance(tolerance, Undetermined):
        return Truth.UNKNOWN
    return Truth.YES if abs(given - planned) * 100 > planned * tolerance else Truth.NO


def minimum_counts_of(facts: Facts, subject: Subject, drug: Drug) -> tuple[MinimumCount, ...]:
    """The least results at which the drug is given, on all its days of the cycle; none: none are decided."""
    return _of_drug(facts, subject, drug, MINIMUM_COUNTS, minimum_counts) or ()


def after_courses_of_others(facts: Facts, subject: Subject, drug: Drug) -> Onward | Undetermined:
    """What happens to a drug without a last course once the others had theirs."""
    found = _of_drug(facts, subject, drug, AFTER_COURSES, onward)
    return (
        Undetermined((f"decision on {drug} after the last course of the others",)) if found is None else found
    )


def compliance_limits(facts: Facts, subject: Subject, drug: Drug) -> tuple[Decimal, Decimal] | None:
    """The shares of the intake in percent between which nothing is asked; None: none are decided."""
    return _of_drug(facts, subject, drug, COMPLIANCE, shares)


def minimum_infusion_minutes(facts: Facts, subject: Subject, drug: Drug) -> InfusionMinutes | None:
    """The shortest durations of an infusion of the drug; None: none are decided."""
    return _of_drug(facts, subject, drug, INFUSION_MINUTES, infusion_minutes)


def tests_that_follow(facts: Facts, subject: Subject) -> tuple[FollowUpTest, ...]:
    """The results of the study that ask for another test."""
    value = facts.setting(subject, FOLLOW_UP_TESTS)
    return () if value is None else follow_up_tests(value)


def _of_drug(facts: Facts, subject: Subject, drug: Drug, key: str, read: Callable[[Any], T]) -> T | None:
    value = facts.setting(subject, key)
    return None if value is None else by_drug(value, read).get(drug.code)
