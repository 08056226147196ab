"""The casebook as it is, and as it was at any instant of recording."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from patients.actions.save_form import change_form, mark_entered_in_error
from patients.casebook import casebook
from patients.models import Demographics, MedicalHistory, Subject, VitalSigns
from tests.patients.conftest import events_of_casebook
from trials.audit import clock
from trials.models import User


@pytest.fixture(autouse=True)
def each_act_has_a_moment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every act is recorded a second after the one before."""
    start, steps = clock.now(), iter(range(10_000))
    with override_settings(DEMO=True):
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=next(steps)))
        yield


def answers(book: dict[str, Any], oid: str) -> list[dict[str, Any]]:
    return [form["answers"] for form in book["forms"][oid]]


def answered(given: dict[str, Any]) -> dict[str, Any]:
    return {name: answer for name, answer in given.items() if answer is not None}


@pytest.mark.requirement("R02")
def test_the_casebook_holds_every_form_by_its_oid(
    subject: Subject, man_of_59: Demographics, vital_signs: VitalSigns
) -> None:
    book = casebook(subject)
    assert [answered(each) for each in answers(book, "DM")] == [{"birth": "1961-05", "age": 59, "sex": "M"}]
    assert [form["visit"] for form in book["forms"]["VS"]] == ["SCR"]
    assert [visit.code for visit in book["visits"]] == ["SCR"]
    assert book["subject"].code == "ZS-001"
    assert book["allocation"] is None


@pytest.mark.requirement("R50")
def test_before_a_correction_it_holds_what_was_entered_first(
    coordinator: User, subject: Subject, man_of_59: Demographics
) -> None:
    entered = events_of_casebook(subject)[-1].recorded_at
    change_form(actor=coordinator, record=man_of_59, version=1, reason="misread", data={"age": 58})
    assert answers(casebook(subject), "DM")[0]["age"] == 58
    assert answers(casebook(subject, as_of=entered), "DM")[0]["age"] == 59
    assert casebook(subject, as_of=entered)["forms"]["DM"][0]["version"] == 1


def test_before_the_first_entry_the_form_is_not_there_and_before_enrollment_nothing_is(
    subject: Subject, man_of_59: Demographics
) -> None:
    enrolled, entered = (event.recorded_at for event in events_of_casebook(subject))
    just_before = entered - timedelta(milliseconds=1)
    assert casebook(subject, as_of=just_before)["forms"]["DM"] == []
    before = casebook(subject, as_of=enrolled - timedelta(milliseconds=1))
    assert (before["subject"], before["forms"], before["visits"]) == (None, {}, [])


def test_a_form_entered_in_error_stays_in_the_casebook_marked_as_such(
    coordinator: User, subject: Subject, man_of_59: Demographics
) -> None:
    entered = events_of_casebook(subject)[-1].recorded_at
    mark_entered_in_error(actor=coordinator, record=man_of_59, version=1, reason="wrong subject")
    assert casebook(subject)["forms"]["DM"][0]["entered_in_error"] is True
    assert casebook(subject, as_of=entered)["forms"]["DM"][0]["entered_in_error"] is False


def test_rows_are_those_of_the_instant_and_protocol_items_are_their_codes(
    coordinator: User, subject: Subject, sample: Any
) -> None:
    form = sample(("ALT", "20", "U/L"))
    entered = events_of_casebook(subject)[-1].recorded_at
    rows = {"results": [{"repeat": 1, "value": "21"}, {"test": "HGB", "value": "140", "unit": "g/L"}]}
    change_form(actor=coordinator, record=form, version=1, reason="misread", data={}, rows=rows)

    def values(as_of: Any = None) -> list[tuple[str, str]]:
        lines = casebook(subject, as_of)["forms"]["LB"][0]["rows"]["results"]
        return [(line["answers"]["test"], line["answers"]["value"]) for line in lines]

    assert values(entered) == [("ALT", "20")]
    assert values() == [("ALT", "21"), ("HGB", "140")]
    assert answers(casebook(subject), "LB")[0]["laboratory"] == "ZS-LAB"


def test_a_row_saved_twice_in_one_act_is_there_once_as_it_was_saved_last(
    enter: Any, subject: Subject, sample: Any
) -> None:
    sample(("HGB", "120", "g/L"))
    enter(Demographics, birth="1961-05", age=59, sex="M")
    lines = casebook(subject)["forms"]["LB"][0]["rows"]["results"]
    assert [line["answers"]["flag"] for line in lines] == ["LOW"]


def test_another_subject_is_not_in_it(enter: Any, subject: Subject, coordinator: User, site: Any) -> None:
    from tests.factories import screened_subject

    other = screened_subject(coordinator, site)
    enter(MedicalHistory, term="Gout")
    assert answers(casebook(other), "MH") == []
    assert answers(casebook(subject), "DM") == []


@pytest.mark.requirement("R55")
def test_the_number_of_queries_does_not_follow_the_number_of_forms(
    enter: Any, subject: Subject, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    enter(MedicalHistory, term="Gout")
    with CaptureQueriesContext(connection) as counted:
        casebook(subject)
    for number in range(5):
        enter(MedicalHistory, term=f"Condition {number}")
    with django_assert_num_queries(len(counted)):
        casebook(subject)
