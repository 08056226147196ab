"""The randomization list, for its keeper alone: to everybody else these pages do not exist."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.slots import MAX_MARKED, mark_unusable, remaining
from trials.actions.errors import Refused
from trials.actions.randomization_list import close_list, extend_list, factors_of_study, view_sealed
from trials.admin.act import ReasonField, act_page, posted, show_errors
from trials.admin.base import WRITING, StudyAdmin, user_of
from trials.clinical.randomization import MAX_LENGTH
from trials.clinical.stratification import strata_of, stratum_in_words
from trials.models import RandomizationList, RandomizationSlot, Study, User
from trials.roles import NotPermitted, Verb, scope


class ReasonForm(forms.Form):
    change_reason = ReasonField(label=gettext_lazy("Reason"))


class StratumForm(ReasonForm):
    """Asks for a stratum where the study has any."""

    stratum = forms.ChoiceField(label=gettext_lazy("Stratum"), required=False)
    field_order = ["stratum", "length", "count", "change_reason"]

    def __init__(self, *arguments: Any, study: Study, every: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        factors = factors_of_study(study)
        if not factors:
            del self.fields["stratum"]
            return
        choices = [(code, stratum_in_words(factors, code)) for code in strata_of(factors)]
        self.fields["stratum"].choices = ([("", every)] if every else []) + choices  # type: ignore[attr-defined]


class ExtendForm(StratumForm):
    length = forms.IntegerField(
        label=gettext_lazy("Slots of a stratum afterwards"), min_value=1, max_value=MAX_LENGTH
    )


class UnusableForm(StratumForm):
    count = forms.IntegerField(
        label=gettext_lazy("How many of the next free slots"), min_value=1, max_value=MAX_MARKED, initial=1
    )


@admin.register(RandomizationList)
class RandomizationListPage(StudyAdmin):
    """Lists and what became of their slots; the keeper's acts; the sealed content for a recorded reason."""

    verb = Verb.MANAGE_LIST
    hidden = True
    list_display = ("name", "study", "order", "algorithm", "published_digest", "closed_at", "is_demo")
    ordering = ("study", "order")
    fields = ("study", "name", "order", "algorithm", "published_digest", "closed_at", "is_demo")
    readonly_fields = ("closed_at",)
    change_form_template = "study/randomization_list.html"

    def visible_to(self, user: User) -> QuerySet[RandomizationList]:
        # Not `may`: an administrator of the installation is no keeper of a list.
        kept = scope(user, Verb.MANAGE_LIST).studies
        return RandomizationList.objects.filter(study__in=kept).select_related("study__chain")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(scope(user_of(request), self.verb).studies)

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "slots": self.slots_view,
            "extend": self.extend_view,
            "unusable": self.unusable_view,
            "close": self.close_view,
        }
        own = [
            path(
                f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"trials_randomizationlist_{name}"
            )
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def beside(self, request: HttpRequest, record: RandomizationList) -> dict[str, Any]:
        """What was used and taken out, and what is left; nothing of a slot that is still free."""
        slots = RandomizationSlot.objects.filter(list=record).order_by("stratum", "number")
        gone = slots.exclude(allocation__isnull=True, unusable__isnull=True)
        return {
            "remaining": remaining(record.study),
            "gone": gone.select_related("unusable__marked_by", "allocation"),
            "publications": record.publications.order_by("number"),
        }

    def slots_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything that is sealed, after a reason was given; the view is recorded before it is shown."""
        self.enter(request, WRITING)
        kept, form = self.found(request, pk), ReasonForm(posted(request))
        title = _("Open the seal of %(name)s") % {"name": kept}
        context = {
            **self._about(kept, title, _("Record the view and show")),
            "lead": _("Every slot with seed and block sizes. Who looked, when and why is recorded."),
            "danger": True,
            "form": form,
        }
        if request.method == "POST" and form.is_valid():
            try:
                content = view_sealed(
                    actor=user_of(request),
                    randomization_list=kept,
                    reason=form.cleaned_data["change_reason"],
                )
            except NotPermitted as refusal:
                raise PermissionDenied from refusal
            except Refused as refusal:
                show_errors(form, refusal.errors)
            else:
                shown = {"title": _("Slots of %(name)s") % {"name": kept}, "content": content, "kept": kept}
                return self.page(request, "study/slots.html", shown)
        return self.page(request, "study/act.html", context)

    def extend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        every = _("every stratum")
        return self._act(
            request,
            pk,
            form=lambda kept: ExtendForm(posted(request), study=kept.study, every=every),
            act=lambda kept, typed: extend_list(
                actor=user_of(request),
                randomization_list=kept,
                length=typed["length"],
                strata=[typed["stratum"]] if typed.get("stratum") else None,
                reason=typed["change_reason"],
            ),
            said=_("The list is longer; its new digests are shown below."),
            words=(
                _("Extend %(name)s"),
                _("Extend"),
                _("The slots that are there stay as they are; the seed gives those that follow, unseen."),
            ),
        )

    def unusable_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(
            request,
            pk,
            form=lambda kept: UnusableForm(posted(request), study=kept.study),
            act=lambda kept, typed: mark_unusable(
                actor=user_of(request),
                study=kept.study,
                stratum=typed.get("stratum", ""),
                count=typed["count"],
                reason=typed["change_reason"],
            ),
            said=_("The slots are marked as unusable."),
            words=(
                _("Mark slots unusable"),
                _("Mark as unusable"),
                _("The next free slots of the study, unseen. Draws pass over them; they never come back."),
            ),
        )

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(
            request,
            pk,
            form=lambda kept: ReasonForm(posted(request)),
            act=lambda kept, typed: close_list(
                actor=user_of(request), randomization_list=kept, reason=typed["change_reason"]
            ),
            said=_("The list is closed."),
            words=(
                _("Close %(name)s for ever"),
                _("Close the list"),
                _("Nothing is drawn from it any more; only then may its seed be shown to others."),
            ),
        )

    def _act(
        self,
        request: HttpRequest,
        pk: int,
        *,
        form: Callable[[RandomizationList], forms.Form],
        act: Callable[[RandomizationList, dict[str, Any]], Any],
        said: str,
        words: tuple[str, str, str],
    ) -> HttpResponse:
        self.enter(request, WRITING)
        kept = self.found(request, pk)
        title, submit, lead = words
        context = {**self._about(kept, title % {"name": kept}, submit), "lead": lead, "danger": True}
        return act_page(
            self,
            request,
            form=form(kept),
            act=lambda typed: act(kept, typed),
            said=said,
            to=context["back_url"],
            context=context,
        )

    def _about(self, kept: RandomizationList, title: str, submit: str) -> dict[str, Any]:
        back = reverse("admin:trials_randomizationlist_change", args=[kept.pk])
        return {"title": title, "submit": submit, "back_url": back}
