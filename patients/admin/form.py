"""The admin of every case report form: one class for all of them, since the definition says the rest."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.save_form import mark_entered_in_error
from patients.admin.addresses import form_url, hub_url
from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.admin.pages.form_page import correction_page, entry_page
from patients.admin.questions import shown_text
from patients.forms import definition_of, definitions
from patients.models import EntryState
from patients.signatures import signatures_of
from patients.trail import versions_of
from patients.withheld import as_read_by, readable_by
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import WRITING, user_of
from trials.models import User
from trials.roles import Scope, Verb, may

COLUMNS_OF_ANSWERS = 3


class ErrorFilter(SimpleListFilter):
    """Forms in force, or those that were entered in error."""

    title = gettext_lazy("validity")
    parameter_name = "void"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Entered in error"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(entered_in_error=self.value() == "yes")


class StateFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(EntryState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(entry_state=self.value()) if self.value() in EntryState.values else queryset


class VoidForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    change_reason = ReasonField(label=gettext_lazy("Why it was entered in error"))


class FormAdmin(ClinicalAdmin):
    """List, entry, correction, history and withdrawal of one kind of form."""

    list_filter = (StateFilter, ErrorFilter, OwnSiteFilter)
    search_fields = ("subject__code",)
    search_help_text = gettext_lazy("Subject code")
    ordering = ("-id",)

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self.definition = definition_of(model)
        telling = [item for item in self.definition.asked if item.kind not in ("time", "narrative")]
        self.answers = telling[:COLUMNS_OF_ANSWERS]
        references = [item.name for item in self.answers if item.refers]
        self.related = ["subject__site", "subject__study", "visit", *references]

    def visible_to(self, user: User) -> QuerySet[Any]:
        return super().visible_to(user).select_related(*self.related)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        readable = readable_by(user_of(request))
        place = ["subject", "visit_code"] if self.definition.at_visit else ["subject"]
        return [*place, *[_column(item, readable) for item in self.answers], "state", "version"]

    @admin.display(description=gettext_lazy("Visit"))
    def visit_code(self, record: Any) -> str:
        return record.visit.code if record.visit else ""

    @admin.display(description=gettext_lazy("State"))
    def state(self, record: Any) -> str:
        return _("Entered in error") if record.entered_in_error else record.get_entry_state_display()

    # ------------------------------------------------------------ rights
    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(user_of(request), Verb.ENTER)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        site = obj.subject.site if obj is not None else None
        return may(user_of(request), Verb.ENTER, site=site)

    # ------------------------------------------------------------ pages
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.void_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_void"
        return [path("<int:pk>/void/", view, name=name), *super().get_urls()]

    # No transaction is opened around these: the action opens its own.
    def entry_page(self, request: HttpRequest) -> HttpResponse:
        return entry_page(self, request)

    def record_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return correction_page(self, request, object_id)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.enter(request)
        signed = signatures_of(self.found(request, object_id))
        record = self.found(request, object_id)
        redacts = may(user_of(request), Verb.REQUEST_REDACTION, site=record.subject.site)
        context = {"of_form": True, "signed_forms": signed, "redacts": redacts, **(extra_context or {})}
        return super().history_view(request, object_id, context)

    def versions(self, record: Any) -> list[Any]:
        return list(reversed(versions_of(record)))

    def void_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the form out of the casebook; it stays in the record with its reason."""
        self.enter(request, WRITING)
        record, actor = self.found(request, pk), user_of(request)
        if not may(actor, Verb.VOID, site=record.subject.site):
            raise PermissionDenied
        return act_page(
            self,
            request,
            form=VoidForm(posted(request), initial={"version": record.version}),
            act=lambda typed: mark_entered_in_error(
                actor=actor, record=record, version=typed["version"], reason=typed["change_reason"]
            ),
            said=_("%(form)s is marked as entered in error.") % {"form": self.definition.title},
            to=hub_url(record.subject),
            context={
                "title": _("%(form)s: entered in error") % {"form": self.definition.title},
                "lead": _(
                    "The form leaves the casebook and every analysis. Nothing is deleted: it stays in the "
                    "audit trail with your reason."
                ),
                "submit": _("Mark as entered in error"),
                "subject": record.subject,
                "back_url": form_url(record),
                "danger": True,
            },
        )


def _column(item: Any, readable: Scope) -> Any:
    """The answers to a question, as the reader of the list may see them."""

    @admin.display(description=item.question)
    def answer(record: Any) -> str:
        return shown_text(item, as_read_by(record, readable) if item.identifying else record)

    answer.__name__ = item.name
    return answer


for _definition in definitions():
    admin.site.register(_definition.model, FormAdmin)
