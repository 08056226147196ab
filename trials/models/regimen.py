"""Drugs, and how each arm is treated with them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.models.study import CODE, Arm, StudyNoun


class Route(models.TextChoices):
    ORAL = "ORAL", _("Oral")
    INTRAVENOUS = "INTRAVENOUS", _("Intravenous")


class DoseRule(models.TextChoices):
    FIXED = "FIXED", _("Fixed dose")
    WEIGHT_BAND = "WEIGHT_BAND", _("By band of body weight")
    BODY_SURFACE = "BODY_SURFACE", _("By body surface area")


class Frequency(models.TextChoices):
    ONCE = "ONCE", _("Once on each named day of the cycle")
    DAILY = "QD", _("Once a day")
    EVERY_OTHER_DAY = "QOD", _("Every other day")


class Drug(StudyNoun):
    """A study drug."""

    code = models.CharField(max_length=20, validators=[CODE])
    name = models.CharField(max_length=100)
    route = models.CharField(max_length=20, choices=Route.choices)

    class Meta(StudyNoun.Meta):
        verbose_name = _("study drug")
        verbose_name_plural = _("study drugs")
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="one_drug_per_code")]

    def __str__(self) -> str:
        return self.name


class RegimenElement(StudyNoun):
    """One drug of one arm: rule, amount, days of the cycle, number of courses."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="regimen")
    drug = models.ForeignKey(Drug, on_delete=models.PROTECT, related_name="regimen")
    rule = models.CharField(max_length=20, choices=DoseRule.choices)
    dose = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("mg, or mg per m2; empty for bands"),
    )
    unit = models.CharField(max_length=10, default="mg", help_text=_("UCUM: mg or mg/m2"))
    frequency = models.CharField(max_length=10, choices=Frequency.choices)
    days = models.JSONField(default=list, blank=True, help_text=_("Days of the cycle, from 1"))
    cycle_length_days = models.PositiveSmallIntegerField(null=True, blank=True)
    minimum_cycles = models.PositiveSmallIntegerField(null=True, blank=True)
    maximum_cycles = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta(StudyNoun.Meta):
        verbose_name = _("regimen element")
        verbose_name_plural = _("regimen elements")
        constraints = [
            models.UniqueConstraint(fields=["arm", "drug"], name="one_regimen_element_per_drug"),
            models.CheckConstraint(
                condition=models.Q(rule=DoseRule.WEIGHT_BAND, dose__isnull=True)
                | models.Q(rule__in=[DoseRule.FIXED, DoseRule.BODY_SURFACE], dose__gt=0),
                name="regimen_dose_fits_its_rule",
            ),
            models.CheckConstraint(
                condition=models.Q(days=[], cycle_length_days__isnull=True)
                | models.Q(cycle_length_days__isnull=False, cycle_length_days__gte=1),
                name="days_of_a_cycle_have_its_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arm} {self.drug}"


class DoseBand(StudyNoun):
    """The dose for one band of body weight: from (inclusive) to below (exclusive), in kg."""

    element = models.ForeignKey(RegimenElement, on_delete=models.PROTECT, related_name="bands")
    from_kg = models.DecimalField(max_digits=6, decimal_places=2)
    below_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    dose_mg = models.DecimalField(max_digits=9, decimal_places=3)

    class Meta(StudyNoun.Meta):
        verbose_name = _("dose band")
        verbose_name_plural = _("dose bands")
        constraints = [
            models.UniqueConstraint(fields=["element", "from_kg"], name="one_band_from_each_weight")
        ]

    def __str__(self) -> str:
        return f"{self.element} from {self.from_kg} kg"
