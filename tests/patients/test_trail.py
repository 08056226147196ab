"""What changed, when, by whom and why: both values, in words."""

from typing import Any

from patients.actions.save_form import change_form, mark_entered_in_error
from patients.models import Demographics, Subject, VitalSigns
from patients.trail import events_of, versions_of
from tests.factories import CONSENT_DAY, opened
from trials.audit.trail import Change, versions_of_row
from trials.models import Role, User


def told(version: Any) -> list[tuple[str, str, str]]:
    return [(change.field, change.before, change.after) for change in version.changes]


def test_a_first_entry_tells_every_answer(man_of_59: Demographics, coordinator: User) -> None:
    [first] = versions_of(man_of_59)
    assert told(first) == [
        ("birth", "", "1961-05"),
        ("age", "", "59 years"),
        ("sex", "", "M (Male)"),
        ("entry_state", "", "COMPLETE"),
    ]
    assert (first.version, first.event.actor, first.event.role) == (1, coordinator, Role.COORDINATOR)


def test_a_correction_tells_both_values_and_its_reason(coordinator: User, man_of_59: Demographics) -> None:
    change_form(actor=coordinator, record=man_of_59, version=1, reason="misread", data={"age": 58})
    _first, second = versions_of(man_of_59)
    assert second.changes == [Change("age", "Age at consent, completed years", "59 years", "58 years")]
    assert (second.version, second.event.reason) == (2, "misread")


def test_an_answer_taken_back_and_the_reason_for_its_absence_are_told(
    coordinator: User, vital_signs: VitalSigns
) -> None:
    data = {"weight": None, "missing_reasons": {"weight": "UNKNOWN"}}
    change_form(actor=coordinator, record=vital_signs, version=1, reason="illegible", data=data)
    second = versions_of(vital_signs)[1]
    assert ("weight", "60 kg", "") in told(second)
    assert ("missing_reasons", "", "weight: UNKNOWN") in told(second)


def test_rows_are_told_with_their_number_and_protocol_items_by_their_code(
    coordinator: User, man_of_59: Demographics, sample: Any
) -> None:
    form = sample(("ALT", "20", "U/L"))
    rows = {"results": [{"repeat": 1, "value": "80"}]}
    change_form(actor=coordinator, record=form, version=1, reason="misread", data={}, rows=rows)
    first, second = versions_of(form)
    assert Change("test", "Test", "", "ALT", "results 1") in first.changes
    by_field = {change.field: (change.before, change.after, change.row) for change in second.changes}
    assert by_field["value"] == ("20", "80", "results 1")
    assert by_field["flag"] == ("NORMAL (Normal)", "HIGH (High)", "results 1")


def test_entering_in_error_is_told(coordinator: User, man_of_59: Demographics) -> None:
    mark_entered_in_error(actor=coordinator, record=man_of_59, version=1, reason="wrong subject")
    assert told(versions_of(man_of_59)[-1]) == [("entered_in_error", "no", "yes")]


def test_a_visit_and_a_subject_have_a_trail_of_their_own(coordinator: User, subject: Subject) -> None:
    visit = opened(coordinator, subject, "SCR", CONSENT_DAY)
    planned, took_place = versions_of_row(visit)
    assert ("planned_on", "", "2021-03-01") in told(planned)
    assert told(took_place) == [("status", "Planned", "Took place"), ("occurred_on", "", "2021-03-01")]
    assert ("code", "", "ZS-001") in told(versions_of_row(subject)[0])


def test_the_acts_of_a_casebook_are_told_newest_first(
    coordinator: User, subject: Subject, man_of_59: Demographics
) -> None:
    change_form(actor=coordinator, record=man_of_59, version=1, reason="misread", data={"age": 58})
    assert [event.action for event in events_of(subject)] == ["correct DM", "enter DM", "enroll"]


def test_the_number_of_queries_does_not_follow_the_number_of_versions(
    coordinator: User, man_of_59: Demographics, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as counted:
        versions_of(man_of_59)
    for number in range(4):
        change_form(
            actor=coordinator, record=man_of_59, version=number + 1, reason="x", data={"age": 50 + number}
        )
    with django_assert_num_queries(len(counted)):
        assert len(versions_of(man_of_59)) == 5
