"""Checks of death, and of when the subject was last known to be alive."""

from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.actions.visits import add_unscheduled_visit
from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    DailyDosePeriod,
    Death,
    Disposition,
    DrugAccountability,
    LostToFollowUp,
    Subject,
    SurvivalFollowUp,
    Visit,
    VitalSigns,
)
from tests.factories import opened
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.test_consent import tell
from tests.patients.conftest import A_DAY_LATER, correct
from trials.models import User

__all__ = ["tell"]
CHECKS_TESTED_HERE = {"EC36a", "EC36b", "EC36c", "EC36d", "EC36e", "EC37a", "EC37b"}
DIED = {"cause": "DISEASE PROGRESSION", "cause_in_words": "liver failure", "died_on": "2021-06-10"}
CONTACT = {"source": "FAMILY", "new_therapy": "N"}


def contact(tell: Any, on: str, status: str = "ALIVE", alive: str | None = None, **data: Any) -> Any:
    return tell(
        SurvivalFollowUp,
        **CONTACT | {"contacted_on": on, "status": status, "last_known_alive_on": alive} | data,
    )


# ---------------------------------------------------------------- death
@pytest.mark.parametrize(
    ("scope", "ended_on", "asks"),
    [
        ("STUDY", "2021-06-10", 0),
        ("STUDY", "2021-06-11", 1),
        ("STUDY", "2021-06-09", 1),
        ("TREATMENT", "2021-06-01", 0),
        ("TREATMENT", "2021-06-11", 1),
    ],
)
def test_an_end_by_death_has_the_day_of_the_death(scope: str, ended_on: str, asks: int, tell: Any) -> None:
    tell(Death, **DIED)
    assert asked(tell(Disposition, scope=scope, ended_on=ended_on, reason="DEATH"), "EC36a") == asks


def test_an_end_by_death_needs_the_page_of_the_death(tell: Any) -> None:
    end = tell(Disposition, scope="STUDY", ended_on="2021-06-10", reason="DEATH")
    assert fields_asked(end, "EC36a") == {"reason"}
    tell(Death, **DIED | {"died_on": "2021-06"})
    assert asked(end, "EC36a") == 0


def test_the_page_of_a_death_without_a_day_is_entered_all_the_same(tell: Any) -> None:
    tell(Death, **DIED | {"died_on": None})
    end = tell(Disposition, scope="STUDY", ended_on="2021-06-10", reason="DEATH")
    assert asked(end, "EC36a") == 0
    assert asked(contact(tell, "2021-06-20", status="DEAD"), "EC36b") == 0


def test_a_death_known_in_part_contradicts_only_what_it_excludes(tell: Any) -> None:
    tell(Death, **DIED | {"died_on": "2021-06"})
    in_june, in_july = (
        tell(VitalSigns, measured_on=day, weight="60") for day in ("2021-06-30", "2021-07-01")
    )
    assert (asked(in_june, "EC36c"), asked(in_july, "EC36c")) == (0, 1)


def test_the_study_does_not_end_otherwise_after_a_death(tell: Any, coordinator: User) -> None:
    died = tell(Death, **DIED)
    end = tell(Disposition, scope="STUDY", ended_on="2021-06-11", reason="COMPLETED")
    assert fields_asked(died, "EC36e") == {"died_on"}
    correct(coordinator, end, ended_on="2021-06-09")
    assert asked(died, "EC36e") == 0


@pytest.mark.parametrize(
    ("form", "data", "field"),
    [
        (VitalSigns, {"measured_on": "2021-06-11", "weight": "60"}, "measured_on"),
        (AdverseEvent, {"term": "Rash", "started": "2021-06-01", "ended": "2021-06-12"}, "ended"),
        (ConcomitantMedication, {"medication": "Aspirin", "started": "2021-07"}, "started"),
        (DailyDosePeriod, {"drug": "LENVATINIB", "started": "2021-06-01", "ended": "2021-06-11"}, "ended"),
        (DrugAccountability, {"drug": "LENVATINIB", "dispensed_on": "2021-06-11"}, "dispensed_on"),
    ],
)
def test_nothing_is_dated_after_death(form: Any, data: dict[str, Any], field: str, tell: Any) -> None:
    tell(Death, **DIED)
    assert fields_asked(tell(form, **data), "EC36c") == {field}


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (VitalSigns, {"measured_on": "2021-06-10", "weight": "60"}),
        (LostToFollowUp, {"last_contact_on": "2021-06-01", "declared_on": "2021-07-01"}),
        (
            DrugAccountability,
            {"drug": "LENVATINIB", "dispensed_on": "2021-06-01", "returned_on": "2021-06-20"},
        ),
    ],
)
def test_what_may_come_after_death_is_not_questioned(form: Any, data: dict[str, Any], tell: Any) -> None:
    tell(Death, **DIED)
    assert asked(tell(form, **data), "EC36c") == 0


def test_a_death_entered_later_questions_what_was_entered_before_until_it_is_voided(
    tell: Any, coordinator: User
) -> None:
    record = tell(VitalSigns, measured_on="2021-06-11", weight="60")
    assert asked(record, "EC36c") == 0
    died = tell(Death, **DIED)
    assert asked(record, "EC36c") == 1
    mark_entered_in_error(actor=coordinator, record=died, version=1, reason="of somebody else")
    assert asked(record, "EC36c") == 0


