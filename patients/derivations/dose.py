"""Planned doses: computed from the regimen, with everything they rest on stored beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from patients.derivations.doses_taken import doses_taken
from patients.derivations.known import Known
from patients.facts import Facts
from patients.models import DoseAdministration, Row, Subject, VitalSigns
from trials.clinical.body_surface_area import Formula, body_surface_area
from trials.clinical.dosing import WeightBand, dose_by_body_surface, dose_by_weight
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.undetermined import Undetermined, absent
from trials.models import DoseRule, Drug, RegimenElement
from trials.text import plain

FOUR_PLACES = Decimal("0.0001")


MOST_BESIDE = 3
"""Values of one day that a note names beside the one that counts; it has to fit its column."""


@dataclass(frozen=True)
class VitalSign:
    """A weight (kg) or height (cm) and its day; `others`: what else was measured on that day."""

    value: Decimal
    day: date
    others: tuple[Decimal, ...] = ()

    def beside(self, unit: str) -> str:
        """Nobody wrote down which of a day came last: what did not count is told, not passed over."""
        others = " and ".join(f"{plain(each)} {unit}" for each in self.others[:MOST_BESIDE])
        return f"; also measured on {self.day}: {others}" if others else ""


@dataclass(frozen=True)
class PlannedDose:
    """A planned dose in mg and what it rests on; `dose` is None where it cannot be determined."""

    dose: Decimal | None
    note: str
    weight: Decimal | None = None
    height: Decimal | None = None
    formula: str | None = None
    surface: Decimal | None = None


@dataclass(frozen=True)
class Asked:
    """For whom, which drug and which day a dose is planned.

    `own` is the key of the dose form that asks: what is stored of it may just be corrected, and is left out.
    """

    facts: Facts
    subject: Subject
    element: RegimenElement
    on: date
    own: int | None


def derive_dose(record: Any, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Set the planned dose of an administration, with weight, height, formula and surface."""
    planned = planned_dose(record.subject, record.drug_id, record.given_on, own=record.pk)
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
    """The planned dose by what is recorded now; see `planned`."""
    return planned(Facts([subject]), subject, drug_id, on, own)


def planned(
    facts: Facts, subject: Subject, drug_id: int | None, on: date | None, own: int | None = None
) -> PlannedDose:
    """The dose that the protocol plans for a subject, drug and day, before any reduction.

    Never a default for what is missing. `own` is the key of the dose form that asks, which is left out.
    """
    if drug_id is None or on is None:
        return PlannedDose(None, Undetermined(absent(study_drug=drug_id, date=on)).sentence())
    allocation = facts.allocation(subject)
    if allocation is None:
        return PlannedDose(None, Undetermined(("allocation to an arm",)).sentence())
    element = element_of(facts, subject, drug_id)
    if element is None:
        return PlannedDose(None, f"no planned dose: the drug is not part of arm {allocation.arm.code}")
    return PLANS[DoseRule(element.rule)](Asked(facts, subject, element, on, own))


def regimen_of(facts: Facts, subject: Subject) -> list[RegimenElement]:
    """What the subject's arm is given, with the bands; nothing before randomization. Read once."""
    return facts.once(_read_regimen, subject)


def _read_regimen(facts: Facts, subject: Subject) -> list[RegimenElement]:
    allocation = facts.allocation(subject)
    if allocation is None:
        return []
    elements = list(
        RegimenElement.objects.filter(arm_id=allocation.arm_id).select_related("drug", "arm").order_by("pk")
    )
    prefetch_related_objects(elements, "bands")
    return elements


def drugs_of_arm(facts: Facts, subject: Subject) -> list[Drug]:
    """The drugs of the subject's arm by their code; none before randomization."""
    return sorted((each.drug for each in regimen_of(facts, subject)), key=lambda drug: drug.code)


def element_of(facts: Facts, subject: Subject, drug_id: int) -> RegimenElement | None:
    """How the subject's arm is given a drug; None where it is not part of the arm."""
    return next((each for each in regimen_of(facts, subject) if each.drug_id == drug_id), None)


