"""Forms that a person looked at and now marks, in exactly the versions that were looked at."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from patients.actions.closed import form_in_words
from patients.lifecycle import Mark, Obstacle, State, Step, allowed, transition
from patients.marks import FormKey, Marks, in_portions, marks_of, place_of
from patients.models import CaseReportForm, EntryState, LockScope, Query, QueryState, Severity
from trials.actions.errors import Refused, WrongState
from trials.audit.recording import Act, recording
from trials.models import User
from trials.roles import require

FORMS_AT_MOST = 2000
NAMED_AT_MOST = 20


class SeenIsStale(Refused):
    """What was looked at was changed since then; each form is named with its version."""

    status = 412


@dataclass(frozen=True)
class Seen:
    """A form in the version that a person looked at. A version of 0 matches none."""

    record: CaseReportForm
    version: int


@contextmanager
def marking(actor: User, seen: Sequence[Seen], step: Step, reason: str = "") -> Iterator[list[Any]]:
    """One act on the casebooks of these forms; gives the forms as the database holds them now.

    Raises NotPermitted, Refused (none, too many), SeenIsStale.
    """
    if not seen:
        raise Refused({"forms": ["choose at least one form"]})
    if len(seen) > FORMS_AT_MOST:
        raise Refused({"forms": [f"are more than {FORMS_AT_MOST}; divide them"]})
    verb = transition(step).verb
    assert verb is not None  # noqa: S101 (only steps that a person takes come here)
    roles = [require(actor, verb, site=each.record.subject.site) for each in seen]
    chains = [each.record.subject.chain for each in seen]
    with recording(chains, Act(actor, roles[0], step, reason)):
        yield _as_seen(seen)


def _as_seen(seen: Sequence[Seen]) -> list[Any]:
    """Each form once, read anew under the locks of the casebooks. Raises SeenIsStale."""
    wanted = {place_of(each.record).key: each for each in seen}
    by_model: dict[type[CaseReportForm], list[int]] = {}
    for each in wanted.values():
        by_model.setdefault(type(each.record), []).append(each.record.pk)
    current: dict[FormKey, Any] = {}
    for model, keys in by_model.items():
        for portion in in_portions(keys):
            forms = model._default_manager.filter(pk__in=portion).select_related(
                "subject__site", "subject__study", "subject__chain", "visit"
            )
            current |= {place_of(form).key: form for form in forms}
    stale = [
        f"{form_in_words(form)} was changed by somebody else; it is now version {form.version}."
        for key, form in current.items()
        if form.version != wanted[key].version
    ]
    if stale:
        raise SeenIsStale({"forms": shortened(stale)})
    return list(current.values())


def refuse_unfit(step: Step, forms: Sequence[CaseReportForm]) -> dict[FormKey, Marks]:
    """The marks of the forms, if the table allows the step for each. Raises WrongState naming the others."""
    marks = marks_of([place_of(form) for form in forms])
    hard = hard_queries_on(forms)
    line = transition(step)
    told = []
    for form in forms:
        key = place_of(form).key
        try:
            allowed(step, state_of(line.mark, marks[key]), obstacles_of(form, marks[key], key in hard))
        except WrongState as refusal:
            told.append(f"{form_in_words(form)}: {refusal.errors['detail']}")
    if told:
        raise WrongState({"forms": shortened(told)})
    return marks


def state_of(mark: Mark, marks: Marks) -> State:
    """Where a mark of the form stands; of freezes and locks those of the form itself count."""
    match mark:
        case Mark.VERIFIED:
            return marks.verified
        case Mark.SIGNED:
            return marks.signed
        case Mark.FROZEN:
            return State.FROZEN if _own(marks.frozen) else State.NO
    return marks.lock_state if _own(marks.locked) else State.NO


def _own(lock: Any) -> bool:
    return lock is not None and lock.scope == LockScope.FORM


def obstacles_of(form: CaseReportForm, marks: Marks, has_hard_query: bool) -> set[Obstacle]:
    """What stands against marks of the form."""
    found = {
        Obstacle.IN_ERROR: form.entered_in_error,
        Obstacle.IN_PROGRESS: form.entry_state == EntryState.IN_PROGRESS,
        Obstacle.HARD_QUERY: has_hard_query,
        Obstacle.LOCKED: marks.locked is not None,
    }
    return {obstacle for obstacle, there in found.items() if there}


def hard_queries_on(forms: Sequence[CaseReportForm]) -> set[FormKey]:
    """Which of the forms have a hard query that waits.

    An answer that nobody has accepted yet settles nothing: the side that asked closes the query first.
    """
    keys = {place_of(form).key for form in forms}
    found: set[FormKey] = set()
    for portion in in_portions(sorted({key for _oid, key in keys})):
        waiting = Query.objects.filter(
            record_id__in=portion,
            form__in={oid for oid, _key in keys},
            state__in=QueryState.waiting(),
            severity=Severity.HARD,
        )
        found |= set(waiting.values_list("form", "record_id")) & keys
    return found


def shortened(told: Iterable[str]) -> list[str]:
    """The first sentences, and how many more there are."""
    each = list(told)
    more = [f"And {len(each) - NAMED_AT_MOST} more."] if len(each) > NAMED_AT_MOST else []
    return [*each[:NAMED_AT_MOST], *more]
