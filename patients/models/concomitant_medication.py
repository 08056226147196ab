"""Concomitant medication."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    PartialDateField,
    QuantityField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, Part, YesNo


class MedicationRoute(models.TextChoices):
    """CDISC codelist C66729, the routes met in this study."""

    ORAL = "ORAL", _("Oral")
    INTRAVENOUS = "INTRAVENOUS", _("Intravenous")
    SUBCUTANEOUS = "SUBCUTANEOUS", _("Subcutaneous")
    INTRAMUSCULAR = "INTRAMUSCULAR", _("Intramuscular")
    TOPICAL = "TOPICAL", _("Topical")
    RESPIRATORY = "RESPIRATORY (INHALATION)", _("Inhaled")
    OTHER = "OTHER", _("Other")


class MedicationCategory(models.TextChoices):
    """What a medication is given for, as far as the protocol and its analysis tell apart."""

    SUPPORTIVE = "SUPPORTIVE", _("Supportive care")
    RED_CELLS = "RED CELL TRANSFUSION", _("Transfusion of red cells")
    PLATELETS = "PLATELET TRANSFUSION", _("Transfusion of platelets")
    ALBUMIN = "ALBUMIN", _("Albumin")
    G_CSF = "G-CSF", _("Granulocyte colony-stimulating factor")
    THROMBOPOIETIC = "THROMBOPOIETIC", _("Thrombopoietin, interleukin-11 or agonist")
    ERYTHROPOIETIN = "ERYTHROPOIETIN", _("Erythropoietin")
    STEROID = "STEROID", _("Systemic steroid")
    IMMUNOSUPPRESSANT = "IMMUNOSUPPRESSANT", _("Other immunosuppressant")
    HORMONE_REPLACEMENT = "HORMONE REPLACEMENT", _("Hormone replacement")
    HBV_PROPHYLAXIS = "HBV PROPHYLAXIS", _("Antiviral against hepatitis B")
    ANTIBIOTIC = "ANTIBIOTIC", _("Antibiotic or antifungal")
    ANTICOAGULANT = "ANTICOAGULANT", _("Anticoagulant or antiplatelet drug")
    ANALGESIC = "ANALGESIC", _("Analgesic")
    ANTIHYPERTENSIVE = "ANTIHYPERTENSIVE", _("Antihypertensive")
    PREMEDICATION = "PREMEDICATION", _("Premedication")
    TRADITIONAL = "TRADITIONAL MEDICINE", _("Traditional medicine")
    VACCINE = "VACCINE", _("Vaccine")
    OTHER = "OTHER", _("Other")


class IndicationKind(models.TextChoices):
    ADVERSE_EVENT = "ADVERSE EVENT", _("Adverse event")
    MEDICAL_HISTORY = "MEDICAL HISTORY", _("Medical history")
    PROPHYLAXIS = "PROPHYLAXIS", _("Prophylaxis")
    PROCEDURE = "PROCEDURE", _("Procedure")
    OTHER = "OTHER", _("Other")


class ConcomitantMedication(CaseReportForm):
    """A medication other than the study drugs (CDASH CM)."""

    form = Form(
        oid="CM",
        group=FormGroup.TREATMENT,
        place=4,
        path="concomitant-medications",
        title=_("Concomitant medication"),
        domain="CM",
        dated_by="started",
        repeats=True,
        at_visit=False,
        headline={"medication": "{}", "started": _("from {}"), "ended": _("to {}")},
        parts=(
            Part(_("What was given"), ("medication", "category")),
            Part(_("When"), ("started", "ongoing", "ended")),
            Part(_("What for"), ("indication", "indication_kind", "adverse_event", "medical_history")),
            Part(_("How much"), ("dose", "dose_unit", "frequency", "route", "units_given")),
        ),
    )

    medication = TextAnswerField(_("Medication"), identifying=False, cdash="CMTRT", required=True)
    category = CodedField(_("Kind of medication"), codelist=MedicationCategory, cdash="CMCAT")
    indication = TextAnswerField(_("Indication"), identifying=False, cdash="CMINDC", required=True)
    indication_kind = CodedField(_("Given for"), codelist=IndicationKind)
    adverse_event = RecordReferenceField(
        "patients.AdverseEvent", verbose_name=_("Adverse event no."), cdash="CMAENO"
    )
    medical_history = RecordReferenceField(
        "patients.MedicalHistory", verbose_name=_("Medical history no."), cdash="CMMHNO"
    )
    dose = QuantityField(_("Single dose"), limits=(0, 1000000), cdash="CMDOSE")
    units_given = QuantityField(
        _("Units transfused"), limits=(0, 100), usual=(1, 20), help_text=_("Only for a transfusion")
    )
    dose_unit = TextAnswerField(_("Unit of the dose"), identifying=False, max_length=30, cdash="CMDOSU")
    frequency = TextAnswerField(_("Frequency"), identifying=False, max_length=60, cdash="CMDOSFRQ")
    route = CodedField(_("Route"), codelist=MedicationRoute, cdash="CMROUTE")
    started = PartialDateField(_("Start"), cdash="CMSTDTC", required=True)
    ongoing = CodedField(_("Ongoing?"), codelist=YesNo, cdash="CMONGO", required=True)
    ended = PartialDateField(_("End"), cdash="CMENDTC")
