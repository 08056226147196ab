"""What the tests of participation tell of a subject, and what they read back."""

from collections.abc import Callable
from datetime import date
from typing import Any

from patients.actions.save_form import mark_entered_in_error
from patients.models import Disposition, Subject, Visit, VisitStatus
from trials.models import User

DRUGS_OF_B = ("LENVATINIB", "OXALIPLATIN", "GEMCITABINE")
DAY = date(2021, 3, 15)
"""Day of randomization."""

Tell = Callable[..., Any]


def treatment_ends(tell: Tell, *drugs: str, on: str = "2021-05-01") -> list[Disposition]:
    return [
        tell(Disposition, scope="TREATMENT", drug=drug, ended_on=on, reason="PROGRESSIVE DISEASE")
        for drug in drugs or DRUGS_OF_B
    ]


def status(subject: Subject) -> str:
    return Subject.objects.get(pk=subject.pk).status


def visit_of(subject: Subject, code: str) -> Visit:
    return Visit.objects.select_related("subject__site", "definition", "cycle").get(
        subject=subject, code=code
    )


def state(subject: Subject, code: str) -> tuple[str, str]:
    visit = visit_of(subject, code)
    return visit.status, visit.missed_reason


def waiting(subject: Subject) -> list[str]:
    """The visits that are still due."""
    planned = Visit.objects.filter(subject=subject, status=VisitStatus.PLANNED)
    return list(planned.order_by("planned_on", "id").values_list("code", flat=True))


def void(actor: User, record: Any) -> None:
    mark_entered_in_error(actor=actor, record=record, version=record.version, reason="wrong subject")
