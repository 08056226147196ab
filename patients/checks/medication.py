"""Checks of concomitant medication, medication errors, medical history and examinations."""

from collections.abc import Iterator
from decimal import Decimal

from patients.checks.common import ends_before_it_starts, ongoing_contradicts_end, value_is_unusual
from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import (
    ConcomitantMedication,
    Electrocardiogram,
    Finding,
    MedicationCategory,
    MedicationError,
    MedicationErrorKind,
    PhysicalExamination,
    Severity,
    YesNo,
)

TRANSFUSIONS = (MedicationCategory.RED_CELLS, MedicationCategory.PLATELETS)


def dose_is_incomplete(form: ConcomitantMedication, facts: Facts) -> Iterator[Hit]:
    """A dose has a unit; units are transfused in a transfusion only."""
    units: Decimal | None = form.units_given
    if form.dose is not None and not form.dose_unit and "dose_unit" not in form.missing_reasons:
        yield Hit("dose_unit", "The dose has no unit: please give it, none is assumed.")
    transfused = form.category in TRANSFUSIONS
    if transfused and units is None and "units_given" not in form.missing_reasons:
        yield Hit("units_given", "A transfusion: how many units were given?")
    if units is not None and form.category and not transfused:
        yield Hit(
            "units_given", "Units are only given for a transfusion of red cells or platelets: please correct."
        )


def amounts_contradict_the_error(form: MedicationError, facts: Facts) -> Iterator[Hit]:
    planned: Decimal | None = form.planned_amount
    taken: Decimal | None = form.taken_amount
    if planned is None or taken is None:
        return
    if form.kind == MedicationErrorKind.OVERDOSE and taken <= planned:
        yield Hit("taken_amount", "An overdose, but not more was taken than planned: which is right?")
    if form.kind == MedicationErrorKind.UNDERDOSE and taken >= planned:
        yield Hit("taken_amount", "An underdose, but not less was taken than planned: which is right?")


def consequence_is_not_recorded(form: MedicationError, facts: Facts) -> Iterator[Hit]:
    if form.consequences == YesNo.YES and not form.adverse_event_id:
        yield Hit("adverse_event", "It had consequences: please give the number of the adverse event.")
    if form.consequences == YesNo.NO and form.adverse_event_id:
        yield Hit("consequences", "It had no consequences, but an adverse event is named: which is right?")


def finding_is_not_described(form: PhysicalExamination, facts: Facts) -> Iterator[Hit]:
    for row in facts.rows(form, "systems"):
        if row.finding != Finding.ABNORMAL:
            continue
        if not row.description and "description" not in row.missing_reasons:
            yield Hit("description", "Abnormal: what was found?", row)
        if not row.clinically_significant and "clinically_significant" not in row.missing_reasons:
            yield Hit("clinically_significant", "Abnormal: is it clinically significant?", row)


def intervals_contradict(form: Electrocardiogram, facts: Facts) -> Iterator[Hit]:
    """QTcF is left open where RR and heart rate contradict each other; that is asked about."""
    if form.qt_interval and form.rr_interval and form.heart_rate and not form.qtcf:
        yield Hit(
            "rr_interval",
            "RR interval and heart rate contradict each other, so QTcF cannot be computed: which is right?",
        )


CHECKS = (
    Check(
        "EC21d",
        ("CM",),
        Severity.HARD,
        ends_before_it_starts,
        asks="A medication does not end before it starts.",
    ),
    Check("EC21g", ("MH",), Severity.SOFT, ongoing_contradicts_end, asks="An ongoing condition has no end."),
    Check(
        "EC12e",
        ("AE", "CM", "CV", "DA", "EG"),
        Severity.SOFT,
        value_is_unusual,
        asks="A value outside its usual limits is confirmed.",
    ),
    Check("CM01", ("CM",), Severity.SOFT, dose_is_incomplete, asks="A dose has its unit."),
    Check(
        "ME01",
        ("ME",),
        Severity.SOFT,
        amounts_contradict_the_error,
        asks="More is taken than planned in an overdose, less in an underdose.",
    ),
    Check(
        "ME02",
        ("ME",),
        Severity.SOFT,
        consequence_is_not_recorded,
        asks="An error with consequences names the adverse event.",
    ),
    Check("PE01", ("PE",), Severity.SOFT, finding_is_not_described, asks="An abnormal finding is described."),
    Check(
        "EG01",
        ("EG",),
        Severity.SOFT,
        intervals_contradict,
        asks="RR interval and heart rate of an electrocardiogram agree.",
    ),
)
