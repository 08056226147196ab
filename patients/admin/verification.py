"""Verification against the source: what was verified, what waits for it, what lost it and why."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.seen import Seen
from patients.actions.verification import verify, withdraw_verification
from patients.admin.addresses import page_of
from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.admin.marks import lost_by
from patients.forms import about, definitions
from patients.models import Verification, VerificationExtent, VerificationState
from patients.selectors import visible
from patients.verification_worklist import lost_verifications, to_verify
from trials.actions.errors import Refused
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import WRITING, user_of
from trials.models import User
from trials.roles import Verb, may

CHOSEN = re.compile(r"([A-Z0-9]{1,12}):([0-9]{1,18}):([0-9]{1,9})", re.ASCII)
WORKLIST = "admin:patients_verification_worklist"


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(VerificationState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in VerificationState.values else queryset


class ExtentForm(forms.Form):
    extent = forms.ChoiceField(
        label=gettext_lazy("What agrees with the source"),
        choices=VerificationExtent.choices,
        widget=forms.RadioSelect,
        initial=VerificationExtent.CRITICAL,
    )


class WithdrawForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    change_reason = ReasonField(label=gettext_lazy("Why it was given by mistake"))


@admin.register(Verification)
class VerificationAdmin(ClinicalAdmin):
    """The list, and the worklist of a monitor."""

    list_display = (
        "subject",
        "form_link",
        "extent",
        "state",
        "seen_version",
        "verified_by",
        "verified_at",
        "why",
    )
    list_filter = (StateFilter, OwnSiteFilter)
    search_fields = ("subject__code",)
    search_help_text = gettext_lazy("Subject code")
    ordering = ("-id",)

    def visible_to(self, user: User) -> QuerySet[Verification]:
        return super().visible_to(user).select_related("subject__site", "subject__chain", "verified_by")

    @admin.display(description=gettext_lazy("Form"))
    def form_link(self, verification: Verification) -> str:
        url = page_of(verification.form, verification.record_id)
        return format_html('<a href="{}">{}</a>', url, about(verification.form).title)

    @admin.display(description=gettext_lazy("Why it ended"))
    def why(self, verification: Verification) -> str:
        return lost_by(verification) if verification.state == VerificationState.DROPPED else ""

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What was typed is for readers of free text."""
        return () if self._reads_words(request, obj) else ("ended_because",)

    def _reads_words(self, request: HttpRequest, found: Any) -> bool:
        return found is None or may(user_of(request), Verb.READ_FREE_TEXT, site=found.subject.site)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.enter(request)
        if not self._reads_words(request, self.found(request, object_id)):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_urls(self) -> list[URLPattern]:
        views = {
            "worklist/": ("worklist", self.worklist_view),
            "<int:pk>/withdraw/": ("withdraw", self.withdraw_view),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"patients_verification_{name}")
            for route, (name, view) in views.items()
        ]
        return [*own, *super().get_urls()]

    def worklist_view(self, request: HttpRequest) -> HttpResponse:
        """Forms that wait, chosen in the versions that are shown and verified together."""
        self.enter(request, WRITING)
        user = user_of(request)
        if not may(user, Verb.VERIFY):
            raise PermissionDenied
        chosen = request.POST.getlist("form")
        page = to_verify(user, request.GET.get("after", ""))
        return act_page(
            self,
            request,
            form=ExtentForm(posted(request)),
            act=lambda typed: verify(actor=user, seen=self._seen(user, chosen), extent=typed["extent"]),
            said=lambda made: _("Verified: %(count)s.") % {"count": len(made)},
            to=request.get_full_path(),
            context={
                "title": _("To be verified"),
                "submit": _("Verified"),
                "page": page,
                "chosen": chosen,
                "lines": [
                    (
                        line,
                        _value(line),
                        about(line.form).title,
                        page_of(line.form, line.record_id),
                        _lost(line),
                    )
                    for line in page.lines
                ],
                "lost": [(each, about(each.form).title, lost_by(each)) for each in lost_verifications(user)],
            },
            template="study/to_verify.html",
        )

    def _seen(self, user: User, chosen: list[str]) -> list[Seen]:
        """The forms that were ticked, among those in reach. Raises Http404 for any other."""
        versions: dict[str, dict[int, int]] = {}
        for text in chosen:
            match = CHOSEN.fullmatch(text)
            if match is None:
                raise Http404
            versions.setdefault(match[1], {})[int(match[2])] = int(match[3])
        kinds = {kind.oid: kind.model for kind in definitions()}
        if not versions:
            raise Refused(_("Choose at least one form."))
        found: list[Seen] = []
        for oid, wanted in versions.items():
            if oid not in kinds:
                raise Http404
            records = (
                visible(kinds[oid], user, Verb.VERIFY)
                .filter(pk__in=wanted)
                .select_related("subject__site", "subject__chain", "visit")
            )
            found += [Seen(record, wanted[record.pk]) for record in records]
        if len(found) != sum(map(len, versions.values())):
            raise Http404
        return found

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.enter(request, WRITING)
        found, actor = self.found(request, pk), user_of(request)
        if not may(actor, Verb.VERIFY, site=found.subject.site):
            raise PermissionDenied
        return act_page(
            self,
            request,
            form=WithdrawForm(posted(request), initial={"version": found.version}),
            act=lambda typed: withdraw_verification(
                actor=actor, verification=found, version=typed["version"], reason=typed["change_reason"]
            ),
            said=_("The verification is withdrawn."),
            to=request.get_full_path(),
            context={
                "title": _("Withdraw a verification"),
                "lead": f"{found.subject.code} · {about(found.form).title}",
                "submit": _("Withdraw"),
                "back_url": page_of(found.form, found.record_id),
            },
        )


def _value(line: Any) -> str:
    return f"{line.form}:{line.record_id}:{line.version}"


def _lost(line: Any) -> str:
    return lost_by(line.lost) if line.lost is not None else ""
