"""All edit checks of the casebook, gathered from the files of their subject matter.

The ids are those of the study's check list, with a letter where one line of it became several checks.
"""

from patients.checks import (
    adverse_event_course,
    adverse_events,
    demographics,
    dosing,
    drug_actions,
    eligibility,
    infusions,
    laboratory,
    laboratory_events,
    medication,
    pregnancy,
    sae_reports,
    tumor,
    vital_signs,
    withdrawal,
)
from patients.checks.engine import Check

CHECKS: tuple[Check, ...] = (
    *demographics.CHECKS,
    *eligibility.CHECKS,
    *laboratory.CHECKS,
    *laboratory_events.CHECKS,
    *vital_signs.CHECKS,
    *pregnancy.CHECKS,
    *dosing.CHECKS,
    *infusions.CHECKS,
    *adverse_events.CHECKS,
    *adverse_event_course.CHECKS,
    *drug_actions.CHECKS,
    *sae_reports.CHECKS,
    *medication.CHECKS,
    *tumor.CHECKS,
    *withdrawal.CHECKS,
)
