"""Checks of concomitant medication and medical history."""

from patients.checks.common import ends_before_it_starts, ongoing_contradicts_end
from patients.checks.engine import Check
from patients.models import Severity

CHECKS = (
    Check("EC21d", ("CM",), Severity.HARD, ends_before_it_starts),
    Check("EC21g", ("MH",), Severity.SOFT, ongoing_contradicts_end),
)
