"""A form and its rows in memory: answers filled in, rows merged, fields derived, entry state found.

Nothing here writes; saving one form and importing many go through the same steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from patients.actions.answers import MAXIMUM_ROWS, Answers
from patients.actions.circles import circles
from patients.derivations import derive
from patients.derivations.known import Known
from patients.forms import FormDefinition, Section
from patients.models import CaseReportForm, Entry, EntryState, Row, Subject, Visit
from trials.actions.errors import Refused

NOT_DONE_REASON_LENGTH = 200
NOTHING_ANSWERED = "Nothing is answered. Answer a question, or say why the form was not done."


def check_visit(definition: FormDefinition, subject: Subject, visit: Visit | None) -> None:
    if definition.at_visit and visit is None:
        raise Refused({"visit": ["is required: this form belongs to a visit"]})
    if not definition.at_visit and visit is not None:
        raise Refused({"visit": ["must be empty: this form belongs to the whole casebook"]})
    if visit is not None and visit.subject_id != subject.pk:
        raise Refused({"visit": ["is not a visit of this subject"]})


def fill(entry: Entry, answers: Answers) -> None:
    for attname, value in answers.values.items():
        setattr(entry, attname, value)
    if answers.external_id is not None:
        entry.external_id = answers.external_id
    if answers.missing_reasons is not None:
        entry.missing_reasons = answers.missing_reasons
    # A value that arrives takes the place of the reason for its absence.
    given = {name.removesuffix("_id") for name, value in answers.values.items() if value is not None}
    entry.missing_reasons = {name: why for name, why in entry.missing_reasons.items() if name not in given}


def contradictions(section: Section, entry: Entry) -> dict[str, list[str]]:
    """Answers that stand beside a reason for their absence; one of them may be older than what was sent."""
    return {
        item.name: ["has a value and a reason for its absence; only one can be true"]
        for item in section.asked
        if item.name in entry.missing_reasons and getattr(entry, item.attname) is not None
    }


def rows_to_save(
    definition: FormDefinition, form: CaseReportForm, sent: Mapping[str, Sequence[Answers]]
) -> dict[str, list[Row]]:
    """All rows of the form by name, as they shall be stored: existing ones, changed ones, new ones."""
    lines: dict[str, list[Row]] = {}
    errors: dict[str, Any] = {}
    for name, section in definition.rows.items():
        existing = {row.repeat: row for row in getattr(form, name).all()} if form.pk else {}
        for row in existing.values():
            row.before = content(section, row)
            row.before_key = () if row.entered_in_error else key_of(section, row)
        row_errors = [_merge(section, form, existing, answers) for answers in sent.get(name, ())]
        if any(row_errors):
            errors[name] = row_errors
        elif len(existing) > MAXIMUM_ROWS:
            errors[name] = [f"has more than {MAXIMUM_ROWS} rows"]
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
    in_error = row.entered_in_error
    fill(row, answers)
    row.entered_in_error = in_error if answers.entered_in_error is None else answers.entered_in_error
    if in_error and content(section, row) != row.before:
        return {"repeat": [f"row {row.repeat} is entered in error and cannot be changed; add a new row"]}
    return contradictions(section, row)


def prepare(
    definition: FormDefinition,
    form: CaseReportForm,
    lines: dict[str, list[Row]],
    not_done_reason: str,
    known: Known | None = None,
) -> None:
    """Derived fields and entry state, before anything is written."""
    alive = {name: [row for row in rows if not row.entered_in_error] for name, rows in lines.items()}
    if impossible := contradictions(definition, form) | circles(definition, form):
        raise Refused(impossible)
    _refuse_doubles(definition, alive)
    form.not_done_reason = not_done_reason
    if form.pk is None and _is_blank(definition, form, alive):
        raise Refused({"detail": [NOTHING_ANSWERED]})
    if not_done_reason and (any(alive.values()) or is_answered(definition, form)):
        raise Refused({"not_done_reason": ["is given although questions are answered; only one can be true"]})
    derive(form, alive, known)
    form.entry_state = _entry_state(definition, form, alive)


def _is_blank(definition: FormDefinition, form: CaseReportForm, alive: Mapping[str, Sequence[Row]]) -> bool:
    """Nothing is said at all: a form that was opened and left, not one that was begun."""
    said = (getattr(form, item.attname) is not None for item in definition.asked)
    return not (form.not_done_reason or form.missing_reasons or any(alive.values()) or any(said))


def is_answered(section: Section, entry: Entry) -> bool:
    """Whether a required question has an answer; the day, the drug or the laboratory alone is none."""
    own = [item for item in section.asked if item.required and item.kind != "date" and not item.refers]
    return any(getattr(entry, item.attname) is not None for item in own)


def _refuse_doubles(definition: FormDefinition, alive: Mapping[str, Sequence[Row]]) -> None:
    """A row whose key (test, drug, rule) stands twice cannot be a fact of one form."""
    for name, rows in alive.items():
        seen: set[tuple[Any, ...]] = set()
        for row in rows:
            key = key_of(definition.rows[name], row)
            if any(key) and key in seen:
                raise Refused({name: [f"row {row.repeat} repeats what another row answers already"]})
            seen.add(key)


def key_of(section: Section, row: Row) -> tuple[Any, ...]:
    """What a row is about (test, drug, rule); empty where rows are told apart by their number alone."""
    return tuple(getattr(row, item.attname) for item in section.asked if item.refers)


def in_safe_order(section: Section, name: str, rows: Sequence[Any]) -> list[Any]:
    """New and changed rows so ordered that no two stored rows share a test, drug or rule at any moment.

    Rows entered in error come first; a row that takes the test of another comes after it. Raises Refused
    when rows exchange theirs in a circle, which no order can store.
    """
    pending = sorted((row for row in rows if changed(row)), key=lambda row: not row.entered_in_error)
    held = {row.before_key: row for row in rows if row.pk and any(row.before_key)}
    ordered: list[Any] = []
    while pending:
        free = [row for row in pending if _is_free(section, row, held)]
        if not free:
            numbers = ", ".join(str(row.repeat) for row in pending)
            raise Refused({name: [f"rows {numbers} exchange what they are about; correct them one by one"]})
        ready = free[0]
        pending = [row for row in pending if row is not ready]
        if ready.pk:
            held.pop(ready.before_key, None)
        if not ready.entered_in_error:
            held[key_of(section, ready)] = ready
        ordered.append(ready)
    return ordered


def _is_free(section: Section, row: Row, held: Mapping[tuple[Any, ...], Any]) -> bool:
    key = key_of(section, row)
    return row.entered_in_error or not any(key) or held.get(key) in (None, row)


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


def content(section: Section, entry: Entry) -> tuple[Any, ...]:
    answers = tuple(getattr(entry, item.attname) for item in section.items)
    stated = (dict(entry.missing_reasons), entry.external_id, entry.entered_in_error)
    return (*answers, *stated, getattr(entry, "not_done_reason", ""))


def asked_content(section: Section, entry: Entry) -> tuple[Any, ...]:
    """What was answered, without what the server derived from it."""
    answers = tuple(getattr(entry, item.attname) for item in section.asked)
    stated = (dict(entry.missing_reasons), entry.external_id, entry.entered_in_error)
    return (*answers, *stated, getattr(entry, "not_done_reason", ""))


def changed(row: Any) -> bool:
    section = Section("", "", type(row))
    return row.pk is None or content(section, row) != row.before


def flat(lines: Mapping[str, Sequence[Row]]) -> list[Row]:
    return [row for rows in lines.values() for row in rows]
