"""Who is lost has no visits due until found again."""

from datetime import date
from typing import Any

from patients.models import (
    LostToFollowUp,
    Subject,
    SubjectStatus,
    Visit,
    VisitStatus,
)
from tests.patients.conftest import correct
from tests.patients.participation.life import (
    Tell,
    state,
    status,
    treatment_ends,
    waiting,
)
from trials.models import (
    User,
)


def lose(tell: Tell, **more: Any) -> Any:
    attempts = [{"tried_on": "2021-03-18", "method": "TELEPHONE", "reached": "NOBODY"}]
    return tell(LostToFollowUp, rows={"attempts": attempts}, last_contact_on="2021-03-16", **more)


def test_attempts_at_contact_alone_make_nobody_lost(life: Subject, tell: Tell) -> None:
    lose(tell)
    assert status(life) == SubjectStatus.RANDOMIZED
    assert "IMG1" in waiting(life)


def test_who_is_lost_has_no_visits_due_until_found_again(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    record = lose(tell, declared_on="2021-03-20")
    assert status(life) == SubjectStatus.LOST
    assert state(life, "IMG1") == (VisitStatus.NOT_DUE, "The subject was lost to follow-up (2021-03-20).")
    correct(coordinator, record, found_again_on="2021-04-01")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert "IMG1" in waiting(life)
    assert state(life, "C1D8")[0] == VisitStatus.NOT_DUE


def test_who_is_found_after_long_has_a_calendar_again(coordinator: User, life: Subject, tell: Tell) -> None:
    treatment_ends(tell, on="2021-03-19")
    record = lose(tell, declared_on="2021-03-20")
    correct(coordinator, record, found_again_on="2022-09-01")
    coming = Visit.objects.filter(subject=life, status=VisitStatus.PLANNED, window_to__gte=date(2022, 9, 1))
    assert {"IMG", "SURV"} <= set(coming.values_list("definition__code", flat=True))


def test_who_is_lost_twice_is_lost(life: Subject, tell: Tell) -> None:
    lose(tell, declared_on="2021-03-20", found_again_on="2021-04-01")
    lose(tell, declared_on="2021-05-01")
    assert status(life) == SubjectStatus.LOST
