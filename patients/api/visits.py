"""Visits and cycles: what was planned, what took place, what did not."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.visits import (
    WHY_LENGTH,
    add_unscheduled_visit,
    miss_visit,
    open_cycle,
    open_visit,
)
from patients.api.address import subject_named
from patients.api.filters import OfSubject, VisitFilters
from patients.derivations.schedule import Timing, timing_of
from patients.models import Cycle, Visit, VisitStatus
from patients.selectors import visible
from patients.withheld import as_read_by, readable_by
from trials.api.bodies import day_of, object_of, text_of
from trials.api.idempotency import once
from trials.api.preconditions import version_named
from trials.api.resource import Resource
from trials.audit import clock


class VisitReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(source="subject.code")
    code = serializers.CharField()
    title = serializers.CharField()
    definition = serializers.CharField(
        source="definition.code", allow_null=True, default=None, help_text="Empty: unscheduled"
    )
    cycle = serializers.IntegerField(source="cycle.number", allow_null=True, default=None)
    status = serializers.ChoiceField(choices=VisitStatus.choices)
    planned_on = serializers.DateField(allow_null=True)
    window_from = serializers.DateField(allow_null=True)
    window_to = serializers.DateField(allow_null=True)
    occurred_on = serializers.DateField(allow_null=True)
    missed_reason = serializers.CharField(help_text="Why it did not take place, or why it is no longer due")
    timing = serializers.SerializerMethodField(help_text="Where the visit stands today against its window")
    days_off = serializers.SerializerMethodField(
        help_text="Days before (negative) or after its window: of the visit, or of today while it is awaited"
    )
    unscheduled_reason = serializers.CharField()
    version = serializers.IntegerField()

    @extend_schema_field({"type": "string", "enum": [each.value for each in Timing]})
    def get_timing(self, visit: Visit) -> str:
        return self._standing(visit)[0].value

    def get_days_off(self, visit: Visit) -> int:
        return self._standing(visit)[1]

    def _standing(self, visit: Visit) -> tuple[Timing, int]:
        return timing_of(visit, clock.today(visit.subject.site.time_zone))


class CycleReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(source="subject.code")
    number = serializers.IntegerField()
    planned_on = serializers.DateField()
    started_on = serializers.DateField(allow_null=True)
    version = serializers.IntegerField()


class OfOneSubject(serializers.Serializer):
    subject = serializers.CharField(help_text="Code of the subject")
    study = serializers.CharField(
        required=False, help_text="Needed only where the subject's code is not unique"
    )


class UnscheduledVisitRequest(OfOneSubject):
    occurred_on = serializers.DateField()
    unscheduled_reason = serializers.CharField(max_length=WHY_LENGTH)


class OpenVisitRequest(serializers.Serializer):
    occurred_on = serializers.DateField()
    change_reason = serializers.CharField(required=False, help_text="Needed when the visit was not planned")


class MissVisitRequest(serializers.Serializer):
    missed_reason = serializers.CharField(max_length=WHY_LENGTH)
    change_reason = serializers.CharField(required=False, help_text="Needed when the visit was not planned")


TAGS: dict[str, Any] = {"tags": ["visits"]}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    create=extend_schema(**TAGS, request=UnscheduledVisitRequest, responses={201: VisitReply}),
    open=extend_schema(**TAGS, request=OpenVisitRequest, responses=VisitReply),
    miss=extend_schema(**TAGS, request=MissVisitRequest, responses=VisitReply),
)
class VisitResource(Resource):
    """Visits of subjects. Scheduled ones are planned by the server; POST adds an unscheduled one."""

    queryset = Visit.objects.none()
    serializer_class = VisitReply
    filterset_class = VisitFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "subject": "subject__code", "planned_on": "planned_on"}
    versioned = ("open", "miss")
    creating = ("create",)
    tagged = ("retrieve", "create", "open", "miss")
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Visit]:
        return visible(Visit, self.user).select_related(
            "subject__site", "subject__chain", "definition", "cycle"
        )

    def represent(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        readable = readable_by(self.user)
        return super().represent([as_read_by(each, readable) for each in records])

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=Visit, act=lambda: self.add(request), reply=self.created)

    def add(self, request: Request) -> Visit:
        data = object_of(request, known=("subject", "study", "occurred_on", "unscheduled_reason"))
        return add_unscheduled_visit(
            actor=self.user,
            subject=subject_named(self.user, data),
            occurred_on=day_of(data, "occurred_on"),
            why=text_of(data, "unscheduled_reason"),
        )

    @action(detail=True, methods=["post"])
    def open(self, request: Request, **address: Any) -> Response:
        """Record that the visit took place, or correct its day."""
        visit = self.get_object()
        version = version_named(request)
        data = object_of(request, known=("occurred_on", "change_reason"))
        day, reason = day_of(data, "occurred_on"), text_of(data, "change_reason")
        open_visit(actor=self.user, visit=visit, occurred_on=day, version=version, reason=reason)
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def miss(self, request: Request, **address: Any) -> Response:
        """Record that the visit did not take place, and why."""
        visit = self.get_object()
        version = version_named(request)
        data = object_of(request, known=("missed_reason", "change_reason"))
        why, reason = text_of(data, "missed_reason"), text_of(data, "change_reason")
        miss_visit(actor=self.user, visit=visit, why=why, version=version, reason=reason)
        return self.reply(self.get_object())


@extend_schema_view(
    list=extend_schema(tags=["cycles"]),
    retrieve=extend_schema(tags=["cycles"]),
    create=extend_schema(tags=["cycles"], request=OfOneSubject, responses={201: CycleReply}),
)
class CycleResource(Resource):
    """Treatment cycles. POST plans the next one, counted from the day on which the last one started."""

    queryset = Cycle.objects.none()
    serializer_class = CycleReply
    filterset_class = OfSubject
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "subject": "subject__code", "number": "number"}
    creating = ("create",)
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Cycle]:
        return visible(Cycle, self.user).select_related("subject")

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=Cycle, act=lambda: self.plan(request), reply=self.created)

    def plan(self, request: Request) -> Cycle:
        data = object_of(request, known=("subject", "study"))
        return open_cycle(actor=self.user, subject=subject_named(self.user, data))
