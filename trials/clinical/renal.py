"""Kidney function."""

from decimal import Decimal, localcontext

from trials.clinical.quantity import ARITHMETIC, positive
from trials.clinical.sex import Sex
from trials.clinical.undetermined import Undetermined, absent

UMOL_PER_L_IN_MG_PER_DL = Decimal("88.4")
SEX_FACTOR = {Sex.FEMALE: Decimal("0.85"), Sex.MALE: Decimal(1)}


def cockcroft_gault(
    *,
    age: int | None,
    weight_kg: Decimal | None,
    creatinine_umol_l: Decimal | None,
    sex: Sex | None,
    umol_per_mg_dl: Decimal = UMOL_PER_L_IN_MG_PER_DL,
) -> Decimal | Undetermined:
    """Creatinine clearance in mL/min, unrounded (Cockcroft and Gault, Nephron 1976;16:31-41).

    (140 - age) x kg x 0.85 if female / (72 x creatinine in mg/dL), with 88.4 umol/L to 1 mg/dL unless the
    study says otherwise. The form with the constants 1.23 and 1.04 differs by up to 0.34 % and can disagree
    at a limit of 60; compare this result with the limit as it is, unrounded. Age in completed years; the
    formula was derived in adults. Undetermined when an input is None. Raises ValueError for an age outside
    0 to 130, and for a weight or creatinine that is not above zero.

    >>> clearance = cockcroft_gault(
    ...     age=60, weight_kg=Decimal(70), creatinine_umol_l=Decimal("88.4"), sex=Sex.MALE
    ... )
    >>> round(clearance, 2)
    Decimal('77.78')
    """
    if age is None or weight_kg is None or creatinine_umol_l is None or sex is None:
        return Undetermined(absent(age=age, weight=weight_kg, creatinine=creatinine_umol_l, sex=sex))
    if not 0 <= age <= 130:
        raise ValueError("age must be from 0 to 130 years")
    positive("weight_kg", weight_kg)
    positive("creatinine_umol_l", creatinine_umol_l)
    positive("umol_per_mg_dl", umol_per_mg_dl)
    with localcontext(ARITHMETIC):
        creatinine_mg_dl = creatinine_umol_l / umol_per_mg_dl
        return (140 - age) * weight_kg * SEX_FACTOR[Sex(sex)] / (72 * creatinine_mg_dl)
