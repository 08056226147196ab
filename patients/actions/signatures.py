"""Sign forms of a subject: exactly the versions that were shown, all or none, credentials entered anew."""

import secrets
from collections.abc import Sequence
from typing import Any

from patients.actions.closed import form_in_words
from patients.actions.seen import (
    Seen,
    SeenIsStale,
    hard_queries_on,
    marking,
    obstacles_of,
    shortened,
)
from patients.forms import definition_of
from patients.lifecycle import State, Step, allowed
from patients.marks import marks_of, place_of
from patients.models import (
    MEANINGS,
    POLICY,
    POLICY_VERSION,
    CaseReportForm,
    PolicyAcknowledgment,
    Signature,
    SignatureMeaning,
    SignatureScope,
    SignedForm,
    Subject,
    Visit,
)
from patients.signatures import forms_in_force, has_acknowledged
from patients.signed_content import (
    FORM,
    Content,
    HistoryRows,
    newest_rows,
    recorded_contents,
    seal_of,
    seal_of_signature,
    stored_contents,
)
from trials.actions.errors import Refused, WrongState
from trials.actions.reentry import Reentry
from trials.audit import clock
from trials.audit.context import current_recording
from trials.audit.recording import Act, recording
from trials.models import Chain, User, system_chain
from trials.roles import NotPermitted, Verb, require, sites_of

IDENTIFIER_BYTES = 16


class PolicyNotAcknowledged(Refused):
    """Nobody signs before acknowledging what a signature holds one accountable for (21 CFR 11.10(j))."""

    status = 403

    def __init__(self) -> None:
        super().__init__("Read and acknowledge the policy on electronic signatures first; it is asked once.")


def acknowledge_policy(*, actor: User, version: str) -> PolicyAcknowledgment:
    """Record that the user has read the policy on signatures, with its text; once a version.

    Raises NotPermitted (who never signs has nothing to acknowledge), Refused (another version than the one
    in force was read), WrongState (acknowledged already).
    """
    role = _signing_role(actor)
    if version != POLICY_VERSION:
        raise Refused({"version": [f"is not the version in force, which is {POLICY_VERSION}"]})
    with recording(system_chain(), Act(actor, role, "acknowledge signature policy")):
        if has_acknowledged(actor):
            raise WrongState("You have acknowledged this version of the policy already.")
        acknowledged = PolicyAcknowledgment(
            user=actor, policy_version=version, text=str(POLICY), acknowledged_at=clock.now()
        )
        acknowledged.save()
    return acknowledged


def sign(
    *,
    actor: User,
    reentry: Reentry,
    seen: Sequence[Seen],
    meaning: str,
    scope: str = SignatureScope.FORMS,
    visit: Visit | None = None,
) -> Signature:
    """Sign these forms of one subject in the versions that were looked at.

    A signature of a visit or of a casebook covers every form that is in force there, those signed before as
    well. Frozen and locked forms may be signed: a signature changes no answer. The credentials are confirmed
    before anything is locked, so that a failed attempt stays counted. Raises NotPermitted (also for commands
    and without training), Refused (meaning, forms of several subjects, form without place in the scope),
    PolicyNotAcknowledged, what `reentry` raises, SeenIsStale (naming each form that was changed or entered
    since; nothing is signed), WrongState (naming each form that is not ready, and why).
    """
    subject = _subject_of(seen)
    role = _signing_role(actor, subject)
    scope, meaning = _said(scope, meaning, visit)
    if not has_acknowledged(actor):
        raise PolicyNotAcknowledged()
    if not actor.full_name.strip():
        raise WrongState("Your account has no full name, which a signature prints; ask an administrator.")
    reentry.confirm(actor)
    with marking(actor, seen, Step.SIGN) as forms:
        _check_whole(subject, scope, visit, forms)
        _refuse_unready(actor, scope, forms)
        signature = _unsealed(actor, subject, role, meaning)
        signature.scope, signature.visit = scope, visit if scope == SignatureScope.VISIT else None
        signed = _signed_forms(signature, forms)
        signature.digest = seal_of_signature(signature, (each.digest for each in signed))
        signature.save()
        for each in signed:
            each.signature = signature
        current_recording().save_all(signed)
    return signature


def _unsealed(actor: User, subject: Subject, role: str, meaning: str) -> Signature:
    """Who signs, as what, what it means, and when: never earlier than the last event of the casebook."""
    last = Chain.objects.get(pk=subject.chain_id).last_recorded_at
    return Signature(
        identifier=secrets.token_hex(IDENTIFIER_BYTES),
        subject=subject,
        signer=actor,
        username=actor.username,
        printed_name=actor.full_name.strip(),
        role=role,
        meaning=meaning,
        statement=str(SignatureMeaning(meaning).label),
        signed_at=max(clock.now(), last or clock.now()),
    )


def _signing_role(actor: User, subject: Subject | None = None) -> str:
    """The role under which the user signs. Raises NotPermitted."""
    if actor.is_system:
        raise NotPermitted(Verb.SIGN)  # a command is no person
    if subject is not None:
        return require(actor, Verb.SIGN, site=subject.site)
    return _any_role(actor)


