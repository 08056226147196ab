"""Laboratory results as a resource of their own: the lines of samples, one by one.

A result is part of its sample. So the version that If-Match names, and the ETag of every reply, is the
sample's; entering a result into a stored sample is a change of the sample and has a reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.save_form import change_form
from patients.api.filters import YES_OR_NO, DayFilter
from patients.api.forms import VoidRequest, references
from patients.api.history import VersionReply, shown_versions
from patients.api.shapes import (
    CHANGE_REASON,
    FLAG,
    TEXT,
    WHOLE,
    FormShape,
    Schema,
    answers_schema,
    closed,
    shown_section,
)
from patients.audit_review.withholding import withheld_versions
from patients.forms import definition_of
from patients.models import LabResult, LabSample, RangeFlag
from patients.selectors import visible
from patients.trail import versions_of
from patients.withheld import as_read_by, readable_by
from trials.actions.errors import Refused
from trials.api.bodies import object_of, text_of
from trials.api.idempotency import once
from trials.api.preconditions import etag, version_named
from trials.api.resource import Resource
from trials.roles import Verb, may, require

SAMPLE = definition_of(LabSample)
RESULTS = "results"
SECTION = SAMPLE.rows[RESULTS]

ENVELOPE: dict[str, Schema] = {
    "id": WHOLE,
    "sample": WHOLE | {"title": "Id of the sample in lab-samples"},
    "subject": TEXT,
    "visit": {"type": ["string", "null"]},
    "collected_on": {"type": ["string", "null"], "format": "date"},
    "laboratory": {"type": ["string", "null"], "title": "Code of the laboratory"},
    "repeat": WHOLE | {"title": "Number of the result within its sample"},
    "version": WHOLE | {"title": "Version of the sample: what If-Match names"},
    "entered_in_error": FLAG,
    "external_id": TEXT,
}


class LabResultReply(FormShape):
    @classmethod
    def schema(cls) -> Schema:
        return closed({**ENVELOPE, **answers_schema(SECTION, reply=True)})


class LabResultEntry(FormShape):
    @classmethod
    def schema(cls) -> Schema:
        own = {"sample": ENVELOPE["sample"], **CHANGE_REASON, "external_id": TEXT}
        properties = {**own, **answers_schema(SECTION, reply=False)}
        return closed(properties, required=["sample", "test", "change_reason"])


class LabResultCorrection(FormShape):
    @classmethod
    def schema(cls) -> Schema:
        properties = {**CHANGE_REASON, "external_id": TEXT, **answers_schema(SECTION, reply=False)}
        return closed(properties, required=["change_reason"])


class LabResultFilters(django_filters.FilterSet):
    study = django_filters.CharFilter("parent__subject__study__code", label="Code of the study")
    site = django_filters.CharFilter("parent__subject__site__code", label="Code of the site")
    subject = django_filters.CharFilter("parent__subject__code", label="Code of the subject")
    visit = django_filters.CharFilter("parent__visit__code", label="Code of the visit")
    sample = django_filters.NumberFilter("parent_id", max_value=2**63 - 1, min_value=0, decimal_places=0)
    test = django_filters.CharFilter("test__code", label="Code of the test")
    flag = django_filters.ChoiceFilter(choices=RangeFlag.choices)
    date_from = DayFilter("parent__collected_on", lookup_expr="gte")
    date_to = DayFilter("parent__collected_on", lookup_expr="lte")
    entered_in_error = django_filters.ChoiceFilter(
        method="voided",
        choices=[*YES_OR_NO, ("include", "include")],
        label="Results entered in error: false leaves them out (default), true shows only them",
    )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = super().filter_queryset(queryset)
        asked = self.form.cleaned_data.get("entered_in_error")
        return found if asked else found.filter(entered_in_error=False)

    def voided(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset if value == "include" else queryset.filter(entered_in_error=value == "true")


TAGS: dict[str, Any] = {"tags": ["lab-results"]}


@extend_schema_view(
    list=extend_schema(**TAGS, responses=LabResultReply),
    retrieve=extend_schema(**TAGS, responses=LabResultReply),
    create=extend_schema(**TAGS, request=LabResultEntry, responses={201: LabResultReply}),
    partial_update=extend_schema(**TAGS, request=LabResultCorrection, responses=LabResultReply),
    void=extend_schema(**TAGS, request=VoidRequest, responses=LabResultReply),
    history=extend_schema(**TAGS, responses=VersionReply(many=True), filters=False),
)
class LabResultResource(Resource):
    """Laboratory results. If-Match and ETag are those of the sample that a result belongs to."""

    queryset = LabResult.objects.none()
    form_oid = "LB"
    serializer_class = LabResultReply
    filterset_class = LabResultFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "subject": "parent__subject__code", "date": "parent__collected_on"}
    versioned = ("create", "partial_update", "void")
    creating = ("create",)
    tagged = ("retrieve", "create", "partial_update", "void")
    http_method_names = ["get", "post", "patch", "head"]

    def get_queryset(self) -> QuerySet[LabResult]:
        return visible(LabResult, self.user).select_related(
            "parent__subject__site",
            "parent__subject__study",
            "parent__subject__chain",
            "parent__visit",
            "parent__laboratory",
            *references(SECTION),
        )

    def represent(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        readable = readable_by(self.user)
        return [shown_result(as_read_by(each, readable)) for each in records]

    def reply(self, record: Any, status: int = 200) -> Response:
        response = super().reply(record, status)
        response["ETag"] = etag(record.parent.version)
        return response

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=LabResult, act=lambda: self.enter(request), reply=self.created)

    def enter(self, request: Request) -> LabResult:
        data = object_of(request)
        version = version_named(request)
        sample = self.sample_named(data.pop("sample", None))
        refuse_addresses_of_rows(data)
        if data.get("test") is None or not str(data["test"]).strip():
            raise Refused({"test": ["is required"]})
        before = set(sample.results.values_list("pk", flat=True))
        self.save(sample, version, data)
        # The version was that of the sample as read above, so the next row after those is ours.
        return LabResult.objects.filter(parent=sample).exclude(pk__in=before).earliest("repeat")

    def sample_named(self, key: Any) -> LabSample:
        """The sample of the body. Raises Refused (404 in the same words for a foreign one)."""
        if isinstance(key, bool) or not isinstance(key, int):
            raise Refused({"sample": ["must be the id of a sample"]})
        samples = visible(LabSample, self.user).select_related(
            "subject__site", "subject__study", "subject__chain"
        )
        found = samples.filter(pk=key).first()
        if found is None:
            raise UnknownSample()
        return found

    def save(self, sample: LabSample, version: int, data: dict[str, Any]) -> None:
        """One line of the sample, through the sample. Errors are named as this resource names fields."""
        reason = text_of(data, "change_reason")
        line = {name: value for name, value in data.items() if name != "change_reason"}
        try:
            change_form(
                actor=self.user,
                record=sample,
                version=version,
                reason=reason,
                data={},
                rows={RESULTS: [line]},
            )
        except Refused as refusal:
            raise _of_the_line(refusal) from refusal

    def partial_update(self, request: Request, **address: Any) -> Response:
        result = self.get_object()
        version = version_named(request)
        data = object_of(request)
        refuse_addresses_of_rows(data)
        self.save(result.parent, version, {**data, "repeat": result.repeat})
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def void(self, request: Request, **address: Any) -> Response:
        """Mark one result as entered in error; its sample stays."""
        result = self.get_object()
        version = version_named(request)
        data = object_of(request, known=("change_reason",))
        self.save(result.parent, version, {**data, "repeat": result.repeat, "entered_in_error": True})
        return self.reply(self.get_object())

    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request: Request, **address: Any) -> Response:
        """Every act that changed this result."""
        result = self.get_object()
        require(self.user, Verb.READ_AUDIT, site=result.parent.subject.site)
        row = f"{RESULTS} {result.repeat}"
        reads_text = may(self.user, Verb.READ_FREE_TEXT, site=result.parent.subject.site)
        versions = versions_of(result.parent)
        told = shown_versions(withheld_versions(type(result.parent), versions, reads_text=reads_text))
        for version in told:
            version["changes"] = [change for change in version["changes"] if change["row"] == row]
        return Response([version for version in told if version["changes"]])


class UnknownSample(Refused):
    status = 404

    def __init__(self) -> None:
        super().__init__({"sample": ["is not a known sample"]})


def refuse_addresses_of_rows(data: Mapping[str, Any]) -> None:
    """A result is addressed by its own id here, and voided by void/. Raises Refused."""
    if sent := {"repeat", "entered_in_error"} & set(data):
        raise Refused({name: ["is not a field of this form"] for name in sorted(sent)})


def shown_result(result: Any) -> dict[str, Any]:
    """A result with what its sample says about it."""
    sample = result.parent
    return {
        "id": result.pk,
        "sample": sample.pk,
        "subject": sample.subject.code,
        "visit": sample.visit.code if sample.visit else None,
        "collected_on": sample.collected_on,
        "laboratory": sample.laboratory.code if sample.laboratory else None,
        "repeat": result.repeat,
        "version": sample.version,
        "entered_in_error": result.entered_in_error,
        "external_id": result.external_id,
        **shown_section(SECTION, result),
    }


def _of_the_line(refusal: Refused) -> Refused:
    """The same refusal with the errors of the only line in front."""
    lines = refusal.errors.get(RESULTS)
    if isinstance(lines, list) and lines and isinstance(lines[0], Mapping):
        refusal.errors = {**refusal.errors, **lines[0]}
        del refusal.errors[RESULTS]
    return refusal
