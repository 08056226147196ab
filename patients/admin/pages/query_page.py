"""One query: what is asked and about which answer, what was said since, and what one can do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.ask import (
    Asked,
    UnknownRecord,
    answer_query,
    close_query,
    comment_on_query,
    place,
    raise_query,
    record_named,
    reopen_query,
    withdraw_query,
)
from patients.actions.queries import accept_reason
from patients.actions.query_steps import CLOSERS, TEXT_LENGTH, steps_open_to, verbs_for
from patients.admin.addresses import form_of, page_url, query_url
from patients.admin.asked import in_words, line_in_words, places_of
from patients.admin.base import ClinicalAdmin, roles_in_words, who_may
from patients.admin.questions import shown_text
from patients.checks.casebook import CHECKS
from patients.forms import record_models
from patients.models import CaseReportForm, Entry, MessageKind, Query, QueryState, RaisedBy, Severity, Visit
from patients.query_lists import age_in_days, overdue_among
from patients.selectors import visible
from patients.threads import question_of, thread_of
from patients.withheld import as_read_by, readable_by
from trials.actions.errors import Refused
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import user_of
from trials.audit import clock
from trials.models import User
from trials.roles import Verb, may, scope


@dataclass(frozen=True)
class AskedAbout:
    """The answer a query is about: form, line and question in words, and what is answered there now."""

    place: str
    line: str
    question: str
    answer: str


@dataclass(frozen=True)
class StepPage:
    """A step as a page: title, the label of its words, its button, what is said afterwards, the action."""

    title: Any
    label: Any
    button: Any
    said: Any
    act: Callable[[User, Query, str, int], Query]


def _accept(actor: User, query: Query, words: str, version: int) -> Query:
    return accept_reason(actor=actor, query=query, reason=words, version=version)


def _said(act: Callable[..., Query]) -> Callable[[User, Query, str, int], Query]:
    return lambda actor, query, words, version: act(actor=actor, query=query, words=words, version=version)


STEP_PAGES: Mapping[MessageKind, StepPage] = {
    MessageKind.ANSWER: StepPage(
        gettext_lazy("Answer a query of %(code)s"),
        gettext_lazy("Answer, with the source it rests on"),
        gettext_lazy("Answer"),
        gettext_lazy("The query is answered."),
        _said(answer_query),
    ),
    MessageKind.ACCEPT: StepPage(
        gettext_lazy("Settle a query of %(code)s"),
        gettext_lazy("Why the value stands"),
        gettext_lazy("The value stands"),
        gettext_lazy("The query is settled: the value stands."),
        _accept,
    ),
    MessageKind.CLOSE: StepPage(
        gettext_lazy("Close a query of %(code)s"),
        gettext_lazy("Why the answer is enough"),
        gettext_lazy("Close the query"),
        gettext_lazy("The query is closed."),
        _said(close_query),
    ),
    MessageKind.REOPEN: StepPage(
        gettext_lazy("Open a query of %(code)s again"),
        gettext_lazy("What is still to be answered"),
        gettext_lazy("Open again"),
        gettext_lazy("The query is open again."),
        _said(reopen_query),
    ),
    MessageKind.WITHDRAW: StepPage(
        gettext_lazy("Withdraw a query of %(code)s"),
        gettext_lazy("Why it is no longer asked"),
        gettext_lazy("Withdraw the query"),
        gettext_lazy("The query is withdrawn."),
        _said(withdraw_query),
    ),
    MessageKind.COMMENT: StepPage(
        gettext_lazy("Comment on a query of %(code)s"),
        gettext_lazy("Comment"),
        gettext_lazy("Add the comment"),
        gettext_lazy("The comment is added."),
        _said(comment_on_query),
    ),
}
"""In the order of the buttons; the first that is open to a person is the one that is expected of them."""


# ---------------------------------------------------------------- the query
def query_page(admin: ClinicalAdmin, request: HttpRequest, query: Query) -> HttpResponse:
    user, site = user_of(request), query.subject.site
    check = next((each for each in CHECKS if each.id == query.check_id), None)
    readable = scope(user, Verb.READ_FREE_TEXT)
    is_open = query.state == QueryState.OPEN
    now = clock.now()
    context = {
        "title": _("Query %(number)s") % {"number": query.pk},
        "subject": query.subject,
        "query": query,
        "words": question_of(query, readable),
        "thread": thread_of(query, readable),
        "asked": _asked_about(query, user),
        "state": QueryState(query.state),
        "asks": check.asks if check is not None else "",
        "age": age_in_days(query.raised_in.recorded_at, now),
        "overdue": bool(overdue_among([query], now)),
        "form_url": query_url(query),
        "history_url": page_url(query, "history", query.pk) if readable.covers(site) else "",
        "redacts": may(user, Verb.REQUEST_REDACTION, site=site),
        "is_open": is_open,
        "may_enter": is_open and may(user, Verb.ENTER, site=site),
        "steps": _buttons(user, query),
        "who_may_accept": who_may(Verb.ACCEPT),
        "who_may_close": roles_in_words(CLOSERS[RaisedBy(query.raised_by)]),
        "who_may_answer": who_may(Verb.ANSWER_QUERY),
    }
    return admin.page(request, "study/query_page.html", context)


def _buttons(user: User, query: Query) -> list[tuple[str, Any]]:
    """Address and words of each step that this person may take now."""
    open_to = steps_open_to(user, query)
    return [
        (page_url(query, kind.value.lower(), query.pk), words)
        for kind, words in BUTTONS.items()
        if kind in open_to
    ]


BUTTONS: Mapping[MessageKind, Any] = {
    MessageKind.ANSWER: gettext_lazy("Answer in words…"),
    MessageKind.ACCEPT: gettext_lazy("The value stands…"),
    MessageKind.CLOSE: gettext_lazy("Close…"),
    MessageKind.REOPEN: gettext_lazy("Open again…"),
    MessageKind.WITHDRAW: gettext_lazy("Withdraw…"),
    MessageKind.COMMENT: gettext_lazy("Comment…"),
}


def _asked_about(query: Query, user: User) -> AskedAbout:
    model = record_models()[query.form]
    record = model._default_manager.select_related("subject__site").get(pk=query.record_id)
    if not isinstance(record, CaseReportForm):
        return AskedAbout(record.title, "", query.field, "")
    section, row = places_of([query])[query.pk]
    item = next((each for each in section.items if each.name == query.field), None)
    holder: Entry = row if row is not None else record
    holder = as_read_by(holder, readable_by(user))
    return AskedAbout(
        _place(record),
        f"{row.repeat}: {line_in_words(section, row)}" if row is not None else "",
        in_words(query, (section, row)) if item is not None else "",
        shown_text(item, holder) if item is not None else "",
    )


def _place(record: CaseReportForm | Visit) -> str:
    if isinstance(record, Visit):
        return record.title
    visit = record.visit.code if record.visit is not None else ""
    number = f"#{record.repeat}" if record.form.repeats else ""
    return " ".join(part for part in (str(record.form.title), visit, number) if part)


# ---------------------------------------------------------------- steps
class WordsForm(forms.Form):
    """What is said, in the version of the query that was on the page."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1, required=False)

    def __init__(self, *arguments: Any, field: str, label: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields[field] = ReasonField(label=label, max_length=TEXT_LENGTH)


def step_page(admin: ClinicalAdmin, request: HttpRequest, query: Query, kind: MessageKind) -> HttpResponse:
    """Say the words of a step. Whoever may not take it is refused before anything is typed."""
    actor, shown = user_of(request), STEP_PAGES[kind]
    if not any(may(actor, verb, site=query.subject.site) for verb in verbs_for(kind)):
        raise PermissionDenied
    field = "change_reason" if kind == MessageKind.ACCEPT else "text"
    form = WordsForm(posted(request), field=field, label=shown.label, initial={"version": query.version})
    readable = scope(actor, Verb.READ_FREE_TEXT)
    response = act_page(
        admin,
        request,
        form=form,
        act=lambda typed: shown.act(actor, query, typed[field], typed["version"] or 0),
        said=str(shown.said),
        to=form_of(query) if kind == MessageKind.ACCEPT else page_url(query, "change", query.pk),
        context={
            "title": shown.title % {"code": query.subject.code},
            "lead": question_of(query, readable),
            "submit": shown.button,
            "subject": query.subject,
            "back_url": page_url(query, "change", query.pk),
        },
        template="study/query_step.html",
    )
    if response.status_code != 302:
        _with_thread(response, form, Query.objects.select_related("subject__site").get(pk=query.pk), readable)
    return response


def _with_thread(response: Any, form: Any, current: Query, readable: Any) -> None:
    """The thread as it is now: after a stale step what was said in between stands above what was typed."""
    response.context_data["thread"] = thread_of(current, readable)
    if form.is_bound:
        form.data = form.data.copy()
        form.data["version"] = str(current.version)


# ---------------------------------------------------------------- asking
class AskForm(forms.Form):
    text = ReasonField(label=gettext_lazy("What is asked of the site"), max_length=TEXT_LENGTH)
    severity = forms.ChoiceField(
        label=gettext_lazy("How urgent"),
        choices=Severity.choices,
        initial=Severity.SOFT,
        widget=forms.Select,
        required=False,
    )


def ask_page(admin: ClinicalAdmin, request: HttpRequest) -> HttpResponse:
    """Ask about what the address names: `form` and `record`, of a line `rows` and `repeat`, and `field`."""
    actor = user_of(request)
    if not may(actor, Verb.RAISE_QUERY):
        raise PermissionDenied
    if "form" not in request.GET:
        messages.info(request, _("Open the form and ask beside its question."))
        return redirect(page_url(Query, "changelist"))
    asked = _named(request, actor)
    if not may(actor, Verb.RAISE_QUERY, site=asked.record.subject.site):
        raise PermissionDenied
    draft = _draft(asked)
    return act_page(
        admin,
        request,
        form=AskForm(posted(request)),
        act=lambda typed: raise_query(
            actor=actor, asked=asked, words=typed["text"], severity=typed["severity"] or Severity.SOFT
        ),
        said=str(_("The site is asked.")),
        to=query_url,
        context={
            "title": _("Ask about %(code)s") % {"code": asked.record.subject.code},
            "submit": _("Ask the site"),
            "subject": asked.record.subject,
            "asked": _asked_about(draft, actor) if not isinstance(asked.record, Visit) else None,
            "place": _place(asked.record),
            "back_url": form_of(draft),
        },
        template="study/query_ask.html",
    )


def _named(request: HttpRequest, actor: User) -> Asked:
    """What the address names, in the scope of the reader. Raises Http404 for what does not exist."""
    sent = request.GET
    try:
        record = record_named(
            sent.get("form"), _number(sent.get("record", "")), lambda model: visible(model, actor)
        )
        repeat = _number(sent["repeat"]) if sent.get("repeat") else None
        return place(record, rows=sent.get("rows", ""), repeat=repeat, field=sent.get("field", ""))
    except (UnknownRecord, Refused) as refusal:
        raise Http404 from refusal


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _draft(asked: Asked) -> Query:
    """The query that is about to be asked, for what is shown of its place; never saved."""
    return Query(
        pk=0,
        subject=asked.record.subject,
        form=asked.record.form.oid,
        record_id=asked.record.pk,
        row_id=asked.row.pk if asked.row is not None else None,
        field=asked.field,
    )
