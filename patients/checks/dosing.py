"""Checks of doses."""

from collections.abc import Iterator
from decimal import Decimal

from patients.checks.common import ends_before_it_starts
from patients.checks.engine import Check, Hit
from patients.derivations.dose import planned
from patients.facts import Facts
from patients.models import DailyDosePeriod, DoseAdministration, EntryState, Severity, YesNo
from trials.text import plain


def dose_differs_without_reason(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    given = form.dose if form.given == YesNo.YES else Decimal(0)
    if (
        form.planned_dose is None
        or given is None
        or form.difference
        or form.entry_state == EntryState.NOT_DONE
    ):
        return
    if given != form.planned_dose:
        yield Hit(
            "difference",
            f"Given {plain(given)} mg, planned {plain(form.planned_dose)} mg: please give the reason.",
        )


def daily_dose_differs_without_reason(form: DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    if form.planned_dose is None or form.dose is None or form.difference:
        return
    if form.dose != form.planned_dose:
        yield Hit(
            "difference",
            f"Taken {plain(form.dose)} mg, planned {plain(form.planned_dose)} mg: please give the reason.",
        )


def plan_rests_on_other_values(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    """The planned dose stays as it was computed at entry; a weight corrected since then is pointed out."""
    day = form.given_on if isinstance(form, DoseAdministration) else form.started
    now = planned(facts, form.subject, form.drug_id, day, own=form.pk)
    if now.dose != form.planned_dose:
        then = "none" if form.planned_dose is None else f"{plain(form.planned_dose)} mg"
        new = "none" if now.dose is None else f"{plain(now.dose)} mg"
        yield Hit("planned_dose", f"Planned at entry: {then}; from the values recorded now: {new}.")


def drug_is_not_of_the_arm(form: DoseAdministration | DailyDosePeriod, facts: Facts) -> Iterator[Hit]:
    allocation = facts.allocation(form.subject)
    if form.drug_id is None or allocation is None:
        return
    if not allocation.arm.regimen.filter(drug_id=form.drug_id).exists():
        yield Hit("drug", f"{form.drug} is not part of arm {allocation.arm.code}.")


def infusion_ends_before_it_starts(form: DoseAdministration, facts: Facts) -> Iterator[Hit]:
    if form.started_at and form.ended_at and form.ended_at <= form.started_at:
        yield Hit("ended_at", "The infusion ends before it starts.")


CHECKS = (
    Check("EC12c", ("EC",), Severity.HARD, plan_rests_on_other_values, rests_on=("VS", "EC")),
    Check("EC12d", ("ECD",), Severity.HARD, plan_rests_on_other_values, rests_on=("VS", "ECD")),
    Check("EC13", ("ECD",), Severity.SOFT, daily_dose_differs_without_reason),
    Check("EC15a", ("EC",), Severity.HARD, drug_is_not_of_the_arm),
    Check("EC15b", ("ECD",), Severity.HARD, drug_is_not_of_the_arm),
    Check("EC16", ("EC",), Severity.SOFT, dose_differs_without_reason),
    Check("EC18", ("EC",), Severity.HARD, infusion_ends_before_it_starts),
    Check("EC21e", ("ECD",), Severity.HARD, ends_before_it_starts),
)
