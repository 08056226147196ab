"""Subjects: the list, enrollment, and the casebook as the place from which everything is reached."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.admin.marks import may_mark, shown_lock
from patients.admin.overview import overview
from patients.admin.pages.enrollment import enroll_page
from patients.admin.pages.marks import marks_page
from patients.admin.pages.randomization import randomize_page
from patients.admin.pages.randomization_error import error_page
from patients.admin.pages.signing import signing_of_casebook
from patients.admin.pages.terms import terms_page
from patients.admin.pages.visits import cycle_page, missed_page, open_page, unscheduled_page
from patients.admin.worklists import queries_to_answer
from patients.audit_review.acts import told
from patients.audit_review.withholding import without_text
from patients.derivations.eligibility import findings_of_forms
from patients.derivations.stratum import stratum_words
from patients.facts import Facts
from patients.marks import closures_over
from patients.models import Subject, SubjectStatus
from patients.selectors import cycles_of, subjects
from patients.trail import events_of
from patients.withheld import readable_by, without
from trials.admin.base import WRITING, user_of
from trials.audit import clock
from trials.audit.blanked import told_events
from trials.models import User
from trials.roles import Verb, may

EVENTS_SHOWN = 200


class SubjectStatusFilter(admin.SimpleListFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SubjectStatus.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() in SubjectStatus.values else queryset


@admin.register(Subject)
class SubjectAdmin(ClinicalAdmin):
    """The casebook is the change page; nothing is typed on it."""

    list_display = ("code", "site_code", "status", "screened_on", "arm", "randomized_on")
    list_filter = (SubjectStatusFilter, OwnSiteFilter)
    search_fields = ("code",)
    search_help_text = gettext_lazy("Subject code")
    ordering = ("code",)

    def visible_to(self, user: User) -> QuerySet[Subject]:
        return subjects(user)

    @admin.display(description=gettext_lazy("Site"))
    def site_code(self, subject: Subject) -> str:
        return subject.site.code

    @admin.display(description=gettext_lazy("Arm"))
    def arm(self, subject: Subject) -> str:
        allocation = getattr(subject, "allocation", None)
        return allocation.arm.code if allocation is not None else ""

    @admin.display(description=gettext_lazy("Randomized on"))
    def randomized_on(self, subject: Subject) -> Any:
        allocation = getattr(subject, "allocation", None)
        return allocation.randomized_on if allocation is not None else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(user_of(request), Verb.ENROLL)

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "<int:pk>/randomize/": ("randomize", randomize_page),
            "<int:pk>/visits/unscheduled/": ("unscheduled", unscheduled_page),
            "<int:pk>/visits/<int:visit>/open/": ("open_visit", open_page),
            "<int:pk>/visits/<int:visit>/missed/": ("miss_visit", missed_page),
            "<int:pk>/cycles/next/": ("next_cycle", cycle_page),
            "<int:pk>/ctcae-terms/": ("ctcae_terms", terms_page),
        }
        own = [
            path(route, self._own(page), name=f"patients_subject_{name}")
            for route, (name, page) in pages.items()
        ]
        own.append(
            path(
                "<int:pk>/randomization-error/",
                self._own(error_page, Verb.RECORD_RANDOMIZATION_ERROR),
                name="patients_subject_randomization_error",
            )
        )
        own.append(path("<int:pk>/marks/", self._own(marks_page, Verb.READ), name="patients_subject_marks"))
        return [*own, *super().get_urls()]

    def _own(self, page: Any, verb: Verb = Verb.ENTER) -> Any:
        def view(request: HttpRequest, pk: int, **more: int) -> HttpResponse:
            self.enter(request, WRITING)
            subject = self.found(request, pk)
            if not may(user_of(request), verb, site=subject.site):
                raise PermissionDenied
            return page(self, request, subject, **more)

        return self.admin_site.admin_view(view)

    def entry_page(self, request: HttpRequest) -> HttpResponse:
        self.enter(request, WRITING)
        if not self.has_add_permission(request):
            raise PermissionDenied
        return enroll_page(self, request)

    def record_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who the subject is in the study, what is open, and every form by visit."""
        self.enter(request)
        subject, user = self.found(request, object_id), user_of(request)
        today = clock.today(subject.site.time_zone)
        closures = closures_over([subject])
        closed = next(iter(closures.over(subject)), None)
        may_enter = may(user, Verb.ENTER, site=subject.site) and closed is None
        screening = subject.status == SubjectStatus.SCREENING
        # Criteria are judged on the page of randomization: they rest on nearly every form of screening.
        facts, allocation = Facts([subject]), getattr(subject, "allocation", None)
        findings = list(findings_of_forms(facts, subject)) if screening else []
        shown = overview(subject, today, may_enter, closures)
        if not readable_by(user).covers(subject.site):
            for line in shown.visits:
                line.visit = without(line.visit)
        context = {
            "title": subject.code,
            "hub": True,
            "subject": subject,
            "allocation": allocation,
            "stratum": stratum_words(facts, subject, allocation.stratum if allocation else ""),
            "overview": shown,
            "closed_by": shown_lock(closed, user),
            "may_mark": may_mark(user, subject),
            "cycles": list(cycles_of(subject)),
            "queries": queries_to_answer(user, subject),
            "findings": findings,
            "screening": screening,
            "answered": screening and not findings,
            "may_enter": may_enter,
            "may_ask": may(user, Verb.RAISE_QUERY, site=subject.site),
            "may_randomize": closed is None and may(user, Verb.RANDOMIZE, site=subject.site),
            "may_record_error": may(user, Verb.RECORD_RANDOMIZATION_ERROR, site=subject.site),
            "may_audit": may(user, Verb.READ_AUDIT, site=subject.site),
            "today": today,
            "signing": signing_of_casebook(user, subject),
        }
        return self.page(request, "study/casebook.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every act recorded in the casebook, newest first."""
        self.enter(request)
        subject = self.found(request, object_id)
        if not may(user_of(request), Verb.READ_AUDIT, site=subject.site):
            raise PermissionDenied
        events = told_events(events_of(subject)[: EVENTS_SHOWN + 1])
        if not may(user_of(request), Verb.READ_FREE_TEXT, site=subject.site):
            events = [without_text(event) for event in events]
        context = {
            "title": _("Audit trail of %(code)s") % {"code": subject.code},
            "subject": subject,
            "events": [(event, told(event.action)) for event in events[:EVENTS_SHOWN]],
            "cut": len(events) > EVENTS_SHOWN,
            "limit": EVENTS_SHOWN,
        }
        return self.page(request, "study/timeline.html", context)
