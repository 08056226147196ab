"""Checks of how much was given: against the plan, the levels, and the dose-modification table."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from patients.checks.common import ends_before_it_starts
from patients.checks.engine import VISIT, Check, Hit
from patients.derivations.dose import PlannedDose, element_of, planned, regimen_of
from patients.derivations.dose_history import often
from patients.derivations.dose_settings import differs_from_plan, dose_tolerance
from patients.derivations.dose_table import table_on
from patients.derivations.expected_action import DoseDeparture, dose_departures
from patients.facts import Facts
from patients.models import (
    DailyDosePeriod,
    DeviationCategory,
    DoseAdministration,
    EntryState,
    Severity,
    VitalSigns,
    YesNo,
)
from trials.clinical.dose_level import Level, Rhythm, level_of
from trials.clinical.partial_date import Truth
from trials.clinical.undetermined import Undetermined
from trials.models import DoseRule, RegimenElement
from trials.text import plain

DECIDES_DOSES = ("LB", "AE", "EG", "VS", "EC", "ECD", "DS", "WD", "TH", "TU", "DM", VISIT)
"""What the rows of a dose-modification table are held against, and when they are looked at."""
TENTH = Decimal("0.1")


# ---------------------------------------------------------------- the plan
def dose_differs_without_reason(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    """A dose may differ by the study's tolerance for the drug; without one any difference is asked about."""
    given: Decimal | None = form.dose if form.given == YesNo.YES else Decimal(0)
    plan: Decimal | None = form.planned_dose
    if plan is None or given is None or form.difference or form.entry_state == EntryState.NOT_DONE:
        return
    if _departs(form, facts, given, plan):
        said = f"Given {plain(given)} mg, planned {plain(plan)} mg: please give the reason."
        yield Hit("difference", said + _undecided(form, facts))


