"""The table of steps: nothing moves a query but its lines."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.actions.ask import (
    answer_query,
    close_query,
    comment_on_query,
    place,
    raise_query,
    reopen_query,
    withdraw_query,
)
from patients.actions.query_steps import ACTIONS, CLOSERS, PERSON, STEPS, step_of, steps_open_to
from patients.models import Lock, LockKind, LockScope, MessageKind, Query, QueryState, RaisedBy
from tests.factories import assign, save
from tests.patients.queries.desk import Desk, account, desk, kinds, now
from trials.actions.errors import Closed, Refused, WrongState
from trials.audit import clock
from trials.models import AuditEvent, Chain, Role, User
from trials.roles import NotPermitted, Verb, roles_with

__all__ = ["desk"]

ACTS: dict[MessageKind, Callable[..., Query]] = {
    MessageKind.ANSWER: answer_query,
    MessageKind.COMMENT: comment_on_query,
    MessageKind.CLOSE: close_query,
    MessageKind.REOPEN: reopen_query,
    MessageKind.WITHDRAW: withdraw_query,
}
FINAL = {RaisedBy.CHECK: {QueryState.CLOSED}, **dict.fromkeys(PERSON, {QueryState.WITHDRAWN})}


def test_no_two_lines_of_the_table_say_different_things_of_one_case() -> None:
    cases = [(step.kind, asker, state) for step in STEPS for asker in step.of for state in step.before]
    assert len(cases) == len(set(cases))


@pytest.mark.parametrize("asker", RaisedBy)
def test_every_state_of_a_query_leads_on_but_the_final_ones(asker: RaisedBy) -> None:
    reached, todo = {QueryState.OPEN}, [QueryState.OPEN]
    while todo:
        state = todo.pop()
        after = {s.after for s in STEPS if asker in s.of and state in s.before and s.after} - reached
        reached |= after
        todo += after
    ends = {state for state in reached if not any(asker in s.of and state in s.before for s in STEPS)}
    assert ends == FINAL[asker]


def test_every_role_that_may_ask_or_close_has_its_place_among_the_closers() -> None:
    assert {RaisedBy(role) for role in roles_with(Verb.RAISE_QUERY)} == set(PERSON)
    assert set(CLOSERS) == set(RaisedBy)
    may_close = set(roles_with(Verb.CLOSE_QUERY))
    assert all(set(roles) <= may_close for roles in CLOSERS.values())
    # Whoever asks may also close and withdraw what was asked.
    assert all(Role(asker) in CLOSERS[asker] for asker in PERSON)


@pytest.mark.requirement("R09")
@pytest.mark.parametrize("state", QueryState)
@pytest.mark.parametrize("kind", ACTS)
def test_a_step_that_no_line_allows_is_refused_and_leaves_nothing(
    desk: Desk, kind: MessageKind, state: QueryState
) -> None:
    query = at(desk, state)
    if query is None:
        return
    actor = desk.coordinator if kind == MessageKind.ANSWER else desk.monitor
    events, before = AuditEvent.objects.count(), kinds(query)
    step = step_of(kind, query.raised_by, state)
    if step is None:
        with pytest.raises(WrongState):
            ACTS[kind](actor=actor, query=query, words="x")
        assert (AuditEvent.objects.count(), kinds(query), now(query).state) == (events, before, state)
    else:
        assert ACTS[kind](actor=actor, query=query, words="x").state == (step.after or state)
        assert AuditEvent.objects.count() == events + 1
        event = AuditEvent.objects.latest("id")
        assert (event.actor, event.action) == (actor, ACTIONS[kind])
        assert kinds(query) == [*before, kind]


def at(desk: Desk, state: QueryState) -> Query | None:
    """A query of the monitor in a state; None for the one that queries of people never have."""
    query = desk.ask()
    if state in (QueryState.ANSWERED, QueryState.CLOSED):
        answer_query(actor=desk.coordinator, query=query, words="As in the source")
    if state == QueryState.CLOSED:
        close_query(actor=desk.monitor, query=query, words="Seen")
    if state == QueryState.WITHDRAWN:
        withdraw_query(actor=desk.monitor, query=query, words="Asked by mistake")
    return None if state == QueryState.ACCEPTED else now(query)


def people(desk: Desk) -> dict[str, User]:
    return {
        "coordinator": desk.coordinator,
        "investigator": desk.investigator,
        "monitor": desk.monitor,
        "manager": desk.manager,
        "statistician": desk.statistician,
    }


CORRECT = "correct"
STEP = st.tuples(
    st.sampled_from([*ACTS, CORRECT]),
    st.sampled_from(sorted(["coordinator", "investigator", "monitor", "manager", "statistician"])),
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    asker=st.sampled_from(["monitor", "manager"]),
    steps=st.lists(STEP, min_size=1, max_size=8),
)
def test_whatever_people_do_in_whatever_order_a_query_is_where_the_table_puts_it(
    desk: Desk, asker: str, steps: list[tuple[Any, str]]
) -> None:
    who = people(desk)
    query = raise_query(actor=who[asker], asked=place(desk.form, field="pulse"), words="?")
    state, version, turns = QueryState.OPEN, 1, 0
    for kind, name in steps:
        if kind == CORRECT:
            desk.form.refresh_from_db()
            desk.correct(pulse="71" if desk.form.pulse != 71 else "72")
            step = step_of(MessageKind.CORRECTION, query.raised_by, state)
            took = step is not None
        else:
            step = step_of(kind, query.raised_by, state)
            allowed = kind in steps_open_to(who[name], now(query))
            try:
                ACTS[kind](actor=who[name], query=query, words="x", version=version)
                took = True
            except (WrongState, NotPermitted):
                took = False
            assert took is allowed
        if took:
            assert step is not None
            state, version, turns = step.after or state, version + 1, turns + 1
        found = now(query)
        assert (found.state, found.version, len(kinds(query))) == (state, version, turns)


@pytest.mark.parametrize("words", ["", "   ", None, 7, "\x00", "x" * 2001])
def test_a_question_has_fit_words(desk: Desk, words: Any) -> None:
    with pytest.raises(Refused) as refused:
        desk.ask(words=words)
    assert list(refused.value.errors) == ["text"]
    assert not Query.objects.exclude(raised_by=RaisedBy.CHECK).exists()


def test_nobody_asks_about_what_is_entered_in_error(desk: Desk) -> None:
    from patients.actions.save_form import mark_entered_in_error

    record = desk.form
    mark_entered_in_error(actor=desk.coordinator, record=record, version=1, reason="another subject")
    with pytest.raises(WrongState):
        desk.ask(record=record)


def closed(desk: Desk, kind: str, scope: str, **over: Any) -> None:
    lock = Lock(
        study=desk.study,
        kind=kind,
        scope=scope,
        reason="before analysis",
        set_by=desk.manager,
        set_at=clock.now(),
        **over,
    )
    save(Chain.objects.get(pk=lock.audit_chain_id), lock)


def test_nothing_is_asked_once_the_study_is_locked_and_what_was_asked_is_still_answered(desk: Desk) -> None:
    query = desk.ask()
    closed(desk, LockKind.LOCK, LockScope.STUDY)
    with pytest.raises(Closed) as refused:
        desk.ask(field="pulse")
    assert refused.value.status == 423
    assert Query.objects.exclude(raised_by=RaisedBy.CHECK).count() == 1
    assert answer_query(actor=desk.coordinator, query=query, words="x").state == QueryState.ANSWERED
    assert close_query(actor=desk.monitor, query=query, words="x").state == QueryState.CLOSED


@pytest.mark.parametrize("scope", ["study frozen", "casebook locked"])
def test_a_freeze_or_a_lock_below_the_study_holds_no_question_and_no_answer_back(
    desk: Desk, scope: str
) -> None:
    if scope == "study frozen":
        closed(desk, LockKind.FREEZE, LockScope.STUDY)
    else:
        closed(desk, LockKind.LOCK, LockScope.SUBJECT, site=desk.site, subject=desk.subject)
    query = desk.ask()
    assert answer_query(actor=desk.coordinator, query=query, words="x").state == QueryState.ANSWERED
    with pytest.raises(Closed):
        desk.correct(weight="71")
    assert kinds(query) == [MessageKind.ANSWER]


@pytest.mark.requirement("R23")
def test_a_monitor_without_training_asks_and_closes_nothing(desk: Desk) -> None:
    untrained = assign(account(), Role.MONITOR, desk.study, desk.site, trained_on=None)
    query = desk.ask()
    answer_query(actor=desk.coordinator, query=query, words="As in the source")
    with pytest.raises(NotPermitted, match="training"):
        desk.ask(untrained)
    with pytest.raises(NotPermitted, match="training"):
        close_query(actor=untrained, query=query, words="Seen")
    assert steps_open_to(untrained, now(query)) == set()
    assert now(query).state == QueryState.ANSWERED
