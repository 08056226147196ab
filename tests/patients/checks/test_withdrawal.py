"""What is recorded after a withdrawal, or while lost, is kept and questioned."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    DailyDosePeriod,
    Death,
    DoseAdministration,
    LostToFollowUp,
    PhysicalExamination,
    Subject,
    SurvivalFollowUp,
    Visit,
    VitalSigns,
    Withdrawal,
)
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from trials.models import User

CHECKS_TESTED_HERE = {"WD01", "WD02", "WD03", "LF01"}

Tell = Callable[..., Any]


@pytest.fixture
def tell(coordinator: User, casebook: Subject) -> Tell:
    def create(form: type[CaseReportForm], **data: Any) -> Any:
        visit = Visit.objects.get(subject=casebook, code="SCR") if form.form.at_visit else None
        return create_form(actor=coordinator, form=form, subject=casebook, data=data, visit=visit)

    return create


def withdraw(tell: Tell, scope: str, **more: Any) -> Withdrawal:
    return tell(Withdrawal, scope=scope, withdrawn_on="2021-04-01", withdrawn_by="SUBJECT", **more)


def pressure(tell: Tell, day: str) -> VitalSigns:
    return tell(VitalSigns, measured_on=day, weight="60")


@pytest.mark.requirement("R62")
@pytest.mark.parametrize(
    ("scope", "questioned"),
    [
        ("CONTACT", 1),
        ("USE OF DATA", 1),
        ("STUDY VISITS", 1),
        ("STUDY DRUG", 0),
        ("USE OF SAMPLES", 0),
    ],
)
def test_what_is_measured_after_a_withdrawal_is_kept_and_questioned_by_its_scope(
    tell: Tell, scope: str, questioned: int
) -> None:
    withdraw(tell, scope)
    record = pressure(tell, "2021-04-02")
    assert VitalSigns.objects.filter(pk=record.pk).exists()
    assert asked(record, "WD01") == questioned


def test_what_was_measured_up_to_the_day_of_the_withdrawal_is_not_questioned(tell: Tell) -> None:
    withdraw(tell, "CONTACT")
    assert asked(pressure(tell, "2021-04-01"), "WD01") == 0


def test_a_withdrawal_recorded_later_questions_what_was_entered_before(coordinator: User, tell: Tell) -> None:
    record = pressure(tell, "2021-04-02")
    withdrawal = withdraw(tell, "CONTACT")
    assert fields_asked(record, "WD01") == {"measured_on"}
    mark_entered_in_error(actor=coordinator, record=withdrawal, version=1, reason="wrong subject")
    assert asked(record, "WD01") == 0


@pytest.mark.parametrize(("started", "questioned"), [("2021-04", 0), ("2021-05", 1), ("2021", 0)])
def test_an_event_known_to_the_month_is_questioned_only_where_it_certainly_came_later(
    tell: Tell, started: str, questioned: int
) -> None:
    withdraw(tell, "USE OF DATA")
    assert asked(tell(AdverseEvent, term="Rash", started=started), "WD01") == questioned


@pytest.mark.parametrize(("source", "questioned"), [("TELEPHONE", 1), ("REGISTRY", 0)])
def test_after_withdrawal_from_contact_survival_may_be_learned_without_the_subject(
    tell: Tell, source: str, questioned: int
) -> None:
    withdraw(tell, "CONTACT")
    contact = tell(SurvivalFollowUp, contacted_on="2021-06-01", source=source, status="ALIVE")
    assert asked(contact, "WD01") == questioned


def test_after_withdrawal_from_visits_survival_is_asked_for_as_before(tell: Tell) -> None:
    withdraw(tell, "STUDY VISITS")
    contact = tell(SurvivalFollowUp, contacted_on="2021-06-01", source="TELEPHONE", status="ALIVE")
    assert asked(contact, "WD01") == 0


def test_a_death_after_a_withdrawal_is_no_question(tell: Tell) -> None:
    withdraw(tell, "CONTACT")
    assert asked(tell(Death, died_on="2021-06-01", cause="UNKNOWN"), "WD01") == 0


def test_a_drug_given_after_the_withdrawal_from_it_is_questioned(tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG", drug="TORIPALIMAB")
    given = {"given": "Y", "dose": "240"}
    late = tell(DoseAdministration, drug="TORIPALIMAB", given_on="2021-04-05", **given)
    in_time = tell(DoseAdministration, drug="TORIPALIMAB", given_on="2021-04-01", **given)
    other = tell(DailyDosePeriod, drug="LENVATINIB", started="2021-04-05", dose="12", frequency="QD")
    assert [asked(record, "WD02") for record in (late, in_time, other)] == [1, 0, 0]


def test_a_dose_that_was_not_given_is_not_questioned(tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG")
    left_out = tell(DoseAdministration, drug="TORIPALIMAB", given="N", given_on="2021-04-05", dose="0")
    pause = tell(DailyDosePeriod, drug="LENVATINIB", started="2021-04-05", dose="0", frequency="QD")
    assert (asked(left_out, "WD02"), asked(pause, "WD02")) == (0, 0)


def test_capsules_taken_beyond_a_withdrawal_from_every_drug_are_questioned(tell: Tell) -> None:
    withdraw(tell, "STUDY DRUG")
    days = {"started": "2021-03-20", "ended": "2021-04-10"}
    taken = tell(DailyDosePeriod, drug="LENVATINIB", dose="12", frequency="QD", **days)
    assert fields_asked(taken, "WD02") == {"ended"}


@pytest.mark.parametrize(("scope", "questioned"), [("STUDY DRUG", 0), ("CONTACT", 1)])
def test_only_a_withdrawal_from_treatment_names_a_drug(tell: Tell, scope: str, questioned: int) -> None:
    assert asked(withdraw(tell, scope, drug="LENVATINIB"), "WD03") == questioned


def test_who_is_seen_after_being_declared_lost_was_found_again(coordinator: User, tell: Tell) -> None:
    lost = tell(LostToFollowUp, last_contact_on="2021-03-20", declared_on="2021-04-01")
    assert asked(lost, "LF01") == 0
    tell(SurvivalFollowUp, contacted_on="2021-05-01", source="REGISTRY", status="ALIVE")
    assert asked(lost, "LF01") == 0
    tell(SurvivalFollowUp, contacted_on="2021-06-01", source="TELEPHONE", status="ALIVE")
    assert fields_asked(lost, "LF01") == {"found_again_on"}
    correct(coordinator, lost, found_again_on="2021-06-01")
    assert asked(lost, "LF01") == 0


def test_an_event_told_by_a_record_finds_nobody_again_and_an_examination_does(tell: Tell) -> None:
    lost = tell(LostToFollowUp, last_contact_on="2021-03-20", declared_on="2021-04-01")
    tell(AdverseEvent, term="Tired", grade="1", started="2021-05-01")
    assert asked(lost, "LF01") == 0
    tell(PhysicalExamination, examined_on="2021-05-02")
    assert fields_asked(lost, "LF01") == {"found_again_on"}
