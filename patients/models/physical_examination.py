"""Physical examination."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, ExactDateField, TextAnswerField
from patients.models.base import CaseReportForm, Form, FormGroup, Row, YesNo
from trials.clinical import hepatic


class BodySystem(models.TextChoices):
    GENERAL = "GENERAL APPEARANCE", _("General appearance")
    SKIN = "SKIN", _("Skin and mucous membranes")
    HEAD_AND_NECK = "HEAD AND NECK", _("Head and neck, thyroid")
    MOUTH = "MOUTH AND THROAT", _("Mouth and throat")
    LYMPH_NODES = "LYMPH NODES", _("Lymph nodes")
    CARDIOVASCULAR = "CARDIOVASCULAR", _("Heart and vessels")
    RESPIRATORY = "RESPIRATORY", _("Lungs")
    ABDOMEN = "ABDOMEN", _("Abdomen")
    EXTREMITIES = "EXTREMITIES", _("Extremities")
    MUSCULOSKELETAL = "MUSCULOSKELETAL", _("Muscles and joints")
    NEUROLOGICAL = "NEUROLOGICAL", _("Nervous system")
    OTHER = "OTHER", _("Other")


class Finding(models.TextChoices):
    NORMAL = "NORMAL", _("Normal")
    ABNORMAL = "ABNORMAL", _("Abnormal")
    NOT_EXAMINED = "NOT EXAMINED", _("Not examined")


class AscitesExtent(models.TextChoices):
    """As the Child-Pugh score tells it apart."""

    NONE = hepatic.Ascites.NONE.value, _("None")
    SLIGHT = hepatic.Ascites.SLIGHT.value, _("Slight")
    MODERATE = hepatic.Ascites.MODERATE.value, _("Moderate or more")


class Encephalopathy(models.TextChoices):
    """West Haven grade."""

    NONE = "0", _("None")
    GRADE_1 = "1", _("Grade 1")
    GRADE_2 = "2", _("Grade 2")
    GRADE_3 = "3", _("Grade 3")
    GRADE_4 = "4", _("Grade 4")


class PhysicalExamination(CaseReportForm):
    """Physical examination at a visit (CDASH PE). Child-Pugh takes ascites and encephalopathy from here."""

    form = Form(
        oid="PE",
        group=FormGroup.EXAMINATION,
        place=2,
        path="physical-examinations",
        title=_("Physical examination"),
        domain="PE",
        dated_by="examined_on",
        repeats=True,
        rows={"systems": "patients.BodySystemFinding"},
    )

    examined_on = ExactDateField(_("Date of examination"), cdash="PEDTC", required=True)
    ascites = CodedField(_("Ascites"), codelist=AscitesExtent, required=True)
    encephalopathy = CodedField(_("Hepatic encephalopathy"), codelist=Encephalopathy, required=True)
    jaundice = CodedField(_("Jaundice?"), codelist=YesNo)


class BodySystemFinding(Row):
    """What was found in one body system; two findings in one system are two lines."""

    parent = models.ForeignKey(PhysicalExamination, on_delete=models.PROTECT, related_name="systems")
    system = CodedField(_("Body system"), codelist=BodySystem, cdash="PETESTCD", required=True)
    finding = CodedField(_("Finding"), codelist=Finding, cdash="PEORRES", required=True)
    description = TextAnswerField(_("Description"), max_length=400, cdash="PEDESC")
    clinically_significant = CodedField(_("Clinically significant?"), codelist=YesNo, cdash="PECLSIG")

    class Meta(Row.Meta):
        verbose_name = _("finding by body system")
        verbose_name_plural = _("findings by body system")
