"""What ends in screening."""

import pytest

from patients.actions.randomize import randomize
from patients.actions.save_form import create_form
from patients.models import (
    Death,
    Disposition,
    Subject,
    VisitStatus,
)
from tests.factories import CONSENT_DAY, make_list, screened_subject
from tests.patients.participation.life import (
    state,
)
from trials.actions.errors import WrongState
from trials.models import (
    Site,
    Study,
    User,
)


def test_the_visits_of_a_screening_failure_are_not_due(coordinator: User, subject: Subject) -> None:
    data = {"scope": "SCREENING", "ended_on": "2021-03-02", "reason": "SCREEN FAILURE"}
    create_form(actor=coordinator, form=Disposition, subject=subject, data=data)
    assert state(subject, "SCR") == (VisitStatus.NOT_DUE, "Screening ended (2021-03-02).")


def test_who_dies_in_screening_cannot_be_randomized(coordinator: User, site: Site, schedule: Study) -> None:
    make_list(schedule, "AAAA")
    screened = screened_subject(coordinator, site)
    data = {"died_on": CONSENT_DAY.isoformat()}
    create_form(actor=coordinator, form=Death, subject=screened, data=data)
    with pytest.raises(WrongState, match="Died"):
        randomize(actor=coordinator, subject=screened)
