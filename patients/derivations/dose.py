"""Planned doses: computed from the regimen, with everything they rest on stored beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from patients.derivations.known import Known
from patients.models import DailyDosePeriod, Row, Subject
from patients.selectors import Measurement, allocation_of, current, last_measured
from trials.clinical.body_surface_area import Formula, body_surface_area
from trials.clinical.dosing import WeightBand, dose_by_body_surface, dose_by_weight
from trials.clinical.undetermined import Undetermined, absent
from trials.models import DoseRule, RegimenElement
from trials.text import plain

FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class PlannedDose:
    """A planned dose in mg and what it rests on; `dose` is None where it cannot be determined."""

    dose: Decimal | None
    note: str
    weight: Decimal | None = None
    height: Decimal | None = None
    formula: str | None = None
    surface: Decimal | None = None


def derive_dose(record: Any, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Set the planned dose of an administration, with weight, height, formula and surface."""
    planned = planned_dose(record.subject, record.drug_id, record.given_on)
    record.planned_dose, record.planned_dose_note = planned.dose, planned.note
    record.weight_used, record.height_used = planned.weight, planned.height
    record.surface_formula, record.surface_used = planned.formula, planned.surface


def derive_daily_dose(record: Any, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Set the planned starting dose of a daily drug and the weight it rests on."""
    planned = planned_dose(record.subject, record.drug_id, record.started, own=record.pk)
    record.planned_dose, record.planned_dose_note = planned.dose, planned.note
    record.weight_used = planned.weight


def planned_dose(
    subject: Subject, drug_id: int | None, on: date | None, own: int | None = None
) -> PlannedDose:
    """The dose that the protocol plans for a subject, drug and day; never a default for what is missing.

    `own` is the key of the daily dose period that asks, whose stored first day may just be corrected.
    """
    if drug_id is None or on is None:
        return PlannedDose(None, Undetermined(absent(study_drug=drug_id, date=on)).sentence())
    allocation = allocation_of(subject)
    if allocation is None:
        return PlannedDose(None, Undetermined(("allocation to an arm",)).sentence())
    element = (
        RegimenElement.objects.select_related("drug", "arm")
        .filter(arm=allocation.arm, drug_id=drug_id)
        .first()
    )
    if element is None:
        return PlannedDose(None, f"no planned dose: the drug is not part of arm {allocation.arm.code}")
    if element.rule == DoseRule.WEIGHT_BAND:
        return _by_weight(element, subject, _first_day(subject, element, on, own))
    return PLANS[DoseRule(element.rule)](element, subject, on)


def _fixed(element: RegimenElement, subject: Subject, on: date) -> PlannedDose:
    return PlannedDose(element.dose, f"fixed dose of {plain(element.dose)} mg")


def _by_weight(element: RegimenElement, subject: Subject, first_day: date) -> PlannedDose:
    weighed = last_measured(subject, "weight", first_day)
    bands = [
        WeightBand(band.from_kg, band.below_kg, band.dose_mg) for band in element.bands.order_by("from_kg")
    ]
    if weighed is None:
        return PlannedDose(None, Undetermined(("weight on or before the first day of this drug",)).sentence())
    try:
        dose = dose_by_weight(bands, weighed.value)
    except ValueError:  # no band holds the weight: a fault of the protocol data, not of what was entered
        return PlannedDose(None, Undetermined(("dose band for this weight",)).sentence())
    note = f"band of body weight: {plain(weighed.value)} kg measured on {weighed.day} gives {plain(dose)} mg"
    return PlannedDose(dose, note, weight=weighed.value)


def _first_day(subject: Subject, element: RegimenElement, on: date, own: int | None) -> date:
    # A weight band is chosen once, by the weight at the start of the drug: later weights do not move it.
    first = (
        current(DailyDosePeriod, subject)
        .filter(drug_id=element.drug_id, started__isnull=False)
        .exclude(pk=own)
        .order_by("started")
        .values_list("started", flat=True)
        .first()
    )
    return min(first, on) if first else on


def _by_surface(element: RegimenElement, subject: Subject, on: date) -> PlannedDose:
    settings = surface_settings(subject)
    if settings is None:
        return PlannedDose(
            None, Undetermined(("formula of body surface area in the study's settings",)).sentence()
        )
    weighed, measured = last_measured(subject, "weight", on), last_measured(subject, "height", on)
    if weighed is None or measured is None:
        missing = tuple(
            f"{name} on or before {on}"
            for name, found in (("weight", weighed), ("height", measured))
            if found is None
        )
        return PlannedDose(None, Undetermined(missing).sentence())
    surface = body_surface_area(height_cm=measured.value, weight_kg=weighed.value, formula=settings.formula)
    dose = dose_by_body_surface(
        mg_per_m2=element.dose or Decimal(0),
        bsa=surface,
        cap_m2=settings.cap_m2,
        round_to_mg=settings.round_to_mg,
    )
    return PlannedDose(
        dose,
        _surface_note(element, surface, dose, settings, weighed, measured),
        weight=weighed.value,
        height=measured.value,
        formula=settings.formula.value,
        surface=surface.quantize(FOUR_PLACES, ROUND_HALF_UP),
    )


def _surface_note(
    element: RegimenElement,
    surface: Decimal,
    dose: Decimal,
    settings: "SurfaceSettings",
    weighed: Measurement,
    measured: Measurement,
) -> str:
    shown = surface.quantize(FOUR_PLACES, ROUND_HALF_UP)
    cap = f", capped at {plain(settings.cap_m2)} m2" if settings.cap_m2 and surface > settings.cap_m2 else ""
    body = f"{plain(weighed.value)} kg on {weighed.day}, {plain(measured.value)} cm on {measured.day}"
    factors = f"{plain(element.dose)} mg/m2 x {plain(shown)} m2"
    return f"{factors} ({settings.formula.value}, {body}{cap}) = {plain(dose)} mg"


@dataclass(frozen=True)
class SurfaceSettings:
    """The study's choices about body surface area; `None` means no cap, no rounding step."""

    formula: Formula
    cap_m2: Decimal | None
    round_to_mg: Decimal | None


def surface_settings(subject: Subject) -> SurfaceSettings | None:
    """The settings `body_surface_*` of the subject's study, None where it names no known formula."""
    settings: dict[str, Any] = dict(
        subject.study.studysettings.filter(key__startswith="body_surface_").values_list("key", "value")
    )
    if settings.get("body_surface_formula") not in {formula.value for formula in Formula}:
        return None
    return SurfaceSettings(
        formula=Formula(settings["body_surface_formula"]),
        cap_m2=_decimal(settings.get("body_surface_cap_m2")),
        round_to_mg=_decimal(settings.get("body_surface_round_to_mg")),
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


PLANS = {
    DoseRule.FIXED: _fixed,
    DoseRule.BODY_SURFACE: _by_surface,
}
