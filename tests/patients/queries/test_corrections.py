"""A change is linked to the queries that it answers, whichever path it took."""

from typing import Any

import pytest

from patients.actions.ask import answer_query, reopen_query
from patients.actions.correct_range import correct_range
from patients.actions.import_forms import import_forms
from patients.actions.queries import accept_reason
from patients.actions.save_form import mark_entered_in_error
from patients.actions.seen import hard_queries_on
from patients.actions.visits import add_unscheduled_visit, open_visit
from patients.models import LabResult, MessageKind, Query, QueryMessage, QueryState, VitalSigns
from patients.threads import thread_of
from patients.trail import versions_of
from tests.factories import CONSENT_DAY, assign
from tests.patients.queries.desk import Desk, account, desk, kinds, now, said
from trials.actions.errors import Refused, WrongState
from trials.models import AuditEvent, ReferenceRange, Role
from trials.roles import Verb, scope

__all__ = ["desk"]


def last_event(desk: Desk) -> AuditEvent:
    return AuditEvent.objects.filter(chain=desk.subject.chain).latest("number")


@pytest.mark.requirement("R13")
def test_a_correction_answers_the_query_about_the_changed_answer_and_carries_its_number(desk: Desk) -> None:
    query = desk.ask()
    desk.correct(weight="71")
    event = last_event(desk)
    assert now(query).state == QueryState.ANSWERED
    assert now(query).state_in == event
    [link] = QueryMessage.objects.filter(query=query)
    assert (link.kind, link.said_in) == (MessageKind.CORRECTION, event)
    assert versions_of(desk.form)[-1].queries == [query.pk]
    assert versions_of(desk.form)[0].queries == []


@pytest.mark.requirement("R13")
def test_the_thread_shows_what_the_correction_changed_and_nothing_beside_it(desk: Desk) -> None:
    query = desk.ask()
    desk.correct(weight="71", pulse="80")
    turn = thread_of(now(query), scope(desk.monitor, Verb.READ_FREE_TEXT))[-1]
    assert [(change.field, change.before, change.after) for change in turn.changes] == [
        ("weight", "70 kg", "71 kg")
    ]


def test_a_change_of_another_answer_leaves_the_query_open(desk: Desk) -> None:
    query = desk.ask()
    desk.correct(pulse="80")
    assert (now(query).state, said(query)) == (QueryState.OPEN, [])


def test_a_reason_for_absence_answers_a_query_about_a_missing_answer(desk: Desk) -> None:
    query = desk.ask(field="temperature")
    desk.correct(missing_reasons={"temperature": "NOT_DONE"})
    assert now(query).state == QueryState.ANSWERED


@pytest.mark.parametrize(
    "changed", [{"pulse": "80"}, {"rows": {"blood_pressures": [{"repeat": 1, "systolic": 121}]}}]
)
def test_any_change_of_the_form_answers_a_query_about_the_whole_form(
    desk: Desk, changed: dict[str, Any]
) -> None:
    query = desk.ask(field="")
    desk.correct(**changed)
    assert now(query).state == QueryState.ANSWERED


def test_a_query_about_a_line_is_answered_by_a_change_of_that_line_alone(desk: Desk) -> None:
    first = desk.ask(rows="blood_pressures", repeat=1, field="systolic")
    second = desk.ask(rows="blood_pressures", repeat=2, field="systolic")
    desk.correct(rows={"blood_pressures": [{"repeat": 2, "systolic": 131}]})
    assert (now(first).state, now(second).state) == (QueryState.OPEN, QueryState.ANSWERED)
    [change] = thread_of(now(second), scope(desk.monitor, Verb.READ_FREE_TEXT))[-1].changes
    assert (change.row, change.after) == ("blood_pressures 2", "131 mmHg")


def test_a_line_entered_in_error_answers_the_query_about_it(desk: Desk) -> None:
    query = desk.ask(rows="blood_pressures", repeat=1, field="systolic")
    desk.correct(rows={"blood_pressures": [{"repeat": 1, "entered_in_error": True}]})
    assert now(query).state == QueryState.ANSWERED


