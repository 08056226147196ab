"""The audit trail: asked for by filters, exported as CSV, marked as reviewed."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from patients.actions.review_audit import record_export_of_trail, review_audit
from patients.api.exports import CSVRenderer
from patients.api.history import ChangeReply, EventReply, shown_event
from patients.api.parameters import truth
from patients.audit_review.acts import KindOfAct
from patients.audit_review.asked import CHOICES, PARAMETERS, Asked, Risk, asked
from patients.audit_review.changes import Record
from patients.audit_review.events import LARGEST_PAGE, PAGE, Told, page_of
from patients.audit_review.lines import lines
from patients.audit_review.marks import CASEBOOKS, casebooks, marked_at, number_of
from patients.audit_review.reach import Reach
from patients.models import AuditReview
from trials.actions.errors import Refused
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, text_of
from trials.api.resource import Resource, refuse_unknown_parameters
from trials.audit import clock
from trials.csv_cells import csv_lines
from trials.models import ChainKind, Site
from trials.roles import NotPermitted, Verb

ORDERS = ("-recorded_at", "recorded_at")
LARGEST_KEY = 2**63 - 1


class RecordReply(serializers.Serializer):
    form = serializers.CharField(help_text="OID of the form; SV: a visit; else the kind of record")
    title = serializers.CharField()
    id = serializers.IntegerField(help_text="Id of the form, visit or other record")
    repeat = serializers.IntegerField(allow_null=True)
    visit = serializers.CharField(help_text="Code of the visit; empty where there is none")
    row = serializers.CharField(help_text="Name and number of the row; empty for the form itself")
    about = serializers.CharField(help_text="OID of the form that a query or mark is about; empty else")
    kind = serializers.ChoiceField(choices=KindOfAct.choices)
    changes = ChangeReply(many=True)


class TrailReply(EventReply):
    id = serializers.IntegerField(help_text="Of the event; what a review is marked up to")
    area = serializers.ChoiceField(choices=ChainKind.choices)
    study = serializers.CharField()
    site = serializers.CharField()
    subject = serializers.CharField()
    at_site = serializers.DateTimeField(help_text="The same instant on the clock of the site")
    time_zone = serializers.CharField(help_text="Zone of at_site")
    action_in_words = serializers.CharField()
    kind = serializers.ChoiceField(choices=KindOfAct.choices)
    risks = serializers.ListField(child=serializers.ChoiceField(choices=Risk.choices))
    reviewed = serializers.BooleanField()
    rows = serializers.IntegerField(help_text="Rows that the act wrote")
    left_out = serializers.IntegerField(
        help_text="Rows that are not told here because they are too many; the export tells them"
    )
    records = RecordReply(many=True)


class ReviewRequest(serializers.Serializer):
    up_to = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_KEY),
        min_length=1,
        help_text="Of each trail the last event that was looked at",
    )
    comment = serializers.CharField(required=False, allow_blank=True, max_length=REASON_LENGTH)


class ReviewReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(help_text="Empty for the trail of a site or study")
    chain = serializers.CharField(help_text="Key of the trail")
    up_to = serializers.IntegerField(help_text="Id of the last event that was looked at")
    number = serializers.IntegerField(help_text="Its number in the trail")
    reviewer = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    comment = serializers.CharField()


class CasebookReply(serializers.Serializer):
    subject = serializers.CharField()
    site = serializers.CharField()
    unreviewed = serializers.IntegerField(help_text="Acts since the last review")
    reviewed_up_to = serializers.IntegerField(allow_null=True, help_text="Id of an event")
    reviewer = serializers.CharField(help_text="Who looked last; empty for nobody")


def shown_record(record: Record) -> dict[str, Any]:
    return {
        "form": record.key,
        "title": record.title,
        "id": record.where.record,
        "repeat": record.where.repeat,
        "visit": record.where.visit,
        "row": record.row,
        "about": record.about,
        "kind": record.what.value,
        "changes": [
            {
                "field": change.field,
                "label": change.label,
                "row": change.row,
                "before": change.before,
                "after": change.after,
            }
            for change in record.changes
        ],
    }


def shown(told: Told) -> dict[str, Any]:
    place = told.place
    return {
        "id": told.event.pk,
        **shown_event(told.event),
        "reason": told.reason,
        "note": told.note,
        "area": told.area,
        "study": place.study.code if place.study else "",
        "site": place.site.code if place.site else "",
        "subject": place.subject.code if place.subject else "",
        "at_site": told.at_site.isoformat(timespec="milliseconds"),
        "time_zone": told.zone,
        "action_in_words": told.action,
        "kind": told.kind.value,
        "risks": [risk.value for risk in told.risks],
        "reviewed": told.reviewed,
        "rows": told.event.rows,
        "left_out": told.left_out,
        "records": [shown_record(record) for record in told.records],
    }


class TrailPages(BasePagination):
    """Says in the OpenAPI document how the trail is turned over; the trail itself knows its pages."""

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        told = (
            ("cursor", {"type": "string"}, "Taken from `next` or `previous`"),
            (
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE},
                "Events on a page",
            ),
            ("ordering", {"type": "string", "enum": list(ORDERS)}, "Newest first unless asked otherwise"),
        )
        return [
            {"name": name, "in": "query", "required": False, "description": words, "schema": schema}
            for name, schema, words in told
        ]


FILTERS = [
    OpenApiParameter(name, str, description=str(words), enum=CHOICES.get(name))
    for name, words in PARAMETERS.items()
]


@extend_schema_view(
    list=extend_schema(tags=["audit-trail"], parameters=FILTERS, responses=TrailReply(many=True)),
    export=extend_schema(
        tags=["audit-trail"],
        parameters=FILTERS,
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="One header, CRLF, UTF-8")
        },
    ),
)
class AuditTrailResource(Resource):
    """What was recorded of the user's sites: who, in which role, when, why, from where, and what changed."""

    verb = Verb.READ_AUDIT
    queryset = AuditReview.objects.none()
    serializer_class = TrailReply
    pagination_class = TrailPages
    filter_backends = ()
    parameters = {"list": tuple(PARAMETERS), "export": tuple(PARAMETERS)}
    renderer_classes = Resource.renderer_classes
    http_method_names = ["get", "head"]

    def initial(self, request: Request, *arguments: Any, **options: Any) -> None:
        """Who reads clinical audit trails, and administrators, who read those of accounts and study."""
        GenericViewSet.initial(self, request, *arguments, **options)
        if not Reach(self.user):
            raise NotPermitted(self.verb)
        refuse_unknown_parameters(request, self.known_parameters())

    def list(self, request: Request) -> Response:
        """The newest act first; the filters narrow each other."""
        reach, query = Reach(self.user), request.query_params
        order = query.get("ordering", ORDERS[0])
        if order not in ORDERS:
            raise Refused({"ordering": [f"must be one of: {', '.join(ORDERS)}"]})
        page = page_of(
            reach,
            asked_by(request, reach),
            query.get("cursor", ""),
            size_of(request),
            oldest=order == ORDERS[1],
        )
        address = request.build_absolute_uri()
        links = {
            name: replace_query_param(address, "cursor", cursor) if cursor else None
            for name, cursor in (("next", page.older), ("previous", page.newer))
        }
        return Response({**links, "results": [self.sparse(shown(each)) for each in page.told]})

    @action(detail=False, methods=["get"], renderer_classes=(*Resource.renderer_classes, CSVRenderer))
    def export(self, request: Request) -> StreamingHttpResponse:
        """One line for each value that changed, the oldest first; times in UTC and on the site's clock."""
        reach = Reach(self.user)
        question, until = asked_by(request, reach), clock.now()
        record_export_of_trail(actor=self.user, asked=question)
        response = StreamingHttpResponse(
            csv_lines(lines(reach, question, until)),
            content_type="text/csv; charset=utf-8; header=present",
        )
        response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
        return response


