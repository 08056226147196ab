"""All edit checks of the casebook, gathered from the files of their subject matter.

The ids are those of the study's check list, with a letter where one line of it became several checks.
"""

from patients.checks import (
    accountability,
    adverse_event_course,
    adverse_events,
    consent,
    courses,
    demographics,
    disposition,
    dosing,
    drug_actions,
    eligibility,
    infusions,
    laboratory,
    laboratory_events,
    medication,
    pregnancy,
    prohibited_medication,
    protocol_deviations,
    references,
    sae_reports,
    survival,
    tumor,
    visits,
    vital_signs,
    withdrawal,
)
from patients.checks.engine import Check

CHECKS: tuple[Check, ...] = (
    *consent.CHECKS,
    *demographics.CHECKS,
    *eligibility.CHECKS,
    *laboratory.CHECKS,
    *laboratory_events.CHECKS,
    *vital_signs.CHECKS,
    *pregnancy.CHECKS,
    *dosing.CHECKS,
    *courses.CHECKS,
    *infusions.CHECKS,
    *accountability.CHECKS,
    *adverse_events.CHECKS,
    *adverse_event_course.CHECKS,
    *drug_actions.CHECKS,
    *sae_reports.CHECKS,
    *medication.CHECKS,
    *prohibited_medication.CHECKS,
    *tumor.CHECKS,
    *withdrawal.CHECKS,
    *disposition.CHECKS,
    *survival.CHECKS,
    *visits.CHECKS,
    *references.CHECKS,
    *protocol_deviations.CHECKS,
)
