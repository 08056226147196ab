"""Laboratory samples and their results."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    ClockTimeField,
    CodedField,
    ExactDateField,
    ProtocolReferenceField,
    QuantityField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, Row, YesNo


class RangeFlag(models.TextChoices):
    """CDISC codelist C78736 (NRIND). Empty: cannot be determined; never normal by default."""

    LOW = "LOW", _("Low")
    NORMAL = "NORMAL", _("Normal")
    HIGH = "HIGH", _("High")
    ABNORMAL = "ABNORMAL", _("Abnormal")


class Comparator(models.TextChoices):
    LESS = "<", "<"
    AT_MOST = "<=", "≤"
    MORE = ">", ">"
    AT_LEAST = ">=", "≥"


class LabSample(CaseReportForm):
    """A specimen taken at one time and analyzed by one laboratory (CDASH LB)."""

    form = Form(
        oid="LB",
        group=FormGroup.EXAMINATION,
        place=4,
        path="lab-samples",
        title=_("Laboratory sample"),
        domain="LB",
        dated_by="collected_on",
        repeats=True,
        rows={"results": "patients.LabResult"},
    )

    collected_on = ExactDateField(_("Date of collection"), cdash="LBDTC", required=True)
    collected_at = ClockTimeField(_("Time of collection"), cdash="LBTIM")
    laboratory = ProtocolReferenceField(
        "trials.Laboratory", verbose_name=_("Laboratory"), cdash="LBNAM", required=True
    )
    panel = TextAnswerField(_("Panel"), identifying=False, max_length=40, cdash="LBCAT")
    fasting = CodedField(_("Fasting?"), codelist=YesNo, cdash="LBFAST")
    anticoagulated = CodedField(
        _("Anticoagulant at the time?"), codelist=YesNo, help_text=_("Where the sample holds an INR")
    )
    accession_number = TextAnswerField(_("Laboratory's sample number"), max_length=60, cdash="LBREFID")


class LabResult(Row):
    """One result: what was typed, and beside it what the server reads from it.

    Comparator and number, the range as it was valid on the day, and the flag are derived.
    """

    parent = models.ForeignKey(LabSample, on_delete=models.PROTECT, related_name="results")
    test = ProtocolReferenceField("trials.LabTest", verbose_name=_("Test"), cdash="LBTESTCD", required=True)
    value = TextAnswerField(
        _("Result"),
        identifying=False,
        max_length=40,
        cdash="LBORRES",
        required=True,
        help_text=_("As reported: 5.1, <20, 2+, negative"),
    )
    unit = TextAnswerField(
        _("Unit"), identifying=False, max_length=30, cdash="LBORRESU", help_text=_("UCUM code, e.g. 10*9/L")
    )
    clinically_significant = CodedField(_("Clinically significant?"), codelist=YesNo, cdash="LBCLSIG")
    symptoms = CodedField(
        _("Symptoms from it?"),
        codelist=YesNo,
        help_text=_("Some CTCAE grades depend on it; empty: not judged"),
    )
    comparator = CodedField(_("Comparator"), codelist=Comparator, derived=True, max_length=2)
    number = QuantityField(
        _("Numeric result"), derived=True, max_digits=15, decimal_places=5, cdash="LBSTRESN"
    )
    word = TextAnswerField(_("Result in words"), derived=True, max_length=20)
    range_low = QuantityField(_("Lower limit of normal"), derived=True, cdash="LBORNRLO")
    range_high = QuantityField(_("Upper limit of normal"), derived=True, cdash="LBORNRHI")
    reference_range = ProtocolReferenceField(
        "trials.ReferenceRange", verbose_name=_("Reference range"), derived=True
    )
    flag = CodedField(_("Flag"), codelist=RangeFlag, derived=True, cdash="LBNRIND")

    class Meta(Row.Meta):
        verbose_name = _("laboratory result")
        verbose_name_plural = _("laboratory results")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "test"],
                condition=models.Q(entered_in_error=False),
                name="one_result_per_test_and_sample",
            ),
        ]
