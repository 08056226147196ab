"""One query: what is asked and about which answer, and who can settle it how."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from patients.admin.addresses import page_url, query_url
from patients.admin.base import ClinicalAdmin, who_may
from patients.admin.questions import shown_text
from patients.checks.casebook import CHECKS
from patients.forms import FormDefinition, Section, definition_of, record_models
from patients.models import CaseReportForm, Entry, Query, QueryState, Row
from trials.admin.base import user_of
from trials.roles import Verb, may


@dataclass(frozen=True)
class Asked:
    """The answer a query is about: form, line and question in words, and what is answered there now."""

    place: str
    line: str
    question: str
    answer: str


def query_page(admin: ClinicalAdmin, request: HttpRequest, query: Query) -> HttpResponse:
    user, site = user_of(request), query.subject.site
    is_open = query.state == QueryState.OPEN
    check = next((each for each in CHECKS if each.id == query.check_id), None)
    context = {
        "title": _("Query %(number)s") % {"number": query.pk},
        "subject": query.subject,
        "query": query,
        "asked": _asked(query),
        "state": QueryState(query.state),
        "asks": check.asks if check is not None else "",
        "form_url": query_url(query),
        "history_url": page_url(query, "history", query.pk),
        "is_open": is_open,
        "may_enter": is_open and may(user, Verb.ENTER, site=site),
        "may_accept": is_open and may(user, Verb.ACCEPT, site=site),
        "who_may_accept": who_may(Verb.ACCEPT),
    }
    return admin.page(request, "study/query_page.html", context)


def _asked(query: Query) -> Asked:
    model = record_models()[query.form]
    record = model._default_manager.select_related("subject").get(pk=query.record_id)
    if not isinstance(record, CaseReportForm):
        return Asked(record.title, "", query.field, "")
    definition = definition_of(type(record))
    row, section = _line(definition, query)
    item = next((each for each in section.items if each.name == query.field), None)
    holder: Entry = row if row is not None else record
    return Asked(
        _place(record),
        _line_in_words(section, row) if row is not None else "",
        item.question if item is not None else "",
        shown_text(item, holder) if item is not None else "",
    )


def _place(record: CaseReportForm) -> str:
    visit = record.visit.code if record.visit is not None else ""
    number = f"#{record.repeat}" if record.form.repeats else ""
    return " ".join(part for part in (str(record.form.title), visit, number) if part)


def _line(definition: FormDefinition, query: Query) -> tuple[Row | None, Section]:
    """The line a query is about, among the kinds that have its question; none for the form itself."""
    for section in definition.rows.values() if query.row_id is not None else ():
        found = section.model._default_manager.filter(pk=query.row_id, parent_id=query.record_id).first()
        if found is not None and (not query.field or any(i.name == query.field for i in section.items)):
            return found, section
    return None, definition


def _line_in_words(section: Section, row: Row) -> str:
    about = " · ".join(shown_text(item, row) for item in section.asked if item.refers)
    return f"{row.repeat}: {about}" if about else str(row.repeat)
