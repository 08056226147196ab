"""Death."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    ExactDateField,
    NarrativeField,
    PartialDateField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo
from patients.models.survival_follow_up import InformationSource


class CauseOfDeath(models.TextChoices):
    PROGRESSION = "DISEASE PROGRESSION", _("Progression of the cancer under study")
    ADVERSE_EVENT = "ADVERSE EVENT", _("Adverse event")
    OTHER = "OTHER", _("Other")
    UNKNOWN = "UNKNOWN", _("Unknown")


class PlaceOfDeath(models.TextChoices):
    SITE = "SITE", _("Hospital of the study")
    HOSPITAL = "HOSPITAL", _("Another hospital")
    HOME = "HOME", _("At home")
    OTHER = "OTHER", _("Elsewhere")
    UNKNOWN = "UNKNOWN", _("Unknown")


class Death(CaseReportForm):
    """The subject's death (CDASH DD)."""

    form = Form(
        oid="DD",
        group=FormGroup.FOLLOW_UP,
        place=6,
        path="deaths",
        title=_("Death"),
        domain="DD",
        dated_by="died_on",
        at_visit=False,
    )

    died_on = PartialDateField(_("Date of death"), cdash="DTHDTC", required=True)
    cause = CodedField(
        _("Primary cause of death"), codelist=CauseOfDeath, cdash="PRCDTH_DDORRES", required=True
    )
    cause_in_words = TextAnswerField(_("Cause in words"), max_length=300, required=True)
    adverse_event = RecordReferenceField(
        "patients.AdverseEvent", verbose_name=_("Adverse event that led to death")
    )
    autopsy = CodedField(_("Was there an autopsy?"), codelist=YesNo, cdash="AUTOPSY_DDORRES")
    autopsy_findings = NarrativeField(_("Findings of the autopsy"), max_length=2000)
    place = CodedField(_("Place of death"), codelist=PlaceOfDeath, cdash="LOCDTH_DDORRES")
    source = CodedField(_("Source of the information"), codelist=InformationSource, required=True)
    known_on = ExactDateField(_("Day on which the site learned of it"), cdash="DDDTC", required=True)
