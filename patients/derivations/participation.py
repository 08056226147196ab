"""What of the study goes on for a subject, and what does not: since when, and why.

Each rule is a function that yields halts; a visit that is planned within a halt is not due.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from patients.derivations.death import death_of
from patients.derivations.dose import regimen_of
from patients.facts import Facts, Source, source
from patients.models import (
    Disposition,
    DispositionScope,
    LostToFollowUp,
    OverallResponse,
    Subject,
    SubjectStatus,
    SubsequentTherapy,
    SurvivalFollowUp,
    TumorAssessment,
    Visit,
    Withdrawal,
    WithdrawalScope,
    YesNo,
)
from trials.clinical.partial_date import span
from trials.models import Anchor, Epoch, RegimenElement, ScheduledForm, VisitDefinition


class Activity(StrEnum):
    """What a visit is for, as far as it may end before the others."""

    SCREENING = "SCREENING"
    TREATMENT = "TREATMENT"
    IMAGING = "IMAGING"
    FOLLOW_UP = "FOLLOW_UP"
    SURVIVAL = "SURVIVAL"


EVERYTHING = frozenset(Activity)
VISITS_IN_PERSON = EVERYTHING - {Activity.SURVIVAL}
IMAGING_FORM = "TR"
NO_FURTHER_CONTACT = (WithdrawalScope.CONTACT, WithdrawalScope.DATA)


@dataclass(frozen=True)
class Halt:
    """Activities that are not due from `since` on, up to the day before `until` (None: for good).

    `anchor` and `cycle_day`, where given, narrow it to visits counted from there or on that day of a cycle.
    """

    activities: frozenset[Activity]
    since: date
    why: str
    source: Source | None = None
    until: date | None = None
    anchor: Anchor | None = None
    cycle_day: int | None = None

    def concerns(self, definition: VisitDefinition, activity: Activity) -> bool:
        return (
            activity in self.activities
            and self.anchor in (None, definition.anchor)
            and self.cycle_day in (None, definition.day)
        )

    def covers(self, visit: Visit) -> bool:
        """Whether the visit's window still reaches into the halt, and closes before it is over."""
        last_day = visit.window_to or visit.planned_on
        return (
            last_day is not None and self.since <= last_day and (self.until is None or last_day < self.until)
        )


@dataclass(frozen=True)
class DrugEnd:
    """The end of treatment with one drug."""

    day: date
    source: Source


def activity_of(definition: VisitDefinition, imaging: frozenset[int]) -> Activity:
    """What a visit of the schedule is for. `imaging`: keys of the visits at which scans are due."""
    if definition.epoch == Epoch.SCREENING:
        return Activity.SCREENING
    if definition.anchor == Anchor.CYCLE:
        return Activity.TREATMENT
    if definition.pk in imaging:
        return Activity.IMAGING
    return Activity.SURVIVAL if definition.epoch == Epoch.LONG_TERM_FOLLOW_UP else Activity.FOLLOW_UP


def status_of(facts: Facts, subject: Subject) -> SubjectStatus:
    """Where the subject stands, by the forms: the first line that is true."""
    scopes = {form.scope for form in facts.forms(Disposition, subject)}
    lines = (
        (SubjectStatus.DIED, death_of(facts, subject) is not None),
        (SubjectStatus.ENDED, DispositionScope.STUDY in scopes),
        (SubjectStatus.WITHDRAWN, any(_out_of_contact(facts, subject))),
        (SubjectStatus.LOST, any(_lost(form) for form in facts.forms(LostToFollowUp, subject))),
        (SubjectStatus.RANDOMIZED, facts.allocation(subject) is not None),
        (SubjectStatus.SCREEN_FAILURE, DispositionScope.SCREENING in scopes),
    )
    return next((status for status, holds in lines if holds), SubjectStatus.SCREENING)


def halts(facts: Facts, subject: Subject) -> list[Halt]:
    """Everything that ends or suspends an activity: the earliest first, those for a single anchor last."""
    found = (halt for rule in RULES for halt in rule(facts, subject))
    return sorted(found, key=lambda halt: (halt.anchor is not None, halt.since))


