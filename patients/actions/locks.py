"""Freeze and lock: what may not be changed any more, on no path; lifted by one person or by two."""

from collections.abc import Callable, Sequence
from typing import Any

from patients.actions.seen import Seen, marking, refuse_unfit
from patients.lifecycle import State, Step, Transition, allowed, transition
from patients.models import Lock, LockKind, LockScope, LockState, Subject, Visit
from patients.open_matters import Target, open_matters, target_of
from trials.actions.errors import Refused, Stale, WrongState
from trials.actions.given import needed
from trials.audit import clock
from trials.audit.recording import Act, Recording, recording
from trials.models import Chain, Site, Study, User
from trials.roles import require

Noun = Study | Site | Subject | Visit
SETTING = {LockKind.FREEZE: Step.FREEZE, LockKind.LOCK: Step.LOCK}
STATES: dict[str, State] = {
    LockState.IN_FORCE: State.LOCKED,
    LockState.UNLOCK_ASKED: State.UNLOCK_ASKED,
    LockState.LIFTED: State.NO,
}
WHY_A_FREEZE = "A reason is required for every freeze and every lock."


def close(*, actor: User, kind: str, noun: Noun, reason: str) -> Lock:
    """Freeze or lock a study, a site, a casebook or a visit; forms are closed by `close_forms`.

    All chains of the scope are held until it stands, so that no entry under way slips through: it is either
    stored before, or refused. A lock is refused while a form within is in progress or a hard query waits;
    nothing forces it. What else is open (signatures, verification, other queries, planned visits) it does
    not ask for. Raises NotPermitted, ReasonRequired, Refused, WrongState (frozen or locked already, or
    naming what is open; a subject was enrolled in this moment).
    """
    return close_all(actor=actor, kind=kind, nouns=[noun], reason=reason)[0]


def close_all(*, actor: User, kind: str, nouns: Sequence[Noun], reason: str) -> list[Lock]:
    """As `close`, for several of one level (the visits of a casebook): all of them or none."""
    kind, reason = _kind(kind), needed(reason, WHY_A_FREEZE)
    targets = [target_of(noun) for noun in dict.fromkeys(nouns)]
    if not targets:
        raise Refused({"detail": ["Choose what is to be frozen or locked."]})
    line = transition(SETTING[kind])
    roles = [_role(actor, line, target) for target in targets]
    act = Act(actor, roles[0], f"{line.step} {targets[0].scope.lower()}", reason)
    chains = {chain.pk: chain for target in targets for chain in _chains(target)}
    with recording(chains.values(), act) as record:
        for target in targets:
            _hold_enrollment(record, target)
            _refuse_open(line, target, _state_of(kind, target))
        return [_closed(actor, kind, target, reason) for target in targets]


def close_forms(*, actor: User, kind: str, seen: Sequence[Seen], reason: str) -> list[Lock]:
    """Freeze or lock forms in the versions that were seen; all of them or none.

    Raises like `close`, and SeenIsStale.
    """
    kind, reason = _kind(kind), needed(reason, WHY_A_FREEZE)
    step = SETTING[kind]
    with marking(actor, seen, step, reason) as forms:
        refuse_unfit(step, forms)
        return [_closed(actor, kind, target_of(form), reason) for form in forms]


def lift_freeze(*, actor: User, lock: Lock, version: int, reason: str) -> Lock:
    """Release what is frozen. Raises NotPermitted, ReasonRequired, Stale, WrongState."""
    return _take(Step.LIFT_FREEZE, actor, lock, version, reason, _lifted)


def ask_unlock(*, actor: User, lock: Lock, version: int, reason: str) -> Lock:
    """Ask for the unlocking; it stays locked until a second person agrees. Raises like lift_freeze."""
    return _take(Step.ASK_UNLOCK, actor, lock, version, reason, _asked)


def decline_unlock(*, actor: User, lock: Lock, version: int, reason: str) -> Lock:
    """Refuse, or take back, what was asked for: it stays locked. Raises like lift_freeze."""
    return _take(Step.DECLINE_UNLOCK, actor, lock, version, reason, _declined)


def approve_unlock(*, actor: User, lock: Lock, version: int, reason: str) -> Lock:
    """Agree to the unlocking. Raises like lift_freeze; WrongState for who asked for it."""
    return _take(Step.UNLOCK, actor, lock, version, reason, _lifted)


# ---------------------------------------------------------------- setting
def _kind(kind: str) -> LockKind:
    if kind not in LockKind.values:
        raise Refused({"kind": ["must be FREEZE or LOCK"]})
    return LockKind(kind)


