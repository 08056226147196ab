"""Medical history and tumor history."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import CodedField, NarrativeField, PartialDateField, QuantityField, TextAnswerField
from patients.models.base import Answered, CaseReportForm, Form, FormGroup, Part, YesNo
from patients.models.procedure import ResidualTumor


class MedicalHistory(CaseReportForm):
    """A condition before consent (CDASH MH)."""

    form = Form(
        oid="MH",
        group=FormGroup.SCREENING,
        place=3,
        path="medical-histories",
        title=_("Medical history"),
        domain="MH",
        dated_by="started",
        repeats=True,
        at_visit=False,
        headline={"term": "{}", "started": _("from {}"), "ended": _("to {}")},
    )

    term = TextAnswerField(_("Condition"), identifying=False, cdash="MHTERM", required=True)
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


class PrimaryTumor(models.TextChoices):
    """Clinical T, AJCC, 8th edition, intrahepatic bile duct."""

    TX = "TX", _("TX: cannot be assessed")
    T0 = "T0", _("T0: no primary tumor")
    TIS = "Tis", _("Tis: carcinoma in situ")
    T1A = "T1a", _("T1a: single, at most 5 cm, no vascular invasion")
    T1B = "T1b", _("T1b: single, more than 5 cm, no vascular invasion")
    T2 = "T2", _("T2: single with vascular invasion, or multiple")
    T3 = "T3", _("T3: through the visceral peritoneum")
    T4 = "T4", _("T4: directly into structures outside the liver")


class RegionalNodes(models.TextChoices):
    """Clinical N, AJCC, 8th edition, intrahepatic bile duct."""

    NX = "NX", _("NX: cannot be assessed")
    N0 = "N0", _("N0: none")
    N1 = "N1", _("N1: metastasis in regional lymph nodes")


class DistantMetastasis(models.TextChoices):
    """Clinical M, AJCC, 8th edition, intrahepatic bile duct."""

    M0 = "M0", _("M0: none")
    M1 = "M1", _("M1: distant metastasis")


class TumorNumber(models.TextChoices):
    SINGLE = "SINGLE", _("Single")
    MULTIPLE = "MULTIPLE", _("Multiple")
    NONE = "NONE", _("None in the liver")


class Differentiation(models.TextChoices):
    WELL = "G1", _("G1: well differentiated")
    MODERATE = "G2", _("G2: moderately differentiated")
    POOR = "G3", _("G3: poorly differentiated")
    UNKNOWN = "GX", _("GX: cannot be assessed")


class Confirmation(models.TextChoices):
    HISTOLOGY = "HISTOLOGY", _("Histology")
    CYTOLOGY = "CYTOLOGY", _("Cytology")
    CLINICAL = "CLINICAL", _("Clinically only")


class TumorHistory(CaseReportForm):
    """The cancer under study (CDASH MH, category "primary diagnosis")."""

    form = Form(
        oid="TH",
        group=FormGroup.SCREENING,
        place=4,
        path="tumor-histories",
        title=_("Tumor history"),
        domain="MH",
        dated_by="diagnosed",
        at_visit=False,
        parts=(
            Part(
                _("Diagnosis"),
                ("histology", "diagnosed", "confirmed_by", "confirmed_on", "differentiation"),
            ),
            Part(_("Stage at enrollment"), ("extent", "clinical_t", "clinical_n", "clinical_m", "stage")),
            Part(
                _("Tumor at enrollment"),
                (
                    "tumor_number",
                    "largest_diameter",
                    "vascular_invasion",
                    "extrahepatic",
                    "extrahepatic_sites",
                    "measurable_disease",
                    "biliary_obstruction",
                ),
            ),
            Part(
                _("Liver before"),
                ("hepatitis_b_related", "hepatitis_c_related", "cirrhosis", "bile_duct_stones"),
            ),
            Part(_("Treatment before"), ("prior_resection", "last_systemic_therapy")),
            Part(
                _("Previous resection"),
                ("resected_on", "resection_residual", "recurred_on"),
                only_if=Answered("prior_resection", (YesNo.YES,)),
            ),
        ),
    )

    histology = CodedField(_("Histology"), codelist=Histology, cdash="MHTERM", required=True)
    diagnosed = PartialDateField(_("Date of first diagnosis"), cdash="MHDXDTC", required=True)
    extent = CodedField(_("Extent of disease at enrollment"), codelist=DiseaseExtent, required=True)
    confirmed_by = CodedField(_("How was the diagnosis confirmed?"), codelist=Confirmation)
    confirmed_on = PartialDateField(_("Date of the histology or cytology"))
    differentiation = CodedField(_("Differentiation"), codelist=Differentiation)
    clinical_t = CodedField(_("Clinical T"), codelist=PrimaryTumor)
    clinical_n = CodedField(_("Clinical N"), codelist=RegionalNodes)
    clinical_m = CodedField(_("Clinical M"), codelist=DistantMetastasis)
    stage = CodedField(_("Stage (AJCC, 8th edition)"), codelist=Stage, cdash="MHSTAGE")
    tumor_number = CodedField(_("Tumors in the liver"), codelist=TumorNumber)
    largest_diameter = QuantityField(_("Largest diameter of the primary tumor"), unit="mm", limits=(0, 400))
    vascular_invasion = CodedField(_("Invasion of large vessels?"), codelist=YesNo)
    extrahepatic = CodedField(_("Disease outside the liver?"), codelist=YesNo)
    extrahepatic_sites = TextAnswerField(_("Sites outside the liver"), identifying=False, max_length=300)
    measurable_disease = CodedField(_("Measurable disease (RECIST 1.1)?"), codelist=YesNo)
    biliary_obstruction = CodedField(_("Biliary obstruction at enrollment?"), codelist=YesNo)
    hepatitis_b_related = CodedField(_("Related to hepatitis B?"), codelist=YesNo)
    hepatitis_c_related = CodedField(_("Related to hepatitis C?"), codelist=YesNo)
    cirrhosis = CodedField(_("Cirrhosis of the liver?"), codelist=YesNo)
    bile_duct_stones = CodedField(_("Stones in the bile ducts of the liver?"), codelist=YesNo)
    prior_resection = CodedField(_("Previous resection of the tumor?"), codelist=YesNo, required=True)
    resected_on = PartialDateField(_("Date of the last resection"))
    resection_residual = CodedField(_("Residual tumor after that resection"), codelist=ResidualTumor)
    recurred_on = PartialDateField(_("Date of the recurrence"))
    last_systemic_therapy = PartialDateField(
        _("End of the last systemic therapy"),
        help_text=_("Leave empty and say not applicable where there was none"),
    )
