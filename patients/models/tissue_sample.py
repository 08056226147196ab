"""Tissue and blood samples for research."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    CountField,
    ExactDateField,
    NarrativeField,
    PartialDateField,
    QuantityField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, Part, YesNo
from patients.models.tumor_lesion import Organ


class SampleKind(models.TextChoices):
    ARCHIVAL = "ARCHIVAL", _("Archival tumor tissue")
    FRESH = "FRESH", _("Fresh tumor tissue")
    RESECTION = "RESECTION", _("Tissue of a resection")
    BLOOD = "BLOOD", _("Blood")


class SampleMaterial(models.TextChoices):
    BLOCK = "PARAFFIN BLOCK", _("Paraffin block")
    SLIDES = "SLIDES", _("Unstained slides")
    FROZEN = "FROZEN TISSUE", _("Frozen tissue")
    WHOLE_BLOOD = "WHOLE BLOOD", _("Whole blood")
    PLASMA = "PLASMA", _("Plasma")
    SERUM = "SERUM", _("Serum")
    CELLS = "MONONUCLEAR CELLS", _("Mononuclear cells")


class TissueSample(CaseReportForm):
    """A sample for research and what may be done with it (SDTM BE)."""

    form = Form(
        oid="BS",
        group=FormGroup.SCREENING,
        place=6,
        path="tissue-samples",
        title=_("Tissue or blood sample"),
        domain="BE",
        dated_by="collected_on",
        repeats=True,
        at_visit=False,
        headline={"kind": "{}", "material": "{}", "collected_on": _("on {}")},
        parts=(
            Part(
                _("The sample"),
                ("kind", "collected_on", "organ", "primary_tumor", "material"),
            ),
            Part(_("Consent"), ("tissue_consent", "genetic_consent")),
            Part(_("Amount and quality"), ("blocks", "slides", "tumor_content", "adequate")),
            Part(_("Where it went"), ("sent_on", "laboratory_identifier", "destroyed_on", "comment")),
        ),
    )

    kind = CodedField(_("Kind of sample"), codelist=SampleKind, cdash="BECAT", required=True)
    collected_on = PartialDateField(_("Date of collection"), cdash="BESTDTC", required=True)
    organ = CodedField(_("Organ it was taken from"), codelist=Organ, cdash="BELOC")
    primary_tumor = CodedField(_("From the primary tumor?"), codelist=YesNo)
    material = CodedField(_("Material"), codelist=SampleMaterial, cdash="BETERM", required=True)
    blocks = CountField(_("Number of blocks"), limits=(0, 100))
    slides = CountField(_("Number of slides"), limits=(0, 200))
    tumor_content = QuantityField(_("Tumor cells"), unit="%", limits=(0, 100))
    adequate = CodedField(_("Adequate for the planned tests?"), codelist=YesNo)
    tissue_consent = CodedField(
        _("Is there consent to the use of this sample for research?"), codelist=YesNo, required=True
    )
    genetic_consent = CodedField(_("Is there consent to genetic tests of this sample?"), codelist=YesNo)
    sent_on = ExactDateField(_("Date on which it was sent to the laboratory"))
    laboratory_identifier = TextAnswerField(
        _("Laboratory's sample number"), max_length=60, cdash="BEREFID", help_text=_("Never a name")
    )
    destroyed_on = ExactDateField(_("Date on which it was returned or destroyed"))
    comment = NarrativeField(_("Comment"), max_length=1000)
