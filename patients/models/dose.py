"""Doses: single administrations, and periods of a daily drug."""

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
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo
from trials.clinical.body_surface_area import Formula
from trials.models import Frequency


class BodySurfaceFormula(models.TextChoices):
    MOSTELLER = Formula.MOSTELLER.value, "Mosteller 1987"
    DUBOIS = Formula.DUBOIS.value, "Du Bois 1916"
    STEVENSON = Formula.STEVENSON.value, "Stevenson 1937"
    XU = Formula.XU.value, "Xu 1999"


class DoseDifference(models.TextChoices):
    """Why the dose given is not the dose planned."""

    ADVERSE_EVENT = "ADVERSE_EVENT", _("Adverse event")
    LABORATORY = "LABORATORY", _("Laboratory result")
    ROUNDING = "ROUNDING", _("Rounded to the vial or capsule")
    WEIGHT_CHANGE = "WEIGHT_CHANGE", _("Change of weight")
    SUBJECT_DECISION = "SUBJECT_DECISION", _("Decision of the subject")
    PHYSICIAN_DECISION = "PHYSICIAN_DECISION", _("Decision of the physician")
    ERROR = "ERROR", _("Medication error")
    OTHER = "OTHER", _("Other")


class DoseAdministration(CaseReportForm):
    """One administration of an infused drug (CDASH EC).

    The planned dose is computed when the form is saved, from the regimen and the last weight and height
    before the day; they and the formula are stored beside it, so that the number can be traced for ever.
    """

    form = Form(
        oid="EC",
        group=FormGroup.TREATMENT,
        place=1,
        path="doses",
        title=_("Dose administration"),
        domain="EC",
        dated_by="given_on",
        repeats=True,
        headline={"drug": "{}", "given_on": "{}", "dose": "{} mg"},
    )

    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), cdash="ECTRT", required=True)
    given = CodedField(_("Was the dose given?"), codelist=YesNo, cdash="ECOCCUR", required=True)
    given_on = ExactDateField(_("Date"), cdash="ECSTDTC", required=True)
    started_at = ClockTimeField(_("Start of infusion"), cdash="ECSTTIM")
    ended_at = ClockTimeField(_("End of infusion"), cdash="ECENTIM")
    dose = QuantityField(
        _("Dose given"), unit="mg", limits=(0, 10000), cdash="ECDOSE", help_text=_("0 where it was not given")
    )
    difference = CodedField(_("Reason for a difference"), codelist=DoseDifference, cdash="ECADJ")
    difference_detail = TextAnswerField(_("Detail of the difference"))
    batch_number = TextAnswerField(_("Batch number"), identifying=False, max_length=60, cdash="ECLOT")
    planned_dose = QuantityField(_("Planned dose"), unit="mg", derived=True, cdash="ECDOSEPLAN")
    planned_dose_note = TextAnswerField(_("How the planned dose was found"), derived=True, max_length=400)
    weight_used = QuantityField(_("Weight used"), unit="kg", derived=True)
    height_used = QuantityField(_("Height used"), unit="cm", derived=True)
    surface_formula = CodedField(_("Formula of body surface area"), codelist=BodySurfaceFormula, derived=True)
    surface_used = QuantityField(_("Body surface area used"), unit="m2", derived=True)

    @property
    def was_given(self) -> bool:
        """Whether some of the drug was given: a dose of 0 is none, one that is not recorded is some."""
        return self.given == YesNo.YES and self.dose != 0


class DailyDosePeriod(CaseReportForm):
    """A stretch of days on which a daily drug was taken at one dose, or not at all (CDASH EC)."""

    form = Form(
        oid="ECD",
        group=FormGroup.TREATMENT,
        place=2,
        path="daily-dose-periods",
        title=_("Daily dose period"),
        domain="EC",
        dated_by="started",
        repeats=True,
        at_visit=False,
        headline={"drug": "{}", "started": _("from {}"), "ended": _("to {}"), "dose": "{} mg"},
    )

    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), cdash="ECTRT", required=True)
    started = ExactDateField(_("First day at this dose"), cdash="ECSTDTC", required=True)
    ended = ExactDateField(_("Last day at this dose"), cdash="ECENDTC", help_text=_("Empty while it goes on"))
    dose = QuantityField(
        _("Dose"),
        unit="mg",
        limits=(0, 100),
        cdash="ECDOSE",
        required=True,
        help_text=_("0 during an interruption"),
    )
    frequency = CodedField(_("Frequency"), codelist=Frequency, cdash="ECDOSFRQ", required=True)
    difference = CodedField(_("Reason for a difference"), codelist=DoseDifference, cdash="ECADJ")
    difference_detail = TextAnswerField(_("Detail of the difference"))
    planned_dose = QuantityField(_("Planned starting dose"), unit="mg", derived=True)
    planned_dose_note = TextAnswerField(_("How the planned dose was found"), derived=True, max_length=400)
    weight_used = QuantityField(_("Weight used"), unit="kg", derived=True)

    @property
    def was_given(self) -> bool:
        """Whether the drug was taken on these days; of a dose that is not recorded that is not known."""
        return bool(self.dose)
