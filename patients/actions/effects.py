"""What a saved form changes beside itself: a table from form to effect, inside the same act."""

from collections.abc import Callable
from typing import Any

from patients.models import CaseReportForm, Disposition, DispositionScope, Subject, SubjectStatus
from patients.selectors import allocation_of, current


def subject_follows_disposition(form: Disposition) -> None:
    """The subject's status follows from its dispositions and allocation, whichever was entered or voided."""
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


EFFECTS: dict[type[CaseReportForm], Callable[[Any], None]] = {Disposition: subject_follows_disposition}


def take_effect(form: CaseReportForm) -> None:
    """Apply the effect of a saved form, if it has one."""
    effect = EFFECTS.get(type(form))
    if effect is not None:
        effect(form)
