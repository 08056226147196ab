"""Save a form: first entry and correction, with its rows, derivations and checks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max

from patients.actions.answers import Answers, Context, clean_form
from patients.actions.effects import take_effect
from patients.actions.permission import act_on
from patients.checks.casebook import CHECKS
from patients.checks.engine import run_checks
from patients.derivations import derive
from patients.forms import FormDefinition, Section, definition_of
from patients.models import CaseReportForm, Entry, EntryState, Row, Subject, Visit
from trials.actions.errors import Refused, Stale, WrongState, needed
from trials.audit import clock
from trials.audit.recording import Recording, recording
from trials.models import User
from trials.roles import Verb

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
    answers, row_answers = clean_form(definition, data, rows or {}, _context(subject))
    _check_visit(definition, subject, visit)
    with recording(subject.chain, act) as record:
        instance = form(
            subject=subject,
            visit=visit,
            repeat=_next_repeat(definition, subject, visit),
            form_version=definition.version,
            protocol_version=subject.study.protocol_version,
        )
        _check_external_id(form, subject, answers.external_id, instance)
        _fill(instance, answers)
        lines = _rows_to_save(definition, instance, row_answers)
        _store(record, definition, instance, lines, not_done_reason)
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
) -> Any:
    """Correct a form. Only what is sent changes; a row is addressed by its `repeat`, one without is new.

    An unchanged form is left as it is, without an event. Raises NotPermitted, ReasonRequired, Stale,
    Refused, WrongState (entered in error).
    """
    definition = definition_of(type(record))
    subject = record.subject
    reason = needed(reason)
    act = act_on(subject, actor, Verb.ENTER, f"correct {definition.oid}", reason)
    answers, row_answers = clean_form(definition, data, rows or {}, _context(subject))
    with recording(subject.chain, act) as opened:
        current = _current(record, version)
        before = _content(definition, current)
        _check_external_id(type(record), subject, answers.external_id, current)
        _fill(current, answers)
        lines = _rows_to_save(definition, current, row_answers)
        stated = current.not_done_reason if not_done_reason is None else not_done_reason
        _prepare(definition, current, lines, stated)
        if _content(definition, current) == before and not any(_changed(line) for line in _flat(lines)):
            return current
        current.version += 1
        _store(opened, definition, current, lines, stated)
    return current


def mark_entered_in_error(*, actor: User, record: CaseReportForm, version: int, reason: str) -> Any:
    """Take a form out of the casebook without deleting it; its rows go with it, its queries close.

    Raises NotPermitted, ReasonRequired, Stale, WrongState.
    """
    definition = definition_of(type(record))
    act = act_on(record.subject, actor, Verb.VOID, f"enter {definition.oid} in error", needed(reason))
    with recording(record.subject.chain, act) as opened:
        current = _current(record, version)
        current.entered_in_error, current.version = True, current.version + 1
        current.save()
        for name in definition.rows:
            for row in getattr(current, name).filter(entered_in_error=False):
                row.entered_in_error, row.version = True, row.version + 1
                row.save()
        run_checks(CHECKS, current, opened)
        take_effect(current)
    return current


def _context(subject: Subject) -> Context:
    return Context(site=subject.site, today=clock.today(subject.site.time_zone))


def _check_visit(definition: FormDefinition, subject: Subject, visit: Visit | None) -> None:
    if definition.at_visit and visit is None:
        raise Refused({"visit": ["is required: this form belongs to a visit"]})
    if not definition.at_visit and visit is not None:
        raise Refused({"visit": ["must be empty: this form belongs to the whole casebook"]})
    if visit is not None and visit.subject_id != subject.pk:
        raise Refused({"visit": ["is not a visit of this subject"]})


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
    others = form._default_manager.filter(subject=subject, external_id=external_id).exclude(pk=own.pk)
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


def _fill(entry: Entry, answers: Answers) -> None:
    for attname, value in answers.values.items():
        setattr(entry, attname, value)
    if answers.external_id is not None:
        entry.external_id = answers.external_id
    if answers.missing_reasons is not None:
        entry.missing_reasons = answers.missing_reasons
    # A value that arrives takes the place of the reason for its absence.
    given = {name.removesuffix("_id") for name, value in answers.values.items() if value is not None}
    entry.missing_reasons = {name: why for name, why in entry.missing_reasons.items() if name not in given}


def _rows_to_save(
    definition: FormDefinition, form: CaseReportForm, sent: Mapping[str, Sequence[Answers]]
) -> dict[str, list[Row]]:
    """All rows of the form by name, as they shall be stored: existing ones, changed ones, new ones."""
    lines: dict[str, list[Row]] = {}
    errors: dict[str, Any] = {}
    for name, section in definition.rows.items():
        existing = {row.repeat: row for row in getattr(form, name).all()} if form.pk else {}
        for row in existing.values():
            row.before = _content(section, row)
        row_errors: list[dict[str, Any]] = []
        for answers in sent.get(name, ()):
            row_errors.append(_merge(section, form, existing, answers))
        if any(row_errors):
            errors[name] = row_errors
        lines[name] = list(existing.values())
    if errors:
        raise Refused(errors)
    return lines


def _merge(
    section: Section, form: CaseReportForm, existing: dict[int, Row], answers: Answers
) -> dict[str, Any]:
    if answers.repeat is None:
        if not any(value is not None for value in answers.values.values()) and not answers.missing_reasons:
            return {}
        repeat = max(existing, default=0) + 1
        row = section.model(parent=form, repeat=repeat)
        existing[repeat] = row
    elif answers.repeat in existing:
        row = existing[answers.repeat]
    else:
        return {"repeat": [f"there is no row {answers.repeat}"]}
    _fill(row, answers)
    row.entered_in_error = row.entered_in_error or answers.entered_in_error
    return {}


def _store(
    record: Recording,
    definition: FormDefinition,
    form: CaseReportForm,
    lines: dict[str, list[Row]],
    not_done_reason: str,
) -> None:
    _prepare(definition, form, lines, not_done_reason)
    form.save()
    for row in _flat(lines):
        if row.pk is None:
            row.parent = form
            row.save()
        elif _changed(row):
            row.version += 1
            row.save()
    run_checks(CHECKS, form, record)
    take_effect(form)


def _prepare(
    definition: FormDefinition, form: CaseReportForm, lines: dict[str, list[Row]], not_done_reason: str
) -> None:
    """Derived fields and entry state, before anything is written."""
    alive = {name: [row for row in rows if not row.entered_in_error] for name, rows in lines.items()}
    _refuse_doubles(definition, alive)
    form.not_done_reason = not_done_reason.strip()[:200]
    derive(form, alive)
    form.entry_state = _entry_state(definition, form, alive)


def _refuse_doubles(definition: FormDefinition, alive: Mapping[str, Sequence[Row]]) -> None:
    """A row whose key (test, drug, rule) stands twice cannot be a fact of one form."""
    for name, rows in alive.items():
        keys = [item.attname for item in definition.rows[name].asked if item.kind == "protocol item"]
        seen: set[tuple[Any, ...]] = set()
        for row in rows:
            key = tuple(getattr(row, attname) for attname in keys)
            if keys and any(key) and key in seen:
                raise Refused({name: [f"row {row.repeat} repeats what another row answers already"]})
            seen.add(key)


def _entry_state(definition: FormDefinition, form: CaseReportForm, alive: Mapping[str, Sequence[Row]]) -> str:
    if form.not_done_reason:
        return EntryState.NOT_DONE
    sections: list[tuple[Section, Entry]] = [(definition, form)]
    sections += [(definition.rows[name], row) for name, rows in alive.items() for row in rows]
    return (
        EntryState.IN_PROGRESS
        if any(_lacks(section, entry) for section, entry in sections)
        else EntryState.COMPLETE
    )


def _lacks(section: Section, entry: Entry) -> bool:
    return any(
        item.required and getattr(entry, item.attname) is None and item.name not in entry.missing_reasons
        for item in section.asked
    )


def _content(section: Section, entry: Entry) -> tuple[Any, ...]:
    answers = tuple(getattr(entry, item.attname) for item in section.items)
    stated = (dict(entry.missing_reasons), entry.external_id, entry.entered_in_error)
    return (*answers, *stated, getattr(entry, "not_done_reason", ""))


def _changed(row: Any) -> bool:
    section = Section("", "", type(row))
    return row.pk is None or _content(section, row) != row.before


def _flat(lines: Mapping[str, Sequence[Row]]) -> list[Row]:
    return [row for rows in lines.values() for row in rows]
