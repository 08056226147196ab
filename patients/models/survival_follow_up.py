"""Survival follow-up."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, NarrativeField
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo


class SurvivalStatus(models.TextChoices):
    ALIVE = "ALIVE", _("Alive")
    DEAD = "DEAD", _("Dead")
    UNKNOWN = "UNKNOWN", _("Unknown")


class InformationSource(models.TextChoices):
    """From whom or what the site knows."""

    CLINIC = "CLINIC", _("Visit of the subject")
    TELEPHONE = "TELEPHONE", _("Telephone call with the subject")
    FAMILY = "FAMILY", _("Family")
    PHYSICIAN = "PHYSICIAN", _("Another physician or hospital")
    RECORD = "RECORD", _("Medical record")
    REGISTRY = "REGISTRY", _("Registry")
    CERTIFICATE = "CERTIFICATE", _("Death certificate")
    OTHER = "OTHER", _("Other")


class SurvivalFollowUp(CaseReportForm):
    """A contact after treatment: is the subject alive, has the disease progressed (CDASH SS)?"""

    form = Form(
        oid="SS",
        group=FormGroup.FOLLOW_UP,
        place=2,
        path="survival-follow-ups",
        title=_("Survival follow-up"),
        domain="SS",
        dated_by="contacted_on",
        repeats=True,
    )

    contacted_on = ExactDateField(_("Date of the contact"), cdash="SSDTC", required=True)
    source = CodedField(
        _("Source of the information"), codelist=InformationSource, cdash="SSCONTACT", required=True
    )
    status = CodedField(
        _("Survival status"), codelist=SurvivalStatus, cdash="SURVSTAT_SSORRES", required=True
    )
    last_known_alive_on = ExactDateField(
        _("Last day on which the subject was known to be alive"),
        required=True,
        help_text=_("May be earlier than the contact, for example the date in a record"),
    )
    progressed = CodedField(
        _("Has the disease progressed since the last contact?"),
        codelist=YesNo,
        help_text=_("With scans: also a tumor assessment"),
    )
    progressed_on = ExactDateField(_("Date of that progression"))
    new_therapy = CodedField(
        _("New anticancer therapy since the last contact?"),
        codelist=YesNo,
        required=True,
        help_text=_("If yes: also a subsequent anticancer therapy"),
    )
    comment = NarrativeField(_("Comment"), max_length=1000)
