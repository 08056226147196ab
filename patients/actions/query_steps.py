"""Every step of a query: from which state, to which, by whom. One table that each face asks before it offers.

A query stays in a state or moves by one of these lines and in no other way. A fault that returns after it was
mended raises a new query, with an age and a number of its own; the old one stays closed with its correction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patients.models import CaseReportForm, MessageKind, Query, QueryMessage, QueryState, RaisedBy, Visit
from trials.actions.errors import Stale, WrongState
from trials.actions.given import free_text, version_number
from trials.audit.context import current_recording
from trials.audit.recording import Act, recording
from trials.models import Role, User
from trials.roles import NotPermitted, Verb, require, roles_for

TEXT_LENGTH = 2000
OPEN, ANSWERED, ACCEPTED = QueryState.OPEN, QueryState.ANSWERED, QueryState.ACCEPTED
CLOSED, WITHDRAWN = QueryState.CLOSED, QueryState.WITHDRAWN

CHECK = (RaisedBy.CHECK,)
PERSON = (RaisedBy.MONITOR, RaisedBy.DATA_MANAGER)
ANY = (*CHECK, *PERSON)


@dataclass(frozen=True)
class Step:
    """One line of the table: what happens to queries of these askers, and where it leads.

    `after` None: the state stays. `verbs`: one of them allows it; none: no person does it, it follows from
    the data. `by_asker`: only roles that `CLOSERS` names for who asked.
    """

    kind: MessageKind
    of: Sequence[RaisedBy]
    before: Sequence[QueryState]
    after: QueryState | None
    verbs: Sequence[Verb] = ()
    by_asker: bool = False


_SPEAKERS = (Verb.ANSWER_QUERY, Verb.CLOSE_QUERY)

STEPS: tuple[Step, ...] = (
    Step(MessageKind.ANSWER, ANY, (OPEN,), ANSWERED, (Verb.ANSWER_QUERY,)),
    Step(MessageKind.COMMENT, ANY, (OPEN, ANSWERED), None, _SPEAKERS),
    Step(MessageKind.ACCEPT, CHECK, (OPEN, ANSWERED), ACCEPTED, (Verb.ACCEPT,)),
    Step(MessageKind.CLOSE, PERSON, (ANSWERED,), CLOSED, (Verb.CLOSE_QUERY,), by_asker=True),
    Step(MessageKind.REOPEN, CHECK, (ANSWERED, ACCEPTED), OPEN, (Verb.CLOSE_QUERY,), by_asker=True),
    Step(MessageKind.REOPEN, PERSON, (ANSWERED, CLOSED), OPEN, (Verb.CLOSE_QUERY,), by_asker=True),
    Step(MessageKind.WITHDRAW, PERSON, (OPEN, ANSWERED), WITHDRAWN, (Verb.RAISE_QUERY,), by_asker=True),
    # What follows from the data. A check goes on asking until it finds nothing.
    Step(MessageKind.CORRECTION, PERSON, (OPEN,), ANSWERED),
    Step(MessageKind.CORRECTION, PERSON, (ANSWERED,), None),
    Step(MessageKind.CORRECTION, CHECK, (OPEN, ANSWERED), None),
    Step(MessageKind.MENDED, CHECK, (OPEN, ANSWERED, ACCEPTED), CLOSED),
    Step(MessageKind.OTHER, CHECK, (ANSWERED,), OPEN),
    Step(MessageKind.VOIDED, PERSON, (OPEN, ANSWERED), CLOSED),
)

CLOSERS: Mapping[RaisedBy, Sequence[Role]] = {
    RaisedBy.CHECK: (Role.MONITOR, Role.DATA_MANAGER),
    RaisedBy.MONITOR: (Role.MONITOR, Role.DATA_MANAGER),
    RaisedBy.DATA_MANAGER: (Role.DATA_MANAGER,),
}
"""Which roles close, open again or withdraw a query, by the role that asked."""

ACTIONS: Mapping[MessageKind, str] = {
    MessageKind.ANSWER: "answer a query",
    MessageKind.COMMENT: "comment on a query",
    MessageKind.ACCEPT: "accept a reason",
    MessageKind.CLOSE: "close a query",
    MessageKind.REOPEN: "reopen a query",
    MessageKind.WITHDRAW: "withdraw a query",
}


def step_of(kind: MessageKind, raised_by: str, state: str) -> Step | None:
    """The line of the table that applies; None where there is none."""
    return next(
        (each for each in STEPS if each.kind == kind and raised_by in each.of and state in each.before), None
    )


def verbs_for(kind: MessageKind) -> set[Verb]:
    """What allows a step, whatever the state of the query."""
    return {verb for step in STEPS if step.kind == kind for verb in step.verbs}


def role_for(actor: User, step: Step, query: Query) -> str:
    """The role under which the actor takes the step. Raises NotPermitted."""
    for verb in step.verbs:
        for role in roles_for(actor, verb, query.subject.site):
            if not step.by_asker or role in CLOSERS[RaisedBy(query.raised_by)]:
                return role
    require(actor, step.verbs[0], site=query.subject.site)  # says so where only the training is missing
    raise NotPermitted(step.verbs[0])


def steps_open_to(actor: User, query: Query) -> set[MessageKind]:
    """What this person may do with the query now."""
    found = set()
    for kind in ACTIONS:
        step = step_of(kind, query.raised_by, query.state)
        if step is not None:
            try:
                role_for(actor, step, query)
            except NotPermitted:
                continue
            found.add(kind)
    return found


def act_on_query(
    *,
    actor: User,
    query: Query,
    kind: MessageKind,
    words: str,
    version: int | None,
    field: str = "text",
    reason: str = "",
) -> Query:
    """A person's step, with its words, in an act of its own. `version` is the one that the person read.

    Raises Refused (no words), NotPermitted, Stale (somebody acted in between), WrongState.
    """
    words = free_text(field, words, limit=TEXT_LENGTH, required=True)
    version = version if version is None else version_number(version)
    # The right is asked for by the lines of any state: who may never do it learns no state.
    role = _role_in_any_state(actor, kind, query)
    with recording(query.subject.chain, Act(actor, role, ACTIONS[kind], reason)):
        current = Query.objects.select_related("subject__site", "subject__study").get(pk=query.pk)
        if version is not None and version != current.version:
            raise Stale(current.version)
        if kind == MessageKind.ACCEPT:
            current.accepted_reason = words
        take_step(current, kind, words)
    return current


def take_step(query: Query, kind: MessageKind, words: str = "") -> None:
    """Move the query by the line of the table and keep what was said. Inside an act; raises WrongState."""
    move(query, kind)
    query.save()
    message_of(query, kind, words).save()


def move(query: Query, kind: MessageKind) -> None:
    """The query in its new state, not saved yet. Raises WrongState."""
    step = step_of(kind, query.raised_by, query.state)
    if step is None:
        raise WrongState(_why_not(kind, query))
    if step.after is not None and step.after != query.state:
        query.state_in_id = current_recording().event_id_of(query)
        query.reopened += int(step.after == OPEN)
        query.state = step.after
    query.version += 1


def message_of(query: Query, kind: MessageKind, words: str = "") -> QueryMessage:
    """A turn of the thread in the running act, not saved yet."""
    return QueryMessage(query=query, kind=kind, text=words, said_in_id=current_recording().event_id_of(query))


def visit_of(record: CaseReportForm | Visit) -> int | None:
    """The key of the visit that a query about this form, or this visit, belongs to."""
    return record.pk if isinstance(record, Visit) else record.visit_id


def _role_in_any_state(actor: User, kind: MessageKind, query: Query) -> str:
    lines = [step for step in STEPS if step.kind == kind and query.raised_by in step.of]
    if not lines:
        raise WrongState(_why_not(kind, query))
    return role_for(actor, lines[0], query)


def _why_not(kind: MessageKind, query: Query) -> str:
    if not any(step.kind == kind and query.raised_by in step.of for step in STEPS):
        return _NOT_OF[kind]
    return f"The query is {_WORDS[QueryState(query.state)]}: {_NEEDS[kind]}"


_WORDS = {
    OPEN: "open",
    ANSWERED: "answered",
    ACCEPTED: "settled",
    CLOSED: "closed",
    WITHDRAWN: "withdrawn",
}
_NEEDS = {
    MessageKind.ANSWER: "only an open one is answered.",
    MessageKind.COMMENT: "nothing is added to it any more.",
    MessageKind.ACCEPT: "only an open or answered one is settled.",
    MessageKind.CLOSE: "only an answered one is closed.",
    MessageKind.REOPEN: "it is not opened again.",
    MessageKind.WITHDRAW: "only an open or answered one is withdrawn.",
    MessageKind.CORRECTION: "only an open or answered one is answered by a correction.",
}
_NOT_OF = {
    MessageKind.ACCEPT: "A query that a person asked is closed by the side that asked, not settled.",
    MessageKind.CLOSE: "A query of a check closes when the data are mended, or is settled with a reason.",
    MessageKind.WITHDRAW: "A query of a check is not withdrawn; settle it with a reason.",
}