def _any_role(actor: User) -> str:
    """The role under which the user may sign somewhere. Raises NotPermitted."""
    for site in sites_of(actor):
        try:
            return require(actor, Verb.SIGN, site=site)
        except NotPermitted:
            continue
    raise NotPermitted(Verb.SIGN)


def _subject_of(seen: Sequence[Seen]) -> Subject:
    if not seen:
        raise Refused({"forms": ["choose at least one form"]})
    subjects = {each.record.subject_id: each.record.subject for each in seen}
    if len(subjects) > 1:
        raise Refused({"forms": ["belong to several subjects; sign the forms of one at a time"]})
    return next(iter(subjects.values()))


def _said(scope: str, meaning: str, visit: Visit | None) -> tuple[str, str]:
    if scope not in SignatureScope.values:
        raise Refused({"scope": [f"must be one of {', '.join(SignatureScope.values)}"]})
    known = MEANINGS[SignatureScope(scope)]
    if meaning not in known:
        raise Refused({"meaning": [f"must be one of {', '.join(known)}"]})
    if scope == SignatureScope.VISIT and visit is None:
        raise Refused({"visit": ["is required"]})
    return scope, meaning


def _check_whole(subject: Subject, scope: str, visit: Visit | None, forms: Sequence[CaseReportForm]) -> None:
    """A visit or casebook is signed whole. Raises SeenIsStale for forms that were not shown, Refused."""
    if scope == SignatureScope.FORMS:
        return
    at = visit if scope == SignatureScope.VISIT else None
    if at is not None and any(form.visit_id != at.pk for form in forms):
        raise Refused({"visit": ["a form is not of this visit"]})
    shown = {place_of(form).key for form in forms}
    missing = [each for each in forms_in_force([subject], visit=at) if each.key not in shown]
    if missing:
        told = [f"{each.oid}, entry {each.repeat}, was not among what was shown." for each in missing]
        raise SeenIsStale({"forms": shortened(told)})


def _refuse_unready(actor: User, scope: str, forms: Sequence[CaseReportForm]) -> None:
    """Raises WrongState naming each form that cannot be signed, and why."""
    marks, hard = marks_of([place_of(form) for form in forms]), hard_queries_on(forms)
    own = _signed_alike(actor, scope, forms)
    told = []
    for form in forms:
        key = place_of(form).key
        try:
            state = State.SIGNED if key in own else State.NO
            allowed(Step.SIGN, state, obstacles_of(form, marks[key], key in hard))
        except WrongState as refusal:
            told.append(f"{form_in_words(form)}: {refusal.errors['detail']}")
    if told:
        raise WrongState({"forms": shortened(told)})


def _signed_alike(actor: User, scope: str, forms: Sequence[CaseReportForm]) -> set[tuple[str, int]]:
    """What the user has signed already, form by form; another person, a visit or a casebook signs again."""
    if scope != SignatureScope.FORMS:
        return set()
    signed = SignedForm.objects.filter(
        subject=forms[0].subject, void=False, signature__signer=actor, signature__scope=scope
    )
    return set(signed.values_list("form", "record_id"))


def _signed_forms(signature: Signature, forms: Sequence[CaseReportForm]) -> list[SignedForm]:
    """The forms under the signature, each bound to it by its digest; not saved yet."""
    by_model: dict[type[CaseReportForm], list[CaseReportForm]] = {}
    for form in forms:
        by_model.setdefault(type(form), []).append(form)
    signed = []
    for model, own in by_model.items():
        definition, keys = definition_of(model), [form.pk for form in own]
        rows = newest_rows(definition, keys)
        recorded, stored = recorded_contents(definition, rows), stored_contents(definition, keys)
        events = _events(model, rows)
        for form in own:
            content = _agreed(form, recorded.get(form.pk), stored[form.pk])
            signed.append(_signed(signature, form, rows[form.pk], content, events[form.pk]))
    return signed


def _agreed(form: CaseReportForm, recorded: Content | None, stored: Content) -> Content:
    if recorded is None or not recorded.same_as(stored):
        raise WrongState(f"{form_in_words(form)} is not what its audit trail says; it cannot be signed.")
    return recorded


def _events(model: Any, rows: dict[int, HistoryRows]) -> dict[int, int]:
    """The event of the newest history row of each form."""
    newest = {of[FORM][0]: key for key, of in rows.items()}
    found = model.history.model.objects.filter(history_id__in=newest).values_list("history_id", "event_id")
    return {newest[history_id]: event for history_id, event in found}


def _signed(
    signature: Signature, form: CaseReportForm, rows: HistoryRows, content: Content, event: int
) -> SignedForm:
    signed = SignedForm(
        subject_id=form.subject_id,
        visit_id=form.visit_id,
        form=form.form.oid,
        record_id=form.pk,
        repeat=form.repeat,
        version=form.version,
        changed_in_id=event,
        history_rows={name: sorted(ids) for name, ids in sorted(rows.items())},
        content_digest=content.salted_digest(),
    )
    signed.digest = seal_of(signed, signature)
    return signed