def starting_dose_differs(form: DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """The first dose of a daily drug is that of the weight at its start, whatever the reason of another."""
    if form.planned_dose is None or not form.dose or not _is_first(form, facts):
        return
    if _departs(form, facts, form.dose, form.planned_dose):
        yield Hit(
            "dose",
            f"Started with {plain(form.dose)} mg; planned: {plain(form.planned_dose)} mg "
            f"({form.planned_dose_note}). Is the dose right?{_undecided(form, facts)}",
        )


def daily_dose_differs_without_reason(form: DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    if form.planned_dose is None or form.dose is None or form.difference or _is_first(form, facts):
        return
    if _departs(form, facts, form.dose, form.planned_dose):
        said = f"Taken {plain(form.dose)} mg, planned {plain(form.planned_dose)} mg: please give the reason."
        yield Hit("difference", said + _undecided(form, facts))


def plan_rests_on_other_values(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """The planned dose stays as it was computed at entry; a weight corrected since then is pointed out."""
    day = form.given_on if isinstance(form, DoseAdministration) else form.started
    now = planned(facts, form.subject, form.drug_id, day, own=form.pk)
    if now.dose != form.planned_dose:
        then = "none" if form.planned_dose is None else f"{plain(form.planned_dose)} mg"
        new = "none" if now.dose is None else f"{plain(now.dose)} mg"
        yield Hit("planned_dose", f"Planned at entry: {then}; from the values recorded now: {new}.")


def weight_has_changed(form: VitalSigns, facts: Facts) -> Iterator[Hit]:
    """Against the weight that doses by body surface rest on, else against the weight before this one."""
    percent = facts.setting(form.subject, "weight_change_percent")
    weight: Decimal | None = form.weight
    if percent is None or not weight or not form.measured_on:
        return
    surface = [each for each in regimen_of(facts, form.subject) if each.rule == DoseRule.BODY_SURFACE]
    rests_on = _weight_of_doses(form, facts, surface)
    before = rests_on or _weight_before(form, facts)
    if before is None or abs(weight - before) * 100 < Decimal(str(percent)) * before:
        return
    change = ((weight - before) * 100 / before).quantize(TENTH)
    what = "doses by body surface rest on" if rests_on else "was measured before"
    anew = "".join(f" {each}" for each in _calculated_anew(form, facts, surface)) if rests_on else ""
    yield Hit("weight", f"{plain(weight)} kg, {change:+} % from the {plain(before)} kg that {what}.{anew}")


# ---------------------------------------------------------------- levels
def dose_is_no_level(form: DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """The starting dose of the subject, a lower level of the table that is in force, or none."""
    levels = _levels(form, facts)
    if len(levels) < 2 or not form.dose or not form.frequency:
        return
    if level_of(levels, form.dose, Rhythm(form.frequency)) is None:
        known = ", ".join(_level(each) for each in levels)
        yield Hit(
            "dose",
            f"{_dose(form)} is none of the dose levels for this subject: {known}. Is the dose right?",
        )


def dose_was_increased(form: DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """A daily dose that was reduced is not raised again."""
    if not form.dose or not form.frequency or not form.started:
        return
    earlier = [
        each
        for each in _periods(form, facts)
        if each.dose and each.frequency and (each.started, each.pk) < (form.started, form.pk)
    ]
    lowest = min(earlier, key=_a_day, default=None)
    if lowest is not None and _a_day(form) > _a_day(lowest):
        yield Hit(
            "dose",
            f"{_dose(form)} after {_dose(lowest)} from {lowest.started} on: a reduced dose is not raised "
            "again.",
        )


def departs_from_the_table(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """Asked only where the version in force is approved: until then the table says nothing."""
    own = [each for each in facts.once(dose_departures, form.subject) if form in each.forms]
    if own:
        yield Hit("dose", _departure(own))


# ---------------------------------------------------------------- drug and time
def drug_is_not_of_the_arm(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    allocation = facts.allocation(form.subject)
    if form.drug_id is None or allocation is None:
        return
    if element_of(facts, form.subject, form.drug_id) is None:
        yield Hit("drug", f"{form.drug} is not given in arm {allocation.arm.code}: please correct the drug.")


def infusion_ends_before_it_starts(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    if form.started_at and form.ended_at and form.ended_at <= form.started_at:
        yield Hit("ended_at", "The infusion does not end after its start: please correct the times.")


def _undecided(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> str:
    """What a question about another dose says where the study decided on no tolerance."""
    tolerance = dose_tolerance(facts, form.subject, form.drug)
    return f" Whether it may differ {tolerance.sentence()}." if isinstance(tolerance, Undetermined) else ""


def _departs(
    form: DoseAdministration | DailyDosePeriod, facts: Facts, given: Decimal, planned: Decimal
) -> bool:
    """Whether a dose lies outside the tolerance, or is another one and the study decided on none."""
    tolerance = dose_tolerance(facts, form.subject, form.drug)
    return differs_from_plan(given, planned, tolerance) is not Truth.NO


def _periods(form: DailyDosePeriod, facts: Facts) -> list[DailyDosePeriod]:
    """The dated periods of the same drug."""
    known = facts.forms(DailyDosePeriod, form.subject)
    return [each for each in known if each.drug_id == form.drug_id and each.started]


def _is_first(form: DailyDosePeriod, facts: Facts) -> bool:
    """Whether it is the first period of its drug in which a dose was taken."""
    taken = [each for each in _periods(form, facts) if each.dose]
    return form == min(taken, key=lambda each: (each.started, each.pk), default=None)


def _a_day(form: DailyDosePeriod) -> Decimal:
    """In mg a day: every other day is half."""
    return Level(form.dose, Rhythm(str(form.frequency))).intensity


def _levels(form: DailyDosePeriod, facts: Facts) -> list[Level]:
    """The planned dose and its lower levels; none where the plan or the table is not known."""
    if form.drug_id is None or not form.started or form.planned_dose is None:
        return []
    element, table = (
        element_of(facts, form.subject, form.drug_id),
        table_on(facts, form.subject, form.started),
    )
    return [] if element is None or table is None else table.levels_of(element, form.planned_dose)


def _level(level: Level) -> str:
    return f"{plain(level.amount)} mg {often(level.rhythm)}"


def _dose(form: DailyDosePeriod) -> str:
    return f"{plain(form.dose)} mg {often(str(form.frequency))}"


def _departure(own: list[DoseDeparture]) -> str:
    """The first departure of a form; those of later days by their day."""
    later = ", ".join(str(each.occurred_on) for each in own[1:])
    return own[0].description + (f" The same on {later}." if later else "")


def _weight_of_doses(form: VitalSigns, facts: Facts, surface: list[RegimenElement]) -> Decimal | None:
    """The weight that a dose by body surface would rest on the day before; None before the first one."""
    given = any(
        each.surface_used is not None and each.given_on is not None and each.given_on < form.measured_on
        for each in facts.forms(DoseAdministration, form.subject)
    )
    if not given or not surface:
        return None
    return _plan(form, facts, surface[0], days_before=1).weight


def _weight_before(form: VitalSigns, facts: Facts) -> Decimal | None:
    earlier: list[Any] = [
        each
        for each in facts.forms(VitalSigns, form.subject)
        if each.weight and each.measured_on and (each.measured_on, each.pk) < (form.measured_on, form.pk)
    ]
    newest = max(earlier, key=lambda each: (each.measured_on, each.pk), default=None)
    return newest.weight if newest is not None else None


def _calculated_anew(form: VitalSigns, facts: Facts, surface: list[RegimenElement]) -> Iterator[str]:
    """Each dose by body surface, before and after this weight."""
    for element in surface:
        then, now = _plan(form, facts, element, days_before=1).dose, _plan(form, facts, element).dose
        if then is not None and now is not None:
            yield f"{element.drug}: {plain(now)} mg instead of {plain(then)} mg."


def _plan(form: VitalSigns, facts: Facts, element: RegimenElement, days_before: int = 0) -> PlannedDose:
    return planned(facts, form.subject, element.drug_id, form.measured_on - timedelta(days=days_before))


CHECKS = (
    Check(
        "EC12c",
        ("EC",),
        Severity.HARD,
        plan_rests_on_other_values,
        rests_on=("VS", "EC"),
        asks="The planned dose of an infusion still follows from the values it was computed from.",
    ),
    Check(
        "EC12d",
        ("ECD",),
        Severity.HARD,
        plan_rests_on_other_values,
        rests_on=("VS", "ECD"),
        asks="The planned dose of a daily drug still follows from the values it was computed from.",
    ),
    Check(
        "EC12f",
        ("VS",),
        Severity.SOFT,
        weight_has_changed,
        rests_on=("VS", "EC"),
        asks="A weight that changed as far as the study says is confirmed, and doses are calculated anew.",
    ),
    Check(
        "EC13",
        ("ECD",),
        Severity.HARD,
        starting_dose_differs,
        rests_on=("ECD",),
        asks="A daily drug is started with the dose of the weight band.",
        drafts=DeviationCategory.DOSING,
    ),
    Check(
        "EC13b",
        ("ECD",),
        Severity.SOFT,
        daily_dose_differs_without_reason,
        rests_on=("ECD",),
        asks="A daily dose other than the planned one has a reason.",
    ),
    Check(
        "EC14a",
        ("ECD",),
        Severity.SOFT,
        dose_is_no_level,
        asks="A daily dose is one of the levels for the subject.",
    ),
    Check(
        "EC14b",
        ("ECD",),
        Severity.SOFT,
        dose_was_increased,
        rests_on=("ECD",),
        asks="A reduced daily dose is not raised again.",
    ),
    Check("EC15a", ("EC",), Severity.HARD, drug_is_not_of_the_arm, asks="An infused drug is one of the arm."),
    Check("EC15b", ("ECD",), Severity.HARD, drug_is_not_of_the_arm, asks="A daily drug is one of the arm."),
    Check(
        "EC16",
        ("EC",),
        Severity.SOFT,
        dose_differs_without_reason,
        asks="A dose that differs from the planned one by more than the tolerance has a reason.",
    ),
    Check(
        "EC18",
        ("EC",),
        Severity.HARD,
        infusion_ends_before_it_starts,
        asks="An infusion ends after its start.",
    ),
    Check(
        "EC21e", ("ECD",), Severity.HARD, ends_before_it_starts, asks="A dose period ends after its start."
    ),
    Check(
        "DT01",
        ("EC", "ECD"),
        Severity.SOFT,
        departs_from_the_table,
        rests_on=DECIDES_DOSES,
        asks="What is given is what the approved dose-modification table asks for.",
        drafts=DeviationCategory.DOSING,
    ),
)
