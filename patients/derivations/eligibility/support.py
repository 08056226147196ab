"""Medication that may have lifted a result: shown beside it, never judged."""

from datetime import date, timedelta

from patients.derivations.eligibility.case import Case, written_date
from patients.models import ConcomitantMedication, YesNo
from trials.clinical.eligibility.operands import Episode
from trials.clinical.partial_date import Truth
from trials.clinical.reading import all_of
from trials.clinical.words import counted


def support_before(case: Case, day: date) -> tuple[str, ...]:
    """Transfusion, albumin or growth factor in the days before a value, for a criterion that asks for it."""
    categories = case.options.get("support") or ()
    days = case.setting("support_before_value_days") if categories else None
    if not isinstance(days, int):
        return ()
    said = []
    for form in case.facts.forms(ConcomitantMedication, case.subject):
        if form.category not in categories:
            continue
        given = Episode(
            f"{form.medication}, {form.get_category_display()}",
            written_date(form.started),
            written_date(form.ended),
            form.ongoing == YesNo.YES,
        )
        within = all_of(
            given.begins_before(day + timedelta(days=1)), given.reaches(day - timedelta(days=days))
        )
        if within is not Truth.NO:
            perhaps = "" if within is Truth.YES else "perhaps "
            said.append(f"{perhaps}within {counted(days, 'day')} before: {given}")
    return tuple(said)
