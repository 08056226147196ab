"""What a saved form changes beside itself: a table from form to effect, inside the same act."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from patients.actions.queries import review_saved
from patients.actions.reflag import reflag
from patients.actions.schedule import plan_from
from patients.models import (
    CaseReportForm,
    Demographics,
    Disposition,
    DispositionScope,
    LabSample,
    Subject,
    SubjectStatus,
)
from patients.selectors import allocation_of, current, last_dose_day
from trials.models import Anchor

FOLLOW_UP_HORIZON = timedelta(days=365)


def subject_follows_disposition(form: Disposition) -> None:
    """Status and follow-up visits follow from dispositions and allocation, entered or voided."""
    subject = Subject.locked(pk=form.subject_id)
    scopes = set(current(Disposition, subject).values_list("scope", flat=True))
    if DispositionScope.STUDY in scopes:
        status = SubjectStatus.ENDED
    elif allocation_of(subject) is not None:
        status = SubjectStatus.RANDOMIZED
    elif DispositionScope.SCREENING in scopes:
        status = SubjectStatus.SCREEN_FAILURE
    else:
        status = SubjectStatus.SCREENING
    if status != subject.status:
        subject.status, subject.version = status, subject.version + 1
        subject.save()
    visits_follow_last_dose(subject)


def visits_follow_last_dose(subject: Subject) -> None:
    """Visits counted from the last dose are planned once treatment with every drug of the arm has ended."""
    allocation = allocation_of(subject)
    if allocation is None:
        return
    drugs = set(allocation.arm.regimen.values_list("drug_id", flat=True))
    ends = current(Disposition, subject).filter(scope=DispositionScope.TREATMENT, ended_on__isnull=False)
    ended = dict(ends.order_by("ended_on").values_list("drug_id", "ended_on"))
    if drugs and drugs <= set(ended):
        last_day = last_dose_day(subject) or max(ended.values())
        plan_from(subject, Anchor.LAST_DOSE, last_day, last_day + FOLLOW_UP_HORIZON)


def flags_follow_demographics(form: Demographics) -> None:
    """Ranges depend on sex and age: results entered before, or under a wrong sex, are flagged anew."""
    for sample in current(LabSample, form.subject).select_related("subject"):
        reflag(sample, list(sample.results.filter(entered_in_error=False)))


EFFECTS: dict[type[CaseReportForm], Callable[[Any], None]] = {
    Disposition: subject_follows_disposition,
    Demographics: flags_follow_demographics,
}


def take_effect(forms: Sequence[CaseReportForm]) -> None:
    """Apply what saved forms of one kind change, then run their checks and those that rest on them."""
    effect = EFFECTS.get(type(forms[0])) if forms else None
    if effect is not None:
        for form in forms:
            effect(form)
    review_saved(forms)
