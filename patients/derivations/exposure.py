"""Exposure of a subject to each drug: cumulative dose, courses, dose intensity, last dose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from patients.derivations.dose import planned, regimen_of
from patients.derivations.dose_history import administrations, amount_of, periods, rhythm_of
from patients.facts import Facts, Source, source
from patients.models import DailyDosePeriod, DoseAdministration, Subject
from trials.clinical.exposure import (
    Administration,
    Exposure,
    Period,
    courses,
    cyclic_exposure,
    daily_exposure,
)
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.undetermined import Undetermined, absent
from trials.clinical.words import counted, printed_unit, with_unit
from trials.models import DoseRule, Drug, RegimenElement
from trials.text import plain


@dataclass(frozen=True)
class DrugExposure:
    """Exposure to one drug. `unit`: mg, or mg/m2 for a dose by body surface.

    `courses`: numbers of courses and the day each began. `exposure` is undetermined where a dose or a day is
    not known.
    """

    drug: Drug
    unit: str
    exposure: Exposure | Undetermined
    courses: tuple[tuple[int, date], ...]
    words: str
    sources: tuple[Source, ...] = ()


def exposures(facts: Facts, subject: Subject) -> list[DrugExposure]:
    """Exposure to each drug of the subject's arm, in the order of the regimen; none before randomization."""
    return [exposure_to(facts, subject, each) for each in regimen_of(facts, subject)]


def exposure_to(facts: Facts, subject: Subject, element: RegimenElement) -> DrugExposure:
    """Exposure to one drug of the arm, up to the cutoff of the facts.

    The planned intensity is the subject's own: the weight band at the start, or mg/m2 with the surface that
    each dose was calculated with. A daily dose that goes on counts up to the cutoff; without one its end is
    not known. Days between two periods that stand in none are not taken for an interruption.
    """
    if element.rule == DoseRule.WEIGHT_BAND or not element.days:
        return _daily(facts, subject, element)
    return _cyclic(facts, subject, element)


def _cyclic(facts: Facts, subject: Subject, element: RegimenElement) -> DrugExposure:
    given = [form for form in administrations(facts, subject, element.drug) if form.was_given]
    by_surface = element.rule == DoseRule.BODY_SURFACE
    numbers = course_numbers(element, given)
    doses = [
        Administration(form.given_on, _amount(form, by_surface), number)
        for form, number in zip(given, numbers, strict=True)
        if form.given_on is not None
    ]
    lacking = (
        *_doses_left_open(facts, subject, element.drug),
        *_surfaces_lacking(given if by_surface else ()),
    )
    found = Undetermined(lacking) if lacking else _against_the_cycle(element, doses)
    unit = element.unit
    return DrugExposure(
        drug=element.drug,
        unit=unit,
        exposure=found,
        courses=_begun(given, numbers),
        words=_words(element.drug, found, unit),
        sources=tuple(source(form, "dose") for form in given),
    )


def _doses_left_open(facts: Facts, subject: Subject, drug: Drug) -> tuple[str, ...]:
    """What is not known of administrations and periods that no exposure can count: a day, whether given."""
    lacking = []
    for form in facts.forms(DoseAdministration, subject):
        if form.drug_id != drug.pk or form.not_done_reason:
            continue
        if not form.given:
            lacking.append(f"answer whether dose no. {form.repeat} {_on(form.given_on)} was given")
        elif form.was_given and not form.given_on:
            lacking.append(
                f"day of dose no. {form.repeat} at {form.visit.code if form.visit else 'no visit'}"
            )
    lacking += [
        f"first day of daily dose period no. {form.repeat}"
        for form in facts.forms(DailyDosePeriod, subject)
        if form.drug_id == drug.pk and form.dose is not None and not form.started
    ]
    return tuple(lacking)


def _on(day: date | None) -> str:
    return f"on {day}" if day else "of an unknown day"


def _surfaces_lacking(given: Sequence[DoseAdministration]) -> tuple[str, ...]:
    return tuple(
        f"body surface area for the dose given on {form.given_on}"
        for form in given
        if amount_of(form) is not None and not form.surface_used
    )


