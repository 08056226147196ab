"""Redactions: asked for by one person, decided by another; a reply never holds what is to be redacted."""

from collections.abc import Callable, Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.redaction import (
    agree_redaction,
    ask_redaction_of_reason,
    ask_redaction_of_words,
    ask_redactions,
    decline_redaction,
)
from patients.forms import definitions
from patients.models import Query, QueryMessage, Subject
from patients.redactions import described, redactions
from patients.selectors import visible
from trials.actions.errors import Refused
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, text_of
from trials.api.idempotency import once
from trials.api.resource import Resource
from trials.models import AuditEvent, Redaction, RedactionState
from trials.models.audit import event_id
from trials.roles import Verb

LARGEST_KEY = 2**63


class RedactionReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField()
    about = serializers.CharField(help_text="The record, in words")
    form = serializers.CharField(allow_null=True, help_text="OID of the form, where it is about one")
    record_id = serializers.IntegerField(allow_null=True)
    questions = serializers.ListField(child=serializers.CharField(), help_text="In words")
    versions = serializers.IntegerField(help_text="Number of older versions that are blanked")
    state = serializers.ChoiceField(choices=RedactionState.choices)
    requested_by = serializers.CharField()
    request_reason = serializers.CharField()
    decided_by = serializers.CharField(allow_null=True)
    decision_reason = serializers.CharField()

    def to_representation(self, instance: Redaction) -> dict[str, Any]:
        told = described(instance)
        return {
            "id": instance.pk,
            "subject": told.subject.code,
            "about": told.about,
            "form": told.form.form.oid if told.form is not None else None,
            "record_id": told.form.pk if told.form is not None else None,
            "questions": list(told.questions),
            "versions": told.versions,
            "state": instance.state,
            "requested_by": instance.requested_by.username,
            "request_reason": instance.request_reason,
            "decided_by": instance.decided_by.username if instance.decided_by is not None else None,
            "decision_reason": instance.decision_reason,
        }


class RedactionRequest(serializers.Serializer):
    """One of: questions of a form, an act by its number in the casebook, a query, a message of a query."""

    form = serializers.CharField(required=False, help_text="OID of the form; with record_id and questions")
    record_id = serializers.IntegerField(required=False, min_value=1)
    questions = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=200),
        min_length=1,
        max_length=50,
        help_text='Names of questions; of a row with its name and number: "results 3 value"',
    )
    subject = serializers.CharField(required=False, help_text="Code; with event")
    study = serializers.CharField(required=False, help_text="Code, where the subject's code repeats")
    event = serializers.IntegerField(required=False, min_value=1, help_text="Number in the casebook")
    query = serializers.IntegerField(required=False, min_value=1, help_text="Id of a query")
    turn = serializers.IntegerField(
        required=False, min_value=1, help_text="With query: which turn of its thread after the question"
    )
    change_reason = serializers.CharField(max_length=REASON_LENGTH)


class DecisionRequest(serializers.Serializer):
    change_reason = serializers.CharField(max_length=REASON_LENGTH)


class RedactionFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=RedactionState.choices)
    subject = django_filters.CharFilter(method="of_subject", label="Code of the subject")

    class Meta:
        model = Redaction
        fields: list[str] = []

    def of_subject(self, found: QuerySet[Redaction], name: str, value: str) -> QuerySet[Redaction]:
        return found.filter(chain__in=Subject.objects.filter(code=value).values("chain"))


class Unknown(Refused):
    """In the same words and with the same status for what is missing and for what is another site's."""

    status = 404


