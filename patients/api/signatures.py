"""Signatures: made with username and password in the body, read by everybody who reads the casebook.

A token alone signs nothing. The password is kept nowhere: in no log and no reply, and of a body that is
remembered for an Idempotency-Key there is only a keyed digest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.actions.seen import Seen
from patients.actions.signatures import acknowledge_policy, sign
from patients.api.address import subject_named, visit_named
from patients.api.filters import YES_OR_NO, OfSubject
from patients.forms import about, definition, definitions
from patients.models import (
    POLICY,
    POLICY_VERSION,
    Signature,
    SignatureMeaning,
    SignatureScope,
    SignedForm,
    Subject,
    Visit,
)
from patients.selectors import visible, visits_of
from patients.signatures import forms_in_force, has_acknowledged
from trials.actions.errors import Refused
from trials.api.bodies import object_of, rows_of, text_of
from trials.api.idempotency import once
from trials.api.reentry import CREDENTIALS, CredentialsRequest, reentered
from trials.api.resource import Resource
from trials.models import User
from trials.models.audit import event_id
from trials.roles import NotPermitted, Verb, may


class SeenForm(serializers.Serializer):
    form = serializers.CharField(help_text="OID of the form")
    subject = serializers.CharField(required=False, help_text="Code of the subject, the same in all of them")
    visit = serializers.CharField(required=False, allow_null=True, help_text="Code of the visit")
    repeat = serializers.IntegerField(min_value=1, default=1)
    version = serializers.IntegerField(min_value=1, help_text="The version that was read")


class SignRequest(CredentialsRequest):
    subject = serializers.CharField(required=False, help_text="Code of the subject")
    study = serializers.CharField(required=False, help_text="Needed only where the code exists in several")
    forms = SeenForm(many=True, required=False, help_text="Without them: the visit, or the whole casebook")
    visit = serializers.CharField(required=False, allow_null=True, help_text="Code of the visit to be signed")
    event = serializers.IntegerField(
        required=False, min_value=1, help_text="Of the casebook that was read; needed without `forms`"
    )
    meaning = serializers.ChoiceField(choices=SignatureMeaning.choices)


class SignedFormReply(serializers.Serializer):
    form = serializers.CharField(help_text="OID of the form")
    href = serializers.SerializerMethodField(help_text="Address of the form")
    visit = serializers.CharField(source="visit.code", allow_null=True, default=None)
    repeat = serializers.IntegerField()
    version = serializers.IntegerField(help_text="The version that was signed")
    content_digest = serializers.CharField(help_text="SHA-256 of what was signed")
    digest = serializers.CharField(help_text="SHA-256 that binds it to this signature")
    void = serializers.BooleanField(help_text="true: the form has changed since")
    void_cause = serializers.CharField(help_text="What changed; never its value")
    void_at = serializers.DateTimeField(allow_null=True)

    def get_href(self, signed: SignedForm) -> str:
        return f"/api/v1/{about(signed.form).path}/{signed.record_id}/"


class SignatureReply(serializers.Serializer):
    id = serializers.IntegerField()
    identifier = serializers.CharField()
    subject = serializers.CharField(source="subject.code")
    printed_name = serializers.CharField(help_text="As it was at signing")
    username = serializers.CharField()
    role = serializers.CharField()
    scope = serializers.ChoiceField(choices=SignatureScope.choices)
    visit = serializers.CharField(source="visit.code", allow_null=True, default=None)
    meaning = serializers.ChoiceField(choices=SignatureMeaning.choices)
    statement = serializers.CharField(help_text="What the signature says")
    signed_at = serializers.DateTimeField(help_text="Time of the server")
    digest = serializers.CharField()
    forms = SignedFormReply(many=True, source="signed_forms")


class PolicyReply(serializers.Serializer):
    version = serializers.CharField()
    text = serializers.CharField()
    acknowledged = serializers.BooleanField(help_text="By the user who asks")


class PolicyRequest(serializers.Serializer):
    version = serializers.CharField(max_length=10, help_text="The version that was read")


class ToSignReply(serializers.Serializer):
    subject = serializers.CharField()
    visit = serializers.CharField(allow_null=True)
    form = serializers.CharField(help_text="OID of the form")
    repeat = serializers.IntegerField()
    version = serializers.IntegerField()
    ready = serializers.BooleanField(help_text="Whether it can be signed now")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why it cannot be signed yet")


class SignatureFilters(OfSubject):
    scope = django_filters.ChoiceFilter(choices=SignatureScope.choices)
    signer = django_filters.CharFilter("username", label="Username of the signer")
    void = django_filters.ChoiceFilter(
        method="voided", choices=YES_OR_NO, label="Whether a form under it has changed since"
    )

    class Meta:
        model = Signature
        fields: list[str] = []

    def voided(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        changed = SignedForm.objects.filter(void=True).values("signature")
        return queryset.filter(pk__in=changed) if value == "true" else queryset.exclude(pk__in=changed)


TAGS: dict[str, Any] = {"tags": ["signatures"]}


@extend_schema_view(
    list=extend_schema(**TAGS),
    retrieve=extend_schema(**TAGS),
    create=extend_schema(**TAGS, request=SignRequest, responses={201: SignatureReply}),
    policy=extend_schema(**TAGS, responses=PolicyReply, filters=False),
    to_sign=extend_schema(**TAGS, responses=ToSignReply(many=True), filters=False),
)
class SignatureResource(Resource):
    """Electronic signatures. Each asks for username and password anew; a change of a form voids its own."""

    queryset = Signature.objects.none()
    serializer_class = SignatureReply
    filterset_class = SignatureFilters
    lookup_value_regex = "[0-9]{1,18}"
    orderings = {"id": "id", "signed_at": "signed_at", "subject": "subject__code"}
    parameters = {"to_sign": ("subject", "study")}
    creating = ("create",)
    outdated = ("create",)
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[Signature]:
        signed = SignedForm.objects.select_related("visit").order_by("id")
        found = visible(Signature, self.user).select_related("subject__site", "visit")
        return found.prefetch_related(Prefetch("signed_forms", signed))

    def create(self, request: Request) -> HttpResponseBase:
        """Sign. 412: a form was changed since it was read, and nothing is signed; 429: locked out."""
        return once(request, model=Signature, act=lambda: self.sign(request), reply=self.created)

    def sign(self, request: Request) -> Signature:
        data = object_of(
            request, known=(*CREDENTIALS, "subject", "study", "forms", "visit", "event", "meaning")
        )
        subject = subject_named(self.user, _address(data))
        visit = visit_named(subject, data)
        if "forms" in data:
            if visit is not None or "event" in data:
                raise Refused({"forms": ["stand without visit and event: each names its own"]})
            scope, seen = SignatureScope.FORMS, seen_forms(self.user, subject, rows_of(data, "forms"))
        else:
            scope = SignatureScope.VISIT if visit is not None else SignatureScope.CASEBOOK
            seen = seen_at(self.user, subject, visit, data.get("event"))
        return sign(
            actor=self.user,
            reentry=reentered(request, data),
            seen=seen,
            meaning=text_of(data, "meaning", required=True),
            scope=scope,
            visit=visit,
        )

    @action(detail=False, methods=["get"], pagination_class=None)
    def policy(self, request: Request) -> Response:
        """What a signature holds one accountable for."""
        return Response(self._policy())

    @extend_schema(**TAGS, request=PolicyRequest, responses={201: PolicyReply})
    @policy.mapping.post
    def acknowledge(self, request: Request) -> Response:
        """Acknowledge the policy: once, before the first signature."""
        data = object_of(request, known=("version",))
        acknowledge_policy(actor=self.user, version=text_of(data, "version", required=True))
        return Response(self._policy(), status=201)

    def _policy(self) -> dict[str, Any]:
        return {
            "version": POLICY_VERSION,
            "text": str(POLICY),
            "acknowledged": has_acknowledged(self.user),
        }

    @action(detail=False, methods=["get"], url_path="to-sign", pagination_class=None)
    def to_sign(self, request: Request) -> Response:
        """The unsigned forms of a subject (`subject`) at the user's own sites, with what is against each."""
        subject = subject_named(self.user, request.query_params.dict())
        if not may(self.user, Verb.SIGN, site=subject.site):
            raise NotPermitted(Verb.SIGN)
        codes = dict(visits_of(subject).values_list("pk", "code"))
        waiting = [each for each in forms_in_force([subject]) if not each.is_signed]
        return Response(
            [
                {
                    "subject": subject.code,
                    "visit": codes[each.visit_id] if each.visit_id is not None else None,
                    "form": each.oid,
                    "repeat": each.repeat,
                    "version": each.version,
                    "ready": each.is_ready,
                    "reasons": each.against,
                }
                for each in waiting
            ]
        )


