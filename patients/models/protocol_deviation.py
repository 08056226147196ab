"""Protocol deviations, drafted by a rule or noticed by a person."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, NarrativeField, PartialDateField, TextAnswerField
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo


class DeviationCategory(models.TextChoices):
    ELIGIBILITY = "ELIGIBILITY", _("Eligibility")
    CONSENT = "CONSENT", _("Informed consent")
    RANDOMIZATION = "RANDOMIZATION", _("Randomization")
    DOSING = "DOSING", _("Dosing")
    PROHIBITED = "PROHIBITED MEDICATION", _("Prohibited medication")
    WINDOW = "VISIT WINDOW", _("Visit outside its window or missed")
    PROCEDURE = "PROCEDURE", _("Procedure missed or done otherwise")
    REPORTING = "SAFETY REPORTING", _("Safety reporting")
    DISCONTINUATION = "DISCONTINUATION", _("Treatment not stopped as the protocol asks")
    GCP = "GCP", _("Good clinical practice")
    OTHER = "OTHER", _("Other")


class DeviationStatus(models.TextChoices):
    """A draft is what a rule suspects; a person confirms or rejects it."""

    DRAFT = "DRAFT", _("Draft")
    CONFIRMED = "CONFIRMED", _("Confirmed")
    REJECTED = "REJECTED", _("Rejected: no deviation")


class ProtocolDeviation(CaseReportForm):
    """A departure from the protocol (CDASH DV; importance by ICH E3).

    `rule` and `about` say which rule drafted it, about what (form, record, day); both are empty for a
    deviation that a person entered. The same rule never drafts twice about the same thing.
    """

    form = Form(
        oid="DV",
        group=FormGroup.CONDUCT,
        place=1,
        path="protocol-deviations",
        title=_("Protocol deviation"),
        domain="DV",
        dated_by="occurred_on",
        repeats=True,
        at_visit=False,
    )

    occurred_on = PartialDateField(_("Date of the deviation"), cdash="DVSTDTC", required=True)
    noticed_on = ExactDateField(_("Date on which it was noticed"), required=True)
    category = CodedField(_("Category"), codelist=DeviationCategory, cdash="DVCAT", required=True)
    description = NarrativeField(_("What happened"), max_length=2000, cdash="DVTERM", required=True)
    important = CodedField(
        _("Important?"),
        codelist=YesNo,
        required=True,
        help_text=_(
            "May affect the reliability of the data, or the rights, safety or well-being of subjects"
        ),
    )
    action = NarrativeField(_("Action taken, and how it is prevented in the future"), max_length=2000)
    status = CodedField(_("Status"), codelist=DeviationStatus, required=True)
    rejected_reason = TextAnswerField(_("Why it is no deviation"))
    reported_on = ExactDateField(_("Date on which it was reported to the ethics committee"))
    rule = TextAnswerField(_("Rule that drafted it"), derived=True, max_length=60)
    about = TextAnswerField(_("Record that the rule looked at"), derived=True, max_length=100)

    class Meta(CaseReportForm.Meta):
        constraints = [
            *CaseReportForm.Meta.constraints,
            models.UniqueConstraint(
                fields=["subject", "rule", "about"],
                condition=Q(entered_in_error=False, rule__isnull=False, about__isnull=False),
                name="a_rule_drafts_a_deviation_once",
            ),
        ]
