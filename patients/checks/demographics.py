"""Checks of demographics."""

from collections.abc import Iterator

from patients.checks.engine import Check, Hit
from patients.derivations.consent import consent_of
from patients.facts import Facts
from patients.models import Demographics, Severity
from trials.clinical.age import agrees
from trials.clinical.partial_date import parse


def age_contradicts_birth(form: Demographics, facts: Facts) -> Iterator[Hit]:
    """The stated age must be possible for the recorded month of birth on the day of consent."""
    consent = consent_of(facts, form.subject)
    if form.birth is None or form.age is None or consent is None or consent.signed_on is None:
        return
    if not agrees(form.age, parse(form.birth), consent.signed_on):
        yield Hit(
            "age",
            f"Age {form.age} is not possible for a birth in {form.birth} and consent on "
            f"{consent.signed_on}: please correct one of them.",
        )


def age_outside_protocol(form: Demographics, facts: Facts) -> Iterator[Hit]:
    study = form.subject.study
    if form.age is None or study.minimum_age is None or study.maximum_age is None:
        return
    if not study.minimum_age <= form.age <= study.maximum_age:
        yield Hit(
            "age",
            f"The protocol asks for an age of {study.minimum_age} to {study.maximum_age} years: is it right?",
        )


CHECKS = (
    Check(
        "EC01a",
        ("DM",),
        Severity.HARD,
        age_contradicts_birth,
        rests_on=("IC",),
        asks="The age stated is possible for the birth and the day of consent.",
    ),
    Check(
        "EC01b",
        ("DM",),
        Severity.HARD,
        age_outside_protocol,
        asks="The age lies within the limits of the protocol.",
    ),
)
