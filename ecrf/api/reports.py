"""Reports, and the endpoints of a subject with the way to each value."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ecrf.reports.asked import NotAsked, day, instant, rules_of
from ecrf.reports.choices import Choices, UnknownChoice
from ecrf.reports.derivation import DERIVATIONS, derivation_as_json
from ecrf.reports.efficacy import efficacy, study_choices
from ecrf.reports.endpoints import endpoints_of
from ecrf.reports.protocol import Protocol
from ecrf.reports.reach import population, studies_in_reach
from ecrf.reports.shown import efficacy_as_json
from patients.facts import Facts, Moment
from patients.models import Subject
from patients.selectors import subjects
from trials.actions.errors import WrongState
from trials.api.resource import Resource, one_of
from trials.models import Study
from trials.roles import Verb

STUDY = OpenApiParameter("study", str, description="Code of the study, where the user has several")
CUTOFF = OpenApiParameter("cutoff", OpenApiTypes.DATE, description="A clinical day: later facts are left out")
AS_OF = OpenApiParameter(
    "as_of", OpenApiTypes.DATETIME, description="An instant of recording, with its time zone; now without it"
)
CENSORING = OpenApiParameter(
    "censoring", str, enum=["FDA", "EMA"], description="In place of the study's setting pfs_censoring"
)
ASKED = ("study", "cutoff", "as_of", "censoring")
REPLIES = {
    200: OpenApiTypes.OBJECT,
    409: OpenApiResponse(
        OpenApiTypes.OBJECT, description="The study lacks a setting that this needs; each is named in errors"
    ),
}


class LacksSettings(WrongState):
    """The study does not fix what the derivation needs; each setting is named."""

    def __init__(self, unknown: UnknownChoice) -> None:
        super().__init__({key: [f"the study's setting {reason}"] for key, reason in unknown.errors.items()})


class Asking(Resource):
    """What reports and derivations are asked alike."""

    verb = Verb.READ
    pagination_class = None
    filter_backends = ()
    http_method_names = ["get", "head"]

    @property
    def moment(self) -> Moment:
        """The instant and the day asked for. Raises ValidationError."""
        asked = self.request.query_params
        try:
            return Moment(instant(asked.get("as_of")), day(asked.get("cutoff")))
        except NotAsked as error:
            raise ValidationError({error.field: [error.reason]}) from None

    def choices_of(self, study: Study, moment: Moment) -> Choices:
        """The study's choices, under the rules asked for. Raises ValidationError, LacksSettings."""
        try:
            censoring = rules_of(self.request.query_params.get("censoring"))
            chosen = study_choices(study, moment)
        except NotAsked as error:
            raise ValidationError({error.field: [error.reason]}) from None
        except UnknownChoice as unknown:
            raise LacksSettings(unknown) from None
        return chosen.under(censoring) if censoring else chosen


class EfficacyResource(Asking):
    """The report of efficacy about every subject that the user may see."""

    queryset = Study.objects.none()
    parameters = {"efficacy": ASKED}

    @extend_schema(
        tags=["reports"],
        operation_id="reports_efficacy",
        parameters=[STUDY, CUTOFF, AS_OF, CENSORING],
        responses=REPLIES,
    )
    def efficacy(self, request: Request) -> Response:
        """Response rates, times to event and adverse events by arm, beside what is published.

        `censoring` are the rules that were followed; `study_settings` are the study's own, whatever was
        asked for. Where `published` is null, `published_note` says why what is published is not shown.
        """
        study = self.study()
        moment = self.moment
        chosen = self.choices_of(study, moment)
        seen = list(subjects(self.user).filter(study=study).order_by("code"))
        report = efficacy(study, seen, population(self.user, study), moment, chosen)
        return Response(efficacy_as_json(report))

    def study(self) -> Study:
        """The study that is asked for, or the only one that the user may read. Raises NotFound, Ambiguous."""
        own = studies_in_reach(self.user)
        code = self.request.query_params.get("study")
        found: Study = one_of(own.filter(code=code) if code else own)
        return found


class DerivationResource(Asking):
    """An endpoint of one subject: event or censored, date, rule, steps, and the records behind each step."""

    queryset = Subject.objects.none()
    lookup_field = "code"
    parameters = {"derive": ASKED}

    def get_queryset(self) -> QuerySet[Subject]:
        return subjects(self.user)

    @extend_schema(
        tags=["subjects"],
        operation_id="subjects_derivation",
        parameters=[
            OpenApiParameter("name", str, OpenApiParameter.PATH, enum=list(DERIVATIONS)),
            STUDY,
            CUTOFF,
            AS_OF,
            CENSORING,
        ],
        responses=REPLIES,
    )
    def derive(self, request: Request, code: str, name: str) -> Response:
        """How an endpoint of the subject was found, step by step."""
        subject: Subject = self.get_object()
        if name not in DERIVATIONS:
            raise Http404
        moment = self.moment
        chosen = self.choices_of(subject.study, moment)
        found = endpoints_of(Facts([subject], moment), subject, Protocol.of(subject.study))
        shown: dict[str, Any] = derivation_as_json(name, found, chosen, moment)
        return Response(shown)
