"""Adverse events."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.fields import (
    CodedField,
    NarrativeField,
    PartialDateField,
    ProtocolReferenceField,
    TextAnswerField,
)
from patients.models.base import CaseReportForm, Form, Row, YesNo


class Grade(models.TextChoices):
    """CTCAE severity."""

    MILD = "1", _("1: mild")
    MODERATE = "2", _("2: moderate")
    SEVERE = "3", _("3: severe")
    LIFE_THREATENING = "4", _("4: life-threatening")
    DEATH = "5", _("5: death")


class Outcome(models.TextChoices):
    """CDISC codelist C66768."""

    FATAL = "FATAL", _("Fatal")
    NOT_RECOVERED = "NOT RECOVERED/NOT RESOLVED", _("Not recovered")
    RECOVERED = "RECOVERED/RESOLVED", _("Recovered")
    SEQUELAE = "RECOVERED/RESOLVED WITH SEQUELAE", _("Recovered with sequelae")
    RECOVERING = "RECOVERING/RESOLVING", _("Recovering")
    UNKNOWN = "UNKNOWN", _("Unknown")


class Causality(models.TextChoices):
    """Five-step scale of Chinese practice; related means the first three."""

    DEFINITE = "DEFINITELY RELATED", _("Definitely related")
    PROBABLE = "PROBABLY RELATED", _("Probably related")
    POSSIBLE = "POSSIBLY RELATED", _("Possibly related")
    UNLIKELY = "UNLIKELY RELATED", _("Unlikely related")
    UNRELATED = "UNRELATED", _("Unrelated")
    NOT_APPLICABLE = "NOT APPLICABLE", _("Not applicable: drug not given in this arm")


class DrugAction(models.TextChoices):
    """CDISC codelist C66767."""

    INCREASED = "DOSE INCREASED", _("Dose increased")
    NOT_CHANGED = "DOSE NOT CHANGED", _("Dose not changed")
    RATE_REDUCED = "DOSE RATE REDUCED", _("Dose rate reduced")
    REDUCED = "DOSE REDUCED", _("Dose reduced")
    INTERRUPTED = "DRUG INTERRUPTED", _("Drug interrupted")
    WITHDRAWN = "DRUG WITHDRAWN", _("Drug withdrawn")
    NOT_APPLICABLE = "NOT APPLICABLE", _("Not applicable")
    UNKNOWN = "UNKNOWN", _("Unknown")


class AdverseEvent(CaseReportForm):
    """An adverse event (CDASH AE), graded by CTCAE; seriousness by ICH E2A."""

    form = Form(
        oid="AE",
        path="adverse-events",
        title=_("Adverse event"),
        domain="AE",
        dated_by="started",
        repeats=True,
        at_visit=False,
        rows={"drugs": "patients.AdverseEventDrug"},
    )

    term = TextAnswerField(_("Adverse event as reported"), cdash="AETERM", required=True)
    ctcae_term = TextAnswerField(_("CTCAE term"), max_length=120, cdash="AEDECOD", required=True)
    grade = CodedField(_("Highest CTCAE grade"), codelist=Grade, cdash="AETOXGR", required=True)
    started = PartialDateField(_("Start"), cdash="AESTDTC", required=True)
    ongoing = CodedField(_("Ongoing?"), codelist=YesNo, cdash="AEONGO", required=True)
    ended = PartialDateField(_("End"), cdash="AEENDTC")
    outcome = CodedField(_("Outcome"), codelist=Outcome, cdash="AEOUT", required=True)
    serious = CodedField(_("Serious?"), codelist=YesNo, cdash="AESER", required=True)
    results_in_death = CodedField(_("Results in death"), codelist=YesNo, cdash="AESDTH")
    life_threatening = CodedField(_("Life-threatening"), codelist=YesNo, cdash="AESLIFE")
    hospitalization = CodedField(_("Hospitalization or its prolongation"), codelist=YesNo, cdash="AESHOSP")
    disability = CodedField(_("Persistent or significant disability"), codelist=YesNo, cdash="AESDISAB")
    congenital_anomaly = CodedField(_("Congenital anomaly or birth defect"), codelist=YesNo, cdash="AESCONG")
    medically_important = CodedField(_("Other medically important event"), codelist=YesNo, cdash="AESMIE")
    other_action = NarrativeField(_("Treatment and other action taken"), max_length=1000, cdash="AEACNOTH")


class AdverseEventDrug(Row):
    """Causality and action for one study drug."""

    parent = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="drugs")
    drug = ProtocolReferenceField("trials.Drug", verbose_name=_("Study drug"), required=True)
    causality = CodedField(_("Relation to the drug"), codelist=Causality, cdash="AEREL", required=True)
    action = CodedField(_("Action taken with the drug"), codelist=DrugAction, cdash="AEACN", required=True)

    class Meta(Row.Meta):
        verbose_name = _("relation to a study drug")
        verbose_name_plural = _("relations to study drugs")
        constraints = [
            *Row.Meta.constraints,
            models.UniqueConstraint(
                fields=["parent", "drug"],
                condition=models.Q(entered_in_error=False),
                name="one_relation_per_drug",
            ),
        ]
