"""After a death nothing is due any more, and every visit says so."""

from datetime import date

import pytest

from patients.actions.visits import open_cycle, open_visit
from patients.models import (
    Death,
    Disposition,
    Subject,
    SubjectStatus,
    Visit,
    VisitStatus,
)
from tests.factories import opened
from tests.patients.conftest import correct
from tests.patients.participation.life import (
    DAY,
    Tell,
    state,
    status,
    visit_of,
    void,
    waiting,
)
from trials.actions.errors import WrongState
from trials.models import (
    User,
)


def test_after_a_death_nothing_is_due_and_each_visit_says_why(life: Subject, tell: Tell) -> None:
    tell(Death, died_on="2021-03-20", cause="UNKNOWN")
    assert status(life) == SubjectStatus.DIED
    assert state(life, "IMG1") == (VisitStatus.NOT_DUE, "The subject died (2021-03-20).")
    assert state(life, "C1D8") == (VisitStatus.NOT_DUE, "The subject died (2021-03-20).")


def test_a_visit_whose_window_closed_before_the_death_is_still_asked_for(life: Subject, tell: Tell) -> None:
    tell(Death, died_on="2021-03-20")
    assert visit_of(life, "C1D1").window_to == date(2021, 3, 18)
    assert state(life, "C1D1") == (VisitStatus.PLANNED, "")


def test_a_death_known_to_the_month_leaves_what_may_have_come_before_it(life: Subject, tell: Tell) -> None:
    assert visit_of(life, "IMG1").window_to == date(2021, 4, 29)
    tell(Death, died_on="2021-04")
    assert state(life, "IMG1")[0] == VisitStatus.PLANNED
    assert status(life) == SubjectStatus.DIED


def test_a_death_without_a_date_changes_the_status_and_no_visit(life: Subject, tell: Tell) -> None:
    tell(Death, cause="UNKNOWN", missing_reasons={"died_on": "UNKNOWN"})
    assert status(life) == SubjectStatus.DIED
    assert "IMG1" in waiting(life)


def test_a_death_entered_in_error_brings_the_visits_back_and_history_keeps_both(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    record = tell(Death, died_on="2021-03-20")
    void(coordinator, record)
    assert status(life) == SubjectStatus.RANDOMIZED
    assert state(life, "IMG1") == (VisitStatus.PLANNED, "")
    kept = Visit.history.filter(id=visit_of(life, "IMG1").pk).order_by("history_id")
    assert [row.status for row in kept] == ["PLANNED", "NOT_DUE", "PLANNED"]


def test_a_date_of_death_corrected_moves_what_is_due(coordinator: User, life: Subject, tell: Tell) -> None:
    record = tell(Death, died_on="2021-03-20")
    correct(coordinator, record, died_on="2021-06-01")
    assert "IMG1" in waiting(life)


def test_a_form_about_a_death_that_says_nothing_tells_of_none(life: Subject, tell: Tell) -> None:
    tell(Death, place="HOME")
    assert status(life) == SubjectStatus.RANDOMIZED


def test_a_visit_that_was_no_longer_due_may_have_taken_place_without_a_reason_being_asked(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    tell(Death, died_on="2021-03-20")
    visit = visit_of(life, "C1D8")
    came = open_visit(actor=coordinator, visit=visit, occurred_on=date(2021, 3, 19), version=visit.version)
    assert (came.status, came.missed_reason) == (VisitStatus.OCCURRED, "")


def test_no_cycle_is_planned_for_who_died(coordinator: User, life: Subject, tell: Tell) -> None:
    opened(coordinator, life, "C1D1", DAY)
    tell(Death, died_on="2021-03-20")
    with pytest.raises(WrongState, match="died"):
        open_cycle(actor=coordinator, subject=life)


def test_a_death_recorded_beside_the_end_of_the_study_stands_above_it(life: Subject, tell: Tell) -> None:
    tell(Disposition, scope="STUDY", ended_on="2021-03-20", reason="DEATH")
    assert status(life) == SubjectStatus.ENDED
    tell(Death, died_on="2021-03-20")
    assert status(life) == SubjectStatus.DIED
