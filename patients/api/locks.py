"""Freezes and locks: read as a list, set over one scope, lifted by one person or by two."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.locks import approve_unlock, ask_unlock, close, close_forms, decline_unlock, lift_freeze
from patients.actions.seen import Seen
from patients.api.address import form_named, subject_named, visit_named
from patients.audit_review.kinds import WITHHELD
from patients.models import Lock, LockKind, LockScope, LockState
from patients.open_matters import open_matters, target_of
from patients.selectors import locks
from trials.actions.errors import Refused
from trials.actions.given import REASON_LENGTH
from trials.api.bodies import object_of, text_of
from trials.api.idempotency import once
from trials.api.preconditions import version_named
from trials.api.resource import Resource
from trials.models import Site, Study
from trials.roles import Verb, may, sites_of, studies_of

TYPED = ("reason", "asked_reason", "lifted_reason")


class LockReply(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=LockKind.choices)
    scope = serializers.ChoiceField(choices=LockScope.choices)
    study = serializers.CharField(source="study.code")
    site = serializers.CharField(source="site.code", allow_null=True, default=None)
    subject = serializers.CharField(source="subject.code", allow_null=True, default=None)
    visit = serializers.CharField(source="visit.code", allow_null=True, default=None)
    form = serializers.CharField(help_text="OID of the form; empty where the scope is wider")
    record_id = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=LockState.choices)
    reason = serializers.CharField()
    set_by = serializers.CharField(source="set_by.username")
    set_at = serializers.DateTimeField()
    asked_by = serializers.CharField(source="asked_by.username", allow_null=True, default=None)
    asked_reason = serializers.CharField()
    lifted_by = serializers.CharField(source="lifted_by.username", allow_null=True, default=None)
    lifted_reason = serializers.CharField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()

    def to_representation(self, instance: Lock) -> dict[str, Any]:
        """What was typed is for readers of free text."""
        shown: dict[str, Any] = super().to_representation(instance)
        user = self.context["request"].user
        where: dict[str, Any] = {"site": instance.site} if instance.site is not None else {}
        if not may(user, Verb.READ_FREE_TEXT, **where):
            shown |= {name: WITHHELD if shown[name] else "" for name in TYPED}
        return shown


class Scoped(serializers.Serializer):
    """What is meant, named by the members that its scope has."""

    scope = serializers.ChoiceField(choices=LockScope.choices)
    study = serializers.CharField(required=False, help_text="Code; needed for STUDY, or where codes repeat")
    site = serializers.CharField(required=False, help_text="Code, for SITE")
    subject = serializers.CharField(required=False, help_text="Code, for SUBJECT and VISIT")
    visit = serializers.CharField(required=False, help_text="Code, for VISIT")
    form = serializers.CharField(required=False, help_text="OID, for FORM")
    record_id = serializers.IntegerField(required=False, min_value=1, help_text="For FORM")
    version = serializers.IntegerField(required=False, min_value=1, help_text="That was seen, for FORM")


class LockRequest(Scoped):
    kind = serializers.ChoiceField(choices=LockKind.choices)
    change_reason = serializers.CharField(max_length=REASON_LENGTH)


class StepRequest(serializers.Serializer):
    change_reason = serializers.CharField(max_length=REASON_LENGTH)


class OpenMatter(serializers.Serializer):
    matter = serializers.CharField(source="words")
    number = serializers.IntegerField()
    refuses = serializers.SerializerMethodField(help_text="Whether a lock is refused for it")
    examples = serializers.ListField(child=serializers.CharField())

    def get_refuses(self, matter: Any) -> bool:
        return matter.obstacle is not None


class LockFilters(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=LockKind.choices)
    scope = django_filters.ChoiceFilter(choices=LockScope.choices)
    state = django_filters.ChoiceFilter(choices=LockState.choices)
    study = django_filters.CharFilter("study__code", label="Code of the study")
    site = django_filters.CharFilter("site__code", label="Code of the site")
    subject = django_filters.CharFilter("subject__code", label="Code of the subject")

    class Meta:
        model = Lock
        fields: list[str] = []


class UnknownPlace(Refused):
    """In the same words and with the same status for a missing one and for another site's."""

    status = 404


