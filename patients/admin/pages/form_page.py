"""A case report form on a page: entered, corrected, or read. One save is one call of one action."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.save_form import change_form, create_form
from patients.admin.addresses import add_url, form_url, hub_url
from patients.admin.base import ClinicalAdmin, subject_in_reach, who_may
from patients.admin.marks import badges, lost_by, may_mark, shown_lock
from patients.admin.pages.laboratory import (
    PANEL,
    chosen_panel,
    offer_units,
    panel_name,
    panels_of,
    scheduled_panels,
)
from patients.admin.pages.prefill import answers_for, forms_that_name, lines_for, lines_left
from patients.admin.pages.queries_on_form import named_in, queries_on_form
from patients.admin.pages.signing import signing_of_form
from patients.admin.pages.terms import offer_terms
from patients.admin.parts import shown_parts
from patients.admin.sheet import Sheet
from patients.forms import definition_of
from patients.marks import Marks, closures_over, marks_of_record
from patients.models import EntryState, Lock, Query, QueryState, Subject, Visit
from patients.selectors import current, subjects, visits_of
from patients.signatures import signatures_of
from patients.trail import versions_of
from patients.withheld import as_read_by, readable_by
from trials.actions.errors import Closed, Refused, Stale
from trials.admin.act import posted, status_of
from trials.admin.base import WRITING, user_of
from trials.models import User
from trials.roles import NotPermitted, Verb, may

TEMPLATE = "study/form.html"


# ---------------------------------------------------------------- entry
def entry_page(admin: ClinicalAdmin, request: HttpRequest) -> HttpResponse:
    """A first entry: choose what is still open (subject, visit, panel), then answer."""
    admin.enter(request, WRITING)
    definition = definition_of(admin.model)
    if not may(user_of(request), Verb.ENTER):
        raise PermissionDenied
    if not _sent(request, "subject"):
        return _choose_subject(admin, request)
    subject = subject_in_reach(request, _sent(request, "subject"))
    if not may(user_of(request), Verb.ENTER, site=subject.site):
        raise PermissionDenied
    visit = _visit(request, subject)
    if definition.at_visit and visit is None:
        return _choose_visit(admin, request, subject)
    if request.method != "POST":
        existing = None if definition.repeats else current(admin.model, subject).filter(visit=visit).first()
        if existing is not None:
            messages.info(request, _("This form exists already; it is corrected here."))
            return redirect(form_url(existing))
        if definition.oid == "LB" and PANEL not in request.GET:
            return _choose_panel(admin, request, subject, visit)
        if closed := closures_over([subject]).over(subject, visit.pk if visit is not None else None):
            return _closed_page(admin, request, subject, closed[0])
    return _enter(admin, request, subject, visit)


def _closed_page(admin: ClinicalAdmin, request: HttpRequest, subject: Subject, lock: Lock) -> HttpResponse:
    """Where a form would be entered, were the casebook or visit not frozen or locked."""
    context = {
        "title": admin.model.form.title,
        "subject": subject,
        "closed_by": shown_lock(lock, user_of(request)),
        "back_url": hub_url(subject),
    }
    return admin.page(request, "study/closed_page.html", context)


def _sent(request: HttpRequest, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name, "")


def _visit(request: HttpRequest, subject: Subject) -> Visit | None:
    key = _sent(request, "visit")
    if not key:
        return None
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Http404
    visit = visits_of(subject).filter(pk=int(key)).first()
    if visit is None:
        raise Http404
    return visit


class SubjectForm(forms.Form):
    """Whose form it is, among the subjects in reach; what is sent is looked up in the same scope again."""

    subject = forms.ModelChoiceField(Subject.objects.none(), label=gettext_lazy("Subject"))

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        field: Any = self.fields["subject"]
        field.queryset = subjects(user)
        field.widget = AutocompleteSelect(Visit._meta.get_field("subject"), site)
        field.widget.choices = field.choices


def _choose_subject(admin: ClinicalAdmin, request: HttpRequest) -> HttpResponse:
    form = SubjectForm(user=user_of(request))
    context = {"title": admin.model.form.title, "form": form, "media": form.media}
    return admin.page(request, "study/choose_subject.html", context)


def _choose_visit(admin: ClinicalAdmin, request: HttpRequest, subject: Subject) -> HttpResponse:
    choices = [
        (f"{visit.code} · {visit.title}", add_url(admin.model, subject, visit.pk))
        for visit in visits_of(subject)
    ]
    context = {
        "title": admin.model.form.title,
        "subject": subject,
        "asked": _("At which visit?"),
        "choices": choices,
    }
    return admin.page(request, "study/choose.html", context)


def _choose_panel(
    admin: ClinicalAdmin, request: HttpRequest, subject: Subject, visit: Visit | None
) -> HttpResponse:
    due = scheduled_panels(visit)
    key = visit.pk if visit else None
    choices = [
        (
            f"{panel_name(panel)} · {_('due at this visit')}" if panel in due else panel_name(panel),
            add_url(admin.model, subject, key, panel=panel),
        )
        for panel in sorted(panels_of(subject), key=lambda panel: panel not in due)
    ]
    choices.append((_("No panel: single results"), add_url(admin.model, subject, key, panel="")))
    asked = _("Which panel?")
    context = {
        "title": admin.model.form.title,
        "subject": subject,
        "visit": visit,
        "asked": asked,
        "choices": choices,
    }
    return admin.page(request, "study/choose.html", context)


def _enter(admin: ClinicalAdmin, request: HttpRequest, subject: Subject, visit: Visit | None) -> HttpResponse:
    definition = definition_of(admin.model)
    data = posted(request)
    sheet = Sheet(
        definition,
        subject,
        visit=visit,
        data=data,
        given=lines_for(definition.oid, request, subject),
        # What was typed stands for itself: only a first look is filled in.
        initial=answers_for(definition.oid, request, subject, visit) if data is None else None,
    )
    status = 200
    if data is not None and sheet.is_valid():
        try:
            record = create_form(
                actor=user_of(request),
                form=admin.model,
                subject=subject,
                visit=visit,
                data=sheet.head.data_typed(),
                rows=sheet.rows_typed(),
                not_done_reason=sheet.head.cleaned_data["not_done_reason"],
            )
        except NotPermitted as refusal:
            raise PermissionDenied from refusal
        except Refused as refusal:
            sheet.show(refusal.errors)
            status = status_of(refusal)
        else:
            return _saved(request, record)
    context = {
        "title": definition.title,
        "subject": subject,
        "visit": visit,
        "sheet": sheet,
        "panel": chosen_panel(request, subject) if definition.oid == "LB" else "",
        "repeats": definition.repeats,
    }
    return _show(admin, request, context, status)


# ---------------------------------------------------------------- correction
def correction_page(admin: ClinicalAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """A form that exists: corrected with a reason by who may, read by everybody else in its scope."""
    admin.enter(request, WRITING)
    record = admin.found(request, object_id)
    editable = may(user_of(request), Verb.ENTER, site=record.subject.site)
    if request.method == "POST":
        if not editable:
            raise PermissionDenied
        return _correct(admin, request, record)
    marks = marks_of_record(record)
    editable = editable and not record.entered_in_error and marks.closed_by is None
    given = lines_left(request, record) if editable else None
    shown = record if editable else as_read_by(record, readable_by(user_of(request)))
    sheet = Sheet(definition_of(admin.model), record.subject, record=shown, given=given)
    return _show_record(admin, request, record, sheet, editable, marks)


def _correct(admin: ClinicalAdmin, request: HttpRequest, record: Any) -> HttpResponse:
    definition = definition_of(admin.model)
    given = lines_left(request, record)
    sheet = Sheet(definition, record.subject, record=record, data=request.POST, given=given)
    seen = _number(request.POST.get("version", ""))
    status, stale = 200, False
    if sheet.is_valid():
        try:
            saved = change_form(
                actor=user_of(request),
                record=record,
                version=seen,
                reason=sheet.head.cleaned_data["change_reason"],
                data=sheet.head.data_typed(),
                rows=sheet.rows_typed(),
                not_done_reason=sheet.head.cleaned_data["not_done_reason"],
                answers_queries=named_in(request),
            )
        except NotPermitted as refusal:
            raise PermissionDenied from refusal
        except Refused as refusal:
            status, stale = status_of(refusal), isinstance(refusal, Stale)
            if isinstance(refusal, Closed):  # nothing can be typed into it any more
                sheet = Sheet(definition, record.subject, record=record)
            elif not stale:  # a stale save is told above the form, with what the other person changed
                sheet.show(refusal.errors)
        else:
            return _saved(request, saved, changed=saved.version != seen)
    marks = marks_of_record(record)
    return _show_record(
        admin,
        request,
        record,
        sheet,
        editable=not record.entered_in_error and marks.closed_by is None,
        marks=marks,
        status=status,
        since=seen if stale else None,
    )


def _number(text: str) -> int:
    """The version that the page was made from; 0, which no form has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _show_record(
    admin: ClinicalAdmin,
    request: HttpRequest,
    record: Any,
    sheet: Sheet,
    editable: bool,
    marks: Marks,
    status: int = 200,
    since: int | None = None,
) -> HttpResponse:
    context = {
        "title": record.form.title,
        "subject": record.subject,
        "visit": record.visit,
        "record": sheet.record,
        "sheet": sheet,
        "editable": editable,
        "state": EntryState(record.entry_state),
        "stale": since is not None,
        "theirs": _changes_since(record, since) if since is not None else [],
        "may_accept": may(user_of(request), Verb.ACCEPT, site=record.subject.site),
        "may_void": editable and may(user_of(request), Verb.VOID, site=record.subject.site),
        "marks": badges(marks),
        "closed_by": shown_lock(marks.closed_by, user_of(request)),
        "lost": marks.lost,
        "lost_by": lost_by(marks.lost) if marks.lost is not None else "",
        "may_mark": may_mark(user_of(request), record.subject) and not record.entered_in_error,
        "forms_that_name": forms_that_name(record) if editable else [],
        "signed_forms": signatures_of(record),
        **signing_of_form(user_of(request), record),
        "history_url": form_url(record, "history"),
        "void_url": form_url(record, "void"),
        "repeats": record.form.repeats,
    }
    return _show(admin, request, context, status)