def drug_ends(facts: Facts, subject: Subject) -> dict[int, DrugEnd]:
    """When treatment with each drug of the arm ended, by the key of the drug; those still given are absent.

    The end of treatment that a disposition tells goes before a withdrawal from the drug.
    """
    ends: dict[int, DrugEnd] = {}
    for form in facts.forms(Withdrawal, subject):
        if form.scope == WithdrawalScope.DRUG and form.withdrawn_on is not None:
            own = (
                {form.drug_id}
                if form.drug_id is not None
                else {each.drug_id for each in regimen_of(facts, subject)}
            )
            ends |= {drug: DrugEnd(form.withdrawn_on, source(form, "withdrawn_on")) for drug in own}
    for each in facts.forms(Disposition, subject):
        if (
            each.scope == DispositionScope.TREATMENT
            and each.ended_on is not None
            and each.drug_id is not None
        ):
            ends[each.drug_id] = DrugEnd(each.ended_on, source(each, "ended_on"))
    return ends


def end_of_treatment(facts: Facts, subject: Subject) -> DrugEnd | None:
    """The end of the last drug of the arm; None while one of them is still given."""
    drugs = {each.drug_id for each in regimen_of(facts, subject)}
    ends = drug_ends(facts, subject)
    if not drugs or not drugs <= set(ends):
        return None
    return max((ends[drug] for drug in drugs), key=lambda end: end.day)


def days_over(facts: Facts, subject: Subject) -> set[int]:
    """Later days of the cycle on which nothing is given any more: each of their drugs has ended.

    A drug that had its last course is ended before a further cycle is planned.
    """
    ends = drug_ends(facts, subject)
    later = _by_later_day(regimen_of(facts, subject))
    return {day for day, elements in later.items() if all(each.drug_id in ends for each in elements)}


def imaging_visits(study_id: int) -> frozenset[int]:
    """The visits of the schedule at which scans are due, by their keys."""
    due = ScheduledForm.objects.filter(study_id=study_id, form=IMAGING_FORM)
    return frozenset(due.values_list("visit_id", flat=True))


def _out_of_contact(facts: Facts, subject: Subject) -> Iterator[Withdrawal]:
    return (form for form in facts.forms(Withdrawal, subject) if form.scope in NO_FURTHER_CONTACT)


def _lost(form: LostToFollowUp) -> bool:
    return form.declared_on is not None and form.found_again_on is None


# ---------------------------------------------------------------- rules
def after_death(facts: Facts, subject: Subject) -> Iterator[Halt]:
    """Of a partial date the last possible day: a visit that may have come before it is still asked for."""
    form = death_of(facts, subject)
    if form is not None and form.died_on:
        day = span(form.died_on)[1]
        yield Halt(EVERYTHING, day, f"The subject died ({form.died_on}).", source(form, "died_on"))


def after_the_end(facts: Facts, subject: Subject) -> Iterator[Halt]:
    """The end of the study, and of screening for who was never randomized."""
    for form in facts.forms(Disposition, subject):
        why = ""
        if form.scope == DispositionScope.STUDY:
            why = f"The subject ended the study ({form.ended_on})."
        elif form.scope == DispositionScope.SCREENING and facts.allocation(subject) is None:
            why = f"Screening ended ({form.ended_on})."
        if why and form.ended_on is not None:
            yield Halt(EVERYTHING, form.ended_on, why, source(form, "ended_on"))


def after_withdrawal(facts: Facts, subject: Subject) -> Iterator[Halt]:
    """By scope; withdrawal from a drug counts as the end of treatment with it."""
    stopped = {
        WithdrawalScope.VISITS: VISITS_IN_PERSON,
        WithdrawalScope.CONTACT: EVERYTHING,
        WithdrawalScope.DATA: EVERYTHING,
    }
    for form in facts.forms(Withdrawal, subject):
        activities = stopped.get(WithdrawalScope(form.scope)) if form.scope else None
        if activities and form.withdrawn_on is not None:
            what = WithdrawalScope(form.scope).label
            why = f"Withdrawn: {what} ({form.withdrawn_on})."
            yield Halt(activities, form.withdrawn_on, why, source(form, "withdrawn_on"))


