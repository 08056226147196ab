"""Freezes and locks: what is closed, since when and why; lifted by one person, or by two."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.locks import approve_unlock, ask_unlock, close, decline_unlock, lift_freeze
from patients.admin.addresses import page_url
from patients.admin.filters import OwnSiteFilter
from patients.admin.marks import covered, reads_words
from patients.lifecycle import Step, transition
from patients.models import Lock, LockKind, LockScope, LockState
from patients.open_matters import open_matters, target_of
from patients.selectors import locks
from trials.admin.act import ReasonField, act_page, posted
from trials.admin.base import WRITING, StudyAdmin, user_of
from trials.models import Site, Study, User
from trials.roles import Verb, may, scope

Act = Callable[..., Lock]
LIFTING: dict[str, tuple[Step, Act, Any, tuple[str, ...]]] = {
    "lift": (Step.LIFT_FREEZE, lift_freeze, gettext_lazy("Lift the freeze"), (LockState.IN_FORCE,)),
    "ask": (Step.ASK_UNLOCK, ask_unlock, gettext_lazy("Ask for unlocking"), (LockState.IN_FORCE,)),
    "approve": (Step.UNLOCK, approve_unlock, gettext_lazy("Agree: unlock"), (LockState.UNLOCK_ASKED,)),
    "decline": (Step.DECLINE_UNLOCK, decline_unlock, gettext_lazy("Decline"), (LockState.UNLOCK_ASKED,)),
}


class LockStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LockState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() in LockState.values else queryset


class LockKindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LockKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in LockKind.values else queryset


class LiftForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    change_reason = ReasonField(label=gettext_lazy("Reason"))


class CloseForm(forms.Form):
    """A site or a study; casebooks, visits and forms are closed from the page of the subject."""

    noun = forms.ChoiceField(label=gettext_lazy("Study or site"))
    kind = forms.ChoiceField(label=gettext_lazy("What"), choices=LockKind.choices, widget=forms.RadioSelect)
    change_reason = ReasonField(label=gettext_lazy("Reason"))

    def __init__(self, *arguments: Any, nouns: dict[str, Study | Site], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field: Any = self.fields["noun"]
        field.choices = [(key, str(noun.code)) for key, noun in nouns.items()]


@admin.register(Lock)
class LockAdmin(StudyAdmin):
    """The list, each with its steps; a study or site is closed on the page where one is added."""

    verb = Verb.READ
    list_display = ("covers", "kind", "state", "set_by", "set_at")
    list_filter = (LockKindFilter, LockStateFilter, OwnSiteFilter)
    search_fields = ("subject__code",)
    search_help_text = gettext_lazy("Subject code")
    ordering = ("-id",)
    change_form_template = "study/lock.html"

    def visible_to(self, user: User) -> QuerySet[Lock]:
        return locks(user)

    @admin.display(description=gettext_lazy("Covers"))
    def covers(self, lock: Lock) -> str:
        inside = lock.subject.code if lock.subject is not None and lock.scope != LockScope.SUBJECT else ""
        return f"{covered(lock)} {inside}".strip()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(_nouns(user_of(request)))

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What was typed is for readers of free text."""
        readable = obj is None or reads_words(user_of(request), obj)
        return () if readable else ("reason", "asked_reason", "lifted_reason")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/<slug:step>/step/", view, name="patients_lock_step"), *super().get_urls()]

    def beside(self, request: HttpRequest, record: Lock) -> dict[str, Any]:
        steps = [
            (name, words)
            for name, (_step, _act, words, _states) in LIFTING.items()
            if self._may(user_of(request), record, name)
        ]
        return {"steps": steps, "lock": record, "covers": self.covers(record)}

    def _may(self, user: User, lock: Lock, name: str) -> bool:
        step, _act, _words, states = LIFTING[name]
        line = transition(step)
        if lock.state not in states or (step == Step.LIFT_FREEZE) != (lock.kind == LockKind.FREEZE):
            return False
        if line.second_person and lock.asked_by_id == user.pk:
            return False
        return line.verb is not None and may(
            user, line.verb, **({"site": lock.site} if lock.site is not None else {"study": lock.study})
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.enter(request)
        lock = self.found(request, object_id)
        where: dict[str, Any] = {"site": lock.site} if lock.site is not None else {}
        if not may(user_of(request), Verb.READ_AUDIT, **where) or not reads_words(user_of(request), lock):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """One step towards opening what is closed, with its reason."""
        self.enter(request, WRITING)
        lock, actor = self.found(request, pk), user_of(request)
        if step not in LIFTING or not self._may(actor, lock, step):
            raise PermissionDenied
        act, words = LIFTING[step][1], LIFTING[step][2]
        return act_page(
            self,
            request,
            form=LiftForm(posted(request), initial={"version": lock.version}),
            act=lambda typed: act(
                actor=actor, lock=lock, version=typed["version"], reason=typed["change_reason"]
            ),
            said=str(words),
            to=page_url(lock, "change", lock.pk),
            context={
                "title": f"{words}: {self.covers(lock)}",
                "lead": lock.asked_reason or lock.reason,
                "submit": words,
                "back_url": page_url(lock, "change", lock.pk),
            },
        )

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        """Close a site or a study, told first what is left open there."""
        self.enter(request, WRITING)
        actor = user_of(request)
        nouns = _nouns(actor)
        if not nouns:
            raise PermissionDenied
        shown = nouns.get(request.POST.get("noun") or request.GET.get("noun", ""))
        return act_page(
            self,
            request,
            form=CloseForm(posted(request), nouns=nouns, initial={"noun": request.GET.get("noun")}),
            act=lambda typed: close(
                actor=actor, kind=typed["kind"], noun=nouns[typed["noun"]], reason=typed["change_reason"]
            ),
            said=lambda lock: f"{lock.get_kind_display()}: {covered(lock)}",
            to=page_url(Lock, "changelist"),
            context={
                "title": _("Freeze or lock a study or site"),
                "lead": _(
                    "A casebook, visits and forms are frozen and locked from the page of the subject. A lock "
                    "is refused while a form is in progress or a hard query waits; nothing forces it."
                ),
                "submit": _("Freeze or lock"),
                "back_url": page_url(Lock, "changelist"),
                "nouns": nouns,
                "shown": shown,
                "matters": open_matters(target_of(shown)) if shown is not None else [],
            },
            template="study/close.html",
        )


def _nouns(user: User) -> dict[str, Study | Site]:
    """The studies and sites that the user may freeze or lock, by the word that a page sends."""
    where = [scope(user, verb) for verb in (Verb.FREEZE, Verb.LOCK)]
    studies = Study.objects.filter(pk__in={key for each in where for key in each.studies})
    within = Q(study__in=studies) | Q(pk__in={key for each in where for key in each.sites})
    sites = Site.objects.filter(within).select_related("study").order_by("code")
    return {f"study-{each.pk}": each for each in studies} | {f"site-{each.pk}": each for each in sites}
