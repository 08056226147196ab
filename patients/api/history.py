"""The audit trail of one record, in words."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from patients.trail import Version
from trials.models import AuditEvent


class ChangeReply(serializers.Serializer):
    field = serializers.CharField()
    label = serializers.CharField(help_text="The question")  # type: ignore[assignment]
    row = serializers.CharField(help_text="Name and number of the row; empty for the form itself")
    before = serializers.CharField()
    after = serializers.CharField()


class EventReply(serializers.Serializer):
    number = serializers.IntegerField(help_text="Number in the chain of the casebook")
    recorded_at = serializers.DateTimeField()
    actor = serializers.CharField()
    role = serializers.CharField()
    action = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    note = serializers.CharField()
    request_id = serializers.CharField()


class VersionReply(EventReply):
    version = serializers.IntegerField(allow_null=True)
    changes = ChangeReply(many=True)
    queries = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of the queries that the change answered"
    )


def shown_event(event: AuditEvent) -> dict[str, Any]:
    """Who did what, when, why and from where."""
    return {
        "number": event.number,
        "recorded_at": event.recorded_at,
        "actor": event.actor.username,
        "role": event.role,
        "action": event.action,
        "source": event.source,
        "reason": event.reason,
        "note": event.note,
        "request_id": event.request_id,
    }


def shown_versions(versions: Iterable[Version]) -> list[dict[str, Any]]:
    """Versions, oldest first."""
    return [
        shown_event(each.event)
        | {
            "version": each.version,
            "queries": each.queries,
            "changes": [
                {
                    "field": change.field,
                    "label": change.label,
                    "row": change.row,
                    "before": change.before,
                    "after": change.after,
                }
                for change in each.changes
            ],
        }
        for each in versions
    ]