def asked_by(request: Request, reach: Reach) -> Asked:
    """The filters of the address. Raises Refused naming each that is wrong."""
    return asked(
        reach, {name: request.query_params[name] for name in PARAMETERS if name in request.query_params}
    )


def size_of(request: Request) -> int:
    """Events on a page. Raises Refused."""
    text = request.query_params.get("page_size", str(PAGE))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LARGEST_PAGE):
        raise Refused({"page_size": [f"must be a whole number from 1 to {LARGEST_PAGE}"]})
    return int(text)


TAGS: dict[str, Any] = {"tags": ["audit-reviews"]}
WORKLIST = [
    OpenApiParameter("site", str, description="Code of the site"),
    OpenApiParameter("waiting", bool, description="Only casebooks in which something is unreviewed"),
    OpenApiParameter("after", str, description=f"Code of the last subject seen; a page has {CASEBOOKS}"),
]


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    create=extend_schema(**TAGS, request=ReviewRequest, responses={201: ReviewReply(many=True)}),
    casebooks=extend_schema(**TAGS, parameters=WORKLIST, responses=CasebookReply(many=True)),
)
class AuditReviewResource(Resource):
    """Marks "reviewed up to here". What is recorded after the event they name is unreviewed."""

    verb = Verb.READ_AUDIT
    queryset = AuditReview.objects.none()
    serializer_class = ReviewReply
    filter_backends = ()
    lookup_value_regex = "[0-9]{1,18}"
    ordering = "-id"
    parameters = {"casebooks": ("site", "waiting", "after")}
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[AuditReview]:
        found: QuerySet[AuditReview] = AuditReview.objects.filter(Reach(self.user).chains())
        return found.select_related("subject", "chain", "reviewer")

    def represent(self, records: Sequence[AuditReview]) -> Any:
        instants = marked_at(records)
        return [
            {
                "id": mark.pk,
                "subject": mark.subject.code if mark.subject else "",
                "chain": mark.chain.key,
                "up_to": mark.up_to_id,
                "number": number_of(mark.up_to_id),
                "reviewer": mark.reviewer.username,
                "recorded_at": instants[mark.pk],
                "comment": mark.comment,
            }
            for mark in records
        ]

    def create(self, request: Request) -> Response:
        """Mark trails as reviewed. Sent twice, the second is refused: it is reviewed already."""
        data = object_of(request, known=("up_to", "comment"))
        comment = text_of(data, "comment", limit=REASON_LENGTH)
        made = review_audit(actor=self.user, up_to=keys_of(data.get("up_to")), comment=comment)
        marks = self.get_queryset().filter(pk__in=[mark.pk for mark in made]).order_by("pk")
        return Response(self.represent(list(marks)), status=201)

    @action(detail=False, methods=["get"], pagination_class=None)
    def casebooks(self, request: Request) -> Response:
        """Casebooks in the order of their codes, with the number of acts since the last review."""
        reach, query = Reach(self.user), request.query_params
        site = asked(reach, {"site": query.get("site", "")}).site
        after = query.get("after", "")
        return Response(worklist(reach, site, after, waiting=truth(request, "waiting")))


def worklist(reach: Reach, site: Site | None, after: str, *, waiting: bool) -> list[dict[str, Any]]:
    return [
        {
            "subject": each.subject.code,
            "site": each.subject.site.code,
            "unreviewed": each.unreviewed,
            "reviewed_up_to": each.last.up_to_id if each.last else None,
            "reviewer": each.last.reviewer.username if each.last else "",
        }
        for each in casebooks(reach, after=after, site=site, waiting=waiting)
    ]


def keys_of(sent: Any) -> list[int]:
    """Ids of events. Raises Refused."""
    if not isinstance(sent, list) or not sent:
        raise Refused({"up_to": ["must be a list of ids of events"]})
    if not all(type(key) is int and 0 < key <= LARGEST_KEY for key in sent):
        raise Refused({"up_to": ["must be a list of ids of events"]})
    return sent
