"""A withdrawal stops what was withdrawn, and nothing else."""

from typing import Any

import pytest

from patients.actions.visits import open_cycle
from patients.models import (
    Subject,
    SubjectStatus,
    VisitStatus,
    Withdrawal,
)
from tests.factories import opened
from tests.patients.participation.life import (
    DAY,
    Tell,
    state,
    status,
    waiting,
)
from trials.models import (
    User,
)


def withdraw(tell: Tell, scope: str, on: str = "2021-03-20", **more: Any) -> Any:
    return tell(Withdrawal, scope=scope, withdrawn_on=on, withdrawn_by="SUBJECT", keep_data="Y", **more)


def test_withdrawal_from_one_drug_ends_that_drug_only(coordinator: User, life: Subject, tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG", drug="GEMCITABINE")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert state(life, "C1D8")[0] == VisitStatus.NOT_DUE
    opened(coordinator, life, "C1D1", DAY)
    open_cycle(actor=coordinator, subject=life)
    assert "C2D1" in waiting(life)


def test_withdrawal_from_all_treatment_brings_the_visits_after_the_last_dose(
    life: Subject, tell: Tell
) -> None:
    withdraw(tell, "STUDY DRUG")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert {"EOT", "SFU", "SURV1", "IMG1"} <= set(waiting(life))


def test_withdrawal_from_visits_leaves_survival_to_be_asked_for(life: Subject, tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG")
    withdraw(tell, "STUDY VISITS")
    assert status(life) == SubjectStatus.RANDOMIZED
    assert "SURV1" in waiting(life)
    assert not {"EOT", "SFU", "IMG1"} & set(waiting(life))


@pytest.mark.parametrize("scope", ["CONTACT", "USE OF DATA"])
def test_withdrawal_from_contact_or_from_the_use_of_data_stops_every_visit(
    life: Subject, tell: Tell, scope: str
) -> None:
    withdraw(tell, "STUDY DRUG")
    withdraw(tell, scope)
    assert status(life) == SubjectStatus.WITHDRAWN
    assert waiting(life) == ["C1D1"]


def test_withdrawal_of_samples_changes_nothing_in_the_calendar(life: Subject, tell: Tell) -> None:
    before = waiting(life)
    withdraw(tell, "USE OF SAMPLES")
    assert (status(life), waiting(life)) == (SubjectStatus.RANDOMIZED, before)
