"""Checks of infusions: a fixed dose is whole or left out, time, and the blood count before a drug."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from patients.checks.engine import Check, Hit
from patients.derivations.dose import element_of
from patients.derivations.dose_settings import (
    differs_from_plan,
    dose_tolerance,
    minimum_counts_of,
    minimum_infusion_minutes,
)
from patients.derivations.dose_situation import cycle_day
from patients.derivations.results import names_of_tests
from patients.facts import Facts
from patients.models import DoseAdministration, LabSample, Severity, YesNo
from trials.clinical.dose_settings import DAYS_OF_COUNTS, MinimumCount
from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading
from trials.clinical.units import UnitError, convert
from trials.clinical.words import counted, measured, with_unit
from trials.models import DoseRule, RegimenElement
from trials.text import plain


def fixed_dose_was_changed(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """A drug with a fixed dose is never reduced: the whole dose is given, or none."""
    element = _element(facts, form)
    if element is None or element.rule != DoseRule.FIXED or form.dose is None:
        return
    if form.dose not in (Decimal(0), element.dose):
        yield Hit(
            "dose", f"{form.drug} is given as {plain(element.dose)} mg or not at all: is the dose right?"
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
    shortest = minimum_infusion_minutes(facts, form.subject, form.drug)
    if shortest is None:
        return
    which, least = ("later", shortest.later) if earlier else ("first", shortest.first)
    if took < least:
        yield Hit("ended_at", _too_short(took, which, least))


def _too_short(took: int, which: str, least: int) -> str:
    return (
        f"It took {counted(took, 'minute')}; the {which} infusion takes {least} or more: are the times right?"
    )


def blood_count_is_missing(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """Each test that has a minimum for the drug on this day is there, at most so many days old."""
    days = facts.setting(form.subject, DAYS_OF_COUNTS)
    tests = _minimums(form, facts)
    if days is None:
        return
    missing = [_name(facts, form, test) for test in tests if not _counts(facts, form, test, days)]
    if missing:
        yield Hit(
            "given_on",
            f"No result of {' and '.join(missing)} on the day of the dose or in the {counted(days, 'day')} "
            "before: please enter it.",
        )


def blood_count_was_low(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """The newest result before the dose lies below the minimum for the drug on this day of the cycle.

    Where the study says so only a full dose is questioned: a reduced one is the answer to a low count. Where
    the day of the cycle is not known, a result below the minimums of all its days is.
    """
    days = facts.setting(form.subject, DAYS_OF_COUNTS)
    if days is None:
        return
    low = []
    for test, limits in _minimums(form, facts).items():
        counts = _counts(facts, form, test, days)
        if counts and all(_is_below(facts, form, counts[-1], each) for each in limits):
            asked = min(limits, key=lambda each: each.at_least)
            found = with_unit(str(counts[-1].value), counts[-1].unit or "")
            least = measured(asked.at_least, asked.unit)
            low.append(f"{_name(facts, form, test)} {found} (at least {least} asked for)")
    if low:
        yield Hit("dose", f"Given although the blood count was low: {' and '.join(low)}. Why?")


def _element(facts: Facts, form: DoseAdministration) -> RegimenElement | None:
    """What the regimen of the subject's arm says of the drug."""
    return element_of(facts, form.subject, form.drug_id) if form.drug_id else None


def _minimums(form: DoseAdministration, facts: Facts) -> dict[str, list[MinimumCount]]:
    """By test, the minimums for a dose that was given on its day of the cycle; all days', if not known."""
    element = _element(facts, form)
    if element is None or not form.was_given or not form.given_on:
        return {}
    day = _day_of_cycle(form, facts, element)
    by_test: dict[str, list[MinimumCount]] = {}
    for each in minimum_counts_of(facts, form.subject, form.drug):
        if day in (None, each.day):
            by_test.setdefault(each.test, []).append(each)
    return by_test


def _minutes(form: DoseAdministration) -> int | None:
    """How long the infusion took; None where a time is missing or the end does not follow the start."""
    if not form.started_at or not form.ended_at or form.ended_at <= form.started_at:
        return None
    start, end = (datetime.combine(date.min, at) for at in (form.started_at, form.ended_at))
    return (end - start) // timedelta(minutes=1)


def _day_of_cycle(form: DoseAdministration, facts: Facts, element: RegimenElement) -> int | None:
    """That of the visit; of a dose outside the visits of a cycle the treatment day it lies next to."""
    visit = form.visit
    if visit is not None and visit.cycle_id is not None and visit.definition is not None:
        day: int = visit.definition.day
        return day
    return cycle_day(facts, form.subject, element, form.given_on)


def _name(facts: Facts, form: DoseAdministration, test: str) -> str:
    return facts.once(names_of_tests, form.subject).get(test, test).lower()


def _was_reduced(facts: Facts, form: DoseAdministration) -> bool:
    """Whether the dose certainly lies below the plan by more than the tolerance."""
    dose: Decimal | None = form.dose
    planned: Decimal | None = form.planned_dose
    if dose is None or planned is None or dose > planned:
        return False
    tolerance = dose_tolerance(facts, form.subject, form.drug)
    return differs_from_plan(dose, planned, tolerance) is Truth.YES


def _counts(facts: Facts, form: DoseAdministration, test: str, days: int) -> list[Any]:
    """The results of a test on the day of a dose and so many days before it, oldest first."""
    found = [
        (sample.collected_on, row)
        for sample in facts.forms(LabSample, form.subject)
        if sample.collected_on and 0 <= (form.given_on - sample.collected_on).days <= days
        for row in facts.rows(sample, "results")
        if row.test is not None and row.test.code == test and row.number is not None
    ]
    return [row for _day, row in sorted(found, key=lambda each: each[0])]


def _is_below(facts: Facts, form: DoseAdministration, row: Any, minimum: MinimumCount) -> bool:
    if minimum.full_dose_only and _was_reduced(facts, form):
        return False
    if not row.unit:
        return False  # its unit is asked for; none is assumed
    try:
        limit = convert(minimum.at_least, test=minimum.test, from_unit=minimum.unit, to_unit=row.unit)
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
        asks="Before a drug that has minimum counts blood is counted within the days that the study sets.",
    ),
    Check(
        "EC19b",
        ("EC",),
        Severity.SOFT,
        blood_count_was_low,
        rests_on=("LB",),
        asks="A drug is given at counts that the study allows on that day of the cycle.",
    ),
)
