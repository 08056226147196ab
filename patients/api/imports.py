"""Imports: many forms of one kind in one request, all stored or none."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.import_forms import MAXIMUM_LINES, MAXIMUM_REJECTED, ImportReport, import_forms
from patients.api.import_lines import CSVParser, JSONLinesParser, Line, Lines, NDJSONParser, folded
from patients.api.parameters import truth
from patients.forms import FormDefinition, definitions
from trials.actions.errors import Closed, Refused
from trials.api.idempotency import once_whole
from trials.api.resource import Resource
from trials.audit.origin import origin
from trials.models import Study
from trials.roles import Verb, studies_of


class RejectedLine(serializers.Serializer):
    line = serializers.IntegerField(
        help_text="Counted from 1, without the header; of a form with rows: the first"
    )
    errors = serializers.DictField(child=serializers.ListField())  # type: ignore[assignment]


class ImportReply(serializers.Serializer):
    dry_run = serializers.BooleanField()
    received = serializers.IntegerField()
    stored = serializers.IntegerField(help_text="In a dry run: what would be stored")
    unchanged = serializers.IntegerField(help_text="Known by external_id, with the same answers")
    rejected = RejectedLine(many=True)


PARAMETERS = [
    OpenApiParameter("dry_run", OpenApiTypes.BOOL, description="Check everything, store nothing"),
    OpenApiParameter(
        "change_reason", str, required=True, description="Where the data come from; stands on every event"
    ),
    OpenApiParameter("study", str, description="Code of the study, where the user has several"),
]
LINES = {"type": "array", "items": {"type": "object"}, "maxItems": MAXIMUM_LINES}


class ImportResource(Resource):
    """Forms of one kind: a JSON array, NDJSON, or CSV with the columns of the form.

    Each line holds `subject`, `visit` where the form has one, the fields, best an `external_id`. In CSV a
    row's column is named `rows.field`, and following lines with the same own columns are one form.
    """

    verb = Verb.IMPORT
    parser_classes = (JSONLinesParser, NDJSONParser, CSVParser)
    parameters = {"create": ("dry_run", "change_reason", "study")}
    creating = ("create",)
    filter_backends = ()
    pagination_class = None
    http_method_names = ["post"]

    @extend_schema(
        tags=["imports"],
        operation_id="imports_create",
        parameters=PARAMETERS,
        request={"application/json": LINES, "application/x-ndjson": str, "text/csv": str},
        responses={200: ImportReply, 201: ImportReply},
    )
    def create(self, request: Request, oid: str) -> HttpResponseBase:
        form = {each.oid: each for each in definitions()}.get(oid)
        if form is None:
            raise Http404
        return once_whole(request, model=form.model, act=lambda: self.store(request, form))

    def store(self, request: Request, form: FormDefinition) -> Response:
        dry_run = truth(request, "dry_run")
        lines = lines_of(request, form)
        with origin("IMPORT", getattr(request, "request_id", "")):
            report = import_forms(
                actor=self.user,
                study=self.study_named(request.query_params.get("study")),
                form=form.model,
                lines=[line.content for line in lines],
                reason=request.query_params.get("change_reason", ""),
                dry_run=dry_run,
            )
        return Response(shown_report(report, lines, request), status=status_of(report))

    def study_named(self, code: str | None) -> Study:
        """The study named, or the only one in which the user may import. Raises ValidationError."""
        found = studies_of(self.user, (Verb.IMPORT,))
        candidates = list((found.filter(code=code) if code else found)[:2])
        if len(candidates) != 1:
            raise ValidationError({"study": ["must be the code of a study in which you may import"]})
        return candidates[0]


def lines_of(request: Request, form: FormDefinition) -> Sequence[Line]:
    """The lines of the body, each a mapping whose rows are lists of mappings. Raises Refused."""
    data = request.data
    if not isinstance(data, Lines):
        raise Refused("The body must hold the lines to be imported.")
    lines = folded(data, form)
    errors = {
        f"line {line.number}": [{name: ["must be a list of objects"]}]
        for line in lines
        for name in form.rows
        if name in line.content and not _are_objects(line.content[name])
    }
    if errors:
        raise Refused(errors)
    return lines


def _listed(errors: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: told if isinstance(told, list) else [told] for name, told in errors.items()}


def _are_objects(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def status_of(report: ImportReport) -> int:
    if report.dry_run:
        return 200
    if report.closed:
        return Closed.status
    return 400 if report.rejected else 201


def shown_report(report: ImportReport, lines: Sequence[Line], request: Request) -> dict[str, Any]:
    """The report; where lines were rejected it is also an error in the shape of all errors."""
    shown: dict[str, Any] = {
        "dry_run": report.dry_run,
        "received": report.received,
        "stored": report.stored,
        "unchanged": report.unchanged,
        "rejected": [
            {"line": lines[number - 1].number, "errors": _listed(errors)}
            for number, errors in sorted(report.rejected.items())
        ],
    }
    if report.rejected and not report.dry_run:
        told = f"{len(report.rejected)} of {report.received} were rejected; nothing was stored."
        if len(report.rejected) >= MAXIMUM_REJECTED:
            told += " The lines after them were not looked at."
        shown |= {"errors": {"detail": [told]}, "request_id": getattr(request, "request_id", "")}
    return shown
