"""Save a form: first entry and correction, with its rows, derivations and checks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max

from patients.actions.answers import clean_form, context_of
from patients.actions.corrections import answered_by_this, named_queries
from patients.actions.effects import take_effect
from patients.actions.entry import (
    NOT_DONE_REASON_LENGTH,
    changed,
    check_visit,
    content,
    fill,
    flat,
    in_safe_order,
    prepare,
    rows_to_save,
)
from patients.actions.permission import act_on
from patients.forms import FormDefinition, definition_of
from patients.models import CaseReportForm, Entry, Row, Subject, Visit
from trials.actions.errors import Refused, Stale, WrongState
from trials.actions.given import needed, text, version_number
from trials.audit.recording import recording
from trials.models import User
from trials.roles import Verb, require

RowsSent = Mapping[str, Sequence[Mapping[str, Any]]]


def create_form(
    *,
    actor: User,
    form: type[CaseReportForm],
    subject: Subject,
    data: Mapping[str, Any],
    rows: RowsSent | None = None,
    visit: Visit | None = None,
    not_done_reason: str = "",
) -> Any:
    """A first entry. The repeat number is given here, under the subject's lock.

    `data` maps field names to answers as typed (codes, ISO dates, numbers or their text), and may hold
    `missing_reasons` and `external_id`; `rows` the same for each line. Raises NotPermitted, Refused (each
    field with its reason), WrongState (a form that does not repeat exists already).
    """
    definition = definition_of(form)
    act = act_on(subject, actor, Verb.ENTER, f"enter {definition.oid}")
    not_done_reason = text("not_done_reason", not_done_reason, limit=NOT_DONE_REASON_LENGTH)
    answers, row_answers = clean_form(
        definition, data, _or_none(rows), context_of(subject.site).within(subject)
    )
    check_visit(definition, subject, visit)
    with recording(subject.chain, act):
        instance = form(
            subject=subject,
            visit=visit,
            repeat=_next_repeat(definition, subject, visit),
            form_version=definition.version,
            protocol_version=subject.study.protocol_version,
        )
        _check_external_id(form, subject, answers.external_id, instance)
        fill(instance, answers)
        lines = rows_to_save(definition, instance, row_answers)
        prepare(definition, instance, lines, not_done_reason)
        _store(definition, instance, lines)
    return instance


def change_form(
    *,
    actor: User,
    record: CaseReportForm,
    version: int,
    reason: str,
    data: Mapping[str, Any],
    rows: RowsSent | None = None,
    not_done_reason: str | None = None,
    answers_queries: Sequence[int] = (),
) -> Any:
    """Correct a form. Only what is sent changes; a row is addressed by its `repeat`, one without is new.

    `answers_queries` are the ids of queries of this casebook that the change answers beside those about the
    changed answers themselves. An unchanged form is left as it is, without an event. Raises NotPermitted,
    ReasonRequired, Stale, Refused, WrongState (entered in error, a named query waits for no answer).
    """
    definition = definition_of(type(record))
    subject = record.subject
    reason, version = needed(reason), version_number(version)
    act = act_on(subject, actor, Verb.ENTER, f"correct {definition.oid}", reason)
    if answers_queries:
        require(actor, Verb.ANSWER_QUERY, site=subject.site)
    if not_done_reason is not None:
        not_done_reason = text("not_done_reason", not_done_reason, limit=NOT_DONE_REASON_LENGTH)
    answers, row_answers = clean_form(
        definition, data, _or_none(rows), context_of(subject.site).within(subject)
    )
    with recording(subject.chain, act):
        current = _current(record, version)
        answered = named_queries(subject, answers_queries)
        before = content(definition, current)
        _check_external_id(type(record), subject, answers.external_id, current)
        fill(current, answers)
        lines = rows_to_save(definition, current, row_answers)
        stated = current.not_done_reason if not_done_reason is None else not_done_reason
        prepare(definition, current, lines, stated)
        if content(definition, current) == before and not any(changed(line) for line in flat(lines)):
            if answered:
                raise Refused({"answers_queries": ["nothing was changed: answer the query in words"]})
            return current
        current.version += 1
        _store(definition, current, lines)
        answered_by_this(answered)
    return current


def mark_entered_in_error(*, actor: User, record: CaseReportForm, version: int, reason: str) -> Any:
    """Take a form out of the casebook without deleting it; its rows go with it, its queries close.

    Raises NotPermitted, ReasonRequired, Stale, WrongState.
    """
    definition, version = definition_of(type(record)), version_number(version)
    act = act_on(record.subject, actor, Verb.VOID, f"enter {definition.oid} in error", needed(reason))
    with recording(record.subject.chain, act):
        current = _current(record, version)
        current.entered_in_error, current.version = True, current.version + 1
        current.save()
        for name in definition.rows:
            for row in getattr(current, name).filter(entered_in_error=False):
                row.entered_in_error, row.version = True, row.version + 1
                row.save()
        take_effect([current])
    return current


def _next_repeat(definition: FormDefinition, subject: Subject, visit: Visit | None) -> int:
    others = definition.model._default_manager.filter(subject=subject, visit=visit)
    if not definition.repeats and others.filter(entered_in_error=False).exists():
        raise WrongState({"detail": "This form exists already; correct it instead of entering it again."})
    return (others.aggregate(last=Max("repeat"))["last"] or 0) + 1


def _check_external_id(
    form: type[CaseReportForm], subject: Subject, external_id: str | None, own: Entry
) -> None:
    if not external_id:
        return
    others = form._default_manager.filter(subject=subject, external_id=external_id, entered_in_error=False)
    others = others.exclude(pk=own.pk)
    if others.exists():
        raise WrongState({"external_id": ["is already used by another form of this subject"]})


def _current(record: CaseReportForm, version: int) -> Any:
    """The form as it is in the database now, under the subject's lock."""
    current = (
        type(record).objects.select_related("subject__site", "subject__study", "visit").get(pk=record.pk)
    )
    if current.entered_in_error:
        raise WrongState("The form is marked as entered in error and cannot be changed.")
    if current.version != version:
        raise Stale(current.version)
    return current


def _or_none(rows: RowsSent | None) -> Any:
    return {} if rows is None else rows


def _store(definition: FormDefinition, form: CaseReportForm, lines: Mapping[str, Sequence[Row]]) -> None:
    """Write the form and its new or changed rows, then look at them as the database holds them."""
    form.save()
    for name, rows in lines.items():
        for row in in_safe_order(definition.rows[name], name, rows):
            if row.pk is None:
                row.parent = form
            else:
                row.version += 1
            row.save()
    take_effect([form])
