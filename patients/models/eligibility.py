"""The investigator's answers to the eligibility criteria."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, NarrativeField, ProtocolReferenceField
from patients.models.base import CaseReportForm, Form, FormGroup, Row


class CriterionAnswer(models.TextChoices):
    YES = "Y", _("Yes")
    NO = "N", _("No")
    NOT_APPLICABLE = "NA", _("Not applicable")


class EligibilityAssessment(CaseReportForm):
    """Inclusion and exclusion, rule by rule (CDASH IE)."""

    form = Form(
        oid="IE",
        group=FormGroup.SCREENING,
        place=7,
        path="eligibility-assessments",
        title=_("Eligibility"),
        domain="IE",
        dated_by="assessed_on",
        at_visit=False,
        rows={"answers": "patients.EligibilityAnswer"},
    )

    assessed_on = ExactDateField(_("Date of assessment"), cdash="IEDTC", required=True)
    comment = NarrativeField(_("Comment"))


class EligibilityAnswer(Row):
    """One rule: does it apply to the subject? Inclusion rules ask for yes, exclusion rules for no."""

    parent = models.ForeignKey(EligibilityAssessment, on_delete=models.PROTECT, related_name="answers")
    rule = ProtocolReferenceField(
        "trials.AtomicCriterion", verbose_name=_("Criterion"), cdash="IETESTCD", required=True
    )
    answer = CodedField(_("Answer"), codelist=CriterionAnswer, cdash="IEORRES", required=True)
    comment = NarrativeField(_("Comment"), max_length=500)

    class Meta(Row.Meta):
        verbose_name = _("answer to a criterion")
        verbose_name_plural = _("answers to criteria")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "rule"],
                condition=models.Q(entered_in_error=False),
                name="one_answer_per_rule",
            ),
        ]
