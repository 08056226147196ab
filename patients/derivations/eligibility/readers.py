"""The vocabulary of criteria: each variable with the function that reads it from captured data."""

from collections.abc import Callable, Mapping

from patients.derivations.eligibility import history, kidney, laboratory, lesions, liver, measurements, person
from patients.derivations.eligibility.case import Case
from patients.derivations.eligibility.evidence import Found

READERS: Mapping[str, Callable[[Case], Found]] = {
    "AGE_AT_CONSENT": person.age_at_consent,
    "CHILD_PUGH_CLASS": liver.child_pugh_class,
    "CONTRACEPTION": person.contraception,
    "CREATININE_CLEARANCE": kidney.creatinine_clearance,
    "DISEASE_EXTENT": person.disease_extent,
    "ECOG": measurements.ecog,
    "HISTOLOGY": person.histology,
    "LAB": laboratory.number,
    "LAB_WORD": laboratory.word,
    "MEAN_BLOOD_PRESSURE": measurements.mean_blood_pressure,
    "MEASURABLE_LESIONS": lesions.measurable_lesions,
    "MEDICAL_HISTORY": history.medical_history,
    "PREGNANCY_TEST": person.pregnancy_test,
    "PRIOR_THERAPY": history.prior_therapy,
    "STUDY_PROCEDURE": history.study_procedures,
    "TISSUE_CONSENT": person.tissue_consent,
    "WEIGHT": measurements.weight,
}
