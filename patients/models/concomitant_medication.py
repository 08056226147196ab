"""Concomitant medication."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, PartialDateField, QuantityField, TextAnswerField
from patients.models.base import CaseReportForm, Form, YesNo


class MedicationRoute(models.TextChoices):
    """CDISC codelist C66729, the routes met in this study."""

    ORAL = "ORAL", _("Oral")
    INTRAVENOUS = "INTRAVENOUS", _("Intravenous")
    SUBCUTANEOUS = "SUBCUTANEOUS", _("Subcutaneous")
    INTRAMUSCULAR = "INTRAMUSCULAR", _("Intramuscular")
    TOPICAL = "TOPICAL", _("Topical")
    RESPIRATORY = "RESPIRATORY (INHALATION)", _("Inhaled")
    OTHER = "OTHER", _("Other")


class ConcomitantMedication(CaseReportForm):
    """A medication other than the study drugs (CDASH CM)."""

    form = Form(
        oid="CM",
        path="concomitant-medications",
        title=_("Concomitant medication"),
        domain="CM",
        dated_by="started",
        repeats=True,
        at_visit=False,
    )

    medication = TextAnswerField(_("Medication"), cdash="CMTRT", required=True)
    indication = TextAnswerField(_("Indication"), cdash="CMINDC", required=True)
    dose = QuantityField(_("Single dose"), limits=(0, 1000000), cdash="CMDOSE")
    dose_unit = TextAnswerField(_("Unit of the dose"), max_length=30, cdash="CMDOSU")
    frequency = TextAnswerField(_("Frequency"), max_length=60, cdash="CMDOSFRQ")
    route = CodedField(_("Route"), codelist=MedicationRoute, cdash="CMROUTE")
    started = PartialDateField(_("Start"), cdash="CMSTDTC", required=True)
    ongoing = CodedField(_("Ongoing?"), codelist=YesNo, cdash="CMONGO", required=True)
    ended = PartialDateField(_("End"), cdash="CMENDTC")
