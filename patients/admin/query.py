"""Open questions of the edit checks, as a worklist."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from patients.actions.queries import accept_reason
from patients.admin.addresses import form_of, query_url
from patients.admin.asked import asked_about
from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.admin.pages.query_page import query_page
from patients.forms import about
from patients.models import Query, QueryState, Severity
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import WRITING, user_of
from trials.models import User
from trials.roles import Verb, may


class QueryStateFilter(admin.SimpleListFilter):
    """Open ones unless others are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(QueryState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in QueryState.values else queryset


class SeverityFilter(admin.SimpleListFilter):
    title = _("severity")
    parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Severity.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(severity=self.value()) if self.value() in Severity.values else queryset


IN_WORDS = "in_words"
"""Where a listed query holds what it is about, told for the whole page at once."""


class AcceptForm(forms.Form):
    change_reason = ReasonField(label=_("Why the value stands"))


@admin.register(Query)
class QueryAdmin(ClinicalAdmin):
    list_display = ("message", "question", "subject", "form_link", "severity", "state", "check_id")
    list_filter = (QueryStateFilter, SeverityFilter, OwnSiteFilter)
    search_fields = ("subject__code",)
    search_help_text = _("Subject code")
    ordering = ("-id",)

    def visible_to(self, user: User) -> QuerySet[Query]:
        return super().visible_to(user).select_related("subject__site")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The queries of one page, each told what it is about."""
        listed = super().get_changelist_instance(request)
        for query, words in asked_about(listed.result_list):
            setattr(query, IN_WORDS, words)
        return listed

    @admin.display(description=_("Question"))
    def question(self, query: Query) -> str:
        return str(getattr(query, IN_WORDS, ""))

    def get_urls(self) -> list[URLPattern]:
        accept = path(
            "<int:pk>/accept/",
            self.admin_site.admin_view(self.accept_view),
            name="patients_query_accept",
        )
        return [accept, *super().get_urls()]

    def record_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What is asked, where, and what one can do about it."""
        self.enter(request)
        return query_page(self, request, self.found(request, object_id))

    def accept_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The value stands: settle the query with a reason."""
        self.enter(request, WRITING)
        query = self.found(request, str(pk))
        if not may(user_of(request), Verb.ACCEPT, site=query.subject.site):
            raise PermissionDenied
        return act_page(
            self,
            request,
            form=AcceptForm(posted(request)),
            act=lambda typed: accept_reason(
                actor=user_of(request), query=query, reason=typed["change_reason"]
            ),
            said=str(_("The query is settled: the value stands.")),
            to=form_of(query),
            context={
                "title": _("Settle a query of %(code)s") % {"code": query.subject.code},
                "lead": query.message,
                "submit": _("The value stands"),
                "subject": query.subject,
                "back_url": query_url(query),
            },
        )

    @admin.display(description=_("Form"))
    def form_link(self, query: Query) -> str:
        return format_html('<a href="{}">{}</a>', query_url(query), about(query.form).title)
