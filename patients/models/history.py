"""Medical history and tumor history."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, NarrativeField, PartialDateField, TextAnswerField
from patients.models.base import CaseReportForm, Form, YesNo


class MedicalHistory(CaseReportForm):
    """A condition before consent (CDASH MH)."""

    form = Form(
        oid="MH",
        path="medical-histories",
        title=_("Medical history"),
        domain="MH",
        dated_by="started",
        repeats=True,
        at_visit=False,
    )

    term = TextAnswerField(_("Condition"), cdash="MHTERM", required=True)
    started = PartialDateField(_("Start"), cdash="MHSTDTC")
    ongoing = CodedField(_("Ongoing at consent?"), codelist=YesNo, cdash="MHONGO", required=True)
    ended = PartialDateField(_("End"), cdash="MHENDTC")
    comment = NarrativeField(_("Comment"), cdash="MHCOMM")


class Histology(models.TextChoices):
    INTRAHEPATIC = "ICC", _("Intrahepatic cholangiocarcinoma")
    HEPATOCELLULAR = "HCC", _("Hepatocellular carcinoma")
    MIXED = "MIXED", _("Mixed hepatocellular and cholangiocarcinoma")
    OTHER = "OTHER", _("Other")


class DiseaseExtent(models.TextChoices):
    UNRESECTABLE = "UNRESECTABLE", _("Unresectable primary tumor")
    RECURRENT = "RECURRENT", _("Recurrence after resection")
    METASTATIC = "METASTATIC", _("Metastatic")


class Stage(models.TextChoices):
    """AJCC, 8th edition, intrahepatic bile duct."""

    IA = "IA", "IA"
    IB = "IB", "IB"
    II = "II", "II"
    IIIA = "IIIA", "IIIA"
    IIIB = "IIIB", "IIIB"
    IV = "IV", "IV"


class TumorHistory(CaseReportForm):
    """The cancer under study (CDASH MH, category "primary diagnosis")."""

    form = Form(
        oid="TH",
        path="tumor-histories",
        title=_("Tumor history"),
        domain="MH",
        dated_by="diagnosed",
        at_visit=False,
    )

    histology = CodedField(_("Histology"), codelist=Histology, cdash="MHTERM", required=True)
    diagnosed = PartialDateField(_("Date of first diagnosis"), cdash="MHDXDTC", required=True)
    extent = CodedField(_("Extent of disease at enrollment"), codelist=DiseaseExtent, required=True)
    stage = CodedField(_("Stage (AJCC, 8th edition)"), codelist=Stage, cdash="MHSTAGE")
    prior_resection = CodedField(_("Previous resection of the tumor?"), codelist=YesNo, required=True)
    last_systemic_therapy = PartialDateField(
        _("End of the last systemic therapy"),
        help_text=_("Leave empty and say not applicable where there was none"),
    )
