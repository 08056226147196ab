"""Procedures and operations."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    NarrativeField,
    PartialDateField,
    QuantityField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.base import Answered, CaseReportForm, Form, FormGroup, Part, YesNo
from patients.models.tumor_lesion import Organ


class ProcedureKind(models.TextChoices):
    RESECTION = "RESECTION", _("Resection after downstaging")
    DRAINAGE = "BILIARY DRAINAGE", _("Biliary drainage")
    STENT = "BILIARY STENT", _("Placement of a biliary stent")
    STENT_EXCHANGE = "STENT EXCHANGE", _("Exchange of a biliary stent")
    BIOPSY = "BIOPSY", _("Biopsy")
    ABLATION = "ABLATION", _("Ablation")
    EMBOLIZATION = "EMBOLIZATION", _("Embolization or infusion through the hepatic artery")
    RADIOTHERAPY = "RADIOTHERAPY", _("Radiotherapy")
    ASCITES = "PARACENTESIS", _("Drainage of ascites")
    PLEURAL = "PLEURAL DRAINAGE", _("Drainage of a pleural effusion")
    ENDOSCOPY = "ENDOSCOPY", _("Endoscopy")
    SURGERY = "OTHER SURGERY", _("Other surgery")
    OTHER = "OTHER", _("Other")


class ProcedureIntent(models.TextChoices):
    CURATIVE = "CURATIVE", _("Curative")
    PALLIATIVE = "PALLIATIVE", _("Palliative")
    DIAGNOSTIC = "DIAGNOSTIC", _("Diagnostic")
    SUPPORTIVE = "SUPPORTIVE", _("Supportive: treats a complication")


class ResidualTumor(models.TextChoices):
    """Residual tumor classification of the UICC."""

    R0 = "R0", _("R0: none")
    R1 = "R1", _("R1: microscopic")
    R2 = "R2", _("R2: macroscopic")
    RX = "RX", _("RX: cannot be assessed")


class PathologicalResponse(models.TextChoices):
    COMPLETE = "COMPLETE", _("Complete: no viable tumor")
    MAJOR = "MAJOR", _("Major: at most 10 % viable tumor")
    PARTIAL = "PARTIAL", _("Partial")
    NONE = "NONE", _("None")
    NOT_ASSESSED = "NOT ASSESSED", _("Not assessed")


class ResectionInSurvival(models.TextChoices):
    """How a resection counts in progression-free survival; the codes of the setting `pfs_resection`."""

    CENSOR = "CENSOR", _("Censored at the last assessment before it")
    IGNORE = "IGNORE", _("Ignored: follow-up goes on")
    EVENT = "EVENT", _("Counted as an event")


class StentType(models.TextChoices):
    PLASTIC = "PLASTIC", _("Plastic")
    METAL = "METAL", _("Metal, uncovered")
    COVERED = "COVERED METAL", _("Metal, covered")
    EXTERNAL = "EXTERNAL", _("External drain")
    INTERNAL_EXTERNAL = "INTERNAL-EXTERNAL", _("Internal-external drain")


class Procedure(CaseReportForm):
    """A procedure or operation since consent (CDASH PR)."""

    form = Form(
        oid="PR",
        group=FormGroup.TREATMENT,
        place=5,
        path="procedures",
        title=_("Procedure"),
        domain="PR",
        dated_by="performed_on",
        repeats=True,
        at_visit=False,
        headline={"kind": "{}", "name": "{}", "performed_on": _("on {}")},
        parts=(
            Part(_("What was done"), ("kind", "name", "performed_on", "organ")),
            Part(_("Why"), ("indication", "intent", "adverse_event")),
            Part(_("Where"), ("elsewhere", "hospital")),
            Part(
                _("Stent or drain"),
                ("stent_type",),
                only_if=Answered(
                    "kind", (ProcedureKind.DRAINAGE, ProcedureKind.STENT, ProcedureKind.STENT_EXCHANGE)
                ),
            ),
            Part(
                _("Resection"),
                (
                    "extent",
                    "pathology",
                    "residual",
                    "pathological_response",
                    "viable_tumor",
                    "survival_handling",
                ),
                only_if=Answered("kind", (ProcedureKind.RESECTION,)),
            ),
            Part(_("Complications"), ("complication",)),
        ),
    )

    kind = CodedField(_("Kind of procedure"), codelist=ProcedureKind, cdash="PRCAT", required=True)
    name = TextAnswerField(_("Procedure in words"), identifying=False, cdash="PRTRT", required=True)
    performed_on = PartialDateField(_("Date of the procedure"), cdash="PRSTDTC", required=True)
    organ = CodedField(_("Organ"), codelist=Organ, cdash="PRLOC")
    indication = TextAnswerField(_("Why it was done"), identifying=False, cdash="PRINDC", required=True)
    intent = CodedField(_("Intent"), codelist=ProcedureIntent, required=True)
    adverse_event = RecordReferenceField(
        "patients.AdverseEvent", verbose_name=_("Adverse event that it treats"), cdash="PRAENO"
    )
    elsewhere = CodedField(_("Done at another hospital?"), codelist=YesNo)
    hospital = TextAnswerField(_("Which hospital"), help_text=_("Name of the hospital only"))
    stent_type = CodedField(_("Kind of stent or drain"), codelist=StentType)
    extent = TextAnswerField(
        _("Extent of the resection"), identifying=False, help_text=_("For example right hemihepatectomy")
    )
    pathology = NarrativeField(_("Pathology"), max_length=2000)
    residual = CodedField(_("Residual tumor"), codelist=ResidualTumor)
    pathological_response = CodedField(_("Pathological response"), codelist=PathologicalResponse)
    viable_tumor = QuantityField(_("Viable tumor"), unit="%", limits=(0, 100))
    survival_handling = CodedField(
        _("How does the resection count in progression-free survival?"),
        codelist=ResectionInSurvival,
        help_text=_("Empty: as the study's setting says"),
    )
    complication = NarrativeField(
        _("Complications"), max_length=1000, help_text=_("Each is recorded as an adverse event too")
    )

    class Meta(CaseReportForm.Meta):
        constraints = [
            *CaseReportForm.Meta.constraints,
            models.CheckConstraint(
                condition=Q(viable_tumor__isnull=True) | Q(viable_tumor__gte=0, viable_tumor__lte=100),
                name="viable_tumor_is_a_share",
            ),
        ]