def cycle_length(elements: Iterable[RegimenElement]) -> int | Undetermined:
    """The length of a cycle of an arm in days; an arm whose drugs are all given without cycles has none."""
    lengths = sorted({each.cycle_length_days for each in elements if each.cycle_length_days is not None})
    if len(lengths) == 1:
        return lengths[0]
    if not lengths:
        return Undetermined(("drug of the arm that is given in cycles",))
    return Undetermined(
        (f"single length of a cycle (drugs of the arm have {' and '.join(map(str, lengths))} days)",)
    )


def _fixed(asked: Asked) -> PlannedDose:
    dose = asked.element.dose
    if dose is None:
        return PlannedDose(None, Undetermined(("dose in the regimen",)).sentence())
    return PlannedDose(dose, f"fixed dose of {plain(dose)} mg")


def _by_weight(asked: Asked) -> PlannedDose:
    weighed = _last(_measured(asked, "weight"), _first_day(asked))
    if weighed is None:
        return PlannedDose(None, Undetermined(("weight on or before the first day of this drug",)).sentence())
    bands = [WeightBand(band.from_kg, band.below_kg, band.dose_mg) for band in asked.element.bands.all()]
    try:
        dose = dose_by_weight(bands, weighed.value)
    except ValueError:  # no band holds the weight: a fault of the protocol data, not of what was entered
        return PlannedDose(None, Undetermined(("dose band for this weight",)).sentence())
    note = f"band of body weight: {plain(weighed.value)} kg measured on {weighed.day} gives {plain(dose)} mg"
    note += weighed.beside("kg")
    return PlannedDose(dose, note, weight=weighed.value)


def _first_day(asked: Asked) -> date:
    """A weight band is chosen once, by the weight at the start of the drug: later weights do not move it."""
    taken = doses_taken(asked.facts, asked.subject, asked.element.drug_id)
    return min([*(each.first for each in taken if each.form.pk != asked.own), asked.on])


def _by_surface(asked: Asked) -> PlannedDose:
    settings, per_m2 = surface_settings(asked.facts, asked.subject), asked.element.dose
    if per_m2 is None:
        return PlannedDose(None, Undetermined(("dose in the regimen",)).sentence())
    if settings is None:
        return PlannedDose(
            None, Undetermined(("formula of body surface area in the study's settings",)).sentence()
        )
    weighed, remark = _weight_that_counts(asked)
    measured = _last(_measured(asked, "height"), asked.on)
    if weighed is None or measured is None:
        missing = tuple(
            f"{name} on or before {asked.on}"
            for name, found in (("weight", weighed), ("height", measured))
            if found is None
        )
        return PlannedDose(None, Undetermined(missing).sentence())
    surface = body_surface_area(height_cm=measured.value, weight_kg=weighed.value, formula=settings.formula)
    dose = in_mg(per_m2, surface, settings)
    return PlannedDose(
        dose,
        _surface_note(asked.element, surface, dose, settings, weighed, measured) + remark,
        weight=weighed.value,
        height=measured.value,
        formula=settings.formula.value,
        surface=surface.quantize(FOUR_PLACES, ROUND_HALF_UP),
    )


def in_mg(mg_per_m2: Decimal, surface: Decimal, settings: "SurfaceSettings") -> Decimal:
    """A dose by body surface in mg, capped and rounded as the study says."""
    return dose_by_body_surface(
        mg_per_m2=mg_per_m2, bsa=surface, cap_m2=settings.cap_m2, round_to_mg=settings.round_to_mg
    )


