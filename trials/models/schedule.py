"""Schedule of activities: the visits that the protocol asks for, their windows and forms."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.models.study import CODE, Arm, StudyNoun


class Epoch(models.TextChoices):
    """CDISC codelist C99079."""

    SCREENING = "SCREENING", _("Screening")
    TREATMENT = "TREATMENT", _("Treatment")
    FOLLOW_UP = "FOLLOW-UP", _("Follow-up")
    LONG_TERM_FOLLOW_UP = "LONG-TERM FOLLOW-UP", _("Long-term follow-up")


class Anchor(models.TextChoices):
    """From which day a visit is counted."""

    CONSENT = "CONSENT", _("Day of consent")
    RANDOMIZATION = "RANDOMIZATION", _("Day of randomization")
    CYCLE = "CYCLE", _("Day 1 of the cycle")
    LAST_DOSE = "LAST_DOSE", _("Day of the last dose")


class DueFor(models.TextChoices):
    """Whom a scheduled form is due for; empty: everyone."""

    CHILDBEARING = "CHILDBEARING", _("Women who can bear children")
    DOSED = "DOSED", _("Subjects to whom a drug is given on that day of the cycle")


class VisitDefinition(StudyNoun):
    """A visit of the schedule.

    Day 1 is the anchor day itself. A visit that repeats without an anchor event of its own (imaging,
    survival) recurs every `every_days`.
    """

    code = models.CharField(max_length=20, validators=[CODE])
    title = models.CharField(max_length=100)
    epoch = models.CharField(max_length=20, choices=Epoch.choices)
    anchor = models.CharField(max_length=20, choices=Anchor.choices)
    day = models.IntegerField()
    window_before_days = models.PositiveSmallIntegerField(default=0)
    window_after_days = models.PositiveSmallIntegerField(default=0)
    every_days = models.PositiveSmallIntegerField(null=True, blank=True)
    arm = models.ForeignKey(
        Arm,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Empty: every arm"),
    )
    order = models.PositiveSmallIntegerField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("visit of the schedule")
        verbose_name_plural = _("visits of the schedule")
        ordering = ("order",)
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="one_visit_definition_per_code")
        ]

    def __str__(self) -> str:
        return self.title


class ScheduledForm(StudyNoun):
    """A form that is due at a visit."""

    visit = models.ForeignKey(VisitDefinition, on_delete=models.PROTECT, related_name="forms")
    form = models.CharField(max_length=12, help_text=_("OID of the form"))
    panel = models.CharField(max_length=40, blank=True, help_text=_("Laboratory panel, for laboratory forms"))
    first_cycle_only = models.BooleanField(default=False)
    every_cycles = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Due at cycle 1 and then every so many cycles"),
    )
    due_for = models.CharField(max_length=20, choices=DueFor.choices, blank=True, default="")

    class Meta(StudyNoun.Meta):
        verbose_name = _("scheduled form")
        verbose_name_plural = _("scheduled forms")
        constraints = [
            models.UniqueConstraint(fields=["visit", "form", "panel"], name="one_scheduled_form_per_visit")
        ]

    def __str__(self) -> str:
        return f"{self.visit}: {self.form} {self.panel}".strip()
