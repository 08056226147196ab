"""What the rules say about a form, beside its answers: the same on the page, in replies and in documents.

Each form has tellers; a teller reads the facts and yields what it can tell. Nothing told is stored, so it
never grows old; what is stored with a form (a planned dose, a flag) is one of the form's derived questions.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from patients.derivations.dose_told import (
    expected_doses,
    expected_exposures,
    told_of_dose,
    told_of_exposure,
)
from patients.derivations.eligibility.told import expected_criteria, told_of_criteria
from patients.derivations.findings_told import told_of_electrocardiogram, told_of_vital_signs
from patients.derivations.grades_told import told_of_sample
from patients.derivations.organ_told import told_of_organs
from patients.derivations.told import Told
from patients.derivations.tumor_told import told_of_assessment
from patients.facts import Facts
from patients.models import CaseReportForm, Subject, Visit

Teller = Callable[[Facts, Any], Iterator[Told]]
ExpectationTeller = Callable[[Facts, Subject, Visit | None], Iterator[Told]]


TELLERS: Mapping[str, tuple[Teller, ...]] = {
    "EC": (told_of_dose, told_of_exposure),
    "ECD": (told_of_dose, told_of_exposure),
    "EG": (told_of_electrocardiogram,),
    "IE": (told_of_criteria,),
    "LB": (told_of_sample, told_of_organs),
    "TR": (told_of_assessment,),
    "VS": (told_of_vital_signs,),
}
"""By the OID of a filled form."""

EXPECTATIONS: Mapping[str, tuple[ExpectationTeller, ...]] = {
    "EC": (expected_doses, expected_exposures),
    "ECD": (expected_doses, expected_exposures),
    "IE": (expected_criteria,),
}
"""By the OID of a form that is about to be entered: advice beside the empty questions, never an answer."""


def told(facts: Facts, form: CaseReportForm) -> list[Told]:
    """What the rules say about a filled form; nothing about one that is entered in error."""
    if form.entered_in_error:
        return []
    return [each for teller in TELLERS.get(form.form.oid, ()) for each in teller(facts, form)]


def expected(facts: Facts, oid: str, subject: Subject, visit: Visit | None) -> list[Told]:
    """What the rules expect of a form that is about to be entered."""
    return [each for teller in EXPECTATIONS.get(oid, ()) for each in teller(facts, subject, visit)]
