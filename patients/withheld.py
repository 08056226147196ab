"""What a de-identified reader sees: the same records, without what may tell who a person is.

Which answers that are, the fields say (`identifying` in `patients/fields.py`); beside them, what is stated in
words of a person's own about a form, a row, a visit or a subject. Every face shows records that went through
`as_read_by`; derivations and actions read the stored ones.
"""

from collections.abc import Mapping
from copy import copy
from typing import Any

from patients.fields import WITHHELD, ClinicalField, instead_of
from patients.forms import Section, definition_of
from patients.models import CaseReportForm, Row, Subject, Visit
from trials.models import User
from trials.roles import Scope, Verb, scope

STATED: dict[type[Any], tuple[str, ...]] = {
    CaseReportForm: ("not_done_reason", "external_id"),
    Row: ("external_id",),
    Visit: ("missed_reason", "unscheduled_reason"),
    Subject: ("external_id",),
}
"""What is typed about a record beside its questions."""


def readable_by(user: User) -> Scope:
    """Where the user reads free text and the month of birth."""
    return scope(user, Verb.READ_FREE_TEXT)


def stated_of(model: type[Any]) -> tuple[str, ...]:
    return next((names for base, names in STATED.items() if issubclass(model, base)), ())


def as_read_by(record: Any, readable: Scope) -> Any:
    """The record where its reader may read all of it, else a copy without; with its rows, where it has any.

    The copy is for showing: it cannot be saved.
    """
    if readable.covers(_site_of(record)):
        return record
    shown = without(record)
    if isinstance(record, CaseReportForm):
        # Rows are read through the form: what stands there already is not fetched again.
        shown._prefetched_objects_cache = {
            name: _rows(record, name) for name in definition_of(type(record)).rows
        }
    return shown


def _site_of(record: Any) -> Any:
    if isinstance(record, Row):
        return record.parent.subject.site
    return record.site if isinstance(record, Subject) else record.subject.site


def without(record: Any) -> Any:
    """A copy of one record for a de-identified reader; its rows are not looked at."""
    shown = copy(record)
    shown._state = copy(record._state)
    shown.save_base = _refuse
    answered: list[Any] = [each for each in record._meta.concrete_fields if isinstance(each, ClinicalField)]
    for field in answered:
        if field.meaning.identifying:
            setattr(shown, field.attname, instead_of(field, getattr(record, field.attname)))
    for name in stated_of(type(record)):
        setattr(shown, name, WITHHELD if getattr(record, name) else "")
    return shown


def _refuse(*arguments: Any, **options: Any) -> None:
    raise TypeError("this is what a de-identified reader sees; it is never saved")


def _rows(record: CaseReportForm, name: str) -> Any:
    found = getattr(record, name).all()
    refers = [item.name for item in definition_of(type(record)).rows[name].items if item.refers]
    if name not in getattr(record, "_prefetched_objects_cache", {}) and refers:
        found = found.select_related(*refers)
    kept = found._chain()
    kept._result_cache = [without(row) for row in found]
    kept._prefetch_done = True
    return kept


def answers_withheld(section: Section, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by name, as a de-identified reader sees them."""
    return {
        name: instead_of(section.item(name).field, value) if section.item(name).identifying else value
        for name, value in answers.items()
    }


def entry_withheld(section: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A form of `patients.casebook.casebook` with its rows, as a de-identified reader sees it."""
    rows = {
        name: [
            {**row, "answers": answers_withheld(section.rows[name], row["answers"])}
            for row in entry["rows"][name]
        ]
        for name in entry["rows"]
    }
    stated = {name: WITHHELD if entry.get(name) else entry.get(name) for name in STATED[CaseReportForm]}
    return {**entry, **stated, "answers": answers_withheld(section, entry["answers"]), "rows": rows}
