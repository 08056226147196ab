"""Eligibility of a subject: every rule with the investigator's answer and what captured data say of it."""

from typing import Any

from rest_framework import serializers

from patients.api.told import shown_source
from patients.derivations.eligibility import Eligibility, Evidence, Line, eligibility
from patients.facts import NOW, Facts, Moment
from patients.fields import WITHHELD
from patients.models import CriterionAnswer, Subject
from trials.clinical.eligibility.verdict import Kind, Verdict
from trials.models import Evaluation

VERDICT = (
    "Of the criterion as it is worded: MET, what it describes is there (an exclusion that is MET excludes); "
    "NOT_MET, it is not there; null, the data are not asked"
)
VERDICT_IN_WORDS = (
    "inclusion: met, not met; exclusion: exclusion absent, exclusion present; of both: cannot be determined, "
    "not applicable; empty: the data are not asked"
)
IN_ORDER = (
    "Whether the verdict is that of an eligible subject; null: it cannot be determined, or is not asked"
)


class FindingReply(serializers.Serializer):
    criterion = serializers.CharField(help_text="Code of the rule, or the form that is missing")
    reason = serializers.CharField()


class SourceReply(serializers.Serializer):
    form = serializers.CharField()
    href = serializers.CharField()
    visit = serializers.CharField(allow_null=True)
    repeat = serializers.IntegerField()
    row = serializers.CharField(allow_blank=True)
    field = serializers.CharField()
    question = serializers.CharField()
    value = serializers.CharField()
    day = serializers.CharField(allow_null=True)


class EvidenceReply(serializers.Serializer):
    name = serializers.CharField()
    value = serializers.CharField(help_text="As recorded; a code is a code")
    unit = serializers.CharField(allow_blank=True, help_text="UCUM")
    words = serializers.CharField(help_text="Value and unit as people read them")
    day = serializers.DateField(allow_null=True)
    normal = serializers.CharField(
        allow_blank=True, help_text="Limits of normal that apply, with their unit, in words"
    )
    remarks = serializers.ListField(
        child=serializers.CharField(), help_text="What to know beside it: its age, a transfusion before it"
    )
    place = SourceReply(help_text="The form on which it stands")


class SettingReply(serializers.Serializer):
    key = serializers.CharField()
    value = serializers.JSONField(allow_null=True)
    words = serializers.CharField(help_text="What was open, and how the study decided it")


class JudgedRuleReply(serializers.Serializer):
    rule = serializers.CharField()
    criterion = serializers.CharField()
    kind = serializers.ChoiceField(choices=[each.value for each in Kind])
    question = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    evaluation = serializers.ChoiceField(choices=Evaluation.values)
    wanted = serializers.ChoiceField(choices=["Y", "N"], help_text="The answer of an eligible subject")
    answer = serializers.ChoiceField(choices=CriterionAnswer.values, allow_null=True)
    comment = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField(
        choices=[each.value for each in Verdict], allow_null=True, help_text=VERDICT
    )
    verdict_in_words = serializers.CharField(allow_blank=True, help_text=VERDICT_IN_WORDS)
    in_order = serializers.BooleanField(allow_null=True, help_text=IN_ORDER)
    answer_from_data = serializers.ChoiceField(choices=CriterionAnswer.values, allow_null=True)
    contradicts = serializers.BooleanField(help_text="Whether the investigator and the data differ")
    words = serializers.CharField(allow_blank=True)
    values = EvidenceReply(many=True)
    settings = SettingReply(many=True)
    against = serializers.ListField(
        child=serializers.CharField(), help_text="Why it blocks; empty: it does not"
    )


class EligibilityReply(serializers.Serializer):
    subject = serializers.CharField()
    decided_on = serializers.DateField(help_text="The day up to which values count")
    eligible = serializers.BooleanField()
    findings = FindingReply(many=True)
    rules = JudgedRuleReply(many=True)


def shown_eligibility(subject: Subject, moment: Moment = NOW, *, whole: bool) -> dict[str, Any]:
    """The criterion table, in the order of the protocol; `whole` False: for a de-identified reader."""
    judged = eligibility(Facts([subject], moment), subject)
    return {"subject": subject.code, **shown_table(judged, whole=whole)}


def shown_table(judged: Eligibility, *, whole: bool) -> dict[str, Any]:
    return {
        "decided_on": judged.decided_on.isoformat(),
        "eligible": judged.eligible,
        "findings": [{"criterion": each.code, "reason": each.reason} for each in judged.findings],
        "rules": [_line(each, whole) for each in judged.lines],
    }


def _line(line: Line, whole: bool) -> dict[str, Any]:
    rule, data = line.rule, line.data
    return {
        "rule": rule.code,
        "criterion": rule.criterion,
        "kind": rule.kind.value,
        "question": rule.question,
        "note": rule.note,
        "evaluation": str(rule.evaluation),
        "wanted": line.wanted,
        "answer": line.answer.code,
        "comment": line.answer.comment if whole or not line.answer.comment else WITHHELD,
        "verdict": data.verdict.value if data.verdict is not None else None,
        "verdict_in_words": line.verdict_in_words,
        "in_order": line.in_order,
        "answer_from_data": line.answer_of_data,
        "contradicts": line.contradicts,
        "words": data.words,
        "values": [_value(each) for each in data.evidence],
        "settings": [
            {"key": key, "value": value, "words": data.settings_in_words[key]}
            for key, value in data.settings.items()
        ],
        "against": list(line.against),
    }


def _value(evidence: Evidence) -> dict[str, Any]:
    return {
        "name": evidence.name,
        "value": evidence.value,
        "unit": evidence.unit,
        "words": evidence.in_words,
        "day": evidence.day.isoformat() if evidence.day is not None else None,
        "normal": evidence.normal,
        "remarks": list(evidence.remarks),
        "place": shown_source(evidence.source),
    }
