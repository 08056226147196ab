"""The whole casebook of a subject, now or as it was at any instant of recording."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max

from patients.forms import FormDefinition, Section, definitions
from patients.models import Allocation, Cycle, Signature, SignedForm, Subject, Visit
from trials.audit.blanked import REDACTED, is_blanked, mark_blanked
from trials.models import AuditEvent
from trials.models.audit import event_id

Snapshot = dict[str, Any]


def casebook(subject: Subject, as_of: datetime | None = None) -> Snapshot:
    """Subject, allocation, cycles, visits and all forms by OID, read from the history.

    `as_of` is an instant of recording: what the database held then, not what had happened by then. The
    number of queries follows the number of form kinds, never the number of records or of subjects.
    """
    last = _last_event(subject, as_of)
    read = _Reader(subject, last)
    if last is None:
        return {"subject": None, "as_of": as_of, "forms": {}, "visits": [], "cycles": [], "allocation": None}
    visits = read.newest(Visit, subject_id=subject.pk)
    visit_codes = {visit.id: visit.code for visit in visits}
    return {
        "subject": next(iter(read.newest(Subject, id=subject.pk)), None),
        "as_of": as_of,
        "last_event": last,
        "allocation": next(iter(read.newest(Allocation, subject_id=subject.pk)), None),
        "cycles": read.newest(Cycle, subject_id=subject.pk),
        "visits": visits,
        "signatures": read.newest(Signature, subject_id=subject.pk),
        "signed_forms": read.newest(SignedForm, subject_id=subject.pk),
        "forms": {form.oid: read.forms(form, visit_codes) for form in definitions()},
    }


def _last_event(subject: Subject, as_of: datetime | None) -> int | None:
    events = AuditEvent.objects.filter(chain_id=subject.chain_id)
    if as_of is not None:
        events = events.filter(recorded_at__lte=as_of)
    return events.aggregate(last=Max("id"))["last"]


class _Reader:
    """Reads the newest version of each row up to one event of the subject's chain."""

    def __init__(self, subject: Subject, last: int | None) -> None:
        self.subject = subject
        self.events = (event_id(subject.chain_id, 0), last or 0)

    def newest(self, model: Any, **condition: Any) -> list[Any]:
        """The newest history row of each object, in order of object id."""
        history = model.history.model.objects.filter(
            event_id__gte=self.events[0], event_id__lte=self.events[1], **condition
        )
        newest: dict[int, Any] = {}
        for row in history.order_by("history_id"):
            newest[row.id] = row  # a later version takes the place of an earlier one
        mark_blanked(newest.values())
        return [newest[key] for key in sorted(newest)]

    def forms(self, form: FormDefinition, visit_codes: Mapping[int, str]) -> list[Snapshot]:
        records = self.newest(form.model, subject_id=self.subject.pk)
        if not records:
            return []
        rows = {name: self._rows_by_form(section) for name, section in form.rows.items()}
        codes = {name: self._codes(section) for name, section in {"": form, **form.rows}.items()}
        return [
            {
                "id": record.id,
                "visit": visit_codes.get(record.visit_id),
                "repeat": record.repeat,
                "version": record.version,
                "entry_state": record.entry_state,
                "not_done_reason": REDACTED
                if is_blanked(record, "not_done_reason")
                else record.not_done_reason,
                "entered_in_error": record.entered_in_error,
                "missing_reasons": record.missing_reasons,
                "external_id": record.external_id,
                "answers": answers(form, record, codes[""]),
                "rows": {
                    name: [
                        {
                            "repeat": row.repeat,
                            "entered_in_error": row.entered_in_error,
                            "missing_reasons": row.missing_reasons,
                            "answers": answers(form.rows[name], row, codes[name]),
                        }
                        for row in by_form.get(record.id, ())
                    ]
                    for name, by_form in rows.items()
                },
            }
            for record in records
        ]

    def _rows_by_form(self, section: Section) -> dict[int, list[Any]]:
        by_form: dict[int, list[Any]] = {}
        for row in self.newest(section.model):
            by_form.setdefault(row.parent_id, []).append(row)
        return by_form

    def _codes(self, section: Section) -> dict[str, dict[int, Any]]:
        codes: dict[str, dict[int, Any]] = {}
        for item in section.items:
            noun: Any = item.protocol_noun
            if item.record_form is not None:
                records = item.record_form._default_manager.filter(subject_id=self.subject.pk)
                codes[item.name] = dict(records.values_list("pk", "repeat"))
            if noun is not None and _has_code(noun):
                known = noun.objects.filter(study_id=self.subject.study_id)
                codes[item.name] = dict(known.values_list("pk", "code"))
        return codes


def _has_code(noun: Any) -> bool:
    return any(field.name == "code" for field in noun._meta.fields)


def answers(section: Section, row: Any, codes: Mapping[str, Mapping[int, Any]]) -> dict[str, Any]:
    """The answers of one section by field name; protocol items as their code, records as their number."""
    return {
        item.name: REDACTED
        if is_blanked(row, item.attname)
        else codes[item.name].get(getattr(row, item.attname))
        if item.name in codes
        else getattr(row, item.attname)
        for item in section.items
    }
