"""Measurable lesions at baseline, by RECIST 1.1."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from patients.derivations.eligibility.case import Case, evidence_of
from patients.derivations.eligibility.evidence import Evidence, Found, found, missing
from patients.derivations.tumor_records import lesions_of
from patients.models import LesionRole, TumorAssessment, TumorLesion
from trials.clinical.eligibility.operands import Number
from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading
from trials.clinical.recist.lesion import Lesion, Method
from trials.clinical.recist.measurability import Measurability, measurability

Measured = tuple[Any, Any]
"""An assessment and its row of a lesion."""


def measurable_lesions(case: Case) -> Found:
    """How many lesions are certainly measurable; more remain possible where something is not recorded."""
    known = {lesion.label: lesion for lesion in lesions_of(case.facts, case.subject)}
    forms = [form for form in case.facts.forms(TumorLesion, case.subject) if _at_baseline(case, form)]
    if not forms:
        return missing("tumor lesion at baseline")
    truths: list[Truth] = []
    evidence: list[Evidence] = []
    for form in forms:
        measured = _measured(case, form)
        truth, words = _measurable(known.get(str(form.label)), measured)
        truths.append(truth)
        evidence.append(_shown(form, measured, words))
    certain, perhaps = truths.count(Truth.YES), truths.count(Truth.UNKNOWN)
    counts = tuple(Reading(Decimal(count)) for count in range(certain, certain + perhaps + 1))
    return found(Number("measurable lesions", counts), *evidence)


def _at_baseline(case: Case, form: Any) -> bool:
    seen_by_then = form.identified_on is None or form.identified_on <= case.until
    return form.role != LesionRole.NEW and form.split_from_id is None and seen_by_then


def _measured(case: Case, lesion: TumorLesion) -> Measured | None:
    """The last measurement of a lesion in an assessment from before randomization."""
    for assessment in reversed(case.measured(TumorAssessment)):
        for row in case.facts.rows(assessment, "measurements"):
            if row.lesion_id == lesion.pk and row.diameter is not None:
                return assessment, row
    return None


def _measurable(lesion: Lesion | None, measured: Measured | None) -> tuple[Truth, str]:
    if lesion is None:
        return Truth.UNKNOWN, "cannot be determined: no label or no role"
    if measured is not None:
        assessment, row = measured
        lesion = replace(
            lesion,
            diameter_mm=row.diameter,
            method=Method(row.method or assessment.method)
            if row.method or assessment.method
            else lesion.method,
            slice_thickness_mm=assessment.slice_thickness or lesion.slice_thickness_mm,
        )
    judged = measurability(lesion)
    if isinstance(judged, Measurability):
        return (Truth.YES if judged.measurable else Truth.NO), judged.words
    return Truth.UNKNOWN, judged.sentence()


def _shown(lesion: TumorLesion, measured: Measured | None, words: str) -> Evidence:
    label = f"Lesion {lesion.label or lesion.repeat}"
    if measured is None:
        return evidence_of(lesion, "label", called=label, remarks=(words,))
    assessment, row = measured
    return evidence_of(assessment, "diameter", row, called=label, remarks=(words,))