def test_a_form_entered_in_error_closes_the_queries_about_it(desk: Desk) -> None:
    query, answered = desk.ask(), desk.ask(field="pulse")
    answer_query(actor=desk.coordinator, query=answered, words="As in the source")
    mark_entered_in_error(actor=desk.coordinator, record=desk.form, version=1, reason="another subject")
    for each in (query, answered):
        assert now(each).state == QueryState.CLOSED
        assert kinds(each)[-1] == MessageKind.VOIDED


def test_a_check_that_is_content_closes_its_query_with_a_link_to_the_change(desk: Desk) -> None:
    form = desk.entered(weight="140")
    query = Query.objects.get(record_id=form.pk, field="weight")
    desk.correct(record=form, weight="74")
    assert (now(query).state, kinds(query)) == (QueryState.CLOSED, [MessageKind.MENDED])
    assert query.messages.get().said_in == last_event(desk)
    assert query.pk in versions_of(form)[-1].queries


def test_a_check_that_still_asks_after_a_change_stays_open_with_the_change_in_its_thread(desk: Desk) -> None:
    form = desk.entered(weight="140")
    query = Query.objects.get(record_id=form.pk, field="weight", message__contains="140")
    desk.correct(record=form, weight="145")
    assert (now(query).state, kinds(query)) == (QueryState.OPEN, [MessageKind.CORRECTION])
    assert "145" in now(query).message


def test_an_answer_to_a_check_holds_no_longer_when_it_finds_something_else(desk: Desk) -> None:
    form = desk.entered(weight="140")
    query = Query.objects.get(record_id=form.pk, field="weight", message__contains="140")
    answer_query(actor=desk.coordinator, query=query, words="The source confirms the value")
    desk.correct(record=form, weight="145")
    assert (now(query).state, now(query).reopened) == (QueryState.OPEN, 1)
    assert kinds(query) == [MessageKind.ANSWER, MessageKind.OTHER]


def test_an_answered_query_of_a_check_is_settled_and_not_asked_again(desk: Desk) -> None:
    form = desk.entered(weight="140")
    query = Query.objects.get(record_id=form.pk, field="weight", message__contains="140")
    answer_query(actor=desk.coordinator, query=query, words="The source confirms the value")
    desk.correct(record=form, pulse="80")
    assert now(query).state == QueryState.ANSWERED
    accept_reason(actor=desk.monitor, query=query, reason="Seen in the source")
    desk.correct(record=form, pulse="81")
    assert now(query).state == QueryState.ACCEPTED
    assert Query.objects.filter(record_id=form.pk, field="weight", check_id=query.check_id).count() == 1


def test_a_second_correction_is_a_second_turn_of_the_thread(desk: Desk) -> None:
    query = desk.ask()
    desk.correct(weight="71")
    desk.correct(weight="72")
    assert kinds(query) == [MessageKind.CORRECTION, MessageKind.CORRECTION]
    reopen_query(actor=desk.monitor, query=query, words="The source says 73")
    desk.correct(weight="73")
    assert (now(query).state, now(query).reopened) == (QueryState.ANSWERED, 1)


# ---------------------------------------------------------------- named by the person who corrects
def test_a_change_that_names_a_query_answers_it_although_it_is_about_something_else(desk: Desk) -> None:
    sample = desk.sample()
    query = desk.ask(record=sample, field="collected_on")
    desk.correct(pulse="80", answers_queries=[query.pk])
    assert (now(query).state, kinds(query)) == (QueryState.ANSWERED, [MessageKind.CORRECTION])
    assert versions_of(desk.form)[-1].queries == [query.pk]


def test_a_query_named_and_about_the_changed_answer_is_linked_once(desk: Desk) -> None:
    query = desk.ask()
    desk.correct(weight="71", answers_queries=[query.pk])
    assert kinds(query) == [MessageKind.CORRECTION]


