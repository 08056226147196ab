"""Where each visit stands against the schedule, and which of its forms are there."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.derivations.dose import regimen_of
from patients.derivations.participation import Halt, activity_of, drug_ends, halts, imaging_visits
from patients.facts import Facts
from patients.forms import FormDefinition, definitions
from patients.models import (
    Death,
    Demographics,
    EntryState,
    Subject,
    Visit,
    VisitStatus,
    YesNo,
)
from trials.models import DueFor, ScheduledForm, Sex


class Timing(StrEnum):
    """Where a visit stands on a day."""

    NOT_YET_DUE = "NOT_YET_DUE"
    DUE = "DUE"
    OVERDUE = "OVERDUE"
    IN_WINDOW = "IN_WINDOW"
    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    UNSCHEDULED = "UNSCHEDULED"
    MISSED = "MISSED"
    NOT_DUE = "NOT_DUE"


class Presence(StrEnum):
    """Whether a form that the schedule asks for is there."""

    PRESENT = "PRESENT"
    NOT_DONE = "NOT_DONE"
    MISSING = "MISSING"
    NOT_YET = "NOT_YET"
    AS_NEEDED = "AS_NEEDED"
    UNDETERMINED = "UNDETERMINED"


@dataclass(frozen=True)
class Expected:
    """A form that is due at a visit: is it there, and if it cannot be told whether it is due, why.

    NOT_YET: the visit did not take place so far; AS_NEEDED: a form of the whole casebook that is filled when
    there is something to tell (adverse events, medication, death).
    """

    form: str
    panel: str
    presence: Presence
    why: str = ""


@dataclass(frozen=True)
class Standing:
    """A visit on a day. `days_off`: days before (negative) or after its window, 0 within it."""

    visit: Visit
    timing: Timing
    words: str
    days_off: int = 0
    forms: tuple[Expected, ...] = ()

    @property
    def missing(self) -> tuple[Expected, ...]:
        return tuple(each for each in self.forms if each.presence is Presence.MISSING)


Filled = Mapping[tuple[str, str], Sequence[str]]
"""Entry states of filled forms, by OID and laboratory panel."""
ABSENT = (Presence.MISSING, Presence.NOT_YET)
UNKNOWN = "The demographics do not say whether the subject can bear children."


def visit_status(facts: Facts, subject: Subject, today: date) -> list[Standing]:
    """Every visit of the subject, in the order of their days, as it stands on a day.

    With a cutoff among the facts, what happened later has not happened: a visit after it is planned still.
    """
    due = scheduled_forms(subject.study_id)
    conditions = conditions_of(facts, subject, [each for forms in due.values() for each in forms])
    filled = _Filled(facts, subject, {each.form for forms in due.values() for each in forms})
    standings = [
        _standing(visit, today, due.get(visit.definition_id, []), filled, conditions)
        for visit in _as_known(facts, subject)
    ]
    return sorted(standings, key=lambda each: day_of(each.visit))


def day_of(visit: Visit) -> tuple[date, int]:
    """Where a visit stands on the calendar: on the day it took place, else on the day it is planned for."""
    return (visit.occurred_on or visit.planned_on or date.max, visit.pk)


def timing_of(visit: Visit, today: date) -> tuple[Timing, int]:
    """Where a visit stands on a day, and how many days it is or was outside its window."""
    if visit.status == VisitStatus.NOT_DUE:
        return Timing.NOT_DUE, 0
    if visit.status == VisitStatus.MISSED:
        return Timing.MISSED, 0
    if visit.definition_id is None:
        return Timing.UNSCHEDULED, 0
    took_place = visit.status == VisitStatus.OCCURRED
    off = days_off(visit, visit.occurred_on if took_place and visit.occurred_on else today)
    if took_place:
        return (Timing.OUT_OF_WINDOW if off else Timing.IN_WINDOW), off
    if off < 0:
        return Timing.NOT_YET_DUE, 0
    return (Timing.OVERDUE if off else Timing.DUE), off


def days_off(visit: Visit, day: date) -> int:
    """Days by which a day lies before (negative) or after the visit's window; 0 within it, or without one."""
    if visit.window_from is not None and day < visit.window_from:
        return (day - visit.window_from).days
    if visit.window_to is not None and day > visit.window_to:
        return (day - visit.window_to).days
    return 0


