"""The doses of one drug that a subject was given, and the levels that they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from patients.derivations.dose import element_of
from patients.derivations.dose_settings import dose_tolerance
from patients.facts import Facts, Source, source
from patients.models import DailyDosePeriod, DoseAdministration, DoseDifference, Subject, YesNo
from trials.clinical.dose_level import Level, Rhythm, level_of
from trials.clinical.dose_modification import LevelGiven
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.undetermined import Undetermined
from trials.models import DoseRule, Drug, Frequency, RegimenElement
from trials.text import plain

# A lower dose for one of these reasons is no step down the levels.
NO_REDUCTION = frozenset(
    {
        DoseDifference.ROUNDING,
        DoseDifference.WEIGHT_CHANGE,
        DoseDifference.SUBJECT_DECISION,
        DoseDifference.ERROR,
    }
)


@dataclass(frozen=True)
class GivenDose:
    """What was given on a day: `amount` in mg (0: nothing, None: not recorded), how often, and why so."""

    amount: Decimal | None
    rhythm: Rhythm
    reasons: tuple[str, ...]
    forms: tuple[Any, ...]
    sources: tuple[Source, ...]

    @property
    def words(self) -> str:
        if self.amount is None:
            return "a dose that is not recorded"
        if not self.amount:
            return "no dose"
        rhythm = "" if self.rhythm is Rhythm.ONCE else f" {often(self.rhythm)}"
        return f"{plain(self.amount)} mg{rhythm}"


def administrations(facts: Facts, subject: Subject, drug: Drug) -> list[DoseAdministration]:
    """The dated administrations of a drug, those that were left out among them, by their day."""
    return [
        form
        for form in facts.forms(DoseAdministration, subject)
        if form.drug_id == drug.pk and form.given_on is not None and form.given is not None
    ]


def periods(facts: Facts, subject: Subject, drug: Drug) -> list[DailyDosePeriod]:
    """The periods of a daily drug that have a first day, by that day."""
    return [
        form
        for form in facts.forms(DailyDosePeriod, subject)
        if form.drug_id == drug.pk and form.started is not None
    ]


def amount_of(form: DoseAdministration) -> Decimal | None:
    """The dose of an administration in mg, 0 where it was not given, None where it is not recorded."""
    return Decimal(0) if form.given == YesNo.NO else form.dose


def rhythm_of(form: DailyDosePeriod) -> Rhythm | None:
    """How often a daily drug was taken; None where it is not recorded."""
    return Rhythm(form.frequency) if form.frequency else None


def often(frequency: str) -> str:
    """How often a dose is taken, as people read it after its amount: once a day."""
    return str(Frequency(frequency).label).lower()


def given_on(facts: Facts, subject: Subject, drug: Drug, on: date) -> GivenDose | None:
    """What was given of a drug on a day; None where nothing is recorded, not even that it was left out."""
    infused = [form for form in administrations(facts, subject, drug) if form.given_on == on]
    if infused:
        return _together(infused, [amount_of(form) for form in infused], Rhythm.ONCE, "dose")
    taken = [form for form in periods(facts, subject, drug) if _covers(form, on)]
    if not taken:
        return None
    rhythms = {Rhythm(form.frequency) for form in taken if form.frequency}
    if len(taken) > 1 or len(rhythms) != 1:  # two periods for one day contradict each other
        return GivenDose(None, Rhythm.DAILY, (), tuple(taken), _sources(taken, "dose"))
    return _together(taken, [taken[0].dose], rhythms.pop(), "dose")


def _covers(form: DailyDosePeriod, on: date) -> bool:
    return form.started is not None and form.started <= on and (form.ended is None or on <= form.ended)


def _together(
    forms: Sequence[Any], amounts: Sequence[Decimal | None], rhythm: Rhythm, field: str
) -> GivenDose:
    known = [amount for amount in amounts if amount is not None]
    total = sum(known, Decimal(0)) if len(known) == len(amounts) else None
    reasons = tuple(str(form.get_difference_display()) for form in forms if form.difference)
    return GivenDose(total, rhythm, reasons, tuple(forms), _sources(forms, field))


def _sources(forms: Sequence[Any], field: str) -> tuple[Source, ...]:
    return tuple(
        source(form, "given" if getattr(form, "given", None) == YesNo.NO else field) for form in forms
    )


def levels_given(
    facts: Facts, subject: Subject, drug: Drug, levels: Sequence[Level], before: date
) -> list[LevelGiven]:
    """The levels at which a drug was given before a day, in order; the first is that of the first dose.

    A lower dose whose reason is rounding, a change of weight, an error or a decision of the subject is no
    step down. A dose that is no level is told as such, with what it was. Of a drug without lower levels the
    first dose alone counts.
    """
    element = element_of(facts, subject, drug.pk)
    if element is None:
        return []
    tolerance = dose_tolerance(facts, subject, drug)
    found = _infused(facts, subject, drug, element, levels, before)
    found += [
        _level(levels, form.started, form.dose, Rhythm(form.frequency), form, tolerance)
        for form in periods(facts, subject, drug)
        if form.started is not None and form.started < before and form.dose and form.frequency
    ]
    found += [
        LevelGiven(form.started, None, f"the dose from {form.started}, which is not recorded")
        for form in periods(facts, subject, drug)
        if form.started is not None
        and form.started < before
        and (form.dose is None or (form.dose and not form.frequency))
    ]
    known = sorted((each for each in found if each is not None), key=lambda each: each.day)
    if len(levels) == 1:
        return [LevelGiven(each.day, 0, each.shown) for each in known[:1]]
    return known


def _infused(
    facts: Facts,
    subject: Subject,
    drug: Drug,
    element: RegimenElement,
    levels: Sequence[Level],
    before: date,
) -> list[LevelGiven | None]:
    found: list[LevelGiven | None] = []
    for form in administrations(facts, subject, drug):
        day = form.given_on
        if day is None or day >= before or not form.was_given:
            continue
        amount = in_unit_of_regimen(element, form)
        if amount is None:
            found.append(LevelGiven(day, None, f"the dose of {day}, whose plan or amount is not known"))
        else:
            tolerance = dose_tolerance(facts, subject, drug)
            found.append(_level(levels, day, amount, Rhythm.ONCE, form, tolerance))
    return found


def in_unit_of_regimen(element: RegimenElement, form: DoseAdministration) -> Decimal | None:
    """A dose given, in the unit of the regimen: of a dose by surface the same share of it in mg/m2."""
    given: Decimal | None = form.dose
    planned: Decimal | None = form.planned_dose
    if given is None or element.rule != DoseRule.BODY_SURFACE:
        return given
    if not planned or element.dose is None:
        return None
    return ARITHMETIC.divide(ARITHMETIC.multiply(given, element.dose), planned)


def _level(
    levels: Sequence[Level],
    day: date | None,
    amount: Decimal | None,
    rhythm: Rhythm,
    form: Any,
    tolerance: Decimal | Undetermined,
) -> LevelGiven | None:
    """Without a tolerance only the very dose of a level is that level."""
    if day is None or amount is None:
        return None
    in_words = "" if rhythm is Rhythm.ONCE else f" {often(rhythm)}"
    shown = f"{plain(form.dose)} mg{in_words} from {day}"
    if form.difference in NO_REDUCTION:
        return LevelGiven(day, 0, shown)
    if not isinstance(tolerance, Undetermined):
        return LevelGiven(day, level_of(levels, amount, rhythm, tolerance), shown)
    exactly = level_of(levels, amount, rhythm, Decimal(0))
    return LevelGiven(day, exactly, shown if exactly is not None else f"{shown} ({tolerance.sentence()})")
