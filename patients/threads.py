"""The thread of a query: what was asked, what was said about it, and what was changed because of it.

Who may not read free text (a de-identified reader) sees who did what and when, and no words of people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.checks.casebook import CHECKS
from patients.forms import definition_of, record_models
from patients.models import CaseReportForm, MessageKind, Query, QueryMessage
from patients.trail import versions_of
from trials.audit.trail import Change
from trials.models import AuditEvent
from trials.roles import Scope

WITHHELD = _("withheld")
QUESTION = "QUESTION"


@dataclass(frozen=True)
class Turn:
    """One turn: its kind (QUESTION, or a MessageKind), who, in which role, when, and in which words.

    `changes`: what the act changed on the form of the query, told where the turn is a correction.
    """

    kind: str
    label: str
    text: str
    actor: str
    role: str
    role_name: str
    at: datetime
    changes: Sequence[Change] = field(default_factory=tuple)


def question_of(query: Query, readable: Scope) -> str:
    """The question; for a reader without free text what the check checks, or that it is withheld.

    `readable`: where the user may read free text. The words of a check may quote what was entered.
    """
    if readable.covers(query.subject.site):
        return query.message
    asks = next((check.asks for check in CHECKS if check.id == query.check_id), "")
    return asks if query.is_of_check and asks else str(WITHHELD)


def words_of(text: str, query: Query, readable: Scope) -> str:
    """What a person said about a query, or that it is withheld."""
    return text if not text or readable.covers(query.subject.site) else str(WITHHELD)


def thread_of(query: Query, readable: Scope) -> list[Turn]:
    """The whole thread with what was changed, oldest first; a fixed number of queries."""
    messages = _messages([query]).get(query.pk, [])
    changes = _changes(query, messages) if readable.covers(query.subject.site) else {}
    first = AuditEvent.objects.select_related("actor").get(pk=query.raised_in_id)
    return [_question(query, first, readable), *(_turn(query, each, readable, changes) for each in messages)]


def threads_of(queries: Iterable[Query], readable: Scope) -> dict[int, list[Turn]]:
    """What was said after the question, by the key of the query; one query for all."""
    held = {query.pk: query for query in queries}
    found = _messages(held.values())
    return {key: [_turn(held[key], each, readable, {}) for each in said] for key, said in found.items()}


def _messages(queries: Iterable[Query]) -> dict[int, list[QueryMessage]]:
    keys = [query.pk for query in queries]
    found: dict[int, list[QueryMessage]] = {}
    if keys:
        said = QueryMessage.objects.filter(query__in=keys).select_related("said_in__actor").order_by("id")
        for each in said:
            found.setdefault(each.query_id, []).append(each)
    return found


def _question(query: Query, event: AuditEvent, readable: Scope) -> Turn:
    return Turn(
        QUESTION,
        str(_("Question")),
        question_of(query, readable),
        "" if query.is_of_check else str(event.actor),
        query.raised_by,
        str(query.get_raised_by_display()),
        event.recorded_at,
    )


def _turn(query: Query, message: QueryMessage, readable: Scope, changes: dict[int, list[Change]]) -> Turn:
    event = message.said_in
    return Turn(
        message.kind,
        str(MessageKind(message.kind).label),
        words_of(message.text, query, readable),
        str(event.actor),
        event.role,
        event.role_name,
        event.recorded_at,
        changes.get(event.pk, ()),
    )


def _changes(query: Query, messages: Sequence[QueryMessage]) -> dict[int, list[Change]]:
    """What each linked act changed on the form of the query, by its event; of one question that alone."""
    linked = {each.said_in_id for each in messages if each.kind in MessageKind.links()}
    model: Any = record_models()[query.form]
    if not linked or not issubclass(model, CaseReportForm):
        return {}
    versions = versions_of(model._default_manager.get(pk=query.record_id))
    told = {each.event.pk: each.changes for each in versions if each.event.pk in linked}
    line = " ".join(str(part) for part in lines_of([query]).get(query.pk, ()))
    return {
        key: [each for each in changes if each.field == query.field and each.row == line] or changes
        for key, changes in told.items()
    }


def lines_of(queries: Iterable[Query]) -> dict[int, tuple[str, int]]:
    """Name and number of the line that each query is about; those about none are left out.

    One query for each kind of line on the forms that are asked about.
    """
    by_form: dict[str, list[Query]] = {}
    for query in queries:
        if query.row_id is not None:
            by_form.setdefault(query.form, []).append(query)
    models: Any = record_models()
    found: dict[int, tuple[str, int]] = {}
    for oid, asked in by_form.items():
        for name, section in definition_of(models[oid]).rows.items():
            rows = section.model._default_manager.filter(pk__in={query.row_id for query in asked})
            held = {(pk, parent): number for pk, parent, number in rows.values_list("pk", "parent", "repeat")}
            questions = {"", *(item.name for item in section.items)}
            for query in asked:
                number = held.get((query.row_id, query.record_id))
                if number is not None and query.field in questions:
                    found[query.pk] = name, number
    return found
