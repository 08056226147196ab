"""Queries of checks and of people as worklists, each with its page and the steps open to a person."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from patients.admin.addresses import query_url
from patients.admin.asked import asked_about
from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.admin.pages.query_page import STEP_PAGES, ask_page, query_page, step_page
from patients.forms import about, record_models
from patients.models import MessageKind, Query, QueryState, RaisedBy, Severity
from patients.query_lists import Worklist, age_in_days, overdue_among, waiting_for
from patients.threads import question_of
from trials.admin.base import WRITING, user_of
from trials.audit import clock
from trials.models import User
from trials.roles import Verb, may, scope

AGES = (7, 14, 28, 56)
"""Days since a query was asked, offered as a filter."""


class WorklistFilter(admin.SimpleListFilter):
    title = _("worklist")
    parameter_name = "worklist"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Worklist.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        if value not in Worklist.values:
            return queryset
        return queryset.filter(waiting_for(user_of(request), Worklist(value)))


class ChoiceFilter(admin.SimpleListFilter):
    """One column of coded values."""

    kinds: Any

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.kinds.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return (
            queryset.filter(Q((str(self.parameter_name), value))) if value in self.kinds.values else queryset
        )


class QueryStateFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "state"
    kinds = QueryState


class SeverityFilter(ChoiceFilter):
    title = _("severity")
    parameter_name = "severity"
    kinds = Severity


class RaisedByFilter(ChoiceFilter):
    title = _("raised by")
    parameter_name = "raised_by"
    kinds = RaisedBy


class QueriedFormFilter(admin.SimpleListFilter):
    title = _("form")
    parameter_name = "form"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(oid, model.form.title) for oid, model in record_models().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(form=self.value()) if self.value() in record_models() else queryset


class AgeFilter(admin.SimpleListFilter):
    title = _("asked")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(days), _("more than %(days)s days ago") % {"days": days}) for days in AGES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = {str(days): days for days in AGES}.get(self.value() or "")
        if days is None:
            return queryset
        return queryset.filter(raised_in__recorded_at__lt=clock.now() - timedelta(days=days))


@admin.register(Query)
class QueryAdmin(ClinicalAdmin):
    list_display = (
        "asked",
        "question",
        "subject",
        "visit_code",
        "form_link",
        "severity",
        "stands",
        "age",
        "asker",
    )
    list_filter = (
        WorklistFilter,
        QueryStateFilter,
        SeverityFilter,
        RaisedByFilter,
        QueriedFormFilter,
        AgeFilter,
        OwnSiteFilter,
    )
    search_fields = ("subject__code", "=visit__code", "=field", "=check_id")
    search_help_text = _("Subject code, code of a visit, name of a question or check")
    ordering = ("-id",)

    def visible_to(self, user: User) -> QuerySet[Query]:
        return super().visible_to(user).select_related("subject__site", "visit", "raised_in", "state_in")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The queries of one page, each told what it is about, in the words that the reader may read."""
        listed = super().get_changelist_instance(request)
        readable, now = scope(user_of(request), Verb.READ_FREE_TEXT), clock.now()
        late = overdue_among(listed.result_list, now)
        for query, words in asked_about(listed.result_list):
            held: Any = query
            held.in_words, held.words = words, question_of(query, readable)
            held.days, held.is_late = age_in_days(query.raised_in.recorded_at, now), query.pk in late
        return listed

    @admin.display(description=_("Asked"))
    def asked(self, query: Any) -> str:
        return str(getattr(query, "words", ""))

    @admin.display(description=_("Question"))
    def question(self, query: Any) -> str:
        return str(getattr(query, "in_words", ""))

    @admin.display(description=_("Visit"))
    def visit_code(self, query: Query) -> str:
        return query.visit.code if query.visit is not None else ""

    @admin.display(description=_("State"))
    def stands(self, query: Query) -> str:
        words = str(query.get_state_display())
        return f"{words} ({query.reopened}×)" if query.reopened else words

    @admin.display(description=_("Days"))
    def age(self, query: Any) -> str:
        days = str(getattr(query, "days", ""))
        return f"{days} · {_('overdue')}" if getattr(query, "is_late", False) else days

    @admin.display(description=_("Raised by"))
    def asker(self, query: Query) -> str:
        return query.check_id or str(query.get_raised_by_display())

    @admin.display(description=_("Form"))
    def form_link(self, query: Query) -> str:
        return format_html('<a href="{}">{}</a>', query_url(query), about(query.form).title)

    def get_urls(self) -> list[URLPattern]:
        steps = [
            path(
                f"<int:pk>/{kind.value.lower()}/",
                self.admin_site.admin_view(self._step(kind)),
                name=f"patients_query_{kind.value.lower()}",
            )
            for kind in STEP_PAGES
        ]
        return [*steps, *super().get_urls()]

    def _step(self, kind: MessageKind) -> Any:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            self.enter(request, WRITING)
            return step_page(self, request, self.found(request, str(pk)), kind)

        return view

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        """Ask; the form, its line and question are named by the address."""
        self.enter(request, WRITING)
        return ask_page(self, request)

    def record_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What is asked, where, what was said, and what one can do about it."""
        self.enter(request)
        return query_page(self, request, self.found(request, object_id))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Not for who may not read free text: the history of a query is made of it."""
        self.enter(request)
        query = self.found(request, object_id)
        if not may(user_of(request), Verb.READ_FREE_TEXT, site=query.subject.site):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)