def _role(actor: User, line: Transition, target: Target) -> str:
    assert line.verb is not None  # noqa: S101 (a person takes each of these steps)
    if target.site is None:
        return require(actor, line.verb, study=target.study)
    return require(actor, line.verb, site=target.site)


def _chains(target: Target) -> list[Chain]:
    """Everything whose writers must not run on beside the act."""
    if target.subject is not None:
        return [target.subject.chain]
    wanted = set(_casebooks(target).values_list("chain_id", flat=True))
    wanted |= set(_sites(target).values_list("chain_id", flat=True))
    wanted.add(target.study.chain_id if target.site is None else target.site.chain_id)
    return list(Chain.objects.filter(pk__in=wanted))


def _casebooks(target: Target) -> Any:
    casebooks = Subject.objects.filter(study=target.study)
    return casebooks if target.site is None else casebooks.filter(site=target.site)


def _sites(target: Target) -> Any:
    sites = Site.objects.filter(study=target.study)
    return sites if target.site is None else sites.filter(pk=target.site.pk)


def _hold_enrollment(record: Recording, target: Target) -> None:
    """Nobody is enrolled while a site or study is closed: enrollment locks the row of its site too."""
    if target.subject is not None:
        return
    list(_sites(target).select_for_update().order_by("pk").values_list("pk"))
    if set(_casebooks(target).values_list("chain_id", flat=True)) - record.chains.keys():
        raise WrongState("A subject was enrolled in this moment; look at what is open again.")


def _state_of(kind: LockKind, target: Target) -> State:
    """Of the scope itself; what lies above or below it may be closed as well."""
    own = Lock.objects.filter(kind=kind, state__in=LockState.closing(), **target.columns).first()
    if own is None:
        return State.NO
    return State.FROZEN if kind == LockKind.FREEZE else STATES[own.state]


def _refuse_open(line: Transition, target: Target, state: State) -> None:
    matters = open_matters(target) if line.refused_by else []
    against = {matter.obstacle for matter in matters if matter.obstacle is not None}
    try:
        allowed(line.step, state, against)
    except WrongState as refusal:
        told = [str(matter) for matter in matters if matter.obstacle is not None]
        raise WrongState({"detail": [refusal.errors["detail"], *told]}) from refusal


def _closed(actor: User, kind: LockKind, target: Target, reason: str) -> Lock:
    lock = Lock(kind=kind, reason=reason, set_by=actor, set_at=clock.now(), **target.columns)
    lock.save()
    return lock


# ---------------------------------------------------------------- lifting
def _take(
    step: Step, actor: User, lock: Lock, version: int, reason: str, change: Callable[[Lock, User, str], None]
) -> Lock:
    reason, line = needed(reason), transition(step)
    target = target_of_lock(lock)
    act = Act(actor, _role(actor, line, target), step, reason)
    chain = Chain.objects.get(pk=lock.audit_chain_id)
    with recording(chain, act):
        current: Lock = Lock.objects.select_related("study", "site", "subject").get(pk=lock.pk)
        if current.version != version:
            raise Stale(current.version)
        _refuse_other_kind(line, current)
        allowed(step, _state_now(current))
        if line.second_person and current.asked_by_id == actor.pk:
            raise WrongState("Who asks for an unlocking does not agree to it: another person does.")
        change(current, actor, reason)
        current.version += 1
        current.save()
    return current


def target_of_lock(lock: Lock) -> Target:
    """What a freeze or lock covers; its form is not read."""
    return Target(LockScope(lock.scope), lock.study, lock.site, lock.subject, lock.visit)


def _refuse_other_kind(line: Transition, lock: Lock) -> None:
    if (line.step == Step.LIFT_FREEZE) != (lock.kind == LockKind.FREEZE):
        raise WrongState(
            "This is a freeze: it is lifted by one person."
            if lock.kind == LockKind.FREEZE
            else "This is a lock: its unlocking is asked for, and a second person agrees."
        )


def _state_now(lock: Lock) -> State:
    state = STATES[lock.state]
    return State.FROZEN if lock.kind == LockKind.FREEZE and state is State.LOCKED else state


def _asked(lock: Lock, actor: User, reason: str) -> None:
    lock.state, lock.asked_by, lock.asked_reason = LockState.UNLOCK_ASKED, actor, reason


def _declined(lock: Lock, actor: User, reason: str) -> None:
    lock.state, lock.asked_by, lock.asked_reason = LockState.IN_FORCE, None, ""


def _lifted(lock: Lock, actor: User, reason: str) -> None:
    lock.state, lock.lifted_by, lock.lifted_reason = LockState.LIFTED, actor, reason
    lock.lifted_at = clock.now()
