"""Checks of what an adverse event led to: the action with each drug against its doses, and medication."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from patients.checks.adverse_event_course import stretch_of
from patients.checks.engine import Check, Hit
from patients.derivations.dose_history import administrations, amount_of, periods
from patients.derivations.doses_taken import dose_goes_on, last_dose_day
from patients.derivations.participation import drug_ends
from patients.facts import Facts
from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    DrugAction,
    IndicationKind,
    MedicationCategory,
    Severity,
    Subject,
    YesNo,
)
from trials.clinical.partial_date import Truth
from trials.clinical.stretch import Stretch
from trials.models import Drug

IN_WORDS = {DrugAction.REDUCED: "reduced", DrugAction.INTERRUPTED: "interrupted"}
TREATED_WITH = {
    "steroid_given": (MedicationCategory.STEROID, "a systemic steroid"),
    "hormone_replacement": (MedicationCategory.HORMONE_REPLACEMENT, "hormone replacement"),
    "immunosuppressant_given": (MedicationCategory.IMMUNOSUPPRESSANT, "an immunosuppressant"),
}


@dataclass(frozen=True)
class Dose:
    """What was given from a day on, to a day (None: it goes on); `amount` in mg, None if not recorded."""

    since: date
    until: date | None
    amount: Decimal | None
    planned: Decimal | None


def doses_of(facts: Facts, subject: Subject, drug: Drug) -> list[Dose]:
    """The recorded doses of one drug in order of their day; undated ones are left out."""
    infused = [
        Dose(each.given_on, each.given_on, amount_of(each), each.planned_dose)
        for each in administrations(facts, subject, drug)
        if each.given_on is not None
    ]
    taken = [
        Dose(each.started, each.ended, each.dose, each.planned_dose)
        for each in periods(facts, subject, drug)
        if each.started is not None
    ]
    return sorted([*infused, *taken], key=lambda dose: dose.since)


def withdrawal_is_not_recorded(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A drug withdrawn for an event has an end of its treatment, and no dose after it."""
    for row in facts.rows(form, "drugs"):
        if row.action != DrugAction.WITHDRAWN or row.drug is None:
            continue
        end = drug_ends(facts, form.subject).get(row.drug_id)
        if end is None:
            yield Hit("action", f"{row.drug} was withdrawn: its end of treatment is not entered.", row)
            continue
        last = last_dose_day(facts, form.subject, row.drug_id)
        if dose_goes_on(facts, form.subject, row.drug_id):
            yield Hit(
                "action", f"{row.drug} was withdrawn on {end.day}, but its last dose period is open.", row
            )
        elif last is not None and last > end.day:
            yield Hit(
                "action",
                f"{row.drug} was withdrawn, its treatment ended on {end.day}, yet a dose follows {last}.",
                row,
            )


def change_of_dose_is_not_recorded(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A drug reduced or interrupted for an event has a changed dose, or none, in its days."""
    if not form.started:
        return
    for row in facts.rows(form, "drugs"):
        word = IN_WORDS.get(row.action)
        if word is None or row.drug is None:
            continue
        doses = doses_of(facts, form.subject, row.drug)
        if not any(_in_reach(dose, form, doses) for dose in _changed(doses)):
            yield Hit(
                "action",
                f"{row.drug} was {word}, but no changed dose of it is recorded during the event.",
                row,
            )


def medication_is_not_recorded(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """Medication given for an event stands on a page that names the event; so does its steroid or hormone."""
    given = [
        each for each in facts.forms(ConcomitantMedication, form.subject) if each.adverse_event_id == form.pk
    ]
    if form.medication_given == YesNo.YES and not given:
        yield Hit("medication_given", "Medication was given, but no page of medication names this event.")
    if form.medication_given == YesNo.NO and given:
        pages = ", ".join(str(each.repeat) for each in given)
        yield Hit("medication_given", f"No medication was given, but medication {pages} names this event.")
    categories = {each.category for each in given}
    for question, (category, words) in TREATED_WITH.items():
        if getattr(form, question) == YesNo.YES and category not in categories:
            yield Hit(question, f"The event was treated with {words}, but no such medication names it.")


def indication_names_no_record(form: ConcomitantMedication, facts: Facts) -> Iterator[Hit]:
    """Medication for an event or a condition says which one."""
    if form.indication_kind == IndicationKind.ADVERSE_EVENT and not form.adverse_event_id:
        yield Hit("adverse_event", "Given for an adverse event: please give its number.")
    if form.indication_kind == IndicationKind.MEDICAL_HISTORY and not form.medical_history_id:
        yield Hit("medical_history", "Given for a condition of the medical history: please give its number.")


def _changed(doses: Iterable[Dose]) -> Iterator[Dose]:
    """Doses of nothing, doses below the one before or below the plan, and those of an unknown amount."""
    before: Decimal | None = None
    for dose in doses:
        limits = [each for each in (before, dose.planned) if each is not None]
        if dose.amount is None or dose.amount == 0 or any(dose.amount < limit for limit in limits):
            yield dose
        before = dose.amount or before


def _in_reach(dose: Dose, event: AdverseEvent, doses: Iterable[Dose]) -> bool:
    """Whether a dose may lie in the days of an event, or is the first one after it."""
    stretch = stretch_of(event)
    days = Stretch((dose.since, dose.since), (dose.until or date.max,) * 2)
    if stretch.overlaps(days) is not Truth.NO:
        return True
    latest_end = stretch.last[1]
    later = [each.since for each in doses if each.since > latest_end]
    return bool(later) and dose.since == min(later)


CHECKS = (
    Check(
        "EC24",
        ("AE",),
        Severity.HARD,
        withdrawal_is_not_recorded,
        rests_on=("DS", "EC", "ECD", "WD"),
        asks="A drug withdrawn for an event has an end of treatment and no later dose.",
    ),
    Check(
        "EC25",
        ("AE",),
        Severity.HARD,
        change_of_dose_is_not_recorded,
        rests_on=("EC", "ECD"),
        asks="A drug reduced or interrupted for an event has a changed dose in its days.",
    ),
    Check(
        "EC27a",
        ("AE",),
        Severity.SOFT,
        medication_is_not_recorded,
        rests_on=("CM",),
        asks="Medication given for an event is entered and names it.",
    ),
    Check(
        "EC27b",
        ("CM",),
        Severity.SOFT,
        indication_names_no_record,
        asks="Medication for an event or a condition names which one.",
    ),
)
