"""Redaction in a casebook: one person asks, another one decides; the value goes, the act stays.

No answer is changed: what is redacted are older versions, which nobody corrects any more. So it is allowed
in a frozen or locked casebook, and leaves signatures and verification as they are.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models

from patients.models import CaseReportForm, Query, Row, Subject
from patients.redactions import (
    SHORTEST,
    TAKEN_OUT,
    WORDS,
    Candidate,
    candidates,
    kept_replies,
    live_model,
    still_there,
    subject_of,
    texts_of,
    words_of,
)
from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.audit.recording import Act, recording
from trials.audit.redaction import (
    CannotRedact,
    Target,
    approve_redaction,
    refuse_redaction,
    request_redaction,
    target_of,
)
from trials.models import AuditEvent, IdempotencyKey, Redaction, RedactionState, User
from trials.roles import Verb, require

ASK, AGREE, DECLINE = "ask for a redaction", "agree to a redaction", "decline a redaction"
WHY = "A reason is required for every redaction; it must not quote what is to be taken out."
MOST_QUESTIONS = 50


def ask_redaction(
    *, actor: User, record: CaseReportForm, questions: Sequence[str], reason: str, row: Row | None = None
) -> Redaction:
    """Ask that the older versions of some questions of a form, or of one of its rows, be blanked.

    The form must not hold any more what is to be redacted. Raises NotPermitted, ReasonRequired, Refused.
    """
    prefix = ""
    if row is not None:
        names = {model: name for name, model in record.form.rows.items()}
        prefix = f"{names[row._meta.label]} {row.repeat} "
    return ask_redactions(
        actor=actor, record=record, keys=[prefix + name for name in questions], reason=reason
    )[0]


def ask_redactions(
    *, actor: User, record: CaseReportForm, keys: Sequence[str], reason: str
) -> list[Redaction]:
    """As `ask_redaction`, for questions of the form and of its rows at once: one redaction for each row.

    `keys` name them as `patients.redactions.Candidate.key` does.
    """
    subject = record.subject
    role, reason = _asking(actor, subject, reason)
    if not keys or len(keys) > MOST_QUESTIONS:
        raise Refused({"questions": [f"name 1 to {MOST_QUESTIONS} of them"]})
    with recording(subject.chain, Act(actor, role, ASK, reason)):
        known = {each.key: each for each in candidates(record)}
        if unknown := [key for key in keys if key not in known]:
            raise Refused({"questions": [_why_not(key) for key in unknown]})
        found = _by_row([known[key] for key in dict.fromkeys(keys)])
        return [_request(actor, subject, target, reason) for target in found]


def ask_redaction_of_reason(*, actor: User, event: AuditEvent, reason: str) -> Redaction:
    """Ask that the reason and the note of an act in a casebook be blanked. Raises like `ask_redaction`."""
    subject = Subject.objects.select_related("site", "chain").filter(chain=event.chain_id).first()
    if subject is None:
        raise Refused({"event": ["is not an act in a casebook"]})
    role, reason = _asking(actor, subject, reason)
    columns = tuple(name for name in ("reason", "note") if getattr(event, name))
    if not columns:
        raise Refused({"event": ["has neither a reason nor a note"]})
    with recording(subject.chain, Act(actor, role, ASK, reason)):
        return _request(actor, subject, Target(AuditEvent, (event.pk,), columns), reason)


def ask_redaction_of_words(*, actor: User, record: models.Model, reason: str) -> Redaction:
    """Ask that words of a query (`WORDS` names them) be blanked; nobody corrects them, so they are taken out.

    They come back when it is declined. The question of a check is no words of a person. Raises like
    `ask_redaction`.
    """
    query: Any = record if isinstance(record, Query) else record.query  # type: ignore[attr-defined]
    role, reason = _asking(actor, query.subject, reason)
    with recording(query.subject.chain, Act(actor, role, ASK, reason)):
        live: Any = type(record)._default_manager.get(pk=record.pk)
        columns = [name for name in WORDS[type(record)] if getattr(live, name) not in ("", TAKEN_OUT)]
        if isinstance(live, Query) and live.is_of_check:
            columns = [name for name in columns if name != "message"]
        if not columns:
            raise Refused({"query": ["holds no words of a person"]})
        _put(live, dict.fromkeys(columns, TAKEN_OUT))
        return _request(actor, query.subject, words_of(live), reason)


def agree_redaction(*, actor: User, redaction: Redaction, reason: str) -> Redaction:
    """Blank what was asked for, for good; another person than the one who asked.

    Replies that are kept for repeated requests and hold the text lose their body; the key stays, so that a
    repeated request still does nothing twice. Raises NotPermitted, ReasonRequired, WrongState.
    """

    def carry_out(current: Redaction, subject: Subject, why: str) -> Redaction:
        target = target_of(current)
        if held := still_there(target):
            raise WrongState(f"The record holds it again ({', '.join(held)}): correct it first.")
        kept = [each.pk for each in kept_replies(subject, texts_of(target))]
        IdempotencyKey.objects.filter(pk__in=kept).update(status=0, body="")
        return approve_redaction(redaction=current, decided_by=actor, reason=why)

    return _decide(actor, redaction, AGREE, reason, carry_out)


def decline_redaction(*, actor: User, redaction: Redaction, reason: str) -> Redaction:
    """Leave everything as it is; words that were taken out come back. Raises like `agree_redaction`."""

    def leave(current: Redaction, subject: Subject, why: str) -> Redaction:
        declined = refuse_redaction(redaction=current, decided_by=actor, reason=why)
        _put_back(target_of(current))
        return declined

    return _decide(actor, redaction, DECLINE, reason, leave)


# ---------------------------------------------------------------- both
def _asking(actor: User, subject: Subject, reason: str) -> tuple[str, str]:
    """Role and reason. Raises NotPermitted, ReasonRequired, Refused."""
    return require(actor, Verb.REQUEST_REDACTION, site=subject.site), needed(reason, WHY)


def _why_not(key: str) -> str:
    return (
        f"{key[:100]}: no free text or day of birth, or no older version holds anything else than the form "
        "does now. What is to be redacted must be corrected in the form first."
    )


def _by_row(chosen: Sequence[Candidate]) -> list[Target]:
    """One target for the form and one for each row, over all columns and versions that were chosen."""
    found: dict[int | None, list[Candidate]] = {}
    for each in chosen:
        found.setdefault(each.row.pk if each.row is not None else None, []).append(each)
    targets = []
    for group in found.values():
        by_keys: dict[tuple[int, ...], list[str]] = {}
        for each in group:  # a version that holds what the form holds now keeps that answer
            by_keys.setdefault(each.target.keys, []).extend(each.target.columns)
        targets += [Target(group[0].target.model, keys, tuple(names)) for keys, names in by_keys.items()]
    return targets


def _request(actor: User, subject: Subject, target: Target, reason: str) -> Redaction:
    if held := still_there(target):
        raise Refused(
            {"questions": [f"{name}: the record still holds it; correct it there first." for name in held]}
        )
    _refuse_quoting(reason, target)
    if _asked_already(subject, target):
        raise WrongState("This is asked for already, and waits for a second person.")
    try:
        return request_redaction(chain=subject.chain, target=target, requested_by=actor, reason=reason)
    except CannotRedact as refusal:
        raise Refused({"detail": [str(refusal)]}) from refusal


def _refuse_quoting(reason: str, target: Target) -> None:
    if any(text in reason for text in texts_of(target) if len(text) >= SHORTEST):
        raise Refused({"change_reason": ["quotes what is to be taken out"]})


def _asked_already(subject: Subject, target: Target) -> bool:
    waiting = Redaction.objects.filter(
        chain=subject.chain_id, state=RedactionState.REQUESTED, table_name=target.table
    )
    return any(
        set(each.row_ids) & set(target.keys) and set(each.column_names) & set(target.columns)
        for each in waiting
    )


def _decide(
    actor: User,
    redaction: Redaction,
    action: str,
    reason: str,
    act: Callable[[Redaction, Subject, str], Redaction],
) -> Redaction:
    subject = subject_of(redaction)
    role, reason = require(actor, Verb.APPROVE_REDACTION, site=subject.site), needed(reason, WHY)
    with recording(subject.chain, Act(actor, role, action, reason)):
        current = Redaction.objects.get(pk=redaction.pk)
        if current.state != RedactionState.REQUESTED:
            raise WrongState("This redaction is decided already.")
        if current.requested_by_id == actor.pk:
            raise WrongState("Who asks for a redaction does not decide it: another person does.")
        _refuse_quoting(reason, target_of(current))
        try:
            return act(current, subject, reason)
        except CannotRedact as refusal:
            raise WrongState(str(refusal)) from refusal


def _put(live: Any, values: dict[str, str]) -> None:
    for name, value in values.items():
        setattr(live, name, value)
    if hasattr(live, "version"):
        live.version += 1
    live.save()


def _put_back(target: Target) -> None:
    """The words that were taken out when the redaction was asked for."""
    if target.model is AuditEvent or (model := live_model(target)) not in WORDS:
        return
    rows: Any = target.model
    for row in rows.objects.filter(pk__in=target.keys).order_by("history_id"):
        live = model._default_manager.get(pk=row.id)
        taken = {name: getattr(row, name) for name in target.columns if getattr(live, name) == TAKEN_OUT}
        if taken:
            _put(live, taken)
