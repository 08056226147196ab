"""The audit trail of every place in reach: read by filters, taken away as CSV, marked as reviewed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from patients.admin.base import ClinicalAdmin
from patients.admin.pages.audit_review import casebooks_page, export_trail, review_trail, trail_page
from patients.audit_review.reach import Reach
from patients.models import AuditReview
from trials.admin.base import READING, WRITING, StudyAdmin, user_of
from trials.audit.trail import Version
from trials.models import User
from trials.roles import Verb


@admin.register(AuditReview)
class AuditReviewAdmin(ClinicalAdmin):
    """The list is the trail; a mark has a page of its own."""

    verb = Verb.READ_AUDIT
    navigation_title = _("Audit trail")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(Reach(user_of(request)))

    def visible_to(self, user: User) -> QuerySet[AuditReview]:
        return AuditReview.objects.filter(Reach(user).chains())

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[Any, Any]] = {
            "casebooks": (casebooks_page, READING),
            "review": (review_trail, WRITING),
            "export": (export_trail, WRITING),
        }
        own = [
            path(f"{name}/", self._own(page, methods), name=f"patients_auditreview_{name}")
            for name, (page, methods) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def _own(self, page: Any, methods: Any) -> Any:
        def view(request: HttpRequest) -> HttpResponse:
            self.enter(request, methods)
            return page(self, request)

        return self.admin_site.admin_view(view)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        self.enter(request)
        return trail_page(self, request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return StudyAdmin.history_view(self, request, object_id, extra_context)

    def shown_versions(self, request: HttpRequest, record: Any) -> list[Version]:
        return self.versions(record)
