"""Consent to the study, as derivations and checks read it."""

from patients.facts import Facts
from patients.models import InformedConsent, Subject, YesNo


def consent_of(facts: Facts, subject: Subject) -> InformedConsent | None:
    """The earliest signed consent to the study itself; None where none is recorded."""
    main = (each for each in facts.forms(InformedConsent, subject) if each.is_main)
    return next((each for each in main if each.consented == YesNo.YES and each.signed_on is not None), None)
