"""Queries of the edit checks: raised once, closed when the data are mended, settled by an accepted reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from patients.actions.deviations import draft_deviations, reword_drafts, settle_drafts, withdraw_drafts
from patients.actions.query_steps import act_on_query, message_of, move, visit_of
from patients.checks.casebook import CHECKS
from patients.checks.engine import VISIT, Check, at_once, checks_of, checks_resting_on, hits
from patients.facts import Facts
from patients.forms import record_models
from patients.models import (
    CaseReportForm,
    MessageKind,
    Query,
    QueryMessage,
    QueryState,
    RaisedBy,
    Subject,
    Visit,
)
from trials.actions.given import needed
from trials.audit.context import current_recording
from trials.audit.recording import Act, recording
from trials.models import User

Place = tuple[str, int]
"""OID and key of a form, or SV and key of a visit."""
Key = tuple[str, str, int, int | None, str]
"""Check, OID, key of the form, key of the row, field."""
REASON_LENGTH = 1000


@dataclass(frozen=True)
class Tally:
    """How many queries a review raised and closed."""

    raised: int = 0
    closed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.raised + other.raised, self.closed + other.closed)


_held: ContextVar[bool] = ContextVar("reviews_held", default=False)


@contextmanager
def reviews_held() -> Iterator[None]:
    """Save without checking each form anew: for whoever checks the whole casebooks afterwards."""
    token = _held.set(True)
    try:
        yield
    finally:
        _held.reset(token)


def review_saved(forms: Sequence[CaseReportForm | Visit]) -> None:
    """Check forms (or visits) just saved, and those whose checks read them; inside the act that saved."""
    if not forms or _held.get():
        return
    oid = forms[0].form.oid
    facts = Facts({form.subject_id: form.subject for form in forms}.values())
    checks = at_once(CHECKS)
    own, resting = checks_of(checks, oid), checks_resting_on(checks, forms, facts)
    looks: dict[Place, list[Check]] = {(oid, form.pk): list(own) for form in forms}
    for subject in facts.subjects.values():
        _add(looks, _looks(facts, subject, resting))
    _add(looks, _asked_by_command(facts))
    _bring_in_line(facts, looks)


def review_casebook(facts: Facts) -> Tally:
    """Run every check on every form of the subjects of these facts; inside an act on their casebooks."""
    looks: dict[Place, list[Check]] = {}
    for subject in facts.subjects.values():
        looks |= _looks(facts, subject, CHECKS)
    # Queries of forms that are in error by now are closed too.
    for form, record in _pending_of(facts).values_list("form", "record_id"):
        looks.setdefault((form, record), [check for check in CHECKS if check.looks_at(form)])
    tally = _bring_in_line(facts, looks)
    drafting = {check.id: check for check in CHECKS if check.drafts is not None}
    pending = (
        _pending_of(facts).filter(check_id__in=drafting).select_related("subject__study", "subject__site")
    )
    settle_drafts(list(pending), facts.subjects.values(), drafting)
    return tally


def accept_reason(*, actor: User, query: Query, reason: str, version: int | None = None) -> Query:
    """Settle an open or answered query without a change of data: the value stands, for this reason.

    The check does not ask again as long as it finds the same. Raises NotPermitted, ReasonRequired, Stale,
    WrongState (closed or settled already, or asked by a person).
    """
    reason = needed(reason)
    return act_on_query(
        actor=actor,
        query=query,
        kind=MessageKind.ACCEPT,
        words=reason,
        version=version,
        field="change_reason",
        reason=reason,
    )


def run_checks(*, actor: User, subjects: Iterable[Subject], role: str = "SYSTEM") -> dict[str, Tally]:
    """Run all checks on whole casebooks, one act for each; the tally of each by subject code."""
    tallies = {}
    for subject in subjects:
        act = Act(actor, role, "run edit checks", "Edit checks run on the whole casebook")
        with recording(subject.chain, act):
            tallies[subject.code] = review_casebook(Facts([subject]))
    return tallies


def _looks(facts: Facts, subject: Subject, checks: Sequence[Check]) -> dict[Place, list[Check]]:
    looks: dict[Place, list[Check]] = {}
    for oid in record_models() if checks else ():
        of_form = checks_of(checks, oid)
        if of_form:
            looks |= {(oid, record.pk): list(of_form) for record in _records(facts, oid, subject)}
    return looks


def _add(looks: dict[Place, list[Check]], more: Mapping[Place, Sequence[Check]]) -> None:
    for place, checks in more.items():
        known = looks.setdefault(place, [])
        known += [check for check in checks if check not in known]


def _asked_by_command(facts: Facts) -> dict[Place, list[Check]]:
    """Where the checks that only the command runs have asked: a save may answer them."""
    own = {check.id: check for check in CHECKS if check.by_command}
    asked = _pending_of(facts).filter(check_id__in=own).values_list("form", "record_id", "check_id")
    looks: dict[Place, list[Check]] = {}
    for form, record, check in asked:
        _add(looks, {(form, record): [own[check]]})
    return looks


def _pending_of(facts: Facts) -> QuerySet[Query]:
    asked = Query.objects.filter(subject__in=facts.subjects, raised_by=RaisedBy.CHECK)
    return asked.filter(state__in=QueryState.pending())


def _records(facts: Facts, oid: str, subject: Subject) -> Sequence[CaseReportForm | Visit]:
    if oid == VISIT:
        return facts.visits(subject)
    model: Any = record_models()[oid]
    forms: Sequence[CaseReportForm] = facts.forms(model, subject)
    return forms


def _bring_in_line(facts: Facts, looks: Mapping[Place, Sequence[Check]]) -> Tally:
    found = _found(facts, looks)
    closed, reworded, said = [], [], []
    for query in _pending(facts, looks):
        now = found.get(_key(query))
        if now is None or (query.state == QueryState.ACCEPTED and now.message != query.message):
            # Mended, or no longer what the reason was accepted for.
            said.append(_moved(query, MessageKind.MENDED))
            closed.append(query)
            continue
        if now.message != query.message:
            reworded.append((query, query.message))
            query.message = now.message
            if query.state == QueryState.ANSWERED:
                said.append(_moved(query, MessageKind.OTHER))
            else:
                query.version += 1
                query.save()
        del found[_key(query)]
    raised = list(found.values())
    running = current_recording()
    for query in raised:
        query.born_in(running.event_id_of(query))
    running.save_all(raised)
    running.save_all(said)
    checks = {check.id: check for check in CHECKS}
    # A query that is closed and raised anew about the same thing has its draft still.
    withdraw_drafts(closed, checks)
    draft_deviations(raised, checks)
    reword_drafts(reworded, checks)
    return Tally(len(raised), len(closed))


def _moved(query: Query, kind: MessageKind) -> QueryMessage:
    """The query after a step of its check, saved; the turn of the thread that says so, not saved yet."""
    move(query, kind)
    query.save()
    return message_of(query, kind)


def _pending(facts: Facts, looks: Mapping[Place, Sequence[Check]]) -> list[Query]:
    """Open and accepted queries of the checks that looked, at the forms they looked at."""
    ids = {place: {check.id for check in checks} for place, checks in looks.items()}
    known = _pending_of(facts).select_related("subject__study", "subject__site")
    known = known.filter(form__in={oid for oid, _record in looks})
    return [query for query in known if query.check_id in ids.get((query.form, query.record_id), ())]


def _found(facts: Facts, looks: Mapping[Place, Sequence[Check]]) -> dict[Key, Query]:
    found: dict[Key, Query] = {}
    for subject in facts.subjects.values():
        for oid in {oid for oid, _record in looks}:
            for form in _records(facts, oid, subject):
                for check, hit in hits(looks.get((oid, form.pk), ()), form, facts):
                    query = Query(
                        subject=subject,
                        visit_id=visit_of(form),
                        form=oid,
                        record_id=form.pk,
                        row_id=hit.row.pk if hit.row else None,
                        field=hit.field,
                        check_id=check.id,
                        severity=check.severity,
                        message=hit.message,
                    )
                    found[_key(query)] = query
    return found


def _key(query: Query) -> Key:
    return query.check_id, query.form, query.record_id, query.row_id, query.field
