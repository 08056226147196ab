"""What every resource of protocol data does alike: read-only, of the studies in which the user has a role."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from trials.api.resource import Resource
from trials.roles import Verb, studies_of


class OfStudy(django_filters.FilterSet):
    study = django_filters.CharFilter("study__code", label="Code of the study")


def code_of(path: str, **options: Any) -> serializers.CharField:
    """The code of a related protocol item."""
    return serializers.CharField(source=f"{path}.code", read_only=True, **options)


class ProtocolNoun(Resource):
    """Rows of the studies in which the user has a role today."""

    verb = Verb.READ_PROTOCOL
    filterset_class: Any = OfStudy
    http_method_names = ["get", "head"]
    related: tuple[str, ...] = ("study",)
    orderings = {"id": "id"}
    parameters = {"retrieve": ("study",)}

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset().filter(study__in=studies_of(self.user))
        return rows.select_related(*self.related)


class CodedNoun(ProtocolNoun):
    """Addressed by its code."""

    lookup_field = "code"
    lookup_value_regex = "[^/]{1,40}"
    orderings = {"id": "id", "code": "code"}
