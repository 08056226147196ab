"""One query: what is asked and about which answer, and who can settle it how."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from patients.admin.addresses import page_url, query_url
from patients.admin.asked import in_words, line_in_words, places_of
from patients.admin.base import ClinicalAdmin, who_may
from patients.admin.questions import shown_text
from patients.checks.casebook import CHECKS
from patients.forms import record_models
from patients.models import CaseReportForm, Entry, Query, QueryState
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
    section, row = places_of([query])[query.pk]
    item = next((each for each in section.items if each.name == query.field), None)
    holder: Entry = row if row is not None else record
    return Asked(
        _place(record),
        f"{row.repeat}: {line_in_words(section, row)}" if row is not None else "",
        in_words(query, (section, row)) if item is not None else "",
        shown_text(item, holder) if item is not None else "",
    )


def _place(record: CaseReportForm) -> str:
    visit = record.visit.code if record.visit is not None else ""
    number = f"#{record.repeat}" if record.form.repeats else ""
    return " ".join(part for part in (str(record.form.title), visit, number) if part)
