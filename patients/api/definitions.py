"""The forms themselves: what each asks, as JSON Schema."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSet

from patients.forms import FormDefinition, definitions, json_schema
from trials.api.resource import refuse_unknown_parameters


class DefinitionReply(serializers.Serializer):
    oid = serializers.CharField()
    title = serializers.CharField()
    domain = serializers.CharField(help_text="SDTM domain")
    version = serializers.IntegerField()
    repeats = serializers.BooleanField()
    at_visit = serializers.BooleanField()
    path = serializers.CharField(help_text="Of the filled forms, below /api/v1/")
    definition = serializers.URLField()


def shown_definition(form: FormDefinition, request: Request) -> dict[str, Any]:
    return {
        "oid": form.oid,
        "title": str(form.title),
        "domain": form.domain,
        "version": form.version,
        "repeats": form.repeats,
        "at_visit": form.at_visit,
        "path": form.path,
        "definition": reverse("form-detail", kwargs={"oid": form.oid}, request=request),
    }


class DefinitionResource(ViewSet):
    """Form definitions, for everybody who is logged in: they say nothing about any subject."""

    lookup_field = "oid"
    lookup_url_kwarg = "oid"
    lookup_value_regex = "[A-Za-z0-9]{1,12}"
    http_method_names = ["get", "head"]
    shows_no_answers = True

    def initial(self, request: Request, *arguments: Any, **options: Any) -> None:
        super().initial(request, *arguments, **options)
        refuse_unknown_parameters(request)

    @extend_schema(tags=["forms"], operation_id="forms_list", responses=DefinitionReply(many=True))
    def list(self, request: Request) -> Response:
        """Every form of the casebook."""
        return Response([shown_definition(form, request) for form in definitions()])

    @extend_schema(tags=["forms"], operation_id="forms_retrieve", responses=OpenApiTypes.OBJECT)
    def retrieve(self, request: Request, oid: str) -> Response:
        """One form as JSON Schema (2020-12)."""
        form = {each.oid: each for each in definitions()}.get(oid)
        if form is None:
            raise Http404
        return Response(json_schema(form))
