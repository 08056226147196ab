"""What is measured on the subject: performance status, weight, blood pressure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from patients.derivations.eligibility.case import Case, evidence_of, latest
from patients.derivations.eligibility.evidence import Evidence, Found, found, missing
from patients.models import BloodPressure, EcogAssessment, VitalSigns
from trials.clinical.eligibility.operands import Codes, Number, Pressures
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.reading import Reading
from trials.clinical.undetermined import Undetermined

LEAST_READINGS = 3
LEAST_OCCASIONS = 2


def ecog(case: Case) -> Found:
    """ECOG performance status."""
    graded = latest([form for form in case.measured(EcogAssessment) if form.grade is not None])
    if not graded:
        return missing("ECOG performance status before randomization")
    grades = frozenset(form.grade for form in graded if form.grade is not None)
    return found(Codes("ECOG performance status", grades), *(evidence_of(form, "grade") for form in graded))


def weighed(case: Case) -> list[VitalSigns]:
    """The last forms on which a weight stands."""
    return latest([form for form in case.measured(VitalSigns) if form.weight is not None])


def weight(case: Case) -> Found:
    """Body weight in kg."""
    forms = weighed(case)
    if not forms:
        return missing("weight before randomization")
    readings = dict.fromkeys(Reading(form.weight) for form in forms if form.weight is not None)
    return found(Number("weight", tuple(readings), "kg"), *(evidence_of(form, "weight") for form in forms))


def mean_blood_pressure(case: Case) -> Found:
    """Mean of all readings of the last occasions: at least two, and as many as make three readings.

    An occasion is one form of vital signs; readings of one sitting are one occasion.
    """
    occasions = [(form, _readings(case, form)) for form in case.measured(VitalSigns)]
    chosen: list[tuple[VitalSigns, list[Any]]] = []
    for occasion in reversed([each for each in occasions if each[1]]):
        if len(chosen) >= LEAST_OCCASIONS and _count(chosen) >= LEAST_READINGS:
            break
        chosen.insert(0, occasion)
    evidence = [each for form, rows in chosen for row in rows for each in _shown(form, row)]
    if len(chosen) < LEAST_OCCASIONS or _count(chosen) < LEAST_READINGS:
        lacking = f"mean of {LEAST_READINGS} blood pressure readings on {LEAST_OCCASIONS} occasions"
        return found(Undetermined((f"{lacking} (recorded: {_count(chosen)} on {len(chosen)})",)), *evidence)
    rows = [row for _form, rows in chosen for row in rows]
    pressures = Pressures(
        _mean("mean systolic pressure", [row.systolic for row in rows]),
        _mean("mean diastolic pressure", [row.diastolic for row in rows]),
    )
    return found(pressures, *evidence)


def _readings(case: Case, form: VitalSigns) -> list[Any]:
    rows = case.facts.rows(form, "blood_pressures")
    return [row for row in rows if row.systolic is not None and row.diastolic is not None]


def _count(occasions: Sequence[tuple[Any, list[Any]]]) -> int:
    return sum(len(rows) for _form, rows in occasions)


def _shown(form: VitalSigns, row: BloodPressure) -> tuple[Evidence, ...]:
    return evidence_of(form, "systolic", row), evidence_of(form, "diastolic", row)


def _mean(name: str, values: Sequence[int]) -> Number:
    mean = ARITHMETIC.divide(Decimal(sum(values)), Decimal(len(values)))
    return Number(name, (Reading(mean),), "mm[Hg]")
