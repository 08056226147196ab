"""Eligibility of a subject: every rule, its answer, and what stands against randomization."""

from typing import Any

from rest_framework import serializers

from patients.models import EligibilityAssessment, Subject
from patients.selectors import current, eligibility_findings
from trials.models import AtomicCriterion


class FindingReply(serializers.Serializer):
    criterion = serializers.CharField(help_text="Code of the rule, or the form that is missing")
    reason = serializers.CharField()


class AnsweredRuleReply(serializers.Serializer):
    rule = serializers.CharField()
    criterion = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    comment = serializers.CharField(allow_null=True)


class EligibilityReply(serializers.Serializer):
    subject = serializers.CharField()
    eligible = serializers.BooleanField()
    findings = FindingReply(many=True)
    rules = AnsweredRuleReply(many=True)


def shown_eligibility(subject: Subject) -> dict[str, Any]:
    """Findings and answers by rule, in the order of the protocol."""
    findings = eligibility_findings(subject)
    assessment = current(EligibilityAssessment, subject).last()
    answers: dict[int, Any] = {}
    if assessment is not None:
        answers = {row.rule_id: row for row in assessment.answers.filter(entered_in_error=False)}
    rules = AtomicCriterion.objects.filter(study_id=subject.study_id).select_related("criterion")
    return {
        "subject": subject.code,
        "eligible": not findings,
        "findings": [{"criterion": each.code, "reason": each.reason} for each in findings],
        "rules": [
            {
                "rule": rule.code,
                "criterion": str(rule.criterion),
                "question": rule.question,
                "answer": answers[rule.pk].answer if rule.pk in answers else None,
                "comment": answers[rule.pk].comment if rule.pk in answers else None,
            }
            for rule in rules
        ],
    }