def words_of(timing: Timing, off: int) -> str:
    """The timing for people: "Overdue by 3 days"."""
    count = ngettext("%(days)s day", "%(days)s days", abs(off)) % {"days": abs(off)}
    late = _("%(days)s before its window") if off < 0 else _("%(days)s after its window")
    return {
        Timing.NOT_YET_DUE: _("Not yet due"),
        Timing.DUE: _("Due"),
        Timing.OVERDUE: _("Overdue by %(days)s") % {"days": count},
        Timing.IN_WINDOW: _("Within its window"),
        Timing.OUT_OF_WINDOW: late % {"days": count},
        Timing.UNSCHEDULED: _("Unscheduled"),
        Timing.MISSED: _("Did not take place"),
        Timing.NOT_DUE: _("No longer due"),
    }[timing]


def scheduled_forms(study_id: int) -> dict[int | None, list[ScheduledForm]]:
    """The forms that the schedule asks for, by the key of the visit's definition; one query."""
    due: dict[int | None, list[ScheduledForm]] = {}
    for each in ScheduledForm.objects.filter(study_id=study_id).order_by("pk"):
        due.setdefault(each.visit_id, []).append(each)
    return due


@dataclass(frozen=True)
class Conditions:
    """What decides for whom a form is due: childbearing potential (None: unknown), and the drugs given.

    `given`: of each drug of the arm the days of the cycle, and the day on which treatment with it ended.
    On that day itself no dose is asked for: the end tells of the last one (`last_dose_on`).
    """

    childbearing: bool | None
    given: tuple[tuple[frozenset[int], date | None], ...] = ()

    def meet(self, each: ScheduledForm, visit: Visit) -> bool | None:
        """Whether the form is due for the subject; None where that is unknown."""
        if each.due_for == DueFor.CHILDBEARING:
            return self.childbearing
        return self._dosed(visit) if each.due_for == DueFor.DOSED else True

    def _dosed(self, visit: Visit) -> bool:
        day, on = visit.definition.day if visit.definition else None, visit.occurred_on or visit.planned_on
        return any(day in days and (ended is None or on is None or on < ended) for days, ended in self.given)


def conditions_of(facts: Facts, subject: Subject, due: Iterable[ScheduledForm]) -> Conditions:
    """The conditions of a subject, as far as the schedule asks for them."""
    asked = {each.due_for for each in due}
    return Conditions(
        can_bear_children(facts, subject) if DueFor.CHILDBEARING in asked else None,
        _days_given(facts, subject) if DueFor.DOSED in asked else (),
    )


def _days_given(facts: Facts, subject: Subject) -> tuple[tuple[frozenset[int], date | None], ...]:
    ends = drug_ends(facts, subject)
    return tuple(
        (frozenset(element.days), end.day if (end := ends.get(element.drug_id)) else None)
        for element in regimen_of(facts, subject)
        if element.days
    )


def is_due(each: ScheduledForm, visit: Visit, conditions: Conditions) -> bool | None:
    """Whether a form is due at a visit; None where that rests on childbearing potential, which is unknown."""
    number = visit.cycle.number if visit.cycle is not None else 1
    if (each.first_cycle_only and number != 1) or (number - 1) % max(each.every_cycles, 1):
        return False
    return conditions.meet(each, visit)


def can_bear_children(facts: Facts, subject: Subject) -> bool | None:
    """Whether the newest demographics tell of a woman who can bear children; None where they do not say."""
    newest = max(facts.forms(Demographics, subject), key=lambda form: form.pk, default=None)
    if newest is None or newest.sex is None:
        return None
    if newest.sex == Sex.MALE:
        return False
    return None if newest.childbearing_potential is None else newest.childbearing_potential == YesNo.YES


