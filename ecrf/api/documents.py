"""The OpenAPI document for machines, and the same as a page for people."""

import functools
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

METHODS = ("get", "post", "patch")


@functools.cache
def openapi_document() -> dict[str, Any]:
    """OpenAPI 3.1, in English whatever the reader's language; made once in the life of a process."""
    with translation.override("en"):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


@extend_schema(exclude=True)
class SchemaView(APIView):
    """`GET /api/schema/`, for everybody who is logged in."""

    shows_no_answers = True

    def get(self, request: Request) -> Response:
        return Response(openapi_document())


@extend_schema(exclude=True)
class NoSuchAddress(APIView):
    """Everything below /api/ that is no resource: 404 in the same shape as every other refusal."""

    permission_classes = (AllowAny,)
    shows_no_answers = True

    def initial(self, request: Request, *arguments: Any, **options: Any) -> None:
        super().initial(request, *arguments, **options)
        raise NotFound()


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """`GET /api/docs/`: every operation as a readable page, without a script."""
    return render(request, "ecrf/api_docs.html", {"document": openapi_document(), "chapters": chapters()})


@functools.cache
def chapters() -> list[dict[str, Any]]:
    """Operations by resource, with their parameters, members and replies resolved for reading."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in openapi_document()["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                found.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    return [{"name": name, "operations": found[name]} for name in sorted(found)]


def _operation(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "description": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "members": _members(sent),
        "responses": [
            {"status": status, "description": _meaning(status, response)}
            for status, response in sorted(operation["responses"].items())
        ],
    }


def _meaning(status: str, response: dict[str, Any]) -> str:
    return response.get("description") or {"200": "Done", "201": "Stored"}.get(status, "")


def _members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    resolved = _resolved(schema)
    required = resolved.get("required", [])
    return [
        {
            "name": name,
            "required": name in required,
            "kind": _kind(each),
            "title": each.get("title") or each.get("description", ""),
            "unit": each.get("x-unit", ""),
            "codes": [code for code in each.get("enum", []) if code is not None],
            "members": _members(each["items"]) if "items" in each else [],
        }
        for name, each in resolved.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    kinds = schema.get("type", "")
    named = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return schema.get("format") or " or ".join(named)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    name = reference.rpartition("/")[2]
    resolved: dict[str, Any] = openapi_document()["components"]["schemas"][name] if name else schema
    return resolved
