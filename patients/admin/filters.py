"""Filters that offer only what the user may see."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from patients.selectors import path_to_site
from trials.admin.base import user_of
from trials.roles import sites_of


class OwnSiteFilter(SimpleListFilter):
    """The sites that the user may know of; shown only where there are several."""

    title = _("site")
    parameter_name = "site"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        sites = sites_of(user_of(request)).order_by("code").values_list("code", "code")
        return list(sites[:100]) if len(sites) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(**{f"{path_to_site(queryset.model)}__code": self.value()})
