"""The randomization list, for its keeper alone: to everybody else these pages do not exist."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from trials.admin.base import StudyAdmin, user_of
from trials.models import RandomizationList, RandomizationSeal, RandomizationSlot, User
from trials.roles import Verb, scope


@admin.register(RandomizationList)
class RandomizationListPage(StudyAdmin):
    """Lists, their slots and, on a page of its own, the seal. Nothing is written here."""

    verb = Verb.MANAGE_LIST
    hidden = True
    list_display = ("name", "study", "order", "algorithm", "published_digest", "is_demo")
    ordering = ("study", "order")
    fields = ("study", "name", "order", "algorithm", "published_digest", "is_demo")
    change_form_template = "study/randomization_list.html"

    def visible_to(self, user: User) -> QuerySet[RandomizationList]:
        # Not `may`: an administrator of the installation is no keeper of a list.
        kept = scope(user, Verb.MANAGE_LIST).studies
        return RandomizationList.objects.filter(study__in=kept).select_related("study")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/slots/", view(self.slots_view), name="trials_randomizationlist_slots"),
            path("<int:pk>/seal/", view(self.seal_view), name="trials_randomizationlist_seal"),
            *super().get_urls(),
        ]

    def slots_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The slots in their order; which of them are used is told by the subjects, not here."""
        self.enter(request)
        kept = self.found(request, pk)
        slots = (
            RandomizationSlot.objects.filter(list=kept).select_related("arm").order_by("stratum", "number")
        )
        context = {"title": _("Slots of %(name)s") % {"name": kept}, "slots": slots, "kept": kept}
        return self.page(request, "study/slots.html", context)

    def seal_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How the list was made."""
        self.enter(request)
        kept = self.found(request, pk)
        seal: Any = RandomizationSeal.objects.filter(list=kept).first()
        context = {"title": _("Seal of %(name)s") % {"name": kept}, "seal": seal, "kept": kept}
        return self.page(request, "study/seal.html", context)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(scope(user_of(request), self.verb).studies)
