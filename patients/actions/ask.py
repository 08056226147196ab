"""Queries of people: asked about an answer, a line, a form or a visit; answered and closed in words."""

from dataclasses import dataclass
from typing import Any

from patients.actions.query_steps import PERSON, TEXT_LENGTH, act_on_query, visit_of
from patients.forms import FormDefinition, Section, definition_of, record_models
from patients.models import (
    CaseReportForm,
    Lock,
    LockKind,
    LockScope,
    LockState,
    MessageKind,
    Query,
    RaisedBy,
    Row,
    Severity,
    Subject,
    Visit,
)
from trials.actions.errors import Closed, Refused, WrongState
from trials.actions.given import free_text
from trials.audit.recording import Act, recording
from trials.models import User
from trials.roles import NotPermitted, Verb, require, roles_for


@dataclass(frozen=True)
class Asked:
    """What a query is about: a form or a visit, of a form perhaps one line, perhaps one question of them."""

    record: CaseReportForm | Visit
    row: Row | None = None
    field: str = ""


def place(record: CaseReportForm | Visit, *, rows: str = "", repeat: Any = None, field: str = "") -> Asked:
    """The place named by field, and by name and number of a line where it stands on one.

    Raises Refused naming what does not exist.
    """
    if isinstance(record, Visit):
        if rows or field or repeat is not None:
            raise Refused({"field": ["must be empty: a query about a visit is about the whole visit"]})
        return Asked(record)
    definition = definition_of(type(record))
    row = _row(definition, record, rows, repeat)
    section: Section = definition.rows[rows] if row is not None else definition
    if field and field not in {item.name for item in section.items}:
        raise Refused({"field": ["is not a question of this form or line"]})
    return Asked(record, row, field)


def _row(definition: FormDefinition, record: CaseReportForm, rows: str, repeat: Any) -> Row | None:
    if not rows and repeat is None:
        return None
    if rows not in definition.rows:
        raise Refused({"rows": [f"must be one of: {', '.join(definition.rows) or 'none on this form'}"]})
    if isinstance(repeat, bool) or not isinstance(repeat, int) or not 0 < repeat < 2**31:
        raise Refused({"repeat": ["must be the number of the line"]})
    row: Row | None = getattr(record, rows).filter(repeat=repeat).first()
    if row is None or row.entered_in_error:
        raise Refused({"repeat": [f"there is no line {repeat}"]})
    return row


def raise_query(*, actor: User, asked: Asked, words: str, severity: str = Severity.SOFT) -> Query:
    """Ask the site, under the role that decides who may close the query afterwards.

    Raises NotPermitted, Refused (no words, no such severity), WrongState (the form or line is entered in
    error by now), Closed (the study is locked).
    """
    subject = asked.record.subject
    role = _asking_role(actor, asked)
    words = free_text("text", words, limit=TEXT_LENGTH, required=True)
    if severity not in Severity.values:
        raise Refused({"severity": [f"must be one of: {', '.join(Severity.values)}"]})
    with recording(subject.chain, Act(actor, role, "raise a query")):
        _refuse_if_gone(asked)
        _refuse_under_study_lock(subject)
        query = Query(
            subject=subject,
            visit_id=visit_of(asked.record),
            form=asked.record.form.oid,
            record_id=asked.record.pk,
            row_id=asked.row.pk if asked.row is not None else None,
            field=asked.field,
            raised_by=RaisedBy(role),
            severity=severity,
            message=words,
        )
        query.save()
    return query


def _asking_role(actor: User, asked: Asked) -> str:
    site = asked.record.subject.site
    for role in roles_for(actor, Verb.RAISE_QUERY, site):
        if role in PERSON:
            return role
    require(actor, Verb.RAISE_QUERY, site=site)
    raise NotPermitted(Verb.RAISE_QUERY)


def _refuse_if_gone(asked: Asked) -> None:
    """The form and its line as the database holds them, now that the casebook is locked."""
    for entry in (asked.record, asked.row):
        if entry is None or isinstance(entry, Visit):
            continue
        if type(entry)._default_manager.filter(pk=entry.pk, entered_in_error=True).exists():
            raise WrongState("What is asked about is entered in error.")


def _refuse_under_study_lock(subject: Subject) -> None:
    """Under any other freeze or lock one may still ask: an answer in words changes no data."""
    locks = Lock.objects.filter(study=subject.study, scope=LockScope.STUDY, kind=LockKind.LOCK)
    lock = locks.filter(state__in=LockState.closing()).select_related("study").first()
    if lock is not None:
        raise Closed(f"No query is raised: the study {lock.study.code} is locked. Reason: {lock.reason}")


def answer_query(*, actor: User, query: Query, words: str, version: int | None = None) -> Query:
    """The site answers an open query in words. Raises NotPermitted, Refused, Stale, WrongState."""
    return act_on_query(actor=actor, query=query, kind=MessageKind.ANSWER, words=words, version=version)


def comment_on_query(*, actor: User, query: Query, words: str, version: int | None = None) -> Query:
    """Add words without a change of state. Raises NotPermitted, Refused, Stale, WrongState."""
    return act_on_query(actor=actor, query=query, kind=MessageKind.COMMENT, words=words, version=version)


def close_query(*, actor: User, query: Query, words: str, version: int | None = None) -> Query:
    """The side that asked is content with the answer. Raises NotPermitted, Refused, Stale, WrongState."""
    return act_on_query(actor=actor, query=query, kind=MessageKind.CLOSE, words=words, version=version)


def reopen_query(*, actor: User, query: Query, words: str, version: int | None = None) -> Query:
    """The answer is not enough. Raises NotPermitted, Refused, Stale, WrongState."""
    return act_on_query(actor=actor, query=query, kind=MessageKind.REOPEN, words=words, version=version)


def withdraw_query(*, actor: User, query: Query, words: str, version: int | None = None) -> Query:
    """The side that asked takes its question back. Raises NotPermitted, Refused, Stale, WrongState."""
    return act_on_query(actor=actor, query=query, kind=MessageKind.WITHDRAW, words=words, version=version)


def record_named(oid: Any, key: Any, visible: Any) -> CaseReportForm | Visit:
    """The form or visit of this OID and key among those that `visible(model)` gives. Raises Refused."""
    models = record_models()
    if not isinstance(oid, str) or oid not in models:
        raise Refused({"form": ["is not the OID of a form, nor SV for a visit"]})
    if isinstance(key, bool) or not isinstance(key, int) or not 0 < key < 2**63:
        raise Refused({"record_id": ["must be the id of a form or visit"]})
    found = visible(models[oid]).select_related("subject__site", "subject__chain").filter(pk=key).first()
    if found is None:
        raise UnknownRecord()
    record: CaseReportForm | Visit = found
    return record


class UnknownRecord(Refused):
    """In the same words for a missing form and for another site's."""

    status = 404

    def __init__(self) -> None:
        super().__init__({"record_id": ["is not a known form or visit"]})
