"""Cycles and visits: what was planned from the schedule, and what took place."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.base import Form, FormGroup
from patients.models.subject import Subject
from trials.models import RegulatedModel, VisitDefinition


class Cycle(RegulatedModel):
    """A treatment cycle, counted from 1."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="cycles")
    number = models.PositiveSmallIntegerField(editable=False)
    planned_on = models.DateField(_("planned first day"))
    started_on = models.DateField(_("first day"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("cycle")
        verbose_name_plural = _("cycles")
        ordering = ("subject", "number")
        constraints = [models.UniqueConstraint(fields=["subject", "number"], name="one_cycle_per_number")]

    def __str__(self) -> str:
        return f"{self.subject} C{self.number}"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id


class VisitStatus(models.TextChoices):
    """A planned visit is no longer due after what ends it: death, withdrawal, end of treatment."""

    PLANNED = "PLANNED", _("Planned")
    OCCURRED = "OCCURRED", _("Took place")
    MISSED = "MISSED", _("Did not take place")
    NOT_DUE = "NOT_DUE", _("No longer due")


class Visit(RegulatedModel):
    """A visit of one subject (CDASH SV): from the schedule, or unscheduled (`definition` empty).

    `planned_on`, `window_from` and `window_to` come from the schedule; `occurred_on` from the site. A visit
    that is no longer due says why in `missed_reason`. A visit is no form of the casebook; by `form` a query
    names it.
    """

    form: ClassVar[Form] = Form(
        oid="SV",
        path="visits",
        title=_("Visit"),
        domain="SV",
        at_visit=False,
        dated_by="occurred_on",
        group=FormGroup.CONDUCT,
    )

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="visits")
    definition = models.ForeignKey(
        VisitDefinition, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, null=True, blank=True, related_name="visits")
    code = models.CharField(_("visit"), max_length=20, editable=False)
    title = models.CharField(_("title"), max_length=100, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=VisitStatus.choices, default=VisitStatus.PLANNED, editable=False
    )
    planned_on = models.DateField(_("planned day"), null=True, blank=True, editable=False)
    window_from = models.DateField(_("window from"), null=True, blank=True, editable=False)
    window_to = models.DateField(_("window to"), null=True, blank=True, editable=False)
    occurred_on = models.DateField(_("day of the visit"), null=True, blank=True)
    missed_reason = models.CharField(_("why it did not take place"), max_length=200, blank=True, default="")
    unscheduled_reason = models.CharField(_("why it was unscheduled"), max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ("subject", "id")
        constraints = [
            models.UniqueConstraint(fields=["subject", "code"], name="one_visit_per_code"),
            models.CheckConstraint(
                condition=~Q(status=VisitStatus.OCCURRED) | Q(occurred_on__isnull=False),
                name="a_visit_that_took_place_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[VisitStatus.MISSED, VisitStatus.NOT_DUE]) | ~Q(missed_reason=""),
                name="a_missed_visit_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.code}"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id
