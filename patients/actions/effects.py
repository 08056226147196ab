"""What saved forms change beside themselves: a table from form to effect, inside the same act."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from patients.actions.queries import review_saved
from patients.actions.reflag import reflag
from patients.actions.schedule import cycle_follows, plan_from, replan_from, settle
from patients.derivations.doses_taken import last_dose_day
from patients.derivations.participation import end_of_treatment, status_of
from patients.facts import Facts
from patients.models import (
    CaseReportForm,
    DailyDosePeriod,
    Death,
    Demographics,
    Disposition,
    DoseAdministration,
    LabSample,
    LostToFollowUp,
    Subject,
    SubsequentTherapy,
    SurvivalFollowUp,
    TumorAssessment,
    Visit,
    Withdrawal,
)
from patients.selectors import current
from trials.models import Anchor

FOLLOW_UP_HORIZON = timedelta(days=365)
IMAGING_HORIZON = timedelta(days=90)
Forms = Sequence[Any]


def participation_follows(forms: Forms) -> None:
    """Status, follow-up visits and what is still due follow from the forms, entered or voided."""
    for subject in _subjects(forms):
        subject = Subject.locked(pk=subject.pk)
        facts = Facts([subject])
        status = status_of(facts, subject)
        if status != subject.status:
            subject.status, subject.version = status, subject.version + 1
            subject.save()
        calendars_follow(subject, facts)
        settle(subject)


def calendars_follow(subject: Subject, facts: Facts) -> None:
    """Who was lost and is found again has the calendar of imaging planned on from that day."""
    found = max(
        (form.found_again_on for form in _losses(facts, subject) if form.found_again_on), default=None
    )
    allocation = facts.allocation(subject)
    if allocation is not None and found is not None:
        plan_from(subject, Anchor.RANDOMIZATION, allocation.randomized_on, found + IMAGING_HORIZON)
    visits_follow_last_dose(subject, facts)


def visits_follow_last_dose(subject: Subject, facts: Facts) -> None:
    """Visits counted from the last dose are planned once treatment with every drug of the arm has ended.

    They move when that day is corrected, as long as they wait.
    """
    end = end_of_treatment(facts, subject)
    if end is None:
        return
    last_day = max(_last_doses(facts, subject), default=end.day)
    again = [form.found_again_on for form in _losses(facts, subject) if form.found_again_on]
    replan_from(subject, Anchor.LAST_DOSE, last_day)
    plan_from(subject, Anchor.LAST_DOSE, last_day, max([last_day, *again]) + FOLLOW_UP_HORIZON)


def doses_move_visits(forms: Forms) -> None:
    """A dose given later than planned delays its cycle; the last one is where follow-up counts from."""
    visits = {form.visit_id for form in forms if isinstance(form, DoseAdministration) and form.visit_id}
    for visit in Visit.objects.filter(pk__in=visits).select_related("definition", "subject").order_by("pk"):
        cycle_follows(visit)
    for subject in _subjects(forms):
        visits_follow_last_dose(subject, Facts([subject]))


def what_is_due_follows(forms: Forms) -> None:
    """Progression and new therapies end imaging."""
    for subject in _subjects(forms):
        settle(subject)


def flags_follow_demographics(forms: Forms) -> None:
    """Ranges depend on sex and age: results entered before, or under a wrong sex, are flagged anew."""
    for subject in _subjects(forms):
        for sample in current(LabSample, subject).select_related("subject"):
            reflag(sample, list(sample.results.filter(entered_in_error=False)))


EFFECTS: dict[type[CaseReportForm], Callable[[Forms], None]] = {
    DailyDosePeriod: doses_move_visits,
    Death: participation_follows,
    Demographics: flags_follow_demographics,
    Disposition: participation_follows,
    DoseAdministration: doses_move_visits,
    LostToFollowUp: participation_follows,
    SubsequentTherapy: what_is_due_follows,
    SurvivalFollowUp: what_is_due_follows,
    TumorAssessment: what_is_due_follows,
    Withdrawal: participation_follows,
}


def take_effect(forms: Sequence[CaseReportForm]) -> None:
    """Apply what saved forms of one kind change, then run their checks and those that rest on them."""
    effect = EFFECTS.get(type(forms[0])) if forms else None
    if effect is not None:
        effect(forms)
    review_saved(forms)


def _subjects(forms: Forms) -> list[Subject]:
    """Each subject once, in the order of their keys."""
    by_key = {form.subject_id: form.subject for form in forms}
    return [by_key[key] for key in sorted(by_key)]


def _losses(facts: Facts, subject: Subject) -> list[LostToFollowUp]:
    return facts.forms(LostToFollowUp, subject)


def _last_doses(facts: Facts, subject: Subject) -> list[date]:
    """The last dose by the doses that are recorded, and as the ends of treatment tell it."""
    recorded = last_dose_day(facts, subject)
    told = [form.last_dose_on for form in facts.forms(Disposition, subject) if form.last_dose_on]
    return [recorded, *told] if recorded is not None else told
