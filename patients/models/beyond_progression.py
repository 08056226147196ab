"""Treatment beyond progression: the decision, the consent to it and what it brought."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    ExactDateField,
    NarrativeField,
    ProtocolReferenceField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, Row, YesNo


class DecidedBy(models.TextChoices):
    PRINCIPAL_INVESTIGATOR = "PRINCIPAL INVESTIGATOR", _("Principal investigator")
    INVESTIGATOR = "INVESTIGATOR", _("Investigator")
    TUMOR_BOARD = "TUMOR BOARD", _("Tumor board")


class TreatmentBeyondProgression(CaseReportForm):
    """The decision to go on with study treatment although the disease progressed (CDASH DS)."""

    form = Form(
        oid="TBP",
        group=FormGroup.TREATMENT,
        place=6,
        path="treatments-beyond-progression",
        title=_("Treatment beyond progression"),
        domain="DS",
        dated_by="decided_on",
        repeats=True,
        at_visit=False,
        rows={"drugs": "patients.DrugBeyondProgression"},
    )

    progressed_on = ExactDateField(_("Date of progression"), required=True)
    decided_on = ExactDateField(_("Date of the decision to continue"), cdash="DSSTDTC", required=True)
    decided_by = CodedField(_("Who decided?"), codelist=DecidedBy, required=True)
    clinically_stable = CodedField(_("Was the subject clinically stable?"), codelist=YesNo, required=True)
    reason = NarrativeField(
        _("Reasons, and the benefit that is expected"), max_length=2000, cdash="DSTERM", required=True
    )
    consent_signed_on = ExactDateField(_("Date of the subject's consent to continue"), required=True)
    consent_version = TextAnswerField(
        _("Version of that consent document"), identifying=False, max_length=40, required=True
    )
    ended_on = ExactDateField(_("Date on which treatment beyond progression ended"))
    benefit_assessed_on = ExactDateField(_("Date on which the benefit was assessed"))
    benefit = CodedField(_("Did the subject benefit?"), codelist=YesNo)
    benefit_in_words = NarrativeField(_("Benefit in words"), max_length=1000)


class DrugBeyondProgression(Row):
    """A study drug and whether it was continued."""

    parent = models.ForeignKey(TreatmentBeyondProgression, on_delete=models.PROTECT, related_name="drugs")
    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), required=True)
    continued = CodedField(_("Continued?"), codelist=YesNo, required=True)

    class Meta(Row.Meta):
        verbose_name = _("drug beyond progression")
        verbose_name_plural = _("drugs beyond progression")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "drug"],
                condition=Q(entered_in_error=False),
                name="one_decision_per_drug",
            ),
        ]
