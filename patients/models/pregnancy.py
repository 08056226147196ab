"""Pregnancy test, and pregnancy during the study or fathered during it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    ExactDateField,
    NarrativeField,
    PartialDateField,
    ProtocolReferenceField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, Row, YesNo


class PregnancySpecimen(models.TextChoices):
    """CDISC codelist C78734, the two that a test takes."""

    SERUM = "SERUM", _("Serum")
    URINE = "URINE", _("Urine")


class PregnancyResult(models.TextChoices):
    NEGATIVE = "NEGATIVE", _("Negative")
    POSITIVE = "POSITIVE", _("Positive")
    INDETERMINATE = "INDETERMINATE", _("Indeterminate")


class PregnancyTest(CaseReportForm):
    """A pregnancy test at a visit (CDASH RP)."""

    form = Form(
        oid="RP",
        group=FormGroup.EXAMINATION,
        place=7,
        path="pregnancy-tests",
        title=_("Pregnancy test"),
        domain="RP",
        dated_by="performed_on",
        repeats=True,
    )

    performed_on = ExactDateField(_("Date of the test"), cdash="RPDTC", required=True)
    specimen = CodedField(_("Specimen"), codelist=PregnancySpecimen, cdash="RPSPEC", required=True)
    result = CodedField(_("Result"), codelist=PregnancyResult, cdash="RPORRES", required=True)


class ExposedPerson(models.TextChoices):
    SUBJECT = "SUBJECT", _("The subject")
    PARTNER = "PARTNER", _("The partner of the subject")


class PregnancyOutcome(models.TextChoices):
    ONGOING = "ONGOING", _("Ongoing")
    LIVE_BIRTH = "LIVE BIRTH", _("Live birth")
    STILLBIRTH = "STILLBIRTH", _("Stillbirth")
    MISCARRIAGE = "SPONTANEOUS ABORTION", _("Spontaneous abortion")
    TERMINATION = "INDUCED ABORTION", _("Induced abortion")
    ECTOPIC = "ECTOPIC PREGNANCY", _("Ectopic pregnancy")
    UNKNOWN = "UNKNOWN", _("Unknown")


class PregnancyExposure(CaseReportForm):
    """A pregnancy under exposure to study drugs, of the subject or of the subject's partner."""

    form = Form(
        oid="PREX",
        group=FormGroup.SAFETY,
        place=4,
        path="pregnancy-exposures",
        title=_("Pregnancy under exposure"),
        domain="RP",
        dated_by="positive_test_on",
        repeats=True,
        at_visit=False,
        rows={"drugs": "patients.PregnancyExposureDrug"},
    )

    who = CodedField(_("Who is pregnant?"), codelist=ExposedPerson, required=True)
    last_menstruation = PartialDateField(
        _("First day of the last menstrual period"), cdash="LMPSTDTC_RPORRES"
    )
    positive_test_on = PartialDateField(_("Date of the positive test"), cdash="RPDTC", required=True)
    became_aware_on = ExactDateField(_("Day on which the site learned of it"), required=True)
    reported_on = ExactDateField(_("Reported to the sponsor on"))
    outcome = CodedField(
        _("Outcome of the pregnancy"), codelist=PregnancyOutcome, cdash="PREGOUT_RPORRES", required=True
    )
    outcome_on = PartialDateField(_("Date of the outcome"))
    child_abnormal = CodedField(_("Anomaly of the child?"), codelist=YesNo)
    detail = NarrativeField(_("Course and detail"))


class PregnancyExposureDrug(Row):
    """Exposure to one study drug."""

    parent = models.ForeignKey(PregnancyExposure, on_delete=models.PROTECT, related_name="drugs")
    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), required=True)
    last_taken = PartialDateField(_("Last dose before the pregnancy was known"))
    comment = TextAnswerField(_("Comment"))

    class Meta(Row.Meta):
        verbose_name = _("exposure to a study drug")
        verbose_name_plural = _("exposures to study drugs")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "drug"],
                condition=models.Q(entered_in_error=False),
                name="one_exposure_per_drug",
            ),
        ]
