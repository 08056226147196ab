"""Treatment visits end with the drugs; what is counted from the last dose begins."""

from datetime import date, timedelta

import pytest

from patients.actions.visits import open_cycle
from patients.models import (
    DoseAdministration,
    Subject,
    Visit,
    VisitStatus,
)
from tests.factories import opened, save
from tests.patients.conftest import correct
from tests.patients.participation.life import (
    DAY,
    DRUGS_OF_B,
    Tell,
    state,
    treatment_ends,
    visit_of,
    void,
    waiting,
)
from trials.actions.errors import WrongState
from trials.models import (
    RegimenElement,
    User,
)


def test_treatment_visits_stop_with_the_last_drug_while_imaging_and_survival_go_on(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    opened(coordinator, life, "C1D1", DAY)
    open_cycle(actor=coordinator, subject=life)
    treatment_ends(tell, on="2021-03-25")
    assert state(life, "C2D1") == (
        VisitStatus.NOT_DUE,
        "Treatment with every study drug ended (2021-03-25).",
    )
    assert {"IMG1", "EOT", "SFU", "SURV1"} <= set(waiting(life))
    with pytest.raises(WrongState, match="Treatment with every study drug ended"):
        open_cycle(actor=coordinator, subject=life)


def test_one_drug_that_goes_on_keeps_treatment_visits_due(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    opened(coordinator, life, "C1D1", DAY)
    treatment_ends(tell, "OXALIPLATIN", "GEMCITABINE", on="2021-04-01")
    open_cycle(actor=coordinator, subject=life)
    assert "C2D1" in waiting(life)


def test_day_8_is_due_while_gemox_lasts_and_not_after_it(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    opened(coordinator, life, "C1D1", DAY)
    open_cycle(actor=coordinator, subject=life)
    treatment_ends(tell, "GEMCITABINE", on="2021-04-06")
    assert state(life, "C2D8") == (VisitStatus.NOT_DUE, "Treatment with Gemcitabine ended (2021-04-06).")
    opened(coordinator, life, "C2D1", date(2021, 4, 5))
    open_cycle(actor=coordinator, subject=life)
    assert "C3D1" in waiting(life)
    assert not Visit.objects.filter(subject=life, code="C3D8").exists()


def test_day_8_of_the_last_course_is_still_due_and_no_further_course_is_planned(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    element = RegimenElement.objects.get(arm__code="B", drug__code="GEMCITABINE", study=life.study)
    element.maximum_cycles = 1
    save(life.study.chain, element)
    first = opened(coordinator, life, "C1D1", DAY)
    tell(DoseAdministration, visit=first, drug="GEMCITABINE", given="Y", given_on="2021-03-15", dose="1700")
    with pytest.raises(WrongState, match="Gemcitabine had the last of at most 1 courses"):
        open_cycle(actor=coordinator, subject=life)
    assert "C1D8" in waiting(life)
    assert not Visit.objects.filter(subject=life, code="C2D1").exists()


def test_an_end_of_treatment_taken_back_takes_the_visits_after_it_back(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    ends = treatment_ends(tell)
    assert "EOT" in waiting(life)
    void(coordinator, ends[0])
    assert state(life, "EOT") == (VisitStatus.NOT_DUE, "Treatment goes on.")
    treatment_ends(tell, DRUGS_OF_B[0])
    assert "EOT" in waiting(life)


def test_visits_after_the_last_dose_move_when_that_day_is_corrected(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    ends = treatment_ends(tell, on="2021-05-01")
    assert visit_of(life, "EOT").planned_on == date(2021, 5, 1)
    for end in ends:
        correct(coordinator, end, last_dose_on="2021-04-20")
    assert visit_of(life, "EOT").planned_on == date(2021, 4, 20)
    assert visit_of(life, "SFU").planned_on == date(2021, 5, 20)
    assert visit_of(life, "SURV2").planned_on == date(2021, 4, 20) + timedelta(days=180)
