"""Verification against the source: read as a list, given for a version that was seen, withdrawn."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.seen import Seen
from patients.actions.verification import verify, withdraw_verification
from patients.api.address import form_named
from patients.api.filters import OfSubject
from patients.audit_review.kinds import WITHHELD
from patients.forms import about
from patients.models import Verification, VerificationExtent, VerificationState
from patients.selectors import visible
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, text_of
from trials.api.idempotency import once
from trials.api.preconditions import version_named
from trials.api.resource import Resource
from trials.roles import Verb, may


class VerificationReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(source="subject.code")
    form = serializers.CharField(help_text="OID of the form")
    record_id = serializers.IntegerField()
    href = serializers.SerializerMethodField(help_text="Address of the form")
    extent = serializers.ChoiceField(choices=VerificationExtent.choices)
    state = serializers.ChoiceField(choices=VerificationState.choices)
    seen_version = serializers.IntegerField(help_text="Version of the form that was compared")
    verified_by = serializers.CharField(source="verified_by.username")
    verified_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_because = serializers.CharField(
        help_text="The questions that changed, or the reason of a withdrawal"
    )
    version = serializers.IntegerField()

    def to_representation(self, instance: Verification) -> dict[str, Any]:
        """The reason of a withdrawal is for readers of free text."""
        shown: dict[str, Any] = super().to_representation(instance)
        withdrawn = instance.state == VerificationState.WITHDRAWN
        if withdrawn and not may(
            self.context["request"].user, Verb.READ_FREE_TEXT, site=instance.subject.site
        ):
            shown["ended_because"] = WITHHELD
        return shown

    def get_href(self, verification: Verification) -> str:
        return f"/api/v1/{about(verification.form).path}/{verification.record_id}/"


class VerificationRequest(serializers.Serializer):
    form = serializers.CharField(help_text="OID of the form")
    record_id = serializers.IntegerField(min_value=1)
    version = serializers.IntegerField(min_value=1, help_text="Version of the form that was compared")
    extent = serializers.ChoiceField(choices=VerificationExtent.choices)


class WithdrawRequest(serializers.Serializer):
    change_reason = serializers.CharField(max_length=REASON_LENGTH)


class VerificationFilters(OfSubject):
    form = django_filters.CharFilter(label="OID of the form")
    extent = django_filters.ChoiceFilter(choices=VerificationExtent.choices)
    state = django_filters.ChoiceFilter(choices=VerificationState.choices)

    class Meta:
        model = Verification
        fields: list[str] = []


TAGS: dict[str, Any] = {"tags": ["verifications"]}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    create=extend_schema(**TAGS, request=VerificationRequest, responses={201: VerificationReply}),
    withdraw=extend_schema(**TAGS, request=WithdrawRequest, responses=VerificationReply),
)
class VerificationResource(Resource):
    """Forms that were compared with their source. One is lost when an answer that it covers changes."""

    queryset = Verification.objects.none()
    serializer_class = VerificationReply
    filterset_class = VerificationFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "subject": "subject__code", "verified_at": "verified_at"}
    versioned = ("withdraw",)
    creating = ("create",)
    tagged = ("retrieve", "create", "withdraw")
    stale_bodies = ("create",)
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Verification]:
        found = visible(Verification, self.user)
        return found.select_related("subject__site", "subject__chain", "verified_by")

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=Verification, act=lambda: self.give(request), reply=self.created)

    def give(self, request: Request) -> Verification:
        data = object_of(request, known=("form", "record_id", "version", "extent"))
        record, version = form_named(self.user, data, Verb.READ)
        return verify(actor=self.user, seen=[Seen(record, version)], extent=text_of(data, "extent"))[0]

    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **address: Any) -> Response:
        """Take back a verification that was given by mistake."""
        found, version = self.get_object(), version_named(request)
        reason = text_of(object_of(request, known=("change_reason",)), "change_reason")
        withdraw_verification(actor=self.user, verification=found, version=version, reason=reason)
        return self.reply(self.get_object())
