"""Treatment visits move with a delayed dose; imaging does not."""

from datetime import date, timedelta

from patients.actions.visits import miss_visit, open_cycle
from patients.models import (
    DoseAdministration,
    Subject,
)
from tests.factories import opened
from tests.patients.participation.life import (
    DAY,
    Tell,
    visit_of,
    void,
)
from trials.models import (
    User,
)


def test_a_dose_given_later_than_the_visit_delays_the_cycles_after_it(
    coordinator: User, life: Subject, tell: Tell
) -> None:
    first = opened(coordinator, life, "C1D1", DAY)
    imaging = visit_of(life, "IMG1").planned_on
    dose = {"drug": "OXALIPLATIN", "given": "Y", "dose": "144.5"}
    record = tell(DoseAdministration, visit=first, given_on="2021-03-18", **dose)
    assert visit_of(life, "C1D8").planned_on == date(2021, 3, 25)
    assert open_cycle(actor=coordinator, subject=life).planned_on == date(2021, 4, 8)
    assert visit_of(life, "IMG1").planned_on == imaging
    void(coordinator, record)
    assert visit_of(life, "C1D8").planned_on == date(2021, 3, 22)


def test_a_dose_that_was_not_given_delays_nothing(coordinator: User, life: Subject, tell: Tell) -> None:
    first = opened(coordinator, life, "C1D1", DAY)
    tell(DoseAdministration, visit=first, drug="OXALIPLATIN", given="N", given_on="2021-03-18")
    assert visit_of(life, "C1D8").planned_on == date(2021, 3, 22)


def test_imaging_stays_on_the_calendar_from_randomization_and_goes_on(
    coordinator: User, life: Subject
) -> None:
    first = visit_of(life, "IMG1")
    opened(coordinator, life, "IMG1", date(2021, 5, 5))
    second, third = visit_of(life, "IMG2"), visit_of(life, "IMG3")
    assert first.planned_on == DAY + timedelta(days=42)
    assert (second.planned_on, third.planned_on) == (DAY + timedelta(days=84), DAY + timedelta(days=126))
    miss_visit(actor=coordinator, visit=second, why="quarantine", version=second.version)
    assert visit_of(life, "IMG4").planned_on == DAY + timedelta(days=168)
