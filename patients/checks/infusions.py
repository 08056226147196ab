"""Checks of infusions: a fixed dose is whole or left out, time, and the blood count before chemotherapy."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from patients.checks.engine import Check, Hit
from patients.derivations.dose import element_of
from patients.facts import Facts
from patients.models import DoseAdministration, LabSample, Severity, YesNo
from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading
from trials.clinical.units import UnitError, convert
from trials.models import DoseRule, RegimenElement
from trials.text import plain

COUNT_UNIT = "10*9/L"
COUNTS = {"NEUT": "neutrophils", "PLAT": "platelets"}
FIRST_DAY, DAY_8 = 1, 8
# Below these counts (settings of the study) a dose on that day of the cycle is questioned.
THRESHOLDS = {
    FIRST_DAY: {"NEUT": "gemox_start_neutrophils", "PLAT": "gemox_start_platelets"},
    DAY_8: {"NEUT": "gemcitabine_day_8_neutrophils", "PLAT": "gemcitabine_day_8_platelets"},
}


def fixed_dose_was_changed(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """A drug with a fixed dose is never reduced: the whole dose is given, or none."""
    element = _element(facts, form)
    if element is None or element.rule != DoseRule.FIXED or form.dose is None:
        return
    if form.dose not in (Decimal(0), element.dose):
        yield Hit(
            "dose", f"{form.drug} is given as {plain(element.dose)} mg or left out, never at another dose."
        )


def infusion_was_short(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """The shortest duration of the first and of later infusions, where the study has them for the drug."""
    took = _minutes(form)
    if took is None or not form.drug or not form.given_on:
        return
    earlier = [
        each
        for each in facts.forms(DoseAdministration, form.subject)
        if each.drug_id == form.drug_id
        and each.given == YesNo.YES
        and each.given_on
        and each.given_on < form.given_on
    ]
    which = "later" if earlier else "first"
    least = facts.setting(form.subject, f"{form.drug.code.lower()}_{which}_infusion_minutes")
    if least is not None and took < least:
        yield Hit("ended_at", f"It took {took} minutes; the {which} infusion takes {least} or more.")


def blood_count_is_missing(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """Each count is there, at most so many days old, before a drug that is dosed by body surface."""
    days = facts.setting(form.subject, "hematology_before_dose_days")
    if days is None or not _was_given(form) or not _is_chemotherapy(facts, form):
        return
    missing = [name for test, name in COUNTS.items() if not _counts(facts, form, test, days)]
    if missing:
        yield Hit(
            "given_on", f"No {' and '.join(missing)} counted on the day of the dose or {days} days before it."
        )


def blood_count_was_low(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """The newest count before the dose lies below what the study asks for on this day of the cycle.

    On day 8 only a dose as planned is questioned: a reduced one is the answer to a low count.
    """
    days = facts.setting(form.subject, "hematology_before_dose_days")
    day_of_cycle = _day_of_cycle(form)
    if days is None or not _was_given(form) or not _is_chemotherapy(facts, form):
        return
    if day_of_cycle == DAY_8 and _was_reduced(facts, form):
        return
    low = []
    for test, setting in THRESHOLDS.get(day_of_cycle or 0, {}).items():
        threshold = facts.setting(form.subject, setting)
        counts = _counts(facts, form, test, days)
        if threshold is None or not counts:
            continue
        _day, row = counts[-1]
        if _is_below(row, test, Decimal(str(threshold))):
            low.append(f"{COUNTS[test]} {row.value} {row.unit} (asked for: {threshold})")
    if low:
        yield Hit("dose", f"Given although {' and '.join(low)}.")


def _element(facts: Facts, form: DoseAdministration) -> RegimenElement | None:
    """What the regimen of the subject's arm says of the drug."""
    return element_of(facts, form.subject, form.drug_id) if form.drug_id else None


def _is_chemotherapy(facts: Facts, form: DoseAdministration) -> bool:
    element = _element(facts, form)
    return element is not None and element.rule == DoseRule.BODY_SURFACE


def _was_given(form: DoseAdministration) -> bool:
    return form.was_given and bool(form.given_on)


def _minutes(form: DoseAdministration) -> int | None:
    """How long the infusion took; None where a time is missing or the end does not follow the start."""
    if not form.started_at or not form.ended_at or form.ended_at <= form.started_at:
        return None
    start, end = (datetime.combine(date.min, at) for at in (form.started_at, form.ended_at))
    return (end - start) // timedelta(minutes=1)


def _day_of_cycle(form: DoseAdministration) -> int | None:
    definition = form.visit.definition if form.visit is not None else None
    return None if definition is None else definition.day


def _was_reduced(facts: Facts, form: DoseAdministration) -> bool:
    """Whether the dose lies below the plan by more than rounding; not where either is missing."""
    dose: Decimal | None = form.dose
    planned: Decimal | None = form.planned_dose
    if dose is None or planned is None:
        return False
    tolerance = facts.setting(form.subject, "gemox_dose_tolerance_percent") or 0
    return dose < planned * (100 - Decimal(str(tolerance))) / 100


def _counts(facts: Facts, form: DoseAdministration, test: str, days: int) -> list[tuple[date, Any]]:
    """The results of a test on the day of a dose and so many days before it, oldest first."""
    found = [
        (sample.collected_on, row)
        for sample in facts.forms(LabSample, form.subject)
        if sample.collected_on and 0 <= (form.given_on - sample.collected_on).days <= days
        for row in facts.rows(sample, "results")
        if row.test is not None and row.test.code == test and row.number is not None
    ]
    return sorted(found, key=lambda each: each[0])


def _is_below(row: Any, test: str, threshold: Decimal) -> bool:
    if not row.unit:
        return False  # its unit is asked for; none is assumed
    try:
        limit = convert(threshold, test=test, from_unit=COUNT_UNIT, to_unit=row.unit)
    except UnitError:
        return False
    return Reading(row.number, row.comparator or "").is_below(limit) is Truth.YES


CHECKS = (
    Check(
        "EC18b",
        ("EC",),
        Severity.HARD,
        fixed_dose_was_changed,
        asks="A drug with a fixed dose is given whole or not at all.",
    ),
    Check(
        "EC18c",
        ("EC",),
        Severity.HARD,
        infusion_was_short,
        rests_on=("EC",),
        asks="An infusion takes at least as long as the study asks for.",
    ),
    Check(
        "EC19a",
        ("EC",),
        Severity.SOFT,
        blood_count_is_missing,
        rests_on=("LB",),
        asks="Blood is counted within the days that the study asks for before chemotherapy.",
    ),
    Check(
        "EC19b",
        ("EC",),
        Severity.SOFT,
        blood_count_was_low,
        rests_on=("LB",),
        asks="Chemotherapy is given at counts that the study allows on that day of the cycle.",
    ),
)
