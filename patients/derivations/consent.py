"""Consent to the study, as derivations and checks read it."""

from patients.facts import Facts
from patients.models import InformedConsent, Subject, YesNo


def consent_of(facts: Facts, subject: Subject) -> InformedConsent | None:
    """The earliest signed consent; None where none is recorded."""
    signed = (each for each in facts.forms(InformedConsent, subject) if each.consented == YesNo.YES)
    return next((each for each in signed if each.signed_on is not None), None)