def _address(data: Mapping[str, Any]) -> dict[str, Any]:
    """The subject of the body, or the one that all forms name. Raises Refused."""
    found = {"subject": data.get("subject"), "study": data.get("study")}
    named = {each.get("subject") for each in rows_of(data, "forms")} if "forms" in data else set()
    if not all(isinstance(each, str | None) for each in named):
        raise Refused({"forms": ["each names its subject by a code"]})
    named |= {found["subject"]} if isinstance(found["subject"], str) else set()
    named -= {None, ""}
    if len(named) > 1:
        raise Refused({"forms": ["belong to several subjects; sign the forms of one at a time"]})
    return {**found, "subject": next(iter(named), None)}


def seen_forms(user: User, subject: Subject, sent: Sequence[Mapping[str, Any]]) -> list[Seen]:
    """The forms of a body in the versions that it names. Raises Refused naming the place in the list."""
    seen, errors = [], []
    known = {kind.oid for kind in definitions()}
    for each in sent:
        wrong = _wrong(each, known)
        record = None if wrong else _record(user, subject, each)
        if record is None:
            errors.append(wrong or {"form": ["is not a form of this subject"]})
        else:
            errors.append({})
            seen.append(Seen(record, each["version"]))
    if any(errors):
        raise Refused({"forms": errors})
    return seen


