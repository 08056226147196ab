"""Reports of a serious adverse event to the sponsor: initial, follow-up and final."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    ClockTimeField,
    CodedField,
    CountField,
    ExactDateField,
    NarrativeField,
    ProtocolReferenceField,
    RecordReferenceField,
    TextAnswerField,
)
from patients.models.adverse_event import Causality
from patients.models.base import CaseReportForm, Form, FormGroup, Part, YesNo


class ReportKind(models.TextChoices):
    INITIAL = "INITIAL", _("Initial")
    FOLLOW_UP = "FOLLOW-UP", _("Follow-up")
    FINAL = "FINAL", _("Final")


class Expectedness(models.TextChoices):
    EXPECTED = "EXPECTED", _("Expected by the reference safety information")
    UNEXPECTED = "UNEXPECTED", _("Unexpected")


class SeriousAdverseEventReport(CaseReportForm):
    """One version of the report of a serious adverse event (ICH E2A, E2B); each version is a record.

    There is one initial report of an event; follow-up reports are numbered from 1 on.
    """

    form = Form(
        oid="SAE",
        group=FormGroup.SAFETY,
        place=2,
        path="sae-reports",
        title=_("Report of a serious adverse event"),
        domain="AE",
        dated_by="became_aware_on",
        repeats=True,
        at_visit=False,
        headline={"kind": "{}", "number": "{}", "reported_on": _("on {}")},
        parts=(
            Part(_("What is reported"), ("adverse_event", "kind", "number")),
            Part(_("When"), ("became_aware_on", "became_aware_at", "reported_on", "reported_at")),
            Part(
                _("Judgment of the reporter"),
                ("suspected_drug", "causality", "expectedness", "susar", "narrative"),
            ),
            Part(_("Passed on"), ("reference", "regulator_on", "ethics_on")),
        ),
    )

    adverse_event = RecordReferenceField(
        "patients.AdverseEvent", verbose_name=_("Adverse event no."), cdash="AESPID", required=True
    )
    kind = CodedField(_("Kind of report"), codelist=ReportKind, required=True)
    number = CountField(
        _("Number of the follow-up"), limits=(1, 99), help_text=_("1, 2, 3 ...; empty for the initial report")
    )
    became_aware_on = ExactDateField(_("Day on which the site learned of the news reported"), required=True)
    became_aware_at = ClockTimeField(_("Time at which the site learned of it"))
    reported_on = ExactDateField(_("Reported to the sponsor on"), required=True)
    reported_at = ClockTimeField(_("Time of the report"))
    suspected_drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Suspected study drug"))
    causality = CodedField(_("Relation to the drug, by the reporter"), codelist=Causality, cdash="AEREL")
    expectedness = CodedField(_("Expected?"), codelist=Expectedness)
    susar = CodedField(
        _("Suspected unexpected serious adverse reaction (SUSAR)?"), codelist=YesNo, required=True
    )
    narrative = NarrativeField(
        _("Narrative"),
        required=True,
        help_text=_("Course, treatment, relevant history and results; no names and no identity numbers"),
    )
    regulator_on = ExactDateField(_("Sent to the regulator on"))
    ethics_on = ExactDateField(_("Sent to the ethics committee on"))
    reference = TextAnswerField(_("Number of the case at the sponsor"), max_length=60)

    class Meta(CaseReportForm.Meta):
        constraints = [
            *CaseReportForm.Meta.constraints,
            models.UniqueConstraint(
                fields=["adverse_event"],
                condition=Q(kind="INITIAL", entered_in_error=False),
                name="one_initial_report_per_event",
            ),
        ]
