"""Every address of the API."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from rest_framework.routers import SimpleRouter

from ecrf.api.access import AccessResource
from ecrf.api.documents import NoSuchAddress, SchemaView, docs
from ecrf.api.reports import DerivationResource, EfficacyResource
from ecrf.api.tokens import LogoutView, TokenEndView, TokensView, TokenView
from patients.api.audit_review import AuditReviewResource, AuditTrailResource
from patients.api.definitions import DefinitionResource
from patients.api.exports import ExportResource
from patients.api.forms import form_resources
from patients.api.imports import ImportResource
from patients.api.lab_results import LabResultResource
from patients.api.locks import LockResource
from patients.api.queries import QueryResource
from patients.api.redactions import RedactionResource
from patients.api.reference_ranges import ReferenceRangeResource
from patients.api.signatures import SignatureResource
from patients.api.subjects import SubjectResource
from patients.api.verification import VerificationResource
from patients.api.visits import CycleResource, VisitResource
from trials.api.protocol import PROTOCOL

router = SimpleRouter()
for path_of_noun, noun in PROTOCOL.items():
    router.register(path_of_noun, noun, basename=path_of_noun)
router.register("forms", DefinitionResource, basename="form")
router.register("subjects", SubjectResource, basename="subjects")
router.register("visits", VisitResource, basename="visits")
router.register("cycles", CycleResource, basename="cycles")
router.register("lab-results", LabResultResource, basename="lab-results")
router.register("audit-trail", AuditTrailResource, basename="audit-trail")
router.register("audit-reviews", AuditReviewResource, basename="audit-reviews")
router.register("locks", LockResource, basename="locks")
router.register("verifications", VerificationResource, basename="verifications")
router.register("queries", QueryResource, basename="queries")
router.register("signatures", SignatureResource, basename="signatures")
router.register("redactions", RedactionResource, basename="redactions")
router.register("reference-ranges", ReferenceRangeResource, basename="reference-ranges")
for path_of_form, resource in form_resources().items():
    router.register(path_of_form, resource, basename=path_of_form)

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/access/", AccessResource.as_view({"get": "on_a_day"}), name="access"),
    path("v1/auth/token/", TokenView.as_view(), name="token"),
    path("v1/auth/tokens/", TokensView.as_view(), name="tokens"),
    path("v1/auth/tokens/<slug:handle>/end/", TokenEndView.as_view(), name="token-end"),
    path("v1/auth/logout/", LogoutView.as_view(), name="logout"),
    path("v1/imports/<slug:oid>/", ImportResource.as_view({"post": "create"}), name="import"),
    path("v1/exports/csv/", ExportResource.as_view({"get": "retrieve"}), name="export-csv"),
    path("v1/reports/efficacy/", EfficacyResource.as_view({"get": "efficacy"}), name="report-efficacy"),
    path(
        "v1/subjects/<str:code>/derivations/<slug:name>/",
        DerivationResource.as_view({"get": "derive"}),
        name="subject-derivation",
    ),
    path("v1/", include(router.urls)),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    re_path(r"", NoSuchAddress.as_view()),
]