def _weight_that_counts(asked: Asked) -> tuple[VitalSign | None, str]:
    """The weight at the first dose by body surface, until one differs from it so far that it takes its place.

    How far says the setting `weight_change_percent`; in a study without it the last weight counts. A later
    weight that does not count is told beside the dose.
    """
    weights = [each for each in _measured(asked, "weight") if each.day <= asked.on]
    last = weights[-1] if weights else None
    percent, first_day = asked.facts.setting(asked.subject, "weight_change_percent"), _first_infusion(asked)
    before = [each for each in weights if each.day <= first_day]
    if percent is None or not before:
        return last, ""
    counts = before[-1]
    for each in weights[len(before) :]:
        if abs(each.value - counts.value) * 100 >= Decimal(str(percent)) * counts.value:
            counts = each
    if last is None or last == counts:
        return counts, ""
    change = ARITHMETIC.divide(abs(last.value - counts.value) * 100, counts.value)
    return counts, (
        f"; {plain(last.value)} kg on {last.day} differs by {plain(round(change, 1))} %,"
        f" calculated anew from {percent} %"
    )


def _first_infusion(asked: Asked) -> date:
    """The first day on which a drug of the arm was given by body surface, or the day that is asked for."""
    elements = regimen_of(asked.facts, asked.subject)
    drugs = {each.drug_id for each in elements if each.rule == DoseRule.BODY_SURFACE}
    given = [
        dose.first
        for dose in doses_taken(asked.facts, asked.subject)
        if isinstance(dose.form, DoseAdministration)
        and dose.form.drug_id in drugs
        and dose.form.pk != asked.own
    ]
    return min([*given, asked.on])


def _measured(asked: Asked, name: str) -> list[VitalSign]:
    """Every weight (kg) or height (cm) with its day, in order; of one day that entered last comes last."""
    forms = [
        form
        for form in asked.facts.forms(VitalSigns, asked.subject)
        if form.measured_on is not None and getattr(form, name) is not None
    ]
    forms.sort(key=lambda form: (form.measured_on, form.pk))
    by_day: dict[date, list[Decimal]] = {}
    for form in forms:
        by_day.setdefault(form.measured_on, []).append(getattr(form, name))
    return [
        VitalSign(value, day, tuple(dict.fromkeys(each for each in values if each != value)))
        for day, values in by_day.items()
        for value in values
    ]


def _last(measured: Iterable[VitalSign], until: date) -> VitalSign | None:
    return next((each for each in reversed(list(measured)) if each.day <= until), None)


def _surface_note(
    element: RegimenElement,
    surface: Decimal,
    dose: Decimal,
    settings: "SurfaceSettings",
    weighed: VitalSign,
    measured: VitalSign,
) -> str:
    shown = surface.quantize(FOUR_PLACES, ROUND_HALF_UP)
    cap = f", capped at {plain(settings.cap_m2)} m2" if settings.cap_m2 and surface > settings.cap_m2 else ""
    body = f"{plain(weighed.value)} kg on {weighed.day}, {plain(measured.value)} cm on {measured.day}"
    factors = f"{plain(element.dose)} mg/m2 x {plain(shown)} m2"
    also = weighed.beside("kg") + measured.beside("cm")
    return f"{factors} ({settings.formula.value}, {body}{cap}) = {plain(dose)} mg{also}"


@dataclass(frozen=True)
class SurfaceSettings:
    """The study's choices about body surface area; `None` means no cap, no rounding step."""

    formula: Formula
    cap_m2: Decimal | None
    round_to_mg: Decimal | None


def surface_settings(facts: Facts, subject: Subject) -> SurfaceSettings | None:
    """The settings `body_surface_*` of the subject's study, None where it names no known formula."""
    formula = facts.setting(subject, "body_surface_formula")
    if formula not in {each.value for each in Formula}:
        return None
    return SurfaceSettings(
        formula=Formula(formula),
        cap_m2=_decimal(facts.setting(subject, "body_surface_cap_m2")),
        round_to_mg=_decimal(facts.setting(subject, "body_surface_round_to_mg")),
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


PLANS = {
    DoseRule.FIXED: _fixed,
    DoseRule.WEIGHT_BAND: _by_weight,
    DoseRule.BODY_SURFACE: _by_surface,
}
