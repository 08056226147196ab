"""Queries of the edit checks: read as a worklist, settled with a reason."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.queries import REASON_LENGTH, accept_reason
from patients.api.filters import OfSubject
from patients.forms import about
from patients.models import Query, QueryState, Severity
from patients.selectors import visible
from trials.api.bodies import object_of, text_of
from trials.api.resource import Resource


class QueryReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(source="subject.code")
    form = serializers.CharField(help_text="OID of the form; SV: a visit")
    href = serializers.SerializerMethodField(help_text="Address of the form or visit")
    record_id = serializers.IntegerField()
    row_id = serializers.IntegerField(allow_null=True)
    field = serializers.CharField()
    check = serializers.CharField(source="check_id", help_text="Id of the edit check")
    severity = serializers.ChoiceField(choices=Severity.choices)
    state = serializers.ChoiceField(choices=QueryState.choices)
    message = serializers.CharField()
    accepted_reason = serializers.CharField()

    def get_href(self, query: Query) -> str:
        return f"/api/v1/{about(query.form).path}/{query.record_id}/"


class AcceptRequest(serializers.Serializer):
    change_reason = serializers.CharField(max_length=REASON_LENGTH, help_text="Why the value stands")


class QueryFilters(OfSubject):
    form = django_filters.CharFilter(label="OID of the form")
    check = django_filters.CharFilter("check_id", label="Id of the edit check")
    severity = django_filters.ChoiceFilter(choices=Severity.choices)
    state = django_filters.ChoiceFilter(choices=QueryState.choices)

    class Meta:
        model = Query
        fields: list[str] = []


TAGS: dict[str, Any] = {"tags": ["queries"]}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    accept=extend_schema(**TAGS, request=AcceptRequest, responses=QueryReply),
)
class QueryResource(Resource):
    """What the edit checks ask. A query closes by itself when the data are mended."""

    queryset = Query.objects.none()
    serializer_class = QueryReply
    filterset_class = QueryFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "subject": "subject__code"}
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Query]:
        return visible(Query, self.user).select_related("subject__site", "subject__chain")

    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **address: Any) -> Response:
        """Settle the query without a change of data: the value stands, for this reason."""
        query = self.get_object()
        reason = text_of(object_of(request, known=("change_reason",)), "change_reason")
        accept_reason(actor=self.user, query=query, reason=reason)
        return self.reply(self.get_object())