def test_a_named_query_of_a_check_waits_for_who_may_settle_it(desk: Desk) -> None:
    form = desk.entered(weight="140")
    query = Query.objects.get(record_id=form.pk, field="weight", message__contains="140")
    desk.correct(record=form, pulse="80", answers_queries=[query.pk])
    assert (now(query).state, kinds(query)) == (QueryState.ANSWERED, [MessageKind.CORRECTION])


@pytest.mark.parametrize(
    "named", ["12", {"id": 1}, [True], ["1"], [0], [-5], [2**70], [999_999], [1] * 51], ids=repr
)
def test_a_change_that_names_no_query_of_the_casebook_stores_nothing(desk: Desk, named: Any) -> None:
    with pytest.raises(Refused) as refused:
        desk.correct(weight="71", answers_queries=named)
    assert "answers_queries" in refused.value.errors
    desk.form.refresh_from_db()
    assert desk.form.version == 1


def test_a_change_cannot_answer_what_is_closed_nor_answer_without_a_change(desk: Desk) -> None:
    query = desk.ask()
    with pytest.raises(Refused) as refused:
        desk.correct(weight="70", answers_queries=[query.pk])
    assert refused.value.errors == {"answers_queries": ["nothing was changed: answer the query in words"]}
    other = desk.ask(field="pulse")
    mended = desk.entered(weight="140")
    of_check = Query.objects.get(record_id=mended.pk, field="weight", message__contains="140")
    desk.correct(record=mended, weight="74")
    with pytest.raises(WrongState):
        desk.correct(weight="71", answers_queries=[other.pk, of_check.pk])
    assert now(query).state == now(other).state == QueryState.OPEN


# ---------------------------------------------------------------- every path
def test_a_corrected_range_answers_the_query_about_the_flag_that_it_changed(desk: Desk) -> None:
    sample = desk.sample()
    row = LabResult.objects.get(parent=sample)
    query = desk.ask(record=sample, rows="results", repeat=row.repeat, field="flag")
    about_result = desk.ask(record=sample, rows="results", repeat=row.repeat, field="value")
    held = ReferenceRange.objects.filter(laboratory=sample.laboratory, test=row.test)
    for each in held:
        correct_range(
            actor=desk.manager,
            reference_range=each,
            version=each.version,
            changes={"low": "140", "high": "180"},
            reason="a wrong sheet",
        )
    assert now(query).state == QueryState.ANSWERED
    assert now(about_result).state == QueryState.OPEN


def test_another_day_answers_a_query_about_a_visit(desk: Desk) -> None:
    visit = add_unscheduled_visit(
        actor=desk.coordinator, subject=desk.subject, occurred_on=CONSENT_DAY, why="pain"
    )
    query = desk.ask(record=visit, field="")
    open_visit(
        actor=desk.coordinator,
        visit=visit,
        occurred_on=CONSENT_DAY.replace(day=3),
        version=visit.version,
        reason="the day before",
    )
    assert now(query).state == QueryState.ANSWERED


def test_an_import_of_other_forms_answers_nothing(desk: Desk) -> None:
    query = desk.ask(field="")
    both = assign(account(), Role.DATA_MANAGER, desk.study)
    line = {"subject": desk.subject.code, "visit": "SCR", "measured_on": "2021-03-01", "weight": "80"}
    report = import_forms(actor=both, study=desk.study, form=VitalSigns, lines=[line], reason="from a file")
    assert report.stored == 1
    assert now(query).state == QueryState.OPEN


# ---------------------------------------------------------------- before a signature
def test_a_hard_query_keeps_a_form_from_being_signed_until_who_asked_is_content(desk: Desk) -> None:
    from patients.actions.ask import close_query

    desk.ask(field="pulse")
    assert hard_queries_on([desk.form]) == set()
    query = desk.ask(severity="HARD")
    assert hard_queries_on([desk.form]) == {("VS", desk.form.pk)}
    answer_query(actor=desk.investigator, query=query, words="The source confirms the value")
    assert hard_queries_on([desk.form]) == {("VS", desk.form.pk)}
    close_query(actor=desk.monitor, query=query, words="Seen")
    assert hard_queries_on([desk.form]) == set()
