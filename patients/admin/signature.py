"""Signatures, for everybody who reads the casebooks; signing, for investigators."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from patients.admin.addresses import page_of
from patients.admin.base import ClinicalAdmin
from patients.admin.filters import OwnSiteFilter
from patients.admin.pages.signing import policy_page, sign_page, worklist_page
from patients.forms import about
from patients.models import Signature
from trials.models import User


@admin.register(Signature)
class SignatureAdmin(ClinicalAdmin):
    """The list, one signature with the forms under it, and the pages on which it is made."""

    list_display = ("signed_at", "subject", "printed_name", "username", "scope", "visit_code", "statement")
    list_filter = (OwnSiteFilter,)
    search_fields = ("subject__code",)
    search_help_text = _("Subject code")
    ordering = ("-id",)

    def visible_to(self, user: User) -> QuerySet[Signature]:
        return super().visible_to(user).select_related("subject__site", "visit")

    @admin.display(description=_("Visit"))
    def visit_code(self, signature: Signature) -> str:
        return signature.visit.code if signature.visit else ""

    def get_urls(self) -> list[URLPattern]:
        pages = {"to-sign/": ("to_sign", self.to_sign_view), "policy/": ("policy", self.policy_view)}
        pages |= {"sign/": ("sign", self.sign_view)}
        own = [
            path(route, self.admin_site.admin_view(view), name=f"patients_signature_{name}")
            for route, (name, view) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def to_sign_view(self, request: HttpRequest) -> HttpResponse:
        return worklist_page(self, request)

    def policy_view(self, request: HttpRequest) -> HttpResponse:
        return policy_page(self, request)

    @method_decorator(sensitive_post_parameters("password", "code"))
    def sign_view(self, request: HttpRequest) -> HttpResponse:
        return sign_page(self, request)

    def record_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who signed what, when and meaning what; each form with its version, and what voided it."""
        self.enter(request)
        signature = self.found(request, object_id)
        signed = signature.signed_forms.select_related("visit").order_by("id")
        context: dict[str, Any] = {
            "title": str(signature),
            "subject": signature.subject,
            "signature": signature,
            "forms": [
                (each, str(about(each.form).title), page_of(each.form, each.record_id)) for each in signed
            ],
        }
        return self.page(request, "study/signature.html", context)
