"""Tumor lesions: one record for each, so that a lesion keeps its identity from scan to scan."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    ExactDateField,
    NarrativeField,
    QuantityField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.base import Answered, CaseReportForm, Form, FormGroup, Part, YesNo


class LesionRole(models.TextChoices):
    """CDISC codelist C123650 (TUIDRS)."""

    TARGET = "TARGET", _("Target")
    NON_TARGET = "NON-TARGET", _("Non-target")
    NEW = "NEW", _("New")


class Organ(models.TextChoices):
    """Terms of CDISC codelist C74456 (LOC), and "other". RECIST counts all lymph nodes as one organ."""

    LIVER = "LIVER", _("Liver")
    BILE_DUCT = "BILE DUCT", _("Bile duct")
    GALLBLADDER = "GALLBLADDER", _("Gallbladder")
    LYMPH_NODE = "LYMPH NODE", _("Lymph node")
    LUNG = "LUNG", _("Lung")
    PLEURA = "PLEURA", _("Pleura")
    PERITONEUM = "PERITONEUM", _("Peritoneum")
    OMENTUM = "OMENTUM", _("Omentum")
    ABDOMINAL_WALL = "ABDOMINAL WALL", _("Abdominal wall")
    ADRENAL_GLAND = "ADRENAL GLAND", _("Adrenal gland")
    BONE = "BONE", _("Bone")
    BRAIN = "BRAIN", _("Brain")
    KIDNEY = "KIDNEY", _("Kidney")
    OVARY = "OVARY", _("Ovary")
    PANCREAS = "PANCREAS", _("Pancreas")
    SKIN = "SKIN", _("Skin")
    SOFT_TISSUE = "SOFT TISSUE", _("Soft tissue")
    SPLEEN = "SPLEEN", _("Spleen")
    STOMACH = "STOMACH", _("Stomach")
    OTHER = "OTHER", _("Other")


class ImagingMethod(models.TextChoices):
    """Terms of CDISC codelist C85492 (METHOD), and "other"."""

    CT = "CT SCAN", _("CT")
    MRI = "MRI", _("MRI")
    PET_CT = "PET/CT SCAN", _("PET-CT")
    X_RAY = "X-RAY", _("X-ray")
    ULTRASOUND = "ULTRASOUND", _("Ultrasound")
    BONE_SCAN = "SCINTIGRAPHY", _("Bone scan")
    CALIPER = "CALIPER MEASUREMENT METHOD", _("Caliper")
    EXAMINATION = "PHYSICAL EXAMINATION", _("Physical examination")
    ENDOSCOPY = "ENDOSCOPY", _("Endoscopy")
    PATHOLOGY = "PATHOLOGICAL EVALUATION", _("Biopsy or cytology")
    OTHER = "OTHER", _("Other")


class Certainty(models.TextChoices):
    """Terms of CDISC codelist C124309 (TRPROPRS)."""

    UNEQUIVOCAL = "UNEQUIVOCAL", _("Unequivocal")
    EQUIVOCAL = "EQUIVOCAL", _("Equivocal")


class TumorLesion(CaseReportForm):
    """A lesion as it was first identified (SDTM TU, RECIST 1.1); its sizes stand in the tumor assessments.

    A lesion that splits is followed as its parts, one that merges with another as the lesion they became.
    """

    form = Form(
        oid="TU",
        group=FormGroup.TUMOR,
        place=1,
        path="tumor-lesions",
        title=_("Tumor lesion"),
        domain="TU",
        dated_by="identified_on",
        repeats=True,
        at_visit=False,
        headline={
            "label": "{}",
            "organ": "{}",
            "location": "{}",
            "method": "{}",
            "identified_on": _("seen {}"),
        },
        parts=(
            Part(_("The lesion"), ("label", "role", "organ", "location", "lymph_node")),
            Part(_("How it was found"), ("identified_on", "method", "slice_thickness")),
            Part(
                _("Treated before"),
                ("previously_irradiated", "progressed_after_local_therapy"),
            ),
            Part(
                _("New lesion"),
                ("certain", "confirmed_on"),
                only_if=Answered("role", (LesionRole.NEW,)),
            ),
            Part(_("Split or merged"), ("split_from", "merged_into", "changed_on")),
            Part(_("Remarks"), ("comment",)),
        ),
    )

    label = TextAnswerField(
        _("Label of the lesion"),
        identifying=False,
        max_length=10,
        cdash="TULNKID",
        required=True,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9.]*$", _("is written in capital letters and digits, such as T1"))
        ],
        help_text=_("T1, T2 for target, NT1 for non-target, N1 for new lesions; kept for the whole study"),
    )
    role = CodedField(_("Target, non-target or new?"), codelist=LesionRole, cdash="TUORRES", required=True)
    organ = CodedField(_("Organ"), codelist=Organ, cdash="TULOC", required=True)
    location = TextAnswerField(
        _("Site within the organ"),
        identifying=False,
        cdash="TULOCDTL",
        help_text=_("For example segment VI; other organ: which"),
    )
    lymph_node = CodedField(
        _("Is it a lymph node?"),
        codelist=YesNo,
        required=True,
        help_text=_("Lymph nodes are measured by their short axis"),
    )
    identified_on = ExactDateField(
        _("Date of the scan on which it was first seen"), cdash="TUDTC", required=True
    )
    method = CodedField(
        _("Method by which it was identified"), codelist=ImagingMethod, cdash="TUMETHOD", required=True
    )
    slice_thickness = QuantityField(_("Slice thickness"), unit="mm", limits=(0, 50), usual=(0, 10))
    certain = CodedField(
        _("How certain is it that this is a new lesion?"),
        codelist=Certainty,
        help_text=_("For new lesions only; an equivocal lesion is followed until it is clear"),
    )
    confirmed_on = ExactDateField(
        _("Date of the scan that confirmed an equivocal lesion"),
        help_text=_("Progression then counts from the scan on which the lesion was first seen"),
    )
    previously_irradiated = CodedField(
        _("Does it lie in an area treated before (radiotherapy, embolization, ablation)?"), codelist=YesNo
    )
    progressed_after_local_therapy = CodedField(
        _("If treated before: has it grown since?"), codelist=YesNo, help_text=_("Otherwise not measurable")
    )
    split_from = RecordReferenceField("patients.TumorLesion", verbose_name=_("Part of the lesion that split"))
    merged_into = RecordReferenceField(
        "patients.TumorLesion", verbose_name=_("Lesion into which it merged with another")
    )
    changed_on = ExactDateField(_("Date of the scan that showed the split or the merger"))
    comment = NarrativeField(_("Comment"), max_length=1000)

    class Meta(CaseReportForm.Meta):
        constraints = [
            *CaseReportForm.Meta.constraints,
            models.UniqueConstraint(
                fields=["subject", "label"], condition=Q(entered_in_error=False), name="one_lesion_per_label"
            ),
            models.CheckConstraint(
                condition=Q(split_from__isnull=True) | ~Q(split_from=F("id")),
                name="no_lesion_splits_from_itself",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="no_lesion_merges_into_itself",
            ),
        ]