MEMBERS: dict[str, tuple[str, ...]] = {
    LockScope.STUDY: ("study",),
    LockScope.SITE: ("site", "study"),
    LockScope.SUBJECT: ("subject", "study"),
    LockScope.VISIT: ("subject", "visit", "study"),
    LockScope.FORM: ("form", "record_id", "version"),
}
TAGS: dict[str, Any] = {"tags": ["locks"]}
STEP: dict[str, Any] = {**TAGS, "request": StepRequest, "responses": LockReply}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    create=extend_schema(**TAGS, request=LockRequest, responses={201: LockReply}),
    left_open=extend_schema(**TAGS, request=Scoped, responses=OpenMatter(many=True)),
    lift=extend_schema(**STEP),
    unlock_request=extend_schema(**STEP),
    unlock_approve=extend_schema(**STEP),
    unlock_decline=extend_schema(**STEP),
)
class LockResource(Resource):
    """Freezes and locks over a study, site, subject, visit or form. While one is in force, every change of
    what it covers is refused with 423, on every path."""

    queryset = Lock.objects.none()
    serializer_class = LockReply
    filterset_class = LockFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "set_at": "set_at"}
    versioned = ("lift", "unlock_request", "unlock_approve", "unlock_decline")
    creating = ("create",)
    tagged = ("retrieve", "create", "lift", "unlock_request", "unlock_approve", "unlock_decline")
    stale_bodies = ("create",)
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Lock]:
        return locks(self.user)

    def create(self, request: Request) -> HttpResponseBase:
        return once(request, model=Lock, act=lambda: self.set(request), reply=self.created)

    def set(self, request: Request) -> Lock:
        data = object_of(request, known=LockRequest().fields)
        kind, reason = text_of(data, "kind"), text_of(data, "change_reason")
        noun = self.noun_named(data, ("kind", "change_reason"))
        if isinstance(noun, Seen):
            return close_forms(actor=self.user, kind=kind, seen=[noun], reason=reason)[0]
        return close(actor=self.user, kind=kind, noun=noun, reason=reason)

    @action(detail=False, methods=["post"], url_path="left-open", pagination_class=None, filter_backends=())
    def left_open(self, request: Request) -> Response:
        """What is left open in a study, site, subject, visit or form; with `refuses`, a lock is refused."""
        noun = self.noun_named(object_of(request, known=Scoped().fields), ())
        target = target_of(noun.record if isinstance(noun, Seen) else noun)
        return Response(OpenMatter(open_matters(target), many=True).data)

    def noun_named(self, data: dict[str, Any], beside: tuple[str, ...]) -> Any:
        """What is meant; a form as it was seen. Raises Refused, UnknownPlace (also for another site's)."""
        scope = text_of(data, "scope", required=True)
        if scope not in LockScope.values:
            raise Refused({"scope": [f"must be one of {', '.join(LockScope.values)}"]})
        if extra := sorted(set(data) - {"scope", *beside, *MEMBERS[scope]}):
            raise Refused({name: [f"does not belong to the scope {scope}"] for name in extra})
        match scope:
            case LockScope.FORM:
                record, version = form_named(self.user, data, self.verb)
                return Seen(record, version)
            case LockScope.STUDY:
                return _one("study", studies_of(self.user, (self.verb,)).filter(code=_code(data, "study")))
            case LockScope.SITE:
                sites = sites_of(self.user).filter(code=_code(data, "site")).select_related("study")
                if study := text_of(data, "study"):
                    sites = sites.filter(study__code=study)
                return _one("site", sites)
        subject = subject_named(self.user, data)
        if scope == LockScope.SUBJECT:
            return subject
        visit = visit_named(subject, data)
        if visit is None:
            raise Refused({"visit": ["is required"]})
        visit.subject = subject
        return visit

    def step(self, request: Request, act: Callable[..., Lock]) -> Response:
        lock, version = self.get_object(), version_named(request)
        reason = text_of(object_of(request, known=("change_reason",)), "change_reason")
        act(actor=self.user, lock=lock, version=version, reason=reason)
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def lift(self, request: Request, **address: Any) -> Response:
        """Lift a freeze."""
        return self.step(request, lift_freeze)

    @action(detail=True, methods=["post"], url_path="unlock-request")
    def unlock_request(self, request: Request, **address: Any) -> Response:
        """Ask for the unlocking; it stays locked until a second person agrees."""
        return self.step(request, ask_unlock)

    @action(detail=True, methods=["post"], url_path="unlock-approve")
    def unlock_approve(self, request: Request, **address: Any) -> Response:
        """Agree to the unlocking that another person asked for."""
        return self.step(request, approve_unlock)

    @action(detail=True, methods=["post"], url_path="unlock-decline")
    def unlock_decline(self, request: Request, **address: Any) -> Response:
        """Decline, or take back, what was asked for: it stays locked."""
        return self.step(request, decline_unlock)


def _code(data: dict[str, Any], name: str) -> str:
    return text_of(data, name, required=True)


def _one(name: str, found: QuerySet[Any]) -> Study | Site:
    rows = list(found[:2])
    if len(rows) != 1:
        raise UnknownPlace({name: [f"is not a known {name}"]})
    only: Study | Site = rows[0]
    return only
