"""Subjects: enroll, read, judge eligibility, randomize."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.enroll import enroll
from patients.actions.randomize import randomize
from patients.api.address import subject_named
from patients.api.casebooks import shown_casebook
from patients.api.eligibility import EligibilityReply, shown_eligibility
from patients.api.expectations import ExpectationsReply, shown_expectations
from patients.api.filters import SubjectFilters
from patients.api.history import EventReply, shown_event
from patients.audit_review.withholding import without_text
from patients.casebook import casebook
from patients.facts import Moment
from patients.models import Allocation, Subject, SubjectStatus
from patients.selectors import subjects
from patients.trail import events_of
from patients.withheld import as_read_by, readable_by
from trials.actions.errors import NotEligible, Refused
from trials.actions.given import IDENTIFIER_LENGTH
from trials.api.bodies import day_of, object_of, text_of
from trials.api.idempotency import once
from trials.api.resource import Resource, one_of
from trials.audit import clock
from trials.audit.blanked import told_events
from trials.models import Site
from trials.roles import Verb, may, require, sites_of


class SubjectReply(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField()
    study = serializers.CharField(source="study.code")
    site = serializers.CharField(source="site.code")
    status = serializers.ChoiceField(choices=SubjectStatus.choices)
    screened_on = serializers.DateField()
    arm = serializers.CharField(source="allocation.arm.code", allow_null=True, default=None)
    randomized_on = serializers.DateField(source="allocation.randomized_on", allow_null=True, default=None)
    stratum = serializers.SerializerMethodField(
        help_text="Stratum in which the subject was randomized; null before, and where nothing stratifies"
    )
    previous = serializers.CharField(source="previous.code", allow_null=True, default=None)
    external_id = serializers.CharField()
    is_synthetic = serializers.BooleanField()
    version = serializers.IntegerField()

    def get_stratum(self, subject: Subject) -> str | None:
        allocation = getattr(subject, "allocation", None)
        return allocation.stratum or None if allocation is not None else None


class EnrollRequest(serializers.Serializer):
    site = serializers.CharField(help_text="Code of the site")
    study = serializers.CharField(required=False, help_text="Needed only where the site's code is not unique")
    screened_on = serializers.DateField(help_text="First day of screening")
    previous = serializers.CharField(
        required=False, allow_null=True, help_text="Code of the earlier screening failure of this person"
    )
    external_id = serializers.CharField(required=False, allow_blank=True, max_length=IDENTIFIER_LENGTH)


class UnknownSite(Refused):
    status = 404

    def __init__(self) -> None:
        super().__init__({"site": ["is not a known site"]})


AS_OF = OpenApiParameter(
    "as_of", OpenApiTypes.DATETIME, description="An instant of recording, with its time zone; now without it"
)

CUTOFF = OpenApiParameter(
    "cutoff",
    OpenApiTypes.DATE,
    description="A clinical day: what happened later is left out; today without it",
)

FORM = OpenApiParameter("form", str, required=True, description="OID of the form that is to be entered")
VISIT = OpenApiParameter("visit", str, description="Code of the visit, for a form that belongs to one")


@extend_schema_view(
    list=extend_schema(tags=["subjects"]),
    retrieve=extend_schema(tags=["subjects"]),
    create=extend_schema(tags=["subjects"], request=EnrollRequest, responses={201: SubjectReply}),
    casebook=extend_schema(tags=["subjects"], parameters=[AS_OF], responses=OpenApiTypes.OBJECT),
    eligibility=extend_schema(tags=["subjects"], parameters=[AS_OF, CUTOFF], responses=EligibilityReply),
    expectations=extend_schema(
        tags=["subjects"], parameters=[FORM, VISIT, AS_OF, CUTOFF], responses=ExpectationsReply
    ),
    randomize=extend_schema(tags=["subjects"], request=None, responses={201: SubjectReply}),
    history=extend_schema(tags=["subjects"], responses=EventReply(many=True), filters=False),
)
class SubjectResource(Resource):
    """Persons in the study, known by a code only; the server gives the code."""

    queryset = Subject.objects.none()
    serializer_class = SubjectReply
    filterset_class = SubjectFilters
    lookup_field = "code"
    lookup_value_regex = "[^/]{1,30}"
    orderings = {"code": "code", "screened_on": "screened_on", "id": "id"}
    ordering = "code"
    parameters = {
        "retrieve": ("study",),
        "casebook": ("study", "as_of"),
        "eligibility": ("study", "as_of", "cutoff"),
        "expectations": ("study", "form", "visit", "as_of", "cutoff"),
        "randomize": ("study",),
        "history": ("study",),
    }
    creating = ("create", "randomize")
    tagged = ("retrieve", "create", "randomize")
    counted = True
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Subject]:
        return subjects(self.user).select_related("chain")

    def represent(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        readable = readable_by(self.user)
        return super().represent([as_read_by(each, readable) for each in records])

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=Subject, act=lambda: self.enroll(request), reply=self.created)

    def enroll(self, request: Request) -> Subject:
        data = object_of(request, known=("site", "study", "screened_on", "previous", "external_id"))
        site = self.site_named(data)
        previous = subject_named(self.user, data, "previous") if data.get("previous") is not None else None
        return enroll(
            actor=self.user,
            site=site,
            screened_on=day_of(data, "screened_on"),
            previous=previous,
            external_id=text_of(data, "external_id"),
        )

    def site_named(self, data: dict[str, Any]) -> Site:
        """The site of the body. Raises Refused, UnknownSite."""
        code, study = text_of(data, "site", required=True), text_of(data, "study")
        found = sites_of(self.user).select_related("study").filter(code=code)
        candidates = list((found.filter(study__code=study) if study else found)[:2])
        if not candidates:
            raise UnknownSite()
        if len(candidates) > 1:
            raise Refused({"study": ["is required: the site's code exists in more than one study"]})
        return candidates[0]

    @action(detail=True, methods=["get"])
    def casebook(self, request: Request, **address: Any) -> Response:
        """Everything that is recorded of the subject, now or as the database held it at an instant."""
        subject = self.get_object()
        as_of = instant(request.query_params.get("as_of"))
        whole = readable_by(self.user).covers(subject.site)
        return Response(shown_casebook(subject, casebook(subject, as_of), whole=whole))

    @action(detail=True, methods=["get"])
    def eligibility(self, request: Request, **address: Any) -> Response:
        """Each rule with the investigator's answer and what the data say, and what stands against it."""
        subject = self.get_object()
        moment = Moment(instant(request.query_params.get("as_of")), cutoff_of(request))
        whole = readable_by(self.user).covers(subject.site)
        return Response(shown_eligibility(subject, moment, whole=whole))

    @action(detail=True, methods=["get"])
    def expectations(self, request: Request, **address: Any) -> Response:
        """What the rules expect of a form before it is entered, such as the planned dose and its reason."""
        subject = self.get_object()
        moment = Moment(instant(request.query_params.get("as_of")), cutoff_of(request))
        shown = shown_expectations(subject, request.query_params.dict(), moment)
        return Response(ExpectationsReply(shown).data)

    @action(detail=True, methods=["post"])
    def randomize(self, request: Request, **address: Any) -> HttpResponseBase:
        """Give the subject the next place of the randomization list. It cannot be undone."""
        return once(request, model=Allocation, act=self.allocate, reply=self.allocated)

    def allocate(self) -> Allocation:
        subject = self.get_object()
        object_of(self.request, known=())
        try:
            return randomize(actor=self.user, subject=subject)
        except NotEligible as refusal:
            refusal.shown = shown_eligibility(subject, whole=readable_by(self.user).covers(subject.site))
            raise

    def allocated(self, key: int) -> Response:
        return self.reply(one_of(self.get_queryset().filter(allocation__pk=key)), status=201)

    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, **address: Any) -> Response:
        """Every act in the subject's casebook, newest first."""
        subject = self.get_object()
        require(self.user, Verb.READ_AUDIT, site=subject.site)
        reads_text = may(self.user, Verb.READ_FREE_TEXT, site=subject.site)
        shown = (event if reads_text else without_text(event) for event in told_events(events_of(subject)))
        return Response([shown_event(event) for event in shown])


def instant(text: str | None) -> datetime | None:
    """An instant with its zone; None without one. Raises ValidationError for anything else."""
    if text is None:
        return None
    try:
        return clock.instant(text)
    except ValueError as error:
        raise ValidationError({"as_of": [str(error)]}) from None


def cutoff_of(request: Request) -> date | None:
    """The clinical day of the parameter `cutoff`; None without it. Raises Refused for no full date."""
    return day_of(request.query_params, "cutoff") if "cutoff" in request.query_params else None