def _wrong(each: Mapping[str, Any], known: set[str]) -> dict[str, list[str]]:
    errors = {
        name: ["is not known here"] for name in set(each) - {"form", "subject", "visit", "repeat", "version"}
    }
    if not isinstance(each.get("form"), str) or each["form"] not in known:
        errors["form"] = ["must be the OID of a form"]
    if not isinstance(each.get("visit"), str | None):
        errors["visit"] = ["must be the code of a visit"]
    for name, given in (("version", each.get("version")), ("repeat", each.get("repeat", 1))):
        if isinstance(given, bool) or not isinstance(given, int) or not 0 < given < 2**31:
            errors[name] = ["must be a whole number from 1"]
    return errors


def _record(user: User, subject: Subject, each: Mapping[str, Any]) -> Any:
    visit: Visit | None = visit_named(subject, each)
    found = visible(definition(each["form"]).model, user)
    found = found.filter(subject=subject, visit=visit, repeat=each.get("repeat", 1))
    return found.select_related("subject__site", "subject__study", "subject__chain", "visit").first()


def seen_at(user: User, subject: Subject, visit: Visit | None, event: Any) -> list[Seen]:
    """Every form of the visit or casebook, in the version that it had at an event of the casebook.

    One that was entered later has version 0, which matches none. Raises Refused.
    """
    if isinstance(event, bool) or not isinstance(event, int) or not 0 < event < 2**31:
        raise Refused({"event": ["is required without forms: the `event` of the casebook that was read"]})
    until = event_id(subject.chain_id, event)
    seen: list[Seen] = []
    keys: dict[str, list[int]] = {}
    for each in forms_in_force([subject], visit=visit):
        keys.setdefault(each.oid, []).append(each.record_id)
    for oid, own in keys.items():
        model: Any = definition(oid).model
        history = model.history.model.objects.filter(id__in=own, event_id__lte=until).order_by("history_id")
        versions = dict(history.values_list("id", "version"))
        records = visible(model, user).filter(pk__in=own)
        records = records.select_related("subject__site", "subject__study", "subject__chain", "visit")
        seen += [Seen(record, versions.get(record.pk, 0)) for record in records]
    return seen
