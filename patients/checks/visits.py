"""Checks of visits: window, order, what is overdue, and the forms that are still missing."""

from collections.abc import Iterator
from datetime import timedelta

from patients.checks.engine import VISIT, Check, Hit
from patients.derivations.dose import cycle_length, regimen_of
from patients.derivations.participation import (
    Activity,
    activity_of,
    end_of_treatment,
    halts,
    imaging_visits,
)
from patients.derivations.schedule import Expected, Standing, Timing, days_off, timing_of, visit_status
from patients.facts import Facts
from patients.forms import about
from patients.models import (
    DeviationCategory,
    DoseAdministration,
    Severity,
    Subject,
    Visit,
    VisitStatus,
    YesNo,
)
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import counted
from trials.models import Anchor

IN_ORDER = (Anchor.CONSENT, Anchor.RANDOMIZATION, Anchor.CYCLE, Anchor.LAST_DOSE)


def took_place_outside_its_window(form: Visit, facts: Facts) -> Iterator[Hit]:
    if form.definition_id is None or form.status != VisitStatus.OCCURRED or form.occurred_on is None:
        return
    off = days_off(form, form.occurred_on)
    if off:
        distance = f"{counted(abs(off), 'day')} {'before' if off < 0 else 'after'}"
        yield Hit(
            "occurred_on",
            f"{form.code} took place on {form.occurred_on}, {distance} its window "
            f"({form.window_from} to {form.window_to}).",
        )


def took_place_out_of_order(form: Visit, facts: Facts) -> Iterator[Hit]:
    """No visit takes place before one that the schedule places before it; asked at the later one."""
    place = _place(form)
    if place is None or form.occurred_on is None:
        return
    for other in facts.visits(form.subject):
        earlier = _place(other)
        if earlier is None or other.occurred_on is None or not _is_before(earlier, place):
            continue
        same_stretch = earlier[:2] == place[:2]
        if other.occurred_on > form.occurred_on or (same_stretch and other.occurred_on == form.occurred_on):
            yield Hit(
                "occurred_on",
                f"{form.code} took place on {form.occurred_on}, and {other.code}, which comes before it, on "
                f"{other.occurred_on}: which day is right?",
            )
            return


def unscheduled_visit_is_another_one(form: Visit, facts: Facts) -> Iterator[Hit]:
    """An unscheduled visit on the day of another visit; of two unscheduled ones the later is asked about."""
    if form.definition_id is not None or form.occurred_on is None:
        return
    for other in facts.visits(form.subject):
        scheduled = other.definition_id is not None
        if other.occurred_on == form.occurred_on and (scheduled or other.pk < form.pk):
            yield Hit("occurred_on", f"{form.code} has the day of {other.code}: is it a visit of its own?")
            return


def is_overdue(form: Visit, facts: Facts) -> Iterator[Hit]:
    if _activity(form, facts) is not Activity.SURVIVAL:
        yield from _overdue(form, facts)


def survival_contact_is_overdue(form: Visit, facts: Facts) -> Iterator[Hit]:
    if _activity(form, facts) is Activity.SURVIVAL:
        yield from _overdue(form, facts)


def did_not_take_place(form: Visit, facts: Facts) -> Iterator[Hit]:
    """A visit that was missed, except one whose doses were left out for a reason that is recorded."""
    if form.status != VisitStatus.MISSED or form.definition_id is None or _was_left_out(form, facts):
        return
    yield Hit("missed_reason", f"{form.code} did not take place: {form.missed_reason}.")


def forms_are_missing(form: Visit, facts: Facts) -> Iterator[Hit]:
    """Asked once the study's time for entry is over."""
    within = facts.setting(form.subject, "entry_within_days")
    if within is None or form.occurred_on is None:
        return
    if facts.today(form.subject) <= form.occurred_on + timedelta(days=within):
        return
    missing = facts.once(_missing_forms, form.subject).get(form.pk, ())
    if missing:
        yield Hit("", f"{form.code}: not entered so far: {', '.join(map(_name, missing))}.")


def next_cycle_is_not_planned(form: Visit, facts: Facts) -> Iterator[Hit]:
    """Treatment goes on, and the day on which the next cycle was due has passed; asked at the last day 1."""
    definition, cycles = form.definition, facts.cycles(form.subject)
    last = cycles[-1] if cycles else None
    if last is None or last.started_on is None or form.cycle_id != last.pk:
        return
    if definition is None or definition.anchor != Anchor.CYCLE or definition.day != 1:
        return
    if end_of_treatment(facts, form.subject) is not None or _is_halted(facts, form.subject):
        return
    length = cycle_length(regimen_of(facts, form.subject))
    if isinstance(length, Undetermined):
        return
    due = last.started_on + timedelta(days=length + definition.window_after_days)
    if facts.today(form.subject) > due:
        yield Hit(
            "",
            f"Cycle {last.number + 1} was due up to {due}: please plan it, or enter the end of treatment.",
        )