def _against_the_cycle(element: RegimenElement, doses: Sequence[Administration]) -> Exposure | Undetermined:
    if element.dose is None or element.cycle_length_days is None:
        return Undetermined(absent(dose_of_the_regimen=element.dose, cycle_length=element.cycle_length_days))
    return cyclic_exposure(
        doses, planned_per_cycle=element.dose * len(element.days), cycle_days=element.cycle_length_days
    )


def _amount(form: DoseAdministration, by_surface: bool) -> Decimal | None:
    """The dose in mg, or in mg/m2 of the surface it was calculated with."""
    dose, surface = amount_of(form), form.surface_used
    if dose is None or not by_surface:
        return dose
    return ARITHMETIC.divide(dose, surface) if surface else None


def course_numbers(element: RegimenElement, given: Sequence[DoseAdministration]) -> list[int]:
    """The course of each administration that was given, counted from 1; they are in order of their day.

    Raises ValueError for a drug that is not given on days of a cycle, which has no courses.
    """
    if not element.days or element.cycle_length_days is None:
        raise ValueError(f"{element}: has no days of a cycle of known length")
    days = [(form.given_on, _cycle_of(form)) for form in given if form.given_on is not None]
    return courses(days, treatment_days=element.days, cycle_days=element.cycle_length_days)


def _cycle_of(form: DoseAdministration) -> int | None:
    return form.visit.cycle.number if form.visit is not None and form.visit.cycle is not None else None


def _begun(given: Sequence[DoseAdministration], numbers: Sequence[int]) -> tuple[tuple[int, date], ...]:
    first: dict[int, date] = {}
    for form, number in zip(given, numbers, strict=True):
        if form.given_on is not None:
            first.setdefault(number, form.given_on)
    return tuple(first.items())


def _daily(facts: Facts, subject: Subject, element: RegimenElement) -> DrugExposure:
    taken = periods(facts, subject, element.drug)
    # Before the cutoff a dose that went on beyond it had no last day: it counts up to there.
    until = facts.moment.cutoff
    stretches = [
        Period(form.started, _last_day(form, until), form.dose, rhythm_of(form))
        for form in taken
        if form.started is not None and not _ends_before_it_starts(form)
    ]
    plan = planned(facts, subject, element.drug_id, taken[0].started if taken else None)
    found: Exposure | Undetermined
    if broken := [form for form in taken if _ends_before_it_starts(form)]:
        found = Undetermined(tuple(f"last day of the dose taken from {form.started}" for form in broken))
    elif open_ones := _doses_left_open(facts, subject, element.drug):
        found = Undetermined(open_ones)
    elif not taken:
        found = Undetermined(("dose that was taken",))
    elif plan.dose is None:
        found = Undetermined(("planned dose at the start",))
    else:
        found = daily_exposure(stretches, planned_per_day=plan.dose)
    return DrugExposure(
        drug=element.drug,
        unit="mg",
        exposure=found,
        courses=(),
        words=_words(element.drug, found, "mg"),
        sources=tuple(source(form, "dose") for form in taken),
    )


def _last_day(form: DailyDosePeriod, until: date | None) -> date | None:
    return form.ended if form.ended is not None else until


def _ends_before_it_starts(form: DailyDosePeriod) -> bool:
    return form.ended is not None and form.started is not None and form.ended < form.started


def _words(drug: Drug, found: Exposure | Undetermined, unit: str) -> str:
    if isinstance(found, Undetermined):
        return f"Exposure to {drug} {found.sentence()}"
    times = f" in {counted(found.courses, 'course')}" if found.courses is not None else ""
    given = with_unit(plain(round(found.cumulative, 2)), unit)
    weekly, planned_weekly = (plain(round(each, 2)) for each in (found.per_week, found.planned_per_week))
    return (
        f"{drug}: {given}{times} over {counted(found.days, 'day')} from {found.first}, "
        f"{weekly} of {planned_weekly} {printed_unit(unit)} a week, "
        f"relative dose intensity {plain(round(found.relative, 4))}"
    )