def _changes_since(record: Any, version: int) -> list[Any]:
    """What others saved after the version that the person was looking at."""
    found, seen = [], False
    for each in versions_of(record):
        if seen:
            found.append(each)
        seen = seen or each.version == version
    return found


# ---------------------------------------------------------------- both
OFFERS: Mapping[str, Callable[[Sheet, Subject], None]] = {"AE": offer_terms, "LB": offer_units}
"""What a question of these forms offers on the page, beside the codes of its definition."""


def _show(admin: ClinicalAdmin, request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    sheet: Sheet = context["sheet"]
    if sheet.definition.oid in OFFERS:
        OFFERS[sheet.definition.oid](sheet, context["subject"])
    compare = context.get("stale", False)
    more = {
        "editable": True,
        "parts": shown_parts(sheet, compare),
        **queries_on_form(request, sheet, context.get("editable", True)),
        "queries_elsewhere": sheet.queries_elsewhere,
        "who_may_accept": who_may(Verb.ACCEPT),
        "back_url": hub_url(context["subject"]),
        "model_admin": admin,
    }
    return admin.page(request, TEMPLATE, {**more, **context}, status=status)


def _saved(request: HttpRequest, record: Any, changed: bool = True) -> HttpResponse:
    queries = Query.objects.filter(form=record.form.oid, record_id=record.pk, state=QueryState.OPEN).count()
    said = (_("%(form)s is saved.") if changed else _("%(form)s: nothing was changed.")) % {
        "form": record.form.title
    }
    if queries:
        messages.warning(request, said + " " + _("Open queries on it: %(count)s.") % {"count": queries})
    else:
        messages.success(request, said)
    if "_continue" in request.POST:
        return redirect(form_url(record))
    if "_addanother" in request.POST:
        return redirect(add_url(type(record), record.subject, record.visit_id))
    return redirect(hub_url(record.subject))
