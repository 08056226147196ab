"""The marks beside the entry state of a form, and the one table of how each is set and taken off.

Entry state (in progress, complete, not done) is derived from the answers and never set. A mark is set by a
person or dropped by a change. Every face asks this table before it writes; nothing here reads or writes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from trials.actions.errors import WrongState
from trials.roles import Verb


class Mark(StrEnum):
    VERIFIED = "VERIFIED"
    SIGNED = "SIGNED"
    FROZEN = "FROZEN"
    LOCKED = "LOCKED"


class State(StrEnum):
    """Where a mark stands. Each mark begins at NO and knows only the states that its transitions name."""

    NO = "NO"
    CRITICAL = "CRITICAL"
    WHOLE = "WHOLE"
    SIGNED = "SIGNED"
    FROZEN = "FROZEN"
    LOCKED = "LOCKED"
    UNLOCK_ASKED = "UNLOCK_ASKED"


class Step(StrEnum):
    """What is done to a mark; as it is named in the audit trail."""

    VERIFY_CRITICAL = "verify critical answers"
    VERIFY_WHOLE = "verify"
    WITHDRAW_VERIFICATION = "withdraw verification"
    DROP_VERIFICATION = "drop verification"
    SIGN = "sign"
    VOID_SIGNATURE = "void signature"
    FREEZE = "freeze"
    LIFT_FREEZE = "lift freeze"
    LOCK = "lock"
    ASK_UNLOCK = "ask for unlocking"
    DECLINE_UNLOCK = "decline unlocking"
    UNLOCK = "unlock"


class Obstacle(StrEnum):
    """What a mark may be refused for, beside the state that it is in."""

    IN_ERROR = "IN_ERROR"
    IN_PROGRESS = "IN_PROGRESS"
    HARD_QUERY = "HARD_QUERY"
    LOCKED = "LOCKED"


WORDS: dict[Obstacle, Any] = {
    Obstacle.IN_ERROR: _("The form is entered in error."),
    Obstacle.IN_PROGRESS: _("A form is in progress: a required question has neither answer nor reason."),
    Obstacle.HARD_QUERY: _("A hard query is open."),
    Obstacle.LOCKED: _("The form is locked."),
}


@dataclass(frozen=True)
class Transition:
    """One line of the table.

    `verb` is what a person must be allowed to do; None: no person does it, it follows from a change of the
    answers. `reason`: one must be given. `second_person`: not by who took the step before. `refused_by`:
    what must not stand against it.
    """

    mark: Mark
    step: Step
    before: tuple[State, ...]
    after: State
    verb: Verb | None
    reason: bool = False
    second_person: bool = False
    refused_by: tuple[Obstacle, ...] = ()


_ERROR_OR_LOCK = (Obstacle.IN_ERROR, Obstacle.LOCKED)
_UNFIT_TO_SIGN = (Obstacle.IN_ERROR, Obstacle.IN_PROGRESS, Obstacle.HARD_QUERY)

# Freezing asks for nothing: it holds entry back while data are looked at, and one person lifts it. A lock
# of one form or of many asks for complete forms and no open hard query, not for signature or verification.
# What is locked keeps its verification as it is until it is unlocked. It may still be signed: a signature
# changes no answer, and an investigator who signs late must not need an unlocking for it.
TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        Mark.VERIFIED,
        Step.VERIFY_CRITICAL,
        (State.NO,),
        State.CRITICAL,
        Verb.VERIFY,
        refused_by=_ERROR_OR_LOCK,
    ),
    Transition(
        Mark.VERIFIED,
        Step.VERIFY_WHOLE,
        (State.NO, State.CRITICAL),
        State.WHOLE,
        Verb.VERIFY,
        refused_by=(*_ERROR_OR_LOCK, Obstacle.IN_PROGRESS),
    ),
    Transition(
        Mark.VERIFIED,
        Step.WITHDRAW_VERIFICATION,
        (State.CRITICAL, State.WHOLE),
        State.NO,
        Verb.VERIFY,
        reason=True,
        refused_by=(Obstacle.LOCKED,),
    ),
    Transition(Mark.VERIFIED, Step.DROP_VERIFICATION, (State.CRITICAL, State.WHOLE), State.NO, None),
    Transition(Mark.SIGNED, Step.SIGN, (State.NO,), State.SIGNED, Verb.SIGN, refused_by=_UNFIT_TO_SIGN),
    Transition(Mark.SIGNED, Step.VOID_SIGNATURE, (State.SIGNED,), State.NO, None),
    Transition(Mark.FROZEN, Step.FREEZE, (State.NO,), State.FROZEN, Verb.FREEZE, reason=True),
    Transition(Mark.FROZEN, Step.LIFT_FREEZE, (State.FROZEN,), State.NO, Verb.FREEZE, reason=True),
    Transition(
        Mark.LOCKED,
        Step.LOCK,
        (State.NO,),
        State.LOCKED,
        Verb.LOCK,
        reason=True,
        refused_by=(Obstacle.IN_PROGRESS, Obstacle.HARD_QUERY),
    ),
    Transition(Mark.LOCKED, Step.ASK_UNLOCK, (State.LOCKED,), State.UNLOCK_ASKED, Verb.LOCK, reason=True),
    Transition(
        Mark.LOCKED,
        Step.DECLINE_UNLOCK,
        (State.UNLOCK_ASKED,),
        State.LOCKED,
        Verb.UNLOCK,
        reason=True,
    ),
    Transition(
        Mark.LOCKED,
        Step.UNLOCK,
        (State.UNLOCK_ASKED,),
        State.NO,
        Verb.UNLOCK,
        reason=True,
        second_person=True,
    ),
)

CLOSED: frozenset[State] = frozenset({State.FROZEN, State.LOCKED, State.UNLOCK_ASKED})
"""In these states nothing that is covered changes; elsewhere a change drops verification and signature."""

_BY_STEP = {each.step: each for each in TRANSITIONS}
_NO_SUCH_STEP: dict[Mark, Any] = {
    Mark.VERIFIED: _("The verification is not in a state that allows this."),
    Mark.SIGNED: _("The signature is not in a state that allows this."),
    Mark.FROZEN: _("It is not in a state that allows this: frozen already, or not frozen."),
    Mark.LOCKED: _("The lock is not in a state that allows this."),
}


def transition(step: Step) -> Transition:
    """The line of the table."""
    return _BY_STEP[step]


def allowed(step: Step, state: State, obstacles: Collection[Obstacle] = ()) -> Transition:
    """The line of the table, if the step may be taken from this state with these obstacles about.

    Raises WrongState (409) naming all that stands against it.
    """
    line = _BY_STEP[step]
    against = [str(WORDS[each]) for each in line.refused_by if each in obstacles]
    if state not in line.before:
        against.insert(0, str(_NO_SUCH_STEP[line.mark]))
    if against:
        raise WrongState({"detail": " ".join(against)})
    return line
