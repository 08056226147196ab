"""Checks of laboratory results, one sample at a time."""

from collections.abc import Iterator

from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import LabSample, Severity


def range_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """A result without a range is kept and questioned; it is never taken for normal."""
    for row in facts.rows(form, "results"):
        rangeless = (
            getattr(row, "number", None) is not None and getattr(row, "reference_range_id", None) is None
        )
        if rangeless and row.test.has_ranges:
            yield Hit(
                "range_low", "No reference range of this laboratory, test and unit applies on this day.", row
            )


def unit_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "results"):
        unitless = getattr(row, "number", None) is not None and not getattr(row, "unit", None)
        if unitless and row.test.unit:
            yield Hit("unit", "The result has no unit; none is assumed.", row)


def significance_is_missing(form: LabSample, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "results"):
        abnormal = getattr(row, "flag", None) in ("LOW", "HIGH", "ABNORMAL")
        if abnormal and not getattr(row, "clinically_significant", None):
            yield Hit("clinically_significant", "The result is abnormal: is it clinically significant?", row)


CHECKS = (
    Check("EC08a", ("LB",), Severity.HARD, range_is_missing),
    Check("EC08b", ("LB",), Severity.HARD, unit_is_missing),
    Check("EC09", ("LB",), Severity.SOFT, significance_is_missing),
)
