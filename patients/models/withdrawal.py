"""Withdrawal, by what was withdrawn."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, NarrativeField, ProtocolReferenceField
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo


class WithdrawalScope(models.TextChoices):
    """What goes on depends on what was withdrawn; each scope is a record of its own."""

    DRUG = "STUDY DRUG", _("Treatment with a study drug")
    VISITS = "STUDY VISITS", _("Visits of the study; contact goes on")
    CONTACT = "CONTACT", _("Any further contact")
    DATA = "USE OF DATA", _("Use of data collected from now on")
    SAMPLES = "USE OF SAMPLES", _("Use of samples")


class WithdrawnBy(models.TextChoices):
    SUBJECT = "SUBJECT", _("The subject")
    REPRESENTATIVE = "REPRESENTATIVE", _("The subject's legal representative")
    INVESTIGATOR = "INVESTIGATOR", _("The investigator")
    SPONSOR = "SPONSOR", _("The sponsor")


class Withdrawal(CaseReportForm):
    """One thing that was withdrawn (CDASH DS; ICH E6: reasons are asked, never demanded)."""

    form = Form(
        oid="WD",
        group=FormGroup.FOLLOW_UP,
        place=5,
        path="withdrawals",
        title=_("Withdrawal"),
        domain="DS",
        dated_by="withdrawn_on",
        repeats=True,
        at_visit=False,
    )

    scope = CodedField(_("What was withdrawn?"), codelist=WithdrawalScope, cdash="DSSCAT", required=True)
    drug = ProtocolReferenceField(
        "trials.Drug",
        verbose_name=_("Study drug"),
        help_text=_("Only for treatment with a study drug; empty: every study drug"),
    )
    withdrawn_on = ExactDateField(_("Date of the withdrawal"), cdash="DSSTDTC", required=True)
    withdrawn_by = CodedField(_("Who withdrew?"), codelist=WithdrawnBy, required=True)
    reason = NarrativeField(
        _("Reason, as far as it was given"), max_length=1000, cdash="DSTERM", help_text=_("Need not be given")
    )
    keep_data = CodedField(
        _("May the data collected so far be kept and used?"),
        codelist=YesNo,
        required=True,
        help_text=_("Data are never deleted; data that may not be used are left out of analyses"),
    )
    destroy_samples = CodedField(_("Are stored samples to be destroyed?"), codelist=YesNo)
