"""Who has which role where: giving and ending roles, and the list of them on any day. For administrators."""

import csv
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trials.access import COLUMNS, cells, holders_on, managed_studies, today
from trials.actions import accounts
from trials.actions.errors import Refused
from trials.actions.given import day
from trials.admin.account_forms import AssignmentForm, EndForm
from trials.admin.accounts import AccountsAdmin
from trials.admin.act import act_page, posted
from trials.admin.base import WRITING, user_of
from trials.audit import clock
from trials.models import Assignment, User


@admin.register(Assignment)
class AssignmentPage(AccountsAdmin):
    list_display = ("user", "role", "site_or_all", "study", "valid_from", "valid_to")
    list_filter = ("role",)
    search_fields = ("user__username",)
    ordering = ("user__username", "-valid_from")
    change_form_template = "study/assignment.html"

    @admin.display(description=gettext_lazy("Site"))
    def site_or_all(self, assignment: Assignment) -> str:
        return assignment.site.code if assignment.site else _("every site")

    def visible_to(self, user: User) -> QuerySet[Assignment]:
        return Assignment.objects.filter(study__in=managed_studies(user)).select_related(
            "user", "study", "site"
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/end/", view(self.end_view), name="trials_assignment_end"),
            path("on/", view(self.on_view), name="trials_assignment_on"),
            *super().get_urls(),
        ]

    def on_view(self, request: HttpRequest) -> HttpResponse:
        """Who had which role where on a day, as a page or (format=csv) as a file."""
        self.enter(request)
        studies = managed_studies(user_of(request))
        context: dict[str, Any] = {"title": _("Roles on a day"), "columns": COLUMNS, "lines": []}
        context["on"] = request.GET.get("on") or today().isoformat()
        context["as_of"] = request.GET.get("as_of", "").strip()
        try:
            asked, as_of = day("on", context["on"]), None
            if context["as_of"]:
                as_of = clock.instant(context["as_of"])
            context["lines"] = [cells(each) for each in holders_on(asked, studies, as_of=as_of)]
        except Refused as refusal:
            context["refused"] = str(refusal)
        except ValueError as error:
            context["refused"] = f"as_of: {error}"
        if request.GET.get("format") == "csv" and "refused" not in context:
            return self.file(context["on"], context["lines"])
        return self.page(request, "study/access.html", context)

    def file(self, on: str, lines: list[list[str]]) -> HttpResponse:
        response = HttpResponse(content_type="text/csv; charset=utf-8; header=present")
        response["Content-Disposition"] = f'attachment; filename="access-{on}.csv"'
        csv.writer(response, lineterminator="\r\n").writerows([COLUMNS, *lines])
        return response

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        self.enter(request, WRITING)
        actor = user_of(request)
        studies = managed_studies(actor)
        initial = {
            "user": request.GET.get("user", "")[:60],
            "valid_from": clock.now().date(),
            "study": studies.first() if studies.count() == 1 else None,
        }
        return act_page(
            self,
            request,
            form=AssignmentForm(posted(request), actor=actor, initial=initial),
            act=lambda typed: accounts.assign(actor=actor, **typed),
            said=_("The role is given."),
            to=lambda assignment: reverse("admin:trials_user_change", args=[assignment.user_id]),
            context={"title": _("Give a role"), "submit": _("Give role")},
        )

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        assignment, actor = self.found(request, pk), user_of(request)
        return act_page(
            self,
            request,
            form=EndForm(posted(request), initial={"last_day": clock.now().date()}),
            act=lambda typed: accounts.end_assignment(
                actor=actor,
                assignment=assignment,
                last_day=typed["last_day"],
                reason=typed["change_reason"],
            ),
            said=_("The role ends after that day."),
            to=reverse("admin:trials_user_change", args=[assignment.user_id]),
            context={"title": _("End a role: %(role)s") % {"role": assignment}, "submit": _("End role")},
        )
