"""Who has which role where: giving and ending roles, and the list of them on any day. For administrators."""

import csv
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trials.access import COLUMNS, EVERYWHERE, cells, holders_on, managed_studies, today
from trials.actions import accounts
from trials.actions.errors import Refused
from trials.actions.given import day
from trials.admin.account_forms import AssignmentForm, EndForm, TrainingForm
from trials.admin.accounts import AccountsAdmin
from trials.admin.act import act_page, posted
from trials.admin.base import WRITING, user_of
from trials.audit import clock
from trials.models import Assignment, Role, User

HEADINGS = {
    "username": gettext_lazy("Username"),
    "full_name": gettext_lazy("Name"),
    "role": gettext_lazy("Role"),
    "study": gettext_lazy("Study"),
    "site": gettext_lazy("Site"),
    "valid_from": gettext_lazy("From"),
    "valid_to": gettext_lazy("To"),
    "trained_on": gettext_lazy("Trained on"),
    "account": gettext_lazy("Account on that day"),
    "account_valid_until": gettext_lazy("Last day of the account"),
    "second_factor_now": gettext_lazy("Second factor now"),
    "last_login": gettext_lazy("Last login (UTC)"),
}


def in_words(line: list[str]) -> list[Any]:
    """A line of the list as people read it; a file keeps the codes."""
    words: dict[str, Any] = dict(Role.choices)
    return [words.get(cell, _("every one") if cell == EVERYWHERE else cell) for cell in line]


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
            path("<int:pk>/training/", view(self.training_view), name="trials_assignment_training"),
            path("on/", view(self.on_view), name="trials_assignment_on"),
            *super().get_urls(),
        ]

    def on_view(self, request: HttpRequest) -> HttpResponse:
        """Who had which role where on a day, as a page or (format=csv) as a file."""
        self.enter(request)
        studies = managed_studies(user_of(request))
        context: dict[str, Any] = {
            "title": _("Roles on a day"),
            "columns": HEADINGS.values(),
            "lines": [],
            "shown": [],
        }
        context["on"] = request.GET.get("on") or today().isoformat()
        context["as_of"] = request.GET.get("as_of", "").strip()
        try:
            asked, as_of = day("on", context["on"]), None
            if context["as_of"]:
                as_of = clock.instant(context["as_of"])
            context["lines"] = [cells(each) for each in holders_on(asked, studies, as_of=as_of)]
            context["shown"] = [in_words(line) for line in context["lines"]]
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

    def training_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        assignment, actor = self.found(request, pk), user_of(request)
        return act_page(
            self,
            request,
            form=TrainingForm(posted(request), initial={"trained_on": assignment.trained_on}),
            act=lambda typed: accounts.record_training(
                actor=actor,
                assignment=assignment,
                trained_on=typed["trained_on"],
                reason=typed["change_reason"],
            ),
            said=_("The training is recorded."),
            to=reverse("admin:trials_user_change", args=[assignment.user_id]),
            context={
                "title": _("Training for a role: %(role)s") % {"role": assignment},
                "submit": _("Record training"),
            },
        )
