"""Verification against the source: given for versions that were seen, withdrawn, and lost by a change."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from patients.actions.changes import NOT_DONE, WHOLE_ENTRY, Changed, changed_answers
from patients.actions.closed import form_in_words
from patients.actions.seen import Seen, SeenIsStale, marking, refuse_unfit
from patients.critical_fields import critical_questions
from patients.forms import definition
from patients.lifecycle import Obstacle, State, Step, allowed
from patients.marks import in_portions, latest_verifications, marks_of_record, place_of
from patients.models import CaseReportForm, Verification, VerificationExtent, VerificationState
from trials.actions.errors import Refused
from trials.actions.given import needed
from trials.audit import clock
from trials.audit.context import OpenRecording
from trials.audit.recording import Act, recording
from trials.models import User
from trials.roles import Verb, require

if TYPE_CHECKING:
    from patients.actions.consequences import Place

STEPS = {
    VerificationExtent.CRITICAL: Step.VERIFY_CRITICAL,
    VerificationExtent.WHOLE: Step.VERIFY_WHOLE,
}


def verify(*, actor: User, seen: Sequence[Seen], extent: str) -> list[Verification]:
    """Mark forms as verified: their critical answers, or whole. All of them or none, one event a casebook.

    A form whose critical answers were verified may be verified whole; the other way round there is nothing
    to do. Raises NotPermitted, Refused (no form, an unknown extent, a form without a critical question),
    SeenIsStale, WrongState (naming each form and what stands against it).
    """
    if extent not in VerificationExtent.values:
        raise Refused({"extent": ["must be CRITICAL or WHOLE"]})
    step = STEPS[VerificationExtent(extent)]
    with marking(actor, seen, step) as forms:
        marks = refuse_unfit(step, forms)
        if extent == VerificationExtent.CRITICAL:
            _refuse_without_critical(forms)
        known = latest_verifications(list(marks))
        return [_verified(form, extent, known.get(place_of(form).key), actor) for form in forms]


def _refuse_without_critical(forms: Sequence[CaseReportForm]) -> None:
    critical = {study: critical_questions(study) for study in {form.subject.study_id for form in forms}}
    without = [form for form in forms if form.form.oid not in critical[form.subject.study_id]]
    if without:
        told = [f"{form_in_words(form)} has no critical question" for form in without]
        raise Refused({"forms": told})


def _verified(form: CaseReportForm, extent: str, known: Verification | None, actor: User) -> Verification:
    if known is not None and known.state == VerificationState.IN_FORCE:
        _end(known, VerificationState.REPLACED, "verified whole")
    made = Verification(
        subject=form.subject,
        form=form.form.oid,
        record_id=form.pk,
        extent=extent,
        seen_version=form.version,
        verified_by=actor,
        verified_at=clock.now(),
    )
    made.save()
    return made


def withdraw_verification(
    *, actor: User, verification: Verification, version: int, reason: str
) -> Verification:
    """Take back a verification that was given by mistake.

    Raises NotPermitted, ReasonRequired, SeenIsStale, WrongState (it is not in force, the form is locked).
    """
    reason, subject = needed(reason), verification.subject
    role = require(actor, Verb.VERIFY, site=subject.site)
    with recording(subject.chain, Act(actor, role, Step.WITHDRAW_VERIFICATION, reason)):
        current = Verification.objects.select_related("subject__site").get(pk=verification.pk)
        if current.version != version:
            raise SeenIsStale({"version": [f"It was changed by somebody else; it is now {current.version}."]})
        locked = marks_of_record(form_of(current)).locked is not None
        in_force = current.state == VerificationState.IN_FORCE
        state = State(current.extent) if in_force else State.NO
        allowed(Step.WITHDRAW_VERIFICATION, state, {Obstacle.LOCKED} if locked else ())
        _end(current, VerificationState.WITHDRAWN, reason)
    return current


def form_of(verification: Verification) -> Any:
    """The form that was verified."""
    model = definition(verification.form).model
    return model._default_manager.select_related("subject__site", "visit").get(pk=verification.record_id)


def drop_verification(record: OpenRecording, places: "Sequence[Place]") -> None:
    """What was verified and is changed is not verified any more; the event says so, the row by which answers.

    A whole verification is lost by any answer that changes, a critical one by a critical answer. Values that
    the server derives are no source data: where only they change, it stays.
    """
    forms = {place_of(place.record).key: place.record for place in places if place.record is not None}
    verified = [each for each in _in_force(forms) if (each.form, each.record_id) in forms]
    if not verified:
        return
    changed = changed_answers(record, [forms[each.form, each.record_id] for each in verified])
    for each in verified:
        key = each.form, each.record_id
        lost_by = _losing(each, changed[key])
        if lost_by:
            words = ", ".join(dict.fromkeys(map(str, lost_by)))
            allowed(Step.DROP_VERIFICATION, State(each.extent))
            _end(each, VerificationState.DROPPED, words)
            told = f"The verification of {form_in_words(forms[key])} is dropped: {words}."
            record.remark(each.audit_chain_id, told)


def _in_force(keys: Collection[tuple[str, int]]) -> list[Verification]:
    found: list[Verification] = []
    for portion in in_portions(sorted({key for _oid, key in keys})):
        in_force = Verification.objects.filter(
            state=VerificationState.IN_FORCE, record_id__in=portion, form__in={oid for oid, _key in keys}
        )
        found += in_force.select_related("subject").order_by("id")
    return found


def _losing(verification: Verification, changes: Sequence[Changed]) -> list[Changed]:
    """Those of the changes that take the verification away."""
    if verification.extent == VerificationExtent.WHOLE:
        return list(changes)
    critical = critical_questions(verification.subject.study_id).get(verification.form, frozenset())
    with_rows = {path.partition(".")[0] for path in critical if "." in path}
    return [
        change
        for change in changes
        if change.path in critical
        or (change.question == NOT_DONE)
        or (change.question == WHOLE_ENTRY and (not change.rows or change.rows in with_rows))
    ]


def _end(verification: Verification, state: str, because: str) -> None:
    verification.state, verification.ended_because = state, because
    verification.ended_at = clock.now()
    verification.version += 1
    verification.save()
