"""Checks of what an adverse event led to: the action with each drug against its doses, and medication."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from patients.checks.adverse_event_course import stretch_of
from patients.checks.engine import Check, Hit
from patients.derivations.dose_history import administrations, amount_of, periods
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
class DosingInterval:
    """Days at one dose (CDISC: constant dosing interval), an infusion's one day among them.

    `until` None: it goes on. `amount` in mg, None where it is not recorded.
    """

    since: date
    until: date | None
    amount: Decimal | None
    planned: Decimal | None


def dosing_intervals(facts: Facts, subject: Subject, drug: Drug) -> list[DosingInterval]:
    """The recorded doses of one drug, and days without, in order of their day; undated ones are left out."""
    infused = [
        DosingInterval(each.given_on, each.given_on, amount_of(each), each.planned_dose)
        for each in administrations(facts, subject, drug)
        if each.given_on is not None
    ]
    taken = [
        DosingInterval(each.started, each.ended, each.dose, each.planned_dose)
        for each in periods(facts, subject, drug)
        if each.started is not None
    ]
    return sorted([*infused, *taken], key=lambda interval: interval.since)


def withdrawal_is_not_recorded(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A drug withdrawn for an event has an end of its treatment; a dose after that is asked about there."""
    for row in facts.rows(form, "drugs"):
        if row.action != DrugAction.WITHDRAWN or row.drug is None:
            continue
        if row.drug_id not in drug_ends(facts, form.subject):
            yield Hit("action", f"{row.drug} was withdrawn: please enter its end of treatment.", row)


def change_of_dose_is_not_recorded(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A drug reduced or interrupted for an event has a changed dose, or none, in its days."""
    if not form.started:
        return
    for row in facts.rows(form, "drugs"):
        word = IN_WORDS.get(row.action)
        if word is None or row.drug is None:
            continue
        intervals = dosing_intervals(facts, form.subject, row.drug)
        if not any(_in_reach(each, form, intervals) for each in _changed(intervals)):
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
        yield Hit("medication_given", "Medication was given, but no concomitant medication names this event.")
    if form.medication_given == YesNo.NO and given:
        pages = ", ".join(str(each.repeat) for each in given)
        yield Hit(
            "medication_given",
            f"No medication was given, but concomitant medication {pages} names this event.",
        )
    categories = {each.category for each in given}
    for question, (category, words) in TREATED_WITH.items():
        if getattr(form, question) == YesNo.YES and category not in categories:
            yield Hit(
                question,
                f"The event was treated with {words}, but no concomitant medication of this kind names it.",
            )


def indication_names_no_record(form: ConcomitantMedication, facts: Facts) -> Iterator[Hit]:
    """Medication for an event or a condition says which one."""
    if form.indication_kind == IndicationKind.ADVERSE_EVENT and not form.adverse_event_id:
        yield Hit("adverse_event", "Given for an adverse event: please give its number.")
    if form.indication_kind == IndicationKind.MEDICAL_HISTORY and not form.medical_history_id:
        yield Hit("medical_history", "Given for a condition of the medical history: please give its number.")


def _changed(intervals: Iterable[DosingInterval]) -> Iterator[DosingInterval]:
    """Doses of nothing, doses below the one before or below the plan, and those of an unknown amount."""
    before: Decimal | None = None
    for each in intervals:
        limits = [limit for limit in (before, each.planned) if limit is not None]
        if each.amount is None or each.amount == 0 or any(each.amount < limit for limit in limits):
            yield each
        before = each.amount or before


def _in_reach(interval: DosingInterval, event: AdverseEvent, intervals: Iterable[DosingInterval]) -> bool:
    """Whether an interval may lie in the days of an event, or is the first one after it."""
    stretch = stretch_of(event)
    days = Stretch((interval.since, interval.since), (interval.until or date.max,) * 2)
    if stretch.overlaps(days) is not Truth.NO:
        return True
    latest_end = stretch.last[1]
    later = [each.since for each in intervals if each.since > latest_end]
    return bool(later) and interval.since == min(later)


CHECKS = (
    Check(
        "EC24",
        ("AE",),
        Severity.HARD,
        withdrawal_is_not_recorded,
        rests_on=("DS", "WD"),
        asks="A drug withdrawn for an event has an end of treatment.",
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