def expected_forms(
    visit: Visit,
    due: Iterable[ScheduledForm],
    kinds: Mapping[str, FormDefinition],
    here: Filled,
    elsewhere: Filled,
    conditions: Conditions,
) -> tuple[Expected, ...]:
    """The forms due at a visit. `here`: filled at it; `elsewhere`: those that belong to no visit."""
    left = {key: sorted(states) for key, states in here.items()}
    found = []
    for each in due:
        kind, applies = kinds.get(each.form), is_due(each, visit, conditions)
        if kind is None or applies is False:
            continue
        states = (
            left.get((each.form, each.panel), []) if kind.at_visit else elsewhere.get((each.form, ""), ())
        )
        presence = _presence(visit, states)
        if presence in ABSENT and not kind.at_visit and (kind.repeats or kind.model is Death):
            presence = Presence.AS_NEEDED
        if presence is Presence.MISSING and applies is None:
            presence = Presence.UNDETERMINED
        if kind.at_visit:
            left[each.form, each.panel] = list(states[1:])
        found.append(
            Expected(each.form, each.panel, presence, UNKNOWN if presence is Presence.UNDETERMINED else "")
        )
    return tuple(found)


def _presence(visit: Visit, states: Sequence[str]) -> Presence:
    if states:
        return Presence.NOT_DONE if states[0] == EntryState.NOT_DONE else Presence.PRESENT
    return Presence.MISSING if visit.status == VisitStatus.OCCURRED else Presence.NOT_YET


def _standing(
    visit: Visit, today: date, due: Iterable[ScheduledForm], filled: "_Filled", conditions: Conditions
) -> Standing:
    timing, off = timing_of(visit, today)
    gone = timing in (Timing.MISSED, Timing.NOT_DUE)
    here, elsewhere = filled.at(visit), filled.at(None)
    forms = () if gone else expected_forms(visit, due, filled.kinds, here, elsewhere, conditions)
    return Standing(visit, timing, words_of(timing, off), off, forms)


class _Filled:
    """The subject's forms of the kinds that the schedule asks for, by their visit."""

    def __init__(self, facts: Facts, subject: Subject, oids: set[str]) -> None:
        self.kinds = {kind.oid: kind for kind in definitions() if kind.oid in oids}
        self._by_visit: dict[int | None, dict[tuple[str, str], list[str]]] = {}
        for kind in self.kinds.values():
            for form in facts.forms(kind.model, subject):
                panel = getattr(form, "panel", None) or ""
                place = self._by_visit.setdefault(form.visit_id, {})
                place.setdefault((kind.oid, panel), []).append(form.entry_state)

    def at(self, visit: Visit | None) -> Filled:
        return self._by_visit.get(visit.pk if visit is not None else None, {})


def _as_known(facts: Facts, subject: Subject) -> list[Visit]:
    """The visits as they stood on the cutoff, where there is one: what came later is planned still."""
    visits, cutoff = facts.visits(subject), facts.moment.cutoff
    if cutoff is None:
        return visits
    found, imaging = halts(facts, subject), imaging_visits(subject.study_id)
    # An unscheduled visit that came later was not planned either.
    then = (visit for visit in visits if visit.definition_id is not None or not _came_after(visit, cutoff))
    return [visit if _stood(visit, cutoff, found, imaging) else _planned(visit) for visit in then]


def _came_after(visit: Visit, day: date) -> bool:
    return visit.occurred_on is not None and visit.occurred_on > day


def _stood(visit: Visit, cutoff: date, found: Sequence[Halt], imaging: frozenset[int]) -> bool:
    """Whether a visit's state was the same on the cutoff already."""
    definition, last_day = visit.definition, visit.window_to or visit.planned_on
    if visit.status == VisitStatus.MISSED:
        return last_day is None or last_day <= cutoff
    if visit.status == VisitStatus.NOT_DUE and definition is not None:
        activity = activity_of(definition, imaging)
        return any(halt.concerns(definition, activity) and halt.covers(visit) for halt in found)
    return not _came_after(visit, cutoff)


def _planned(visit: Visit) -> Visit:
    then = copy(visit)
    then.status, then.occurred_on, then.missed_reason = VisitStatus.PLANNED, None, ""
    return then
