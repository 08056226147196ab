"""Open questions of the edit checks, as a worklist."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from patients.admin.addresses import page_url
from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.forms import definition
from patients.models import Query, QueryState, Severity
from trials.models import User


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


@admin.register(Query)
class QueryAdmin(ClinicalAdmin):
    list_display = ("subject", "form_link", "message", "severity", "state", "check_id")
    list_filter = (QueryStateFilter, SeverityFilter, OwnSiteFilter)
    search_fields = ("subject__code",)
    search_help_text = _("Subject code")
    ordering = ("-id",)
    fields = ("subject", "form_link", "field", "message", "severity", "state", "check_id")
    readonly_fields = ("form_link",)

    def visible_to(self, user: User) -> QuerySet[Query]:
        return super().visible_to(user).select_related("subject__site")

    @admin.display(description=_("Form"))
    def form_link(self, query: Query) -> str:
        return format_html('<a href="{}">{}</a>', form_of(query), definition(query.form).title)


def form_of(query: Query) -> str:
    """The page of the form that the query is about."""
    return page_url(definition(query.form).model, "change", query.record_id)
