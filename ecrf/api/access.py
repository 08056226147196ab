"""Who had which role where on a day, for administrators."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ecrf.reports.asked import NotAsked, instant
from trials.access import COLUMNS, holders_on, managed_studies, today
from trials.actions.given import day
from trials.api.resource import Resource
from trials.models import Study
from trials.roles import Verb


class HolderReply(serializers.Serializer):
    username = serializers.CharField()
    full_name = serializers.CharField()
    role = serializers.CharField()
    study = serializers.CharField(help_text="* for every study")
    site = serializers.CharField(help_text="* for every site")
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    trained_on = serializers.DateField(allow_null=True, help_text="Without it the role does not write")
    account = serializers.ChoiceField(["open", "closed", "expired", "not made yet"])
    account_valid_until = serializers.DateField(allow_null=True)
    second_factor_now = serializers.BooleanField()
    last_login = serializers.DateTimeField(allow_null=True, help_text="Up to now")


class AccessReply(serializers.Serializer):
    on = serializers.DateField()
    as_of = serializers.DateTimeField(allow_null=True)
    results = HolderReply(many=True)


class AccessResource(Resource):
    """The list that a review of access rights starts from."""

    verb = Verb.MANAGE_ACCOUNTS
    parameters = {"on_a_day": ("on", "as_of", "study")}
    pagination_class = None
    filter_backends = ()
    http_method_names = ["get", "head"]

    @extend_schema(
        operation_id="access",
        tags=["access"],
        parameters=[
            OpenApiParameter("on", OpenApiTypes.DATE, description="The day asked about; today without it"),
            OpenApiParameter("as_of", OpenApiTypes.DATETIME, description="What the database knew then"),
            OpenApiParameter("study", str, description="Code of one study"),
        ],
        responses=AccessReply,
    )
    def on_a_day(self, request: Request) -> Response:
        asked = request.query_params
        on = day("on", asked["on"]) if "on" in asked else today()
        found = holders_on(on, self.studies(asked.get("study")), as_of=self.as_of())
        results = [{column: getattr(each, column) for column in COLUMNS} for each in found]
        return Response({"on": on, "as_of": self.as_of(), "results": results})

    def as_of(self) -> datetime | None:
        try:
            return instant(self.request.query_params.get("as_of"))
        except NotAsked as error:
            raise ValidationError({error.field: [error.reason]}) from None

    def studies(self, code: str | None) -> QuerySet[Study]:
        """The studies that the user manages, or the one of them with this code. Raises ValidationError."""
        managed = managed_studies(self.user)
        if code is None:
            return managed
        one = managed.filter(code=code)
        if not one.exists():
            raise ValidationError({"study": ["is not a study that you manage"]})
        return one

    def get_queryset(self) -> QuerySet[Any]:
        return managed_studies(self.user)