def _overdue(form: Visit, facts: Facts) -> Iterator[Hit]:
    timing, _off = timing_of(form, facts.today(form.subject))
    if timing is Timing.OVERDUE:
        yield Hit(
            "occurred_on",
            f"{form.code} was due from {form.window_from} to {form.window_to}: did it take place?",
        )


def _activity(form: Visit, facts: Facts) -> Activity | None:
    if form.definition is None:
        return None
    return activity_of(form.definition, facts.once(_imaging, form.subject))


def _imaging(facts: Facts, subject: Subject) -> frozenset[int]:
    return imaging_visits(subject.study_id)


Place = tuple[int, str, int, int]
"""Stretch of the study, calendar within it, number of the cycle or occurrence, day."""


def _place(visit: Visit) -> Place | None:
    """Where the schedule places a visit; None for one that it does not know."""
    definition = visit.definition
    if definition is None or visit.planned_on is None:
        return None
    if definition.anchor == Anchor.CYCLE:
        number = visit.cycle.number if visit.cycle is not None else 0
        return IN_ORDER.index(Anchor.CYCLE), "", number, definition.day
    calendar = definition.code if definition.every_days else ""
    occurrence = visit.code.removeprefix(definition.code) if definition.every_days else ""
    stretch = IN_ORDER.index(Anchor(definition.anchor))
    return stretch, calendar, int(occurrence) if occurrence.isdigit() else 0, definition.day


def _is_before(one: Place, other: Place) -> bool:
    """Whether the schedule places one visit before another for certain.

    Imaging has a calendar of its own, beside the cycles; both lie after screening. What is counted from the
    last dose lies after the cycles.
    """
    if one[0] == other[0]:
        return one[1] == other[1] and one[2:] < other[2:]
    calendar = IN_ORDER.index(Anchor.RANDOMIZATION)
    return one[0] < other[0] and (calendar not in (one[0], other[0]) or one[0] == 0)


def _was_left_out(visit: Visit, facts: Facts) -> bool:
    """Whether every drug of that day of the cycle has a record that says why it was not given."""
    day = visit.definition.day if visit.definition is not None else None
    drugs = {each.drug_id for each in regimen_of(facts, visit.subject) if day in each.days}
    if visit.cycle_id is None or not drugs:
        return False
    explained = {
        each.drug_id
        for each in facts.forms(DoseAdministration, visit.subject)
        if each.visit_id == visit.pk and each.given == YesNo.NO and each.difference
    }
    return drugs <= explained


def _missing_forms(facts: Facts, subject: Subject) -> dict[int, tuple[Expected, ...]]:
    """What is still missing at each visit, by the key of the visit."""
    standings: list[Standing] = visit_status(facts, subject, facts.today(subject))
    return {each.visit.pk: each.missing for each in standings}


def _name(expected: Expected) -> str:
    panel = f" ({expected.panel.replace('_', ' ').lower()})" if expected.panel else ""
    return f"{about(expected.form).title}{panel}"


def _is_halted(facts: Facts, subject: Subject) -> bool:
    """Whether something ended or suspends treatment altogether."""
    general = (halt for halt in halts(facts, subject) if halt.anchor is None and halt.cycle_day is None)
    return any(Activity.TREATMENT in halt.activities and halt.until is None for halt in general)


CHECKS = (
    Check(
        "EC37c",
        (VISIT,),
        Severity.SOFT,
        survival_contact_is_overdue,
        asks="Survival is followed up in time.",
        by_command=True,
    ),
    Check(
        "EC38a",
        (VISIT,),
        Severity.SOFT,
        took_place_outside_its_window,
        asks="A visit takes place within its window.",
        drafts=DeviationCategory.WINDOW,
    ),
    Check(
        "EC38b",
        (VISIT,),
        Severity.SOFT,
        took_place_out_of_order,
        rests_on=(VISIT,),
        asks="Visits take place in the order of the schedule.",
    ),
    Check(
        "EC38c",
        (VISIT,),
        Severity.SOFT,
        unscheduled_visit_is_another_one,
        rests_on=(VISIT,),
        asks="An unscheduled visit is a visit of its own.",
    ),
    Check(
        "EC38d",
        (VISIT,),
        Severity.SOFT,
        is_overdue,
        asks="A planned visit is entered or said to be missed once its window has closed.",
        by_command=True,
    ),
    Check(
        "EC38e",
        (VISIT,),
        Severity.SOFT,
        did_not_take_place,
        rests_on=("EC",),
        asks="A planned visit takes place.",
        drafts=DeviationCategory.WINDOW,
    ),
    Check(
        "EC38f",
        (VISIT,),
        Severity.SOFT,
        forms_are_missing,
        asks="The forms that the schedule asks for are entered within the time for entry.",
        by_command=True,
    ),
    Check(
        "EC38g",
        (VISIT,),
        Severity.SOFT,
        next_cycle_is_not_planned,
        asks="While treatment goes on, the next cycle is planned in time.",
        by_command=True,
    ),
)
