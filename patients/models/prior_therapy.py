"""Anticancer therapy before the study."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, CountField, NarrativeField, PartialDateField, TextAnswerField
from patients.models.base import CaseReportForm, Form, FormGroup, Part, YesNo
from patients.models.tumor_assessment import OverallResponse


class TherapyKind(models.TextChoices):
    SYSTEMIC = "SYSTEMIC", _("Systemic therapy of advanced disease")
    ADJUVANT = "ADJUVANT", _("Adjuvant therapy")
    NEOADJUVANT = "NEOADJUVANT", _("Neoadjuvant therapy")
    RADIOTHERAPY = "RADIOTHERAPY", _("Radiotherapy")
    SURGERY = "SURGERY", _("Surgery")
    ABLATION = "ABLATION", _("Ablation")
    EMBOLIZATION = "EMBOLIZATION", _("Embolization or infusion through the hepatic artery")
    TRANSPLANTATION = "TRANSPLANTATION", _("Liver transplantation")
    TRADITIONAL = "TRADITIONAL CHINESE MEDICINE", _("Traditional Chinese medicine against the tumor")
    OTHER = "OTHER", _("Other")

    @classmethod
    def systemic(cls) -> tuple[str, ...]:
        """The kinds that act on the whole body by drugs."""
        return (cls.SYSTEMIC, cls.ADJUVANT, cls.NEOADJUVANT)


class TherapyStopReason(models.TextChoices):
    COMPLETED = "COMPLETED", _("Completed as planned")
    PROGRESSION = "PROGRESSIVE DISEASE", _("Progressive disease")
    TOXICITY = "ADVERSE EVENT", _("Adverse event")
    SUBJECT = "SUBJECT DECISION", _("Decision of the subject")
    PHYSICIAN = "PHYSICIAN DECISION", _("Decision of the physician")
    OTHER = "OTHER", _("Other")
    UNKNOWN = "UNKNOWN", _("Unknown")


class PriorTherapy(CaseReportForm):
    """One anticancer therapy before enrollment (CDASH CM, category "prior cancer therapy")."""

    form = Form(
        oid="PT",
        group=FormGroup.SCREENING,
        place=5,
        path="prior-therapies",
        title=_("Prior anticancer therapy"),
        domain="CM",
        dated_by="started",
        repeats=True,
        at_visit=False,
        headline={"kind": "{}", "agents": "{}", "started": _("from {}")},
        parts=(
            Part(_("What was given or done"), ("kind", "agents", "line", "radiation_site")),
            Part(_("When"), ("started", "ended", "ongoing", "courses")),
            Part(
                _("What it contained"),
                ("contains_pd1", "contains_lenvatinib", "contains_gemcitabine", "contains_platinum"),
            ),
            Part(_("How it ended"), ("best_response", "reason_stopped", "progressed_on", "comment")),
        ),
    )

    kind = CodedField(_("Kind of therapy"), codelist=TherapyKind, cdash="CMSCAT", required=True)
    agents = TextAnswerField(
        _("Drugs or procedure"),
        identifying=False,
        max_length=300,
        cdash="CMTRT",
        required=True,
        help_text=_("Generic names"),
    )
    contains_pd1 = CodedField(
        _("Did it contain an antibody against PD-1 or PD-L1?"), codelist=YesNo, required=True
    )
    contains_lenvatinib = CodedField(_("Did it contain lenvatinib?"), codelist=YesNo, required=True)
    contains_gemcitabine = CodedField(_("Did it contain gemcitabine?"), codelist=YesNo, required=True)
    contains_platinum = CodedField(_("Did it contain a platinum drug?"), codelist=YesNo)
    line = CountField(
        _("Line of systemic therapy"),
        limits=(0, 20),
        help_text=_("1 for the first line of advanced disease; 0 for adjuvant or neoadjuvant"),
    )
    started = PartialDateField(_("Start"), cdash="CMSTDTC", required=True)
    ended = PartialDateField(_("End"), cdash="CMENDTC")
    ongoing = CodedField(_("Ongoing at consent?"), codelist=YesNo, cdash="CMONGO", required=True)
    courses = CountField(_("Number of courses"), limits=(0, 200))
    radiation_site = TextAnswerField(
        _("Area that was irradiated, embolized or ablated"), identifying=False, cdash="CMLOC"
    )
    best_response = CodedField(_("Best response"), codelist=OverallResponse)
    reason_stopped = CodedField(_("Why it was stopped"), codelist=TherapyStopReason, cdash="CMRSDISC")
    progressed_on = PartialDateField(_("Progression or recurrence after it"))
    comment = NarrativeField(_("Comment"), max_length=1000)
