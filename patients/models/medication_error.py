"""Overdose and medication error."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    NarrativeField,
    PartialDateField,
    ProtocolReferenceField,
    QuantityField,
    RecordReferenceField,
)
from patients.models.base import CaseReportForm, Form, FormGroup, YesNo


class MedicationErrorKind(models.TextChoices):
    OVERDOSE = "OVERDOSE", _("Overdose")
    UNDERDOSE = "UNDERDOSE", _("Underdose")
    WRONG_DRUG = "WRONG DRUG", _("Wrong drug")
    WRONG_TIME = "WRONG TIME", _("Wrong time or rate")
    WRONG_ROUTE = "WRONG ROUTE", _("Wrong route")
    WRONG_SUBJECT = "WRONG SUBJECT", _("Given to the wrong person")
    DISPENSING = "DISPENSING ERROR", _("Dispensing error")
    OTHER = "OTHER", _("Other")


ONE_ADMINISTRATION = _("Of one administration; of capsules, of one day")


class MedicationError(CaseReportForm):
    """An overdose or another error with a study drug, whether or not it had consequences."""

    form = Form(
        oid="ME",
        group=FormGroup.SAFETY,
        place=3,
        path="medication-errors",
        title=_("Overdose or medication error"),
        domain="DV",
        dated_by="occurred_on",
        repeats=True,
        at_visit=False,
        headline={"kind": "{}", "drug": "{}", "occurred_on": "{}"},
    )

    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), required=True)
    kind = CodedField(_("What happened"), codelist=MedicationErrorKind, cdash="DVDECOD", required=True)
    occurred_on = PartialDateField(_("Date"), cdash="DVSTDTC", required=True)
    planned_amount = QuantityField(
        _("Amount planned"), unit="mg", limits=(0, 100000), help_text=ONE_ADMINISTRATION
    )
    taken_amount = QuantityField(
        _("Amount taken"), unit="mg", limits=(0, 100000), help_text=ONE_ADMINISTRATION
    )
    consequences = CodedField(_("Consequences for the subject?"), codelist=YesNo, required=True)
    adverse_event = RecordReferenceField("patients.AdverseEvent", verbose_name=_("Adverse event no."))
    description = NarrativeField(_("What happened, in words"), max_length=1000, cdash="DVTERM")
    action = NarrativeField(_("Action taken"), max_length=1000)
