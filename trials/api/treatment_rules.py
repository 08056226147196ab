"""Rules of treatment as protocol data: versions of the dose-modification table, prohibited medication."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from trials.actions.dose_modifications import approve_dose_modifications
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, text_of
from trials.api.noun import CodedNoun, OfStudy, code_of
from trials.api.reentry import CREDENTIALS, CredentialsRequest, reentered
from trials.models import (
    DoseLevel,
    DoseModification,
    DoseModificationTable,
    EventGroup,
    ProhibitedMedication,
)


class DoseTableFilters(OfStudy):
    approved = django_filters.ChoiceFilter(
        method="approval",
        choices=[("true", "true"), ("false", "false")],
        label="Whether the principal investigator has approved the version",
    )

    def approval(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(approved_on__isnull=value == "false")


class DoseLevelReply(serializers.ModelSerializer):
    drug = code_of("drug")

    class Meta:
        model = DoseLevel
        fields = ("drug", "starting_dose", "reductions", "dose", "frequency")


class EventGroupReply(serializers.ModelSerializer):
    terms = serializers.ListField(child=serializers.CharField(), help_text="CTCAE terms")

    class Meta:
        model = EventGroup
        fields = ("code", "title", "terms", "asks")


class DoseModificationReply(serializers.ModelSerializer):
    drug = code_of("drug")
    events = code_of("events", allow_null=True, default=None, help_text="Code of the group of events")
    other_than = code_of(
        "other_than", allow_null=True, default=None, help_text="Any event but those of this group"
    )

    class Meta:
        model = DoseModification
        exclude = ("id", "study", "table")


class DoseModificationTableReply(serializers.ModelSerializer):
    study = code_of("study")
    is_approved = serializers.BooleanField(
        help_text="false: nothing is advised from it, each expected action is not approved for this study"
    )
    approved_by = serializers.CharField(source="approved_by.username", allow_null=True, default=None)
    levels = DoseLevelReply(many=True, help_text="Doses after each reduction, by drug and starting dose")
    event_groups = EventGroupReply(many=True)
    rows = DoseModificationReply(many=True, help_text="In the order of the table; the strictest decides")

    class Meta:
        model = DoseModificationTable
        fields = (
            "id",
            "study",
            "code",
            "title",
            "valid_from",
            "source",
            "is_assumption",
            "is_approved",
            "approved_by",
            "approved_on",
            "levels",
            "event_groups",
            "rows",
        )


class ApprovalRequest(CredentialsRequest):
    change_reason = serializers.CharField(
        max_length=REASON_LENGTH, help_text="What the version was checked against, and by whom"
    )


class DoseModificationTableResource(CodedNoun):
    """Versions of the dose-modification table with all rows.

    The principal investigator approves one with username and password entered anew; it is never taken back.
    """

    queryset = DoseModificationTable.objects.all()
    serializer_class = DoseModificationTableReply
    filterset_class = DoseTableFilters
    related = ("study", "approved_by")
    orderings = {"id": "id", "code": "code", "valid_from": "valid_from"}
    ordering = "valid_from"
    parameters = {"retrieve": ("study",), "approve": ("study",)}
    http_method_names = ["get", "post", "head"]

    @extend_schema(request=ApprovalRequest, responses=DoseModificationTableReply)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **address: Any) -> Response:
        """Approve the version for its study: from now on its rows are told as expected actions."""
        table = self.get_object()
        data = object_of(request, known=(*CREDENTIALS, "change_reason"))
        approve_dose_modifications(
            actor=self.user,
            table=table,
            reason=text_of(data, "change_reason"),
            reentry=reentered(request, data),
        )
        return self.reply(self.get_object())

    def get_queryset(self) -> QuerySet[Any]:
        levels = DoseLevel.objects.select_related("drug").order_by("drug__code", "-starting_dose", "pk")
        rows = DoseModification.objects.select_related("drug", "events", "other_than").order_by("order")
        return (
            super()
            .get_queryset()
            .prefetch_related(
                Prefetch("levels", levels),
                Prefetch("event_groups", EventGroup.objects.order_by("pk")),
                Prefetch("rows", rows),
            )
        )


class ProhibitionFilters(OfStudy):
    valid_on = django_filters.DateFilter(method="valid", label="In force on this day of the protocol")

    def valid(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        return rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=value), valid_from__lte=value)


class ProhibitedMedicationReply(serializers.ModelSerializer):
    study = code_of("study")
    names = serializers.ListField(
        child=serializers.CharField(),
        help_text="Whole words in any case; * stands for letters at the beginning or end of a word",
    )

    class Meta:
        model = ProhibitedMedication
        fields = (
            "id",
            "study",
            "code",
            "title",
            "names",
            "valid_from",
            "valid_to",
            "during_treatment",
            "days_before_first_dose",
            "exception",
            "source",
            "is_assumption",
        )


class ProhibitedMedicationResource(CodedNoun):
    """Medication that the protocol does not allow, and when."""

    queryset = ProhibitedMedication.objects.all()
    serializer_class = ProhibitedMedicationReply
    filterset_class = ProhibitionFilters