TAGS: dict[str, Any] = {"tags": ["redactions"]}
DECISION: dict[str, Any] = {**TAGS, "request": DecisionRequest, "responses": RedactionReply}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    create=extend_schema(**TAGS, request=RedactionRequest, responses={201: RedactionReply}),
    approve=extend_schema(**DECISION),
    refuse=extend_schema(**DECISION),
)
class RedactionResource(Resource):
    """Older versions that are to be blanked, or were. The live record must not hold the value any more."""

    verb = Verb.REQUEST_REDACTION
    queryset = Redaction.objects.none()
    serializer_class = RedactionReply
    filterset_class = RedactionFilters
    lookup_value_regex = "[0-9]{1,18}"
    creating = ("create",)
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Redaction]:
        return redactions(self.user)

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=Redaction, act=lambda: self.ask(request), reply=self.created)

    def ask(self, request: Request) -> Redaction:
        data = object_of(request, known=RedactionRequest().fields)
        reason = text_of(data, "change_reason")
        asked = next((name for name in ("form", "event", "query") if name in data), None)
        if asked is None:
            raise Refused({"form": ["name a form, an event or a query"]})
        others = set(data) - {"change_reason", *MEMBERS[asked]}
        if others:
            raise Refused(
                {name: [f"does not belong to a request about a {asked}"] for name in sorted(others)}
            )
        match asked:
            case "form":
                record = self.record_named(data)
                keys = data.get("questions")
                if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                    raise Refused({"questions": ["must be a list of names"]})
                return ask_redactions(actor=self.user, record=record, keys=keys, reason=reason)[0]
            case "event":
                return ask_redaction_of_reason(actor=self.user, event=self.event_named(data), reason=reason)
        return ask_redaction_of_words(actor=self.user, record=self.words_named(data), reason=reason)

    def record_named(self, data: Mapping[str, Any]) -> Any:
        model = {each.oid: each.model for each in definitions()}.get(str(data.get("form")))
        if model is None:
            raise Refused({"form": ["must be the OID of a form"]})
        found = visible(model, self.user, self.verb).filter(pk=number(data, "record_id"))
        return _first(found.select_related("subject__site", "subject__study", "subject__chain"), "record_id")

    def event_named(self, data: Mapping[str, Any]) -> AuditEvent:
        found = visible(Subject, self.user, self.verb).filter(code=text_of(data, "subject", required=True))
        if "study" in data:
            found = found.filter(study__code=text_of(data, "study"))
        subjects = list(found[:2])
        if len(subjects) != 1:
            raise Unknown({"subject": ["is not a known subject, or in more than one study"]})
        key = number(data, "event")
        if key >= 2**32:
            raise Unknown({"event": ["is not known"]})
        return _first(AuditEvent.objects.filter(pk=event_id(subjects[0].chain_id, key)), "event")

    def words_named(self, data: Mapping[str, Any]) -> Query | QueryMessage:
        asked = visible(Query, self.user, self.verb).select_related("subject__site", "subject__chain")
        query: Query = _first(asked.filter(pk=number(data, "query")), "query")
        if "turn" not in data:
            return query
        turn = number(data, "turn")
        said = QueryMessage.objects.filter(query=query).select_related("query__subject__site").order_by("id")
        messages = list(said[:1000])
        if turn > len(messages):
            raise Unknown({"turn": ["is not known"]})
        return messages[turn - 1]

    def decide(self, request: Request, act: Callable[..., Redaction]) -> Response:
        redaction = self.get_object()
        reason = text_of(object_of(request, known=("change_reason",)), "change_reason")
        act(actor=self.user, redaction=redaction, reason=reason)
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **address: Any) -> Response:
        """Carry the redaction out, for good. Another person than the one who asked."""
        return self.decide(request, agree_redaction)

    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, **address: Any) -> Response:
        """Leave everything as it is."""
        return self.decide(request, decline_redaction)


MEMBERS: dict[str, tuple[str, ...]] = {
    "form": ("form", "record_id", "questions"),
    "event": ("subject", "study", "event"),
    "query": ("query", "turn"),
}


def number(data: Mapping[str, Any], name: str) -> int:
    """A whole number from 1. Raises Refused."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LARGEST_KEY:
        raise Refused({name: ["must be a whole number from 1"]})
    return value


def _first(found: Any, name: str) -> Any:
    one = found.first()
    if one is None:
        raise Unknown({name: ["is not known"]})
    return one
