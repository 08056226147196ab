"""Disposition: end of treatment and end of study."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, NarrativeField, ProtocolReferenceField
from patients.models.base import CaseReportForm, Form, FormGroup


class DispositionScope(models.TextChoices):
    SCREENING = "SCREENING", _("Screening")
    TREATMENT = "TREATMENT", _("Treatment with a study drug")
    STUDY = "STUDY", _("Study")


class DispositionReason(models.TextChoices):
    """CDISC codelist C66727 (NCOMPLT), and resection, which the list does not know."""

    COMPLETED = "COMPLETED", _("Completed")
    ADVERSE_EVENT = "ADVERSE EVENT", _("Adverse event")
    DEATH = "DEATH", _("Death")
    PROGRESSION = "PROGRESSIVE DISEASE", _("Progressive disease")
    LOST = "LOST TO FOLLOW-UP", _("Lost to follow-up")
    PHYSICIAN = "PHYSICIAN DECISION", _("Decision of the physician")
    WITHDRAWAL = "WITHDRAWAL BY SUBJECT", _("Withdrawal by the subject")
    DEVIATION = "PROTOCOL DEVIATION", _("Protocol deviation")
    PREGNANCY = "PREGNANCY", _("Pregnancy")
    NO_BENEFIT = "NO LONGER CLINICALLY BENEFITING", _("No further benefit, without progression on the scans")
    PROHIBITED = "REQUIRES PROHIBITED MEDICATION", _("Needs a prohibited medication")
    RESECTION = "RESECTION AFTER DOWNSTAGING", _("Resection after downstaging")
    NEVER_DOSED = "NEVER DOSED", _("Never received the drug")
    NON_COMPLIANCE = "NON-COMPLIANCE WITH STUDY DRUG", _("Non-compliance with the study drug")
    SCREEN_FAILURE = "SCREEN FAILURE", _("Screen failure")
    SPONSOR = "STUDY TERMINATED BY SPONSOR", _("Study terminated by the sponsor")
    SITE_TERMINATED = "SITE TERMINATED BY SPONSOR", _("Site closed by the sponsor")
    OTHER = "OTHER", _("Other")


class Disposition(CaseReportForm):
    """How screening, treatment with a drug, or the study ended (CDASH DS)."""

    form = Form(
        oid="DS",
        group=FormGroup.FOLLOW_UP,
        place=1,
        path="dispositions",
        title=_("Disposition"),
        domain="DS",
        dated_by="ended_on",
        repeats=True,
        at_visit=False,
        headline={"scope": "{}", "drug": "{}", "ended_on": "{}", "reason": "{}"},
    )

    scope = CodedField(_("What ended?"), codelist=DispositionScope, cdash="DSSCAT", required=True)
    drug = ProtocolReferenceField(
        "trials.Drug", verbose_name=_("Study drug"), help_text=_("Only for the end of treatment with a drug")
    )
    ended_on = ExactDateField(_("Date"), cdash="DSSTDTC", required=True)
    last_dose_on = ExactDateField(
        _("Day of the last dose of this drug"), help_text=_("Only for the end of treatment with a drug")
    )
    reason = CodedField(_("Reason"), codelist=DispositionReason, cdash="DSDECOD", required=True)
    detail = NarrativeField(_("Detail"), max_length=1000, cdash="DSTERM")
