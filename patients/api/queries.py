"""Queries of checks and of people: read as a worklist, raised, answered, closed, each with its thread."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from patients.actions.ask import (
    answer_query,
    close_query,
    comment_on_query,
    place,
    raise_query,
    record_named,
    reopen_query,
    withdraw_query,
)
from patients.actions.queries import REASON_LENGTH, accept_reason
from patients.actions.query_steps import TEXT_LENGTH
from patients.api.filters import DayFilter, OfSubject
from patients.api.history import ChangeReply
from patients.forms import about
from patients.models import MessageKind, Query, QueryMessage, QueryState, RaisedBy, Severity
from patients.query_lists import Worklist, waiting_for
from patients.selectors import visible
from patients.threads import QUESTION, lines_of, question_of, thread_of, words_of
from trials.api.bodies import object_of, text_of
from trials.api.idempotency import once_then_told
from trials.api.preconditions import version_named
from trials.api.resource import Resource, Shown
from trials.roles import Verb, scope

ONE_ACT = ("answer", "comment", "close", "reopen", "withdraw", "accept")


class TurnReply(serializers.Serializer):
    kind = serializers.ChoiceField(choices=[(QUESTION, "Question"), *MessageKind.choices])
    text = serializers.CharField(help_text="`withheld` for who may not read free text")
    actor = serializers.CharField(help_text="Empty for the question of a check")
    role = serializers.CharField()
    at = serializers.DateTimeField()
    changes = ChangeReply(many=True, help_text="What a correction changed on the form of the query")


class QueryReply(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(source="subject.code")
    visit = serializers.CharField(source="visit.code", allow_null=True, default=None)
    form = serializers.CharField(help_text="OID of the form; SV: a visit")
    href = serializers.SerializerMethodField(help_text="Address of the form or visit")
    record_id = serializers.IntegerField()
    rows = serializers.SerializerMethodField(help_text="Name of the lines; empty where it is about none")
    repeat = serializers.SerializerMethodField(help_text="Number of the line")
    row_id = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(help_text="Empty: the whole form, line or visit")
    raised_by = serializers.ChoiceField(choices=RaisedBy.choices)
    check = serializers.CharField(source="check_id", help_text="Id of the edit check; empty for a person's")
    severity = serializers.ChoiceField(choices=Severity.choices)
    state = serializers.ChoiceField(choices=QueryState.choices)
    message = serializers.SerializerMethodField(help_text="The question")
    accepted_reason = serializers.SerializerMethodField(help_text="Why the value stands")
    reopened = serializers.IntegerField(help_text="How often it was opened again")
    raised_at = serializers.DateTimeField(source="raised_in.recorded_at")
    state_since = serializers.DateTimeField(source="state_in.recorded_at")
    version = serializers.IntegerField(help_text="What If-Match names")

    def get_href(self, query: Query) -> str:
        return f"/api/v1/{about(query.form).path}/{query.record_id}/"

    def get_rows(self, query: Query) -> str:
        return str(self.context["lines"].get(query.pk, ("", 0))[0])

    def get_repeat(self, query: Query) -> int | None:
        return self.context["lines"].get(query.pk, ("", None))[1]

    def get_message(self, query: Query) -> str:
        return question_of(query, self.context["readable"])

    def get_accepted_reason(self, query: Query) -> str:
        return words_of(query.accepted_reason, query, self.context["readable"])


class QueryWithThread(QueryReply):
    thread = serializers.SerializerMethodField(help_text="The question and what was said since, oldest first")

    @extend_schema_field(TurnReply(many=True))
    def get_thread(self, query: Query) -> list[dict[str, Any]]:
        return list(TurnReply(thread_of(query, self.context["readable"]), many=True).data)


class RaiseRequest(serializers.Serializer):
    form = serializers.CharField(help_text="OID of the form; SV: a visit")
    record_id = serializers.IntegerField(help_text="Id of the form or visit")
    rows = serializers.CharField(required=False, help_text="Name of the lines, where it is about one")
    repeat = serializers.IntegerField(required=False, help_text="Number of the line")
    field = serializers.CharField(required=False, help_text="Without it: the whole form, line or visit")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    text = serializers.CharField(max_length=TEXT_LENGTH, help_text="What is asked of the site")


class TextRequest(serializers.Serializer):
    text = serializers.CharField(max_length=TEXT_LENGTH)


class AcceptRequest(serializers.Serializer):
    change_reason = serializers.CharField(max_length=REASON_LENGTH, help_text="Why the value stands")


class QueryFilters(OfSubject):
    visit = django_filters.CharFilter("visit__code", label="Code of the visit")
    form = django_filters.CharFilter(label="OID of the form")
    record_id = django_filters.NumberFilter(label="Id of the form", min_value=1, max_value=2**63 - 1)
    field = django_filters.CharFilter(label="Name of the question")
    check = django_filters.CharFilter("check_id", label="Id of the edit check")
    raised_by = django_filters.ChoiceFilter(choices=RaisedBy.choices)
    severity = django_filters.ChoiceFilter(choices=Severity.choices)
    state = django_filters.ChoiceFilter(choices=QueryState.choices)
    raised_from = DayFilter("raised_in__recorded_at__date", "gte", label="Asked on this day or later")
    raised_to = DayFilter("raised_in__recorded_at__date", "lte", label="Asked on this day or earlier")
    worklist = django_filters.ChoiceFilter(
        method="waiting", choices=Worklist.choices, label="What waits, for the one who asks"
    )

    class Meta:
        model = Query
        fields: list[str] = []

    def waiting(self, queryset: QuerySet[Query], name: str, value: str) -> QuerySet[Query]:
        return queryset.filter(waiting_for(self.request.user, Worklist(value)))


TAGS: dict[str, Any] = {"tags": ["queries"]}
SAID: dict[str, Any] = {**TAGS, "request": TextRequest, "responses": QueryWithThread}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS, responses=QueryWithThread),
    create=extend_schema(**TAGS, request=RaiseRequest, responses={201: QueryWithThread}),
    accept=extend_schema(**TAGS, request=AcceptRequest, responses=QueryWithThread),
    answer=extend_schema(**SAID),
    comment=extend_schema(**SAID),
    close=extend_schema(**SAID),
    reopen=extend_schema(**SAID),
    withdraw=extend_schema(**SAID),
)
class QueryResource(Resource):
    """What checks and people ask of the site. POST asks about a form, a line, a question or a visit.

    A query of a check closes by itself when the data are mended; a person's is answered by the correction,
    or in words, and closed by the side that asked.
    """

    queryset = Query.objects.none()
    serializer_class = QueryReply
    filterset_class = QueryFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings: ClassVar = {"id": "id", "subject": "subject__code", "raised_at": "raised_in__recorded_at"}
    versioned = ONE_ACT
    creating = ("create", *ONE_ACT)
    tagged = ("retrieve", "create", *ONE_ACT)
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Query]:
        return visible(Query, self.user).select_related(
            "subject__site", "subject__chain", "visit", "raised_in", "state_in"
        )

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return QueryReply if self.action == "list" else QueryWithThread

    def represent(self, records: Sequence[Any]) -> Shown:
        context = {"lines": lines_of(records), "readable": scope(self.user, Verb.READ_FREE_TEXT)}
        return list(self.get_serializer_class()(records, many=True, context=context).data)

    def create(self, request: Request) -> HttpResponseBase:
        return once_then_told(request, model=Query, act=lambda: self.ask(request), reply=self.created)

    def ask(self, request: Request) -> Query:
        data = object_of(request, known=("form", "record_id", "rows", "repeat", "field", "severity", "text"))
        record = record_named(data.get("form"), data.get("record_id"), lambda each: visible(each, self.user))
        asked = place(
            record, rows=text_of(data, "rows"), repeat=data.get("repeat"), field=text_of(data, "field")
        )
        return raise_query(
            actor=self.user,
            asked=asked,
            words=text_of(data, "text"),
            severity=text_of(data, "severity") or Severity.SOFT,
        )

    @action(detail=True, methods=["post"])
    def answer(self, request: Request, **address: Any) -> HttpResponseBase:
        """The site answers in words; who asked closes the query or opens it again."""
        return self.said(request, answer_query)

    @action(detail=True, methods=["post"])
    def comment(self, request: Request, **address: Any) -> HttpResponseBase:
        """Add words without a change of state."""
        return self.said(request, comment_on_query)

    @action(detail=True, methods=["post"])
    def close(self, request: Request, **address: Any) -> HttpResponseBase:
        """The side that asked is content with the answer."""
        return self.said(request, close_query)

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **address: Any) -> HttpResponseBase:
        """The answer is not enough: the site is asked again."""
        return self.said(request, reopen_query)

    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **address: Any) -> HttpResponseBase:
        """The side that asked takes its question back."""
        return self.said(request, withdraw_query)

    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **address: Any) -> HttpResponseBase:
        """Settle a check's query without a change of data: the value stands, for this reason."""
        return self.stepped(
            request,
            "change_reason",
            lambda query, version, words: accept_reason(
                actor=self.user, query=query, version=version, reason=words
            ),
        )

    def said(self, request: Request, act: Callable[..., Query]) -> HttpResponseBase:
        return self.stepped(
            request,
            "text",
            lambda query, version, words: act(actor=self.user, query=query, version=version, words=words),
        )

    def stepped(
        self, request: Request, name: str, act: Callable[[Query, int, str], Query]
    ) -> HttpResponseBase:
        """One step with its words, in the version that If-Match names; repeated, it is answered as before."""
        query = self.get_object()
        version = version_named(request)

        def take() -> Query:
            words = text_of(object_of(request, known=(name,)), name)
            return act(query, version, words)

        return once_then_told(
            request,
            model=QueryMessage,
            act=take,
            reply=lambda _key: self.reply(self.get_object()),
        )
