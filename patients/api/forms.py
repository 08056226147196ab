"""One resource for each form of the casebook, made from its definition: list, read, enter, correct, void."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Count, Prefetch, QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.api.address import subject_named, visit_named
from patients.api.filters import FormFilters, first_date
from patients.api.history import VersionReply, shown_versions
from patients.api.marks import shown_marks
from patients.api.shapes import FormCorrection, FormEntry, FormReply, shape, shown_form
from patients.api.signed import shown_signed
from patients.api.told import derivations_of
from patients.audit_review.withholding import withheld_versions
from patients.forms import FormDefinition, Section, definitions
from patients.marks import marks_of, place_of
from patients.models import CaseReportForm, Query, QueryState
from patients.selectors import visible
from patients.signatures import signatures_on
from patients.trail import versions_of
from patients.withheld import as_read_by, readable_by
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, rows_of, text_of
from trials.api.idempotency import once
from trials.api.preconditions import version_named
from trials.api.resource import Resource
from trials.models import User
from trials.roles import Verb, may, require


class VoidRequest(serializers.Serializer):
    change_reason = serializers.CharField(max_length=REASON_LENGTH)


def references(section: Section) -> list[str]:
    return [item.name for item in section.items if item.refers]


def filled_forms(definition: FormDefinition, user: User, verb: Verb = Verb.READ) -> QuerySet[Any]:
    """The filled forms of one kind that the user may see (or export), with all that a reply shows of them."""
    rows = (
        Prefetch(name, section.model.objects.select_related(*references(section)))
        for name, section in definition.rows.items()
    )
    whole = visible(definition.model, user, verb).select_related(
        "subject__site", "subject__study", "subject__chain", "visit", *references(definition)
    )
    return whole.prefetch_related(*rows)


def open_queries_on(definition: FormDefinition, records: Sequence[CaseReportForm]) -> dict[int, int]:
    """How many queries are open on each of these forms, by its key; forms without are left out."""
    counted = (
        Query.objects.filter(
            subject__in={record.subject_id for record in records},
            form=definition.oid,
            record_id__in=[record.pk for record in records],
            state=QueryState.OPEN,
        )
        .order_by()
        .values_list("record_id")
        .annotate(Count("id"))
    )
    return dict(counted)


class FormResource(Resource):
    """The filled forms of one kind.

    A correction (PATCH) changes only what is sent and needs If-Match and a change_reason; a row is addressed
    by its `repeat`, one without is new. Nothing is deleted: void/ marks a form as entered in error.
    """

    definition: ClassVar[FormDefinition]
    reply_class: ClassVar[type[serializers.BaseSerializer]]
    filterset_class = FormFilters
    lookup_value_regex = "[0-9]{1,18}"
    versioned = ("partial_update", "void")
    creating = ("create",)
    tagged = ("retrieve", "create", "partial_update", "void")
    http_method_names = ["get", "post", "patch", "head"]

    def get_queryset(self) -> QuerySet[Any]:
        return filled_forms(self.definition, self.user)

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return self.reply_class

    def represent(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        queries = open_queries_on(self.definition, records)
        readable = readable_by(self.user)
        shown = [
            shown_form(self.definition, as_read_by(each, readable), queries.get(each.pk, 0))
            for each in records
        ]
        signed = signatures_on(self.definition.oid, records)
        marks = marks_of([place_of(record) for record in records])
        for record, reply in zip(records, shown, strict=True):
            reply["marks"] = shown_marks(marks[place_of(record).key])
            reply["signatures"] = [shown_signed(each, each.signature) for each in signed[record.pk]]
        if self.action != "list":
            for record, reply in zip(records, shown, strict=True):
                reply["derivations"] = derivations_of(record)
        return shown

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=self.definition.model, act=lambda: self.enter(request), reply=self.created)

    def enter(self, request: Request) -> CaseReportForm:
        data = object_of(request)
        subject = subject_named(self.user, data)
        visit = visit_named(subject, data)
        stated = take_stated(data)
        for name in ("subject", "study", "visit"):
            data.pop(name, None)
        rows = take_rows(self.definition, data)
        made: CaseReportForm = create_form(
            actor=self.user,
            form=self.definition.model,
            subject=subject,
            visit=visit,
            data=data,
            rows=rows,
            not_done_reason=stated or "",
        )
        return made

    def partial_update(self, request: Request, **address: Any) -> Response:
        record = self.get_object()
        version = version_named(request)
        data = object_of(request)
        reason = text_of(data, "change_reason")
        data.pop("change_reason", None)
        answers_queries = data.pop("answers_queries", ())
        stated = take_stated(data)
        rows = take_rows(self.definition, data)
        change_form(
            actor=self.user,
            record=record,
            version=version,
            reason=reason,
            data=data,
            rows=rows,
            not_done_reason=stated,
            answers_queries=answers_queries,
        )
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def void(self, request: Request, **address: Any) -> Response:
        """Mark the form as entered in error. It stays, with its rows and its history."""
        record = self.get_object()
        version = version_named(request)
        data = object_of(request, known=("change_reason",))
        reason = text_of(data, "change_reason")
        mark_entered_in_error(actor=self.user, record=record, version=version, reason=reason)
        return self.reply(self.get_object())

    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, **address: Any) -> Response:
        """Every version: who, when, why, in which role, from where, and each answer before and after."""
        record = self.get_object()
        require(self.user, Verb.READ_AUDIT, site=record.subject.site)
        reads_text = may(self.user, Verb.READ_FREE_TEXT, site=record.subject.site)
        versions = withheld_versions(type(record), versions_of(record), reads_text=reads_text)
        return Response(shown_versions(versions))


def take_stated(data: dict[str, Any]) -> str | None:
    """Take `not_done_reason` out of the body; None when it was not sent. Raises Refused."""
    if "not_done_reason" not in data:
        return None
    stated = text_of(data, "not_done_reason")
    del data["not_done_reason"]
    return stated


def take_rows(definition: FormDefinition, data: dict[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Take the rows out of the body, by their names. Raises Refused."""
    rows = {name: rows_of(data, name) for name in definition.rows if name in data}
    for name in rows:
        del data[name]
    return rows


def resource_of(definition: FormDefinition) -> type[FormResource]:
    """The resource of one form: its definition, its messages, its place in the OpenAPI document."""
    date = first_date(definition.model)
    orderings = {"id": "id", "subject": "subject__code"}
    if date is not None:
        orderings["date"] = f"{date.name}_earliest" if date.kind == "partial date" else date.name
    reply = shape(FormReply, definition)
    parts = {
        "__doc__": definition.model.__doc__,
        "definition": definition,
        "reply_class": reply,
        "orderings": orderings,
        "queryset": definition.model._default_manager.none(),
    }
    resource = type(f"{definition.model.__name__}Resource", (FormResource,), parts)
    told: dict[str, Any] = {"tags": [definition.path]}
    documented: type[FormResource] = extend_schema_view(
        list=extend_schema(**told, responses=reply),
        retrieve=extend_schema(**told, responses=reply),
        create=extend_schema(**told, request=shape(FormEntry, definition), responses={201: reply}),
        partial_update=extend_schema(**told, request=shape(FormCorrection, definition), responses=reply),
        void=extend_schema(**told, request=VoidRequest, responses=reply),
        history=extend_schema(**told, responses=VersionReply(many=True), filters=False),
    )(resource)
    return documented


def form_resources() -> dict[str, type[FormResource]]:
    """Path and resource of every form there is."""
    return {definition.path: resource_of(definition) for definition in definitions()}
