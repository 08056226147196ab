"""A form that only the tests have: whatever shows forms must show it without being told."""

from django.db import models

from patients.fields import (
    ClockTimeField,
    CodedField,
    CountField,
    ExactDateField,
    NarrativeField,
    PartialDateField,
    ProtocolReferenceField,
    QuantityField,
    TextAnswerField,
)
from patients.models import CaseReportForm, Form, Row, YesNo


class ExtraForm(CaseReportForm):
    """One question of every kind."""

    form = Form(
        oid="XX",
        path="extra-forms",
        title="Extra form",
        domain="XX",
        repeats=True,
        at_visit=False,
        rows={"lines": "extra_form.ExtraLine"},
    )

    happened_on = PartialDateField("Day of the event", cdash="XXDTC")
    seen_on = ExactDateField("Day of the visit", cdash="XXVDTC", required=True)
    seen_at = ClockTimeField("Time of the visit", cdash="XXTIM")
    amount = QuantityField("Amount", unit="mg", limits=(0, 1000), usual=(1, 100), cdash="XXAMT")
    tally = CountField("How many?", cdash="XXCNT")
    agreed = CodedField("Agreed?", codelist=YesNo, cdash="XXYN")
    label = TextAnswerField("Name", max_length=60, cdash="XXLBL")
    story = NarrativeField("What happened?", cdash="XXNARR")
    drug = ProtocolReferenceField("trials.Drug", verbose_name="Study drug", cdash="XXTRT")


class ExtraLine(Row):
    """A line of the extra form."""

    parent = models.ForeignKey(ExtraForm, on_delete=models.PROTECT, related_name="lines")
    word = TextAnswerField("Word", max_length=40, required=True)
    number = QuantityField("Number", unit="kg")

    class Meta(Row.Meta):
        verbose_name = "line"
        verbose_name_plural = "lines"