def test_no_visit_takes_place_after_death(tell: Any, casebook: Subject, coordinator: User) -> None:
    tell(Death, **DIED | {"died_on": "2021-03-02"})
    visits = [
        add_unscheduled_visit(actor=coordinator, subject=casebook, occurred_on=day, why="pain")
        for day in (A_DAY_LATER, A_DAY_LATER.replace(day=3))
    ]
    assert [asked(visit, "EC36d") for visit in visits] == [0, 1]


# ---------------------------------------------------------------- survival contacts
def test_a_contact_that_tells_of_death_needs_the_page_of_the_death(tell: Any) -> None:
    told = contact(tell, "2021-06-20", "DEAD", "2021-06-01")
    assert fields_asked(told, "EC36b") == {"status"}
    tell(Death, **DIED)
    assert asked(told, "EC36b") == 0


@pytest.mark.parametrize(
    ("on", "status", "alive", "fields"),
    [
        ("2021-06-20", "ALIVE", "2021-06-01", {"status"}),
        ("2021-06-10", "ALIVE", "2021-06-10", set()),
        ("2021-06-20", "DEAD", "2021-06-11", {"last_known_alive_on"}),
        ("2021-06-20", "DEAD", "2021-06-10", set()),
        ("2021-06-09", "DEAD", "2021-06-01", {"status"}),
        ("2021-06-20", "UNKNOWN", "2021-06-01", set()),
    ],
)
def test_a_contact_agrees_with_the_death(
    on: str, status: str, alive: str, fields: set[str], tell: Any
) -> None:
    tell(Death, **DIED)
    assert fields_asked(contact(tell, on, status, alive), "EC36b") == fields


def test_last_known_alive_is_not_before_a_day_on_which_the_subject_was_seen(
    tell: Any, coordinator: User
) -> None:
    told = contact(tell, "2021-06-01", alive="2021-05-01")
    assert asked(told, "EC37a") == 0
    seen = tell(VitalSigns, measured_on="2021-05-02", weight="60")
    assert fields_asked(told, "EC37a") == {"last_known_alive_on"}
    correct(coordinator, seen, measured_on="2021-05-01")
    assert asked(told, "EC37a") == 0


@pytest.mark.parametrize(("began", "asks"), [("2021-05-02", 1), ("2021-05-01", 0), ("2021-05", 0)])
def test_an_event_that_certainly_began_later_shows_the_subject_alive(
    began: str, asks: int, tell: Any
) -> None:
    told = contact(tell, "2021-06-01", alive="2021-05-01")
    tell(AdverseEvent, term="Tired", grade="1", started=began)
    assert asked(told, "EC37a") == asks


def test_who_was_seen_after_the_contact_does_not_contradict_it(tell: Any) -> None:
    told = contact(tell, "2021-06-01", alive="2021-05-01")
    tell(VitalSigns, measured_on="2021-06-02", weight="60")
    assert asked(told, "EC37a") == 0


def test_a_visit_shows_the_subject_alive(tell: Any, casebook: Subject, coordinator: User) -> None:
    told = contact(tell, "2021-06-01", alive="2021-03-01")
    opened(coordinator, casebook, "C1D1", A_DAY_LATER)
    assert asked(told, "EC37a") == 1


def test_a_dose_that_was_not_taken_shows_nobody(tell: Any) -> None:
    told = contact(tell, "2021-06-01", alive="2021-05-01")
    paused = {"drug": "LENVATINIB", "frequency": "QD", "started": "2021-05-02", "ended": "2021-05-20"}
    tell(DailyDosePeriod, **paused, dose="0")
    assert asked(told, "EC37a") == 0


def test_the_visit_of_a_contact_without_the_subject_shows_nobody(
    casebook: Subject, coordinator: User, enter_at: Any
) -> None:
    visit = add_unscheduled_visit(actor=coordinator, subject=casebook, occurred_on=A_DAY_LATER, why="call")
    told = enter_at(visit, contacted_on="2021-03-02", last_known_alive_on="2021-03-01", source="REGISTRY")
    assert asked(told, "EC37a") == 0


@pytest.fixture
def enter_at(coordinator: User, casebook: Subject) -> Any:
    def run(visit: Visit, **data: Any) -> Any:
        return create_form(
            actor=coordinator,
            form=SurvivalFollowUp,
            subject=casebook,
            visit=visit,
            data={"status": "ALIVE"} | data,
        )

    return run


@pytest.mark.parametrize(
    ("source", "alive", "asks"),
    [
        ("FAMILY", "2021-06-02", 1),
        ("FAMILY", "2021-06-01", 0),
        ("FAMILY", "2021-05-01", 0),
        ("TELEPHONE", "2021-05-01", 1),
        ("CLINIC", "2021-06-01", 0),
    ],
)
def test_last_known_alive_fits_the_contact(source: str, alive: str, asks: int, tell: Any) -> None:
    assert asked(contact(tell, "2021-06-01", alive=alive, source=source), "EC37b") == asks
