"""Imaging goes on after treatment, up to what the setting says, on the calendar from randomization."""

from datetime import date
from typing import Any

import pytest

from patients.models import (
    Subject,
    SubsequentTherapy,
    TumorAssessment,
    VisitStatus,
)
from tests.factories import opened, save
from tests.patients.conftest import correct
from tests.patients.participation.life import (
    Tell,
    state,
    treatment_ends,
    waiting,
)
from trials.models import (
    StudySetting,
    User,
)


def scan(coordinator: User, tell: Tell, life: Subject, response: str) -> Any:
    visit = opened(coordinator, life, "IMG1", date(2021, 4, 26))
    return tell(TumorAssessment, visit=visit, first_scan_on="2021-04-26", overall_response=response)


def test_imaging_goes_on_after_the_end_of_treatment_until_progression(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    record = scan(coordinator, tell, life, "SD")
    treatment_ends(tell)
    assert {"IMG2", "IMG3"} <= set(waiting(life))
    correct(coordinator, record, overall_response="PD")
    assert state(life, "IMG2") == (VisitStatus.NOT_DUE, "The disease progressed (2021-04-26).")


def test_progression_under_treatment_that_goes_on_leaves_imaging_due(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    scan(coordinator, tell, life, "PD")
    assert "IMG2" in waiting(life)


@pytest.mark.parametrize(
    ("until", "due"),
    [("PROGRESSION", True), ("PROGRESSION_OR_NEW_THERAPY", False), ("END_OF_FOLLOW_UP", True)],
)
def test_whether_a_new_therapy_ends_imaging_is_a_setting(
    life: Subject, tell: Tell, until: str, due: bool
) -> None:
    setting = StudySetting.objects.get(study=life.study, key="imaging_until")
    setting.value = until
    save(life.study.chain, setting)
    treatment_ends(tell, on="2021-04-01")
    tell(SubsequentTherapy, kind="SYSTEMIC", agents="Capecitabine", started="2021-04-10")
    assert ("IMG1" in waiting(life)) is due


def test_a_new_therapy_known_to_the_month_ends_imaging_from_the_end_of_that_month(
    life: Subject, tell: Tell
) -> None:
    setting = StudySetting.objects.get(study=life.study, key="imaging_until")
    setting.value = "PROGRESSION_OR_NEW_THERAPY"
    save(life.study.chain, setting)
    treatment_ends(tell, on="2021-04-01")
    tell(SubsequentTherapy, kind="SYSTEMIC", agents="Capecitabine", started="2021-04")
    assert "IMG1" in waiting(life)
