"""The table of transitions, and random sequences of acts held against it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from patients.actions.locks import approve_unlock, ask_unlock, close_forms, decline_unlock, lift_freeze
from patients.actions.save_form import change_form, mark_entered_in_error
from patients.actions.seen import SeenIsStale
from patients.actions.verification import verify, withdraw_verification
from patients.lifecycle import (
    CLOSED,
    TRANSITIONS,
    WORDS,
    Mark,
    Obstacle,
    State,
    Step,
    allowed,
    transition,
)
from patients.marks import marks_of_record
from patients.models import Lock, LockKind, LockState, Verification, VerificationState, VitalSigns
from tests.patients.marks.conftest import seen
from tests.taken_back import taken_back
from trials.actions.errors import Closed, Refused, Stale, WrongState
from trials.models import AuditEvent, StudySetting, User
from trials.roles import ROLES, Verb

pytestmark = pytest.mark.requirement("R20")

OWN = {
    Mark.VERIFIED: {State.NO, State.CRITICAL, State.WHOLE},
    Mark.SIGNED: {State.NO, State.SIGNED},
    Mark.FROZEN: {State.NO, State.FROZEN},
    Mark.LOCKED: {State.NO, State.LOCKED, State.UNLOCK_ASKED},
}


# ---------------------------------------------------------------- the table itself
def test_every_step_has_exactly_one_line() -> None:
    assert sorted(each.step for each in TRANSITIONS) == sorted(Step)


@pytest.mark.parametrize("line", TRANSITIONS, ids=lambda line: line.step.value)
def test_a_line_knows_only_the_states_of_its_mark(line: Any) -> None:
    assert {*line.before, line.after} <= OWN[line.mark]
    assert all(each in WORDS for each in line.refused_by)


@pytest.mark.parametrize("mark", Mark)
def test_every_state_of_a_mark_is_reached_from_none_and_left_again(mark: Mark) -> None:
    reached, lines = {State.NO}, [each for each in TRANSITIONS if each.mark is mark]
    for _round in lines:
        reached |= {each.after for each in lines if reached & set(each.before)}
    assert reached == OWN[mark]
    assert {state for each in lines for state in each.before} == OWN[mark]


def test_every_verb_of_the_table_belongs_to_somebody() -> None:
    for line in TRANSITIONS:
        assert line.verb is None or any(line.verb in verbs for verbs in ROLES.values())


def test_who_enters_data_neither_verifies_nor_freezes_nor_locks_them() -> None:
    marking = {Verb.VERIFY, Verb.FREEZE, Verb.LOCK}
    assert [role for role, verbs in ROLES.items() if Verb.ENTER in verbs and verbs & marking] == []


def test_only_unlocking_asks_for_a_second_person() -> None:
    assert [each.step for each in TRANSITIONS if each.second_person] == [Step.UNLOCK]


def test_signing_asks_for_a_complete_form_without_hard_query_and_not_for_verification() -> None:
    assert set(transition(Step.SIGN).refused_by) == {
        Obstacle.IN_ERROR,
        Obstacle.IN_PROGRESS,
        Obstacle.HARD_QUERY,
    }
    assert transition(Step.SIGN).before == (State.NO,)


@given(
    step=some.sampled_from(Step),
    state=some.sampled_from(State),
    against=some.sets(some.sampled_from(Obstacle)),
)
def test_a_step_is_allowed_exactly_as_its_line_says(step: Step, state: State, against: set[Obstacle]) -> None:
    line = transition(step)
    if state in line.before and not against & set(line.refused_by):
        assert allowed(step, state, against) is line
    else:
        with pytest.raises(WrongState) as refusal:
            allowed(step, state, against)
        for obstacle in against & set(line.refused_by):
            assert str(WORDS[obstacle]) in refusal.value.errors["detail"]


# ---------------------------------------------------------------- sequences of acts
class Sheet:
    """One form and everybody who does something to it, at random."""

    def __init__(self, form: VitalSigns, coordinator: User, monitor: User, *keepers: User) -> None:
        self.form, self.coordinator, self.monitor, self.keepers = form, coordinator, monitor, keepers
        self.weight = 60

    def now(self) -> VitalSigns:
        return VitalSigns.objects.select_related("subject__site", "visit").get(pk=self.form.pk)

    def correct(self, field: str) -> None:
        form, self.weight = self.now(), self.weight + 1
        change_form(
            actor=self.coordinator,
            record=form,
            version=form.version,
            reason="misread",
            data={field: str(self.weight + (100 if field == "height" else 0))},
        )

    def void(self) -> None:
        form = self.now()
        mark_entered_in_error(
            actor=self.coordinator, record=form, version=form.version, reason="wrong subject"
        )

    def verify(self, extent: str) -> None:
        verify(actor=self.monitor, seen=seen(self.form), extent=extent)

    def withdraw(self) -> None:
        found = Verification.objects.filter(record_id=self.form.pk, form="VS").order_by("-id").first()
        if found is None:
            raise WrongState("nothing to withdraw")
        withdraw_verification(
            actor=self.monitor, verification=found, version=found.version, reason="the wrong page"
        )

    def close(self, kind: str) -> None:
        close_forms(actor=self.keepers[0], kind=kind, seen=seen(self.form), reason="clean")

    def lift(self, act: Callable[..., Lock], kind: str, who: int) -> None:
        lock = Lock.objects.filter(record_id=self.form.pk, kind=kind).order_by("-id").first()
        if lock is None:
            raise WrongState("nothing to lift")
        act(actor=self.keepers[who], lock=lock, version=lock.version, reason="go on")


ACTS: dict[str, Callable[[Sheet], None]] = {
    "correct a critical answer": lambda sheet: sheet.correct("weight"),
    "correct another answer": lambda sheet: sheet.correct("height"),
    "enter in error": lambda sheet: sheet.void(),
    "verify": lambda sheet: sheet.verify("WHOLE"),
    "verify critical answers": lambda sheet: sheet.verify("CRITICAL"),
    "withdraw": lambda sheet: sheet.withdraw(),
    "freeze": lambda sheet: sheet.close("FREEZE"),
    "lock": lambda sheet: sheet.close("LOCK"),
    "lift": lambda sheet: sheet.lift(lift_freeze, "FREEZE", 0),
    "ask": lambda sheet: sheet.lift(ask_unlock, "LOCK", 0),
    "decline": lambda sheet: sheet.lift(decline_unlock, "LOCK", 1),
    "approve": lambda sheet: sheet.lift(approve_unlock, "LOCK", 1),
    "approve alone": lambda sheet: sheet.lift(approve_unlock, "LOCK", 0),
}
REFUSALS = (WrongState, Closed, SeenIsStale, Stale, Refused)


def picture(sheet: Sheet) -> tuple[Any, ...]:
    """What a refused act must leave as it is: answers, marks, number of events."""
    form, marks = sheet.now(), marks_of_record(sheet.now())
    rows = list(form.blood_pressures.values_list("repeat", "systolic", "diastolic", "entered_in_error"))
    return (
        (form.version, form.weight, form.height, form.entered_in_error, rows),
        (marks.verified, marks.frozen, marks.lock_state),
        (AuditEvent.objects.count(), Lock.objects.count(), Verification.objects.count()),
    )


@pytest.fixture
def sheet(
    signs: VitalSigns,
    coordinator: User,
    monitor: User,
    data_manager: User,
    second_data_manager: User,
    critical: StudySetting,
) -> Sheet:
    return Sheet(signs, coordinator, monitor, data_manager, second_data_manager)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=some.lists(some.sampled_from(sorted(ACTS)), min_size=1, max_size=14))
def test_no_sequence_of_acts_breaks_a_promise(sheet: Sheet, names: list[str]) -> None:
    with taken_back():
        sheet.weight = 60
        for name in names:
            before = picture(sheet)
            done = _is_done(ACTS[name], sheet)
            after = picture(sheet)
            _promises(name, done, before, after)
            _verified_means_unchanged(sheet)


def _is_done(act: Callable[[Sheet], None], sheet: Sheet) -> bool:
    """Whether the act was carried out; an action that refuses takes itself back."""
    try:
        act(sheet)
    except REFUSALS:
        return False
    return True


def _promises(name: str, done: bool, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    if not done:
        assert after == before, f"{name} was refused and wrote"
        return
    answers_before, (verified, frozen, locked), _counts = before
    closed = frozen is not None or locked in CLOSED
    if closed:
        assert after[0] == answers_before, f"{name} changed what was closed"
    if locked in CLOSED:
        assert after[1][0] == verified, f"{name} changed a mark of what was locked"
    if after[1][2] is State.NO and locked is not State.NO:
        assert (name, locked) == ("approve", State.UNLOCK_ASKED), "unlocked by one person"
    if after[0] != answers_before and name != "correct another answer":
        assert after[1][0] is State.NO, f"{name} kept a verification"


def _verified_means_unchanged(sheet: Sheet) -> None:
    """What is verified holds what it held when it was verified, as far as that was verified."""
    given = Verification.objects.filter(record_id=sheet.form.pk, state=VerificationState.IN_FORCE).first()
    if given is None:
        return
    then = VitalSigns.history.filter(id=sheet.form.pk, version=given.seen_version).latest("history_id")
    now = sheet.now()
    assert then.weight == now.weight
    assert not now.entered_in_error
    if given.extent == "WHOLE":
        assert then.height == now.height


def test_the_kinds_and_states_of_locks_are_those_of_the_table() -> None:
    assert {LockKind.FREEZE, LockKind.LOCK} == set(LockKind)
    assert set(LockState.closing()) | {LockState.LIFTED} == set(LockState)