def while_lost(facts: Facts, subject: Subject) -> Iterator[Halt]:
    for form in facts.forms(LostToFollowUp, subject):
        if form.declared_on is not None:
            why = f"The subject was lost to follow-up ({form.declared_on})."
            told = source(form, "declared_on")
            yield Halt(EVERYTHING, form.declared_on, why, told, until=form.found_again_on)


def after_treatment(facts: Facts, subject: Subject) -> Iterator[Halt]:
    """Treatment visits end with the last drug; visits counted from the last dose are due only then."""
    end = end_of_treatment(facts, subject)
    if end is None:
        yield Halt(EVERYTHING, date.min, "Treatment goes on.", anchor=Anchor.LAST_DOSE)
    else:
        why = f"Treatment with every study drug ended ({end.day})."
        yield Halt(frozenset({Activity.TREATMENT}), end.day, why, end.source)


def after_the_drugs_of_a_day(facts: Facts, subject: Subject) -> Iterator[Halt]:
    """A later day of the cycle is due as long as one of the drugs that are given on it is."""
    ends = drug_ends(facts, subject)
    for day, elements in _by_later_day(regimen_of(facts, subject)).items():
        own = [ends[each.drug_id] for each in elements if each.drug_id in ends]
        if len(own) == len(elements):
            last = max(own, key=lambda end: end.day)
            names = ", ".join(each.drug.name for each in elements)
            why = f"Treatment with {names} ended ({last.day})."
            yield Halt(frozenset({Activity.TREATMENT}), last.day, why, last.source, cycle_day=day)


def after_progression(facts: Facts, subject: Subject) -> Iterator[Halt]:
    """Imaging ends where the setting says so, never before the end of treatment."""
    end = end_of_treatment(facts, subject)
    if end is None:
        return
    for key, tells in IMAGING_ENDS.get(facts.setting(subject, "imaging_until") or "", ()):
        for form, field, day in tells(facts, subject):
            yield Halt(
                frozenset({Activity.IMAGING}), max(day, end.day), f"{key} ({day}).", source(form, field)
            )


Told = Iterator[tuple[Any, str, date]]


def progressions(facts: Facts, subject: Subject) -> Told:
    """Progression as the investigator told it: by a tumor assessment, or at a later contact."""
    for form in facts.forms(TumorAssessment, subject):
        day = form.last_scan_on or form.first_scan_on
        if form.overall_response == OverallResponse.PROGRESSION and day is not None:
            yield form, "overall_response", day
    for contact in facts.forms(SurvivalFollowUp, subject):
        if contact.progressed == YesNo.YES and contact.progressed_on is not None:
            yield contact, "progressed_on", contact.progressed_on


def new_therapies(facts: Facts, subject: Subject) -> Told:
    """New anticancer therapies, by the last day on which they may have started."""
    for form in facts.forms(SubsequentTherapy, subject):
        if form.started:
            yield form, "started", span(form.started)[1]


PROGRESSION = ("The disease progressed", progressions)
NEW_THERAPY = ("A new anticancer therapy started", new_therapies)
IMAGING_ENDS: dict[str, tuple[tuple[str, Callable[[Facts, Subject], Told]], ...]] = {
    "PROGRESSION": (PROGRESSION,),
    "PROGRESSION_OR_NEW_THERAPY": (PROGRESSION, NEW_THERAPY),
}
"""What ends imaging after treatment, by the setting `imaging_until`; nothing does for END_OF_FOLLOW_UP."""

RULES: tuple[Callable[[Facts, Subject], Iterator[Halt]], ...] = (
    after_death,
    after_the_end,
    after_withdrawal,
    while_lost,
    after_treatment,
    after_the_drugs_of_a_day,
    after_progression,
)


def _by_later_day(elements: list[RegimenElement]) -> dict[int, list[RegimenElement]]:
    """The drugs of each day of the cycle but the first, which begins the cycle whatever is given."""
    days = sorted({day for each in elements for day in each.days} - {1})
    return {day: [each for each in elements if day in each.days] for day in days}
