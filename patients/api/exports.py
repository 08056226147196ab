"""Exports as a stream of CSV: one line for each form, or for each row where the form has rows."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from patients.actions.record_export import record_export
from patients.api.filters import FormFilters
from patients.api.forms import filled_forms
from patients.api.shapes import shown_value
from patients.api.signed import signatures_in_a_cell
from patients.forms import FormDefinition, Section, definitions, rows_of
from patients.models import SignedForm
from patients.signatures import signatures_on
from patients.withheld import as_read_by, readable_by
from trials.api.resource import Resource
from trials.csv_cells import Echo, cell
from trials.roles import Scope, Verb

CHUNK = 500
ENVELOPE = (
    "study",
    "site",
    "subject",
    "visit",
    "form_id",
    "repeat",
    "version",
    "entry_state",
    "not_done_reason",
    "entered_in_error",
    "external_id",
    "signed",
    "signatures",
)


class CSVRenderer(BaseRenderer):
    """Lets a client ask for text/csv; the view streams the content itself."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, media_type: str | None = None, context: Any = None) -> bytes:
        return JSONRenderer().render(data)  # a refusal


class ExportResource(Resource):
    """Captured data as files. Every export is an event in the audit trail of its study."""

    verb = Verb.EXPORT
    renderer_classes = (JSONRenderer, CSVRenderer)
    parameters = {"retrieve": ("form", *FormFilters.base_filters)}
    filter_backends = ()
    pagination_class = None
    http_method_names = ["get", "head"]

    @extend_schema(
        tags=["exports"],
        operation_id="exports_csv",
        parameters=[
            OpenApiParameter("form", str, required=True, description="OID of the form"),
            *(
                OpenApiParameter(name, str, description=str(each.label or ""))
                for name, each in FormFilters.base_filters.items()
            ),
        ],
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="One header, CRLF, UTF-8")
        },
    )
    def retrieve(self, request: Request, **address: Any) -> StreamingHttpResponse:
        form = form_named(request.query_params.get("form"))
        found = self.chosen(request, form)
        asked = "; ".join(f"{name}={value}" for name, value in sorted(request.query_params.items()))
        record_export(actor=self.user, form=form.oid, asked=f"CSV; {asked}")
        writer = csv.writer(Echo(), lineterminator="\r\n")
        response = StreamingHttpResponse(
            (writer.writerow(line) for line in lines_of(form, found, readable_by(self.user))),
            content_type="text/csv; charset=utf-8; header=present",
        )
        response["Content-Disposition"] = f'attachment; filename="{form.oid}.csv"'
        return response

    def known_parameters(self) -> set[str]:
        return super().known_parameters() - {"fields"}

    def chosen(self, request: Request, form: FormDefinition) -> QuerySet[Any]:
        """The forms that the user may export and asks for. Raises ValidationError."""
        filters = FormFilters(
            {name: value for name, value in request.query_params.items() if name != "form"},
            queryset=filled_forms(form, self.user, Verb.EXPORT),
            request=request,
        )
        if not filters.is_valid():
            raise ValidationError(dict(filters.errors))
        chosen: QuerySet[Any] = filters.qs.order_by("subject__code", "pk")
        return chosen


def form_named(oid: str | None) -> FormDefinition:
    """The form to export. Raises ValidationError without one, Http404 for an unknown one."""
    if not oid:
        raise ValidationError({"form": ["is required: the OID of a form"]})
    form = {each.oid: each for each in definitions()}.get(oid)
    if form is None:
        raise Http404
    return form


def lines_of(form: FormDefinition, found: QuerySet[Any], readable: Scope) -> Iterator[list[str]]:
    """The header and the lines, as cells; memory does not grow with their number.

    `readable`: where the reader may see what could identify a person.
    """
    yield [
        *ENVELOPE,
        *columns(form),
        *(f"{name}.{each}" for name in form.rows for each in row_columns(form.rows[name])),
    ]
    records = found.iterator(chunk_size=CHUNK)
    while some := list(islice(records, CHUNK)):
        signed = signatures_on(form.oid, some)
        for record in (as_read_by(each, readable) for each in some):
            own = [*envelope(record), *signature_cells(signed[record.pk]), *cells(form, record)]
            for row in rows_side_by_side(form, record):
                yield [*own, *row]


def signature_cells(signed: Sequence[SignedForm]) -> list[str]:
    """Whether a signature is in force, and each one with name, time and meaning, void ones as well."""
    in_force = any(not each.void for each in signed)
    return ["true" if in_force else "false", signatures_in_a_cell(signed)]


def columns(section: Section) -> list[str]:
    return [*(item.name for item in section.items), "missing_reasons"]


def row_columns(section: Section) -> list[str]:
    return ["repeat", *columns(section)]


def envelope(record: Any) -> list[str]:
    subject = record.subject
    plain = (
        subject.study.code,
        subject.site.code,
        subject.code,
        record.visit.code if record.visit else "",
        str(record.pk),
        str(record.repeat),
        str(record.version),
        record.entry_state,
        cell(record.not_done_reason),
        "true" if record.entered_in_error else "false",
        cell(record.external_id),
    )
    return list(plain)


def cells(section: Section, record: Any) -> list[str]:
    """The answers of a section; text is made harmless for spreadsheets, numbers and dates stay."""
    answers = []
    for item in section.items:
        value = shown_value(item, record)
        text = "" if value is None else str(value)
        answers.append(cell(text) if item.kind in ("text", "narrative") else text)
    reasons = "; ".join(f"{name}={reason}" for name, reason in sorted(record.missing_reasons.items()))
    return [*answers, reasons]


def rows_side_by_side(form: FormDefinition, record: Any) -> Iterable[list[str]]:
    """The lines of a form: one for each row, each kind of row in columns of its own; one without rows."""
    blank = {name: [""] * len(row_columns(section)) for name, section in form.rows.items()}
    lines = []
    for name, section in form.rows.items():
        for row in rows_of(record, name):
            filled = {**blank, name: [str(row.repeat), *cells(section, row)]}
            lines.append([text for of_name in filled.values() for text in of_name])
    return lines or [[text for of_name in blank.values() for text in of_name]]
