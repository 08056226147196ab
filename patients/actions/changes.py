"""Which answers the running act changed, read from the history rows: whatever path it took."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patients.forms import Section, definition_of
from patients.marks import FormKey, in_portions
from patients.models import CaseReportForm
from trials.audit.context import OpenRecording

WHOLE_ENTRY = "entered_in_error"
NOT_DONE = "not_done_reason"


@dataclass(frozen=True)
class Changed:
    """A question whose answer, or reason for having none, changed; of a line where `rows` is given.

    `question` is also WHOLE_ENTRY, for a form or line that was taken out, or NOT_DONE.
    """

    question: str
    rows: str = ""
    repeat: int | None = None

    @property
    def path(self) -> str:
        """As study data name it: the question, after the name of the rows and a dot where it is of one."""
        return f"{self.rows}.{self.question}" if self.rows else self.question

    def __str__(self) -> str:
        return f"{self.rows} {self.repeat}: {self.question}" if self.rows else self.question


def changed_answers(record: OpenRecording, forms: Sequence[CaseReportForm]) -> dict[FormKey, list[Changed]]:
    """What the act changed on each of these forms; empty where only derived values did.

    What the server derives (a flag, a grade) and the identifier in another system are no answers. One
    query for each kind of form, and one for each kind of its rows.
    """
    found: dict[FormKey, list[Changed]] = {}
    by_model: dict[type[CaseReportForm], list[CaseReportForm]] = {}
    for form in forms:
        by_model.setdefault(type(form), []).append(form)
    for model, own in by_model.items():
        definition = definition_of(model)
        events = {form.pk: record.event_id_of(form) for form in own}
        own_rows = _versions(definition, "id", events)
        lines = {name: _versions(section, "parent_id", events) for name, section in definition.rows.items()}
        for form in own:
            changes = [change for _key, change in _differences(definition, "", own_rows.get(form.pk, {}))]
            for name, section in definition.rows.items():
                of_rows = _differences(section, name, lines[name].get(form.pk, {}))
                changes += [change for _key, change in of_rows]
            found[definition.oid, form.pk] = changes
    return found


_Versions = dict[int, tuple[Any, Any]]  # row: as it was before the act, as it is now


def _versions(section: Section, column: str, events: Mapping[int, int]) -> dict[int, _Versions]:
    """By form: each row before the act (None: it was not there) and as the act left it."""
    found: dict[int, _Versions] = {}
    for keys in in_portions(sorted(events)):
        history = section.model.history.model.objects.filter(**{f"{column}__in": keys})
        for row in history.order_by("history_id"):
            form = getattr(row, column)
            rows = found.setdefault(form, {})
            before, _now = rows.get(row.id, (None, None))
            rows[row.id] = (row if row.event_id < events[form] else before, row)
    return found


def _differences(section: Section, name: str, rows: _Versions) -> Iterator[tuple[int, Changed]]:
    for key, (before, now) in sorted(rows.items()):
        for question in _changed_questions(section, before, now):
            yield key, Changed(question, name, now.repeat if name else None)


def _changed_questions(section: Section, before: Any, now: Any) -> Iterator[str]:
    for item in section.asked:
        earlier = getattr(before, item.attname) if before is not None else None
        missing = before.missing_reasons.get(item.name) if before is not None else None
        same = earlier == getattr(now, item.attname) and missing == now.missing_reasons.get(item.name)
        if not same:
            yield item.name
    if now.entered_in_error != (before is not None and before.entered_in_error):
        yield WHOLE_ENTRY
    if getattr(now, NOT_DONE, "") != (getattr(before, NOT_DONE, "") if before is not None else ""):
        yield NOT_DONE
