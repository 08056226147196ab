"""Reference ranges: read by everybody in the study, corrected by the data manager after seeing the impact."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.correct_range import Reflagged, correct_range
from patients.api.parameters import truth
from trials.actions.errors import Refused
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, text_of
from trials.api.preconditions import etag, version_named
from trials.api.protocol import ReferenceRangeReader, ReferenceRangeReply
from trials.models import ReferenceRange, Sex

LIMIT: dict[str, Any] = {"max_digits": 12, "decimal_places": 4, "required": False, "allow_null": True}


class RangeCorrection(serializers.Serializer):
    """What of a range can be corrected; only what is sent changes."""

    low = serializers.DecimalField(**LIMIT)
    high = serializers.DecimalField(**LIMIT)
    valid_from = serializers.DateField(required=False)
    valid_to = serializers.DateField(required=False, allow_null=True)
    age_from = serializers.IntegerField(required=False, min_value=0, max_value=150)
    age_to = serializers.IntegerField(required=False, min_value=0, max_value=150)
    sex = serializers.ChoiceField(required=False, allow_blank=True, choices=Sex.choices)


class RangeCorrectionRequest(RangeCorrection):
    change_reason = serializers.CharField(
        required=False, max_length=REASON_LENGTH, help_text="Needed except for a dry run"
    )


class ReflaggedReply(serializers.Serializer):
    subject = serializers.CharField()
    result = serializers.IntegerField(help_text="Id in lab-results")
    sample = serializers.IntegerField()
    low_before = serializers.CharField(allow_null=True)
    low_after = serializers.CharField(allow_null=True)
    high_before = serializers.CharField(allow_null=True)
    high_after = serializers.CharField(allow_null=True)
    flag_before = serializers.CharField(allow_blank=True)
    flag_after = serializers.CharField(allow_blank=True)
    closed = serializers.CharField(
        allow_blank=True,
        help_text="Why the result cannot be changed; with one such result the correction is refused (423)",
    )


class RangeCorrected(serializers.Serializer):
    dry_run = serializers.BooleanField()
    range = ReferenceRangeReply()
    changed = ReflaggedReply(many=True, help_text="Every result whose limits or flag change")


TAGS: dict[str, Any] = {"tags": ["reference-ranges"]}
DRY_RUN = OpenApiParameter("dry_run", OpenApiTypes.BOOL, description="Show the impact, keep nothing")


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    correct=extend_schema(
        **TAGS, parameters=[DRY_RUN], request=RangeCorrectionRequest, responses=RangeCorrected
    ),
)
class ReferenceRangeResource(ReferenceRangeReader):
    """Limits of normal of the laboratories of the user's sites."""

    parameters = {**ReferenceRangeReader.parameters, "correct": ("dry_run",)}
    versioned = ("correct",)
    tagged = ("retrieve", "correct")
    http_method_names = ["get", "post", "head"]

    @action(detail=True, methods=["post"])
    def correct(self, request: Request, **address: Any) -> Response:
        """Correct a range and derive anew the flags that rest on it."""
        found: ReferenceRange = self.get_object()
        version = version_named(request)
        dry_run = truth(request, "dry_run")
        data = object_of(request, known=(*RangeCorrection().fields, "change_reason"))
        reason = text_of(data, "change_reason")
        sent = RangeCorrection(data={name: data[name] for name in data if name != "change_reason"})
        sent.is_valid(raise_exception=True)
        if not sent.validated_data:
            raise Refused("Nothing to correct was sent.")
        changed = correct_range(
            actor=self.user,
            reference_range=found,
            version=version,
            changes=sent.validated_data,
            reason=reason,
            dry_run=dry_run,
        )
        now = self.get_object()
        body = {
            "dry_run": dry_run,
            "range": self.represent([now])[0],
            "changed": [shown_reflagged(each) for each in changed],
        }
        return Response(body, headers={"ETag": etag(now.version)})


def shown_reflagged(each: Reflagged) -> dict[str, Any]:
    result = each.result
    return {
        "subject": each.subject_code,
        "result": result.pk,
        "sample": result.parent_id,
        "low_before": each.low_before,
        "low_after": result.range_low,
        "high_before": each.high_before,
        "high_after": result.range_high,
        "flag_before": each.flag_before,
        "flag_after": each.flag_after,
        "closed": each.closed,
    }
