"""What the rules expect of a form before anything is entered: what its empty page shows, as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from patients.actions.entry import check_visit
from patients.api.address import visit_named
from patients.api.told import TOLD_SCHEMA, shown_told
from patients.derivations.tellers import expected
from patients.facts import NOW, Facts, Moment
from patients.forms import FormDefinition, definitions
from patients.models import Subject
from trials.actions.errors import Refused


class ExpectationsReply(serializers.Serializer):
    subject = serializers.CharField()
    form = serializers.CharField(help_text="OID")
    visit = serializers.CharField(allow_null=True)
    expectations = serializers.SerializerMethodField(
        help_text="As `derivations` of a filled form; advice, never an answer"
    )

    @extend_schema_field(TOLD_SCHEMA)
    def get_expectations(self, shown: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shown["expectations"]
        return found


def shown_expectations(subject: Subject, asked: dict[str, str], moment: Moment = NOW) -> dict[str, Any]:
    """What is expected of the form `form` at the visit `visit`. Raises Refused."""
    definition = form_named(asked)
    visit = visit_named(subject, asked)
    check_visit(definition, subject, visit)
    lines = expected(Facts([subject], moment), definition.oid, subject, visit)
    return {
        "subject": subject.code,
        "form": definition.oid,
        "visit": visit.code if visit is not None else None,
        "expectations": [shown_told(each) for each in lines],
    }


def form_named(asked: dict[str, str]) -> FormDefinition:
    """The form whose OID stands under `form`. Raises Refused."""
    oid = asked.get("form")
    if not oid:
        raise Refused({"form": ["is required: the OID of a form"]})
    found = next((each for each in definitions() if each.oid == oid), None)
    if found is None:
        raise Refused({"form": ["is not a form of the casebook"]})
    return found
