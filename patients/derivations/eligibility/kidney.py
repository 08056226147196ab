"""Kidney: creatinine clearance from the last values before randomization."""

from decimal import Decimal, InvalidOperation
from itertools import product

from patients.derivations.eligibility.case import Case, evidence_of
from patients.derivations.eligibility.evidence import Found, found
from patients.derivations.eligibility.laboratory import Result, in_unit, last_results, shown_result
from patients.derivations.eligibility.measurements import weighed
from patients.derivations.eligibility.person import ages, demographics
from trials.clinical.eligibility.operands import Number
from trials.clinical.reading import Reading
from trials.clinical.renal import cockcroft_gault
from trials.clinical.sex import Sex
from trials.clinical.undetermined import Undetermined

CREATININE = "CREAT"
FLIPPED = {"": "", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def creatinine_clearance(case: Case) -> Found:
    """Cockcroft-Gault in mL/min, unrounded; with every age, weight and creatinine that remain possible."""
    results, weights, form = last_results(case, CREATININE), weighed(case), demographics(case)
    sex = form.sex if form is not None else None
    evidence = [shown_result(case, each) for each in results]
    evidence += [evidence_of(each, "weight") for each in weights]
    evidence += [evidence_of(form, name) for name in ("age", "birth", "sex") if form and getattr(form, name)]
    age = ages(case, results[-1].day) if results else ()
    if isinstance(age, Undetermined):
        return found(age, *evidence)
    absent = {"creatinine before randomization": results, "weight before randomization": weights, "sex": sex}
    lacking = tuple(name for name, value in absent.items() if not value)
    factor = _factor(case)
    if factor is None:
        lacking += ("constant of the formula, a setting of the study (µmol/L of creatinine in 1 mg/dL)",)
    if lacking or factor is None or sex is None:
        return found(Undetermined(lacking), *evidence)
    readings: dict[Reading, None] = {}
    for years, weight_form, result in product(age, weights, results):
        creatinine = _creatinine_umol_l(case, result, factor)
        if isinstance(creatinine, Undetermined):
            return found(creatinine, *evidence)
        clearance = cockcroft_gault(
            age=years,
            weight_kg=weight_form.weight,
            creatinine_umol_l=creatinine.number,
            sex=Sex(sex),
            umol_per_mg_dl=factor,
        )
        if isinstance(clearance, Undetermined):
            return found(clearance, *evidence)
        # A creatinine below a number is a clearance above one.
        readings[Reading(clearance, FLIPPED[creatinine.comparator])] = None
    return found(Number("creatinine clearance", tuple(readings), "mL/min"), *evidence)


def _factor(case: Case) -> Decimal | None:
    try:
        value = Decimal(str(case.setting("cockcroft_gault_umol_per_mg_dl")))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value > 0 else None


def _creatinine_umol_l(case: Case, result: Result, factor: Decimal) -> Reading | Undetermined:
    reading = result.reading
    if reading is not None and result.row.unit == "mg/dL":
        # The formula divides by the same constant: what is reported in its own unit is not touched by it.
        return Reading(reading.number * factor, reading.comparator)
    return in_unit(case, result, "umol/L")
