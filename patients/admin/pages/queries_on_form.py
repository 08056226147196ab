"""Queries on the page of a form: what is asked and said beside each answer, and what a change answers."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from patients.actions.corrections import NAMED_AT_MOST
from patients.admin.addresses import page_url
from patients.admin.asked import asked_about, tell
from patients.admin.sheet import Sheet
from patients.forms import about
from patients.models import Query, QueryState
from trials.admin.base import user_of
from trials.roles import Verb, may

FIELD = "answers_queries"


@dataclass(frozen=True)
class Answerable:
    """An open query of the casebook that a correction may answer, and whether it was ticked."""

    query: Any
    form: str
    ticked: bool


def queries_on_form(request: HttpRequest, sheet: Sheet, editable: bool) -> dict[str, Any]:
    """What the template of a form page needs about queries; nothing on a new form."""
    record: Any = sheet.record
    if record is None:
        return {}
    user = user_of(request)
    told = tell(sheet.open_queries, user)
    asks = not record.entered_in_error and may(user, Verb.RAISE_QUERY, site=record.subject.site)
    return {
        "queries_asked": asked_about(query for query in told if query.state == QueryState.OPEN),
        "ask_url": ask_url(record.form.oid, record.pk) if asks else "",
        "answerable": _answerable(request, record) if editable else [],
    }


def ask_url(oid: str, key: int) -> str:
    """Where one asks about a form or visit; a template adds the line and the question."""
    return f"{page_url(Query, 'add')}?{urlencode({'form': oid, 'record': str(key)})}"


def named_in(request: HttpRequest) -> list[Any]:
    """The queries ticked on the page; what is no number is left for the action to refuse."""
    sent = request.POST.getlist(FIELD)
    return [int(each) if each.isascii() and each.isdigit() and len(each) < 19 else each for each in sent]


def _answerable(request: HttpRequest, record: Any) -> list[Answerable]:
    found = Query.objects.filter(subject=record.subject, state=QueryState.OPEN).order_by("id")
    held = list(found[:NAMED_AT_MOST])
    for query in held:
        query.subject = record.subject
    ticked = set(named_in(request)) if request.method == "POST" else set()
    return [
        Answerable(query, str(about(query.form).title), query.pk in ticked)
        for query in tell(held, user_of(request))
    ]
