"""Laboratories, tests, units and dated reference ranges."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.clinical.words import normal_range
from trials.models.study import CODE, Site, StudyNoun


class Sex(models.TextChoices):
    """CDISC codelist C66731, the values this study uses."""

    FEMALE = "F", _("Female")
    MALE = "M", _("Male")


class Laboratory(StudyNoun):
    """A laboratory whose reference ranges apply to its own results."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="laboratories")
    code = models.CharField(max_length=20, validators=[CODE])
    name = models.CharField(max_length=200)

    class Meta(StudyNoun.Meta):
        verbose_name = _("laboratory")
        verbose_name_plural = _("laboratories")
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="one_laboratory_per_code")]

    def __str__(self) -> str:
        return self.name


class LabTest(StudyNoun):
    """A laboratory test (CDISC LBTESTCD / LBTEST) with its panel and preferred unit (UCUM)."""

    class ResultKind(models.TextChoices):
        NUMBER = "NUMBER", _("Number")
        WORD = "WORD", _("Word or plus signs")
        EITHER = "EITHER", _("Number or word")

    code = models.CharField(max_length=8, validators=[CODE])
    name = models.CharField(max_length=100)
    panel = models.CharField(max_length=40)
    specimen = models.CharField(max_length=40, default="BLOOD")
    unit = models.CharField(max_length=30, blank=True, help_text=_("Preferred unit, UCUM"))
    result_kind = models.CharField(max_length=10, choices=ResultKind.choices, default=ResultKind.NUMBER)
    normal_word = models.CharField(max_length=20, blank=True)
    has_ranges = models.BooleanField(
        default=True, help_text=_("Whether laboratories give reference ranges; a viral load has none")
    )
    order = models.PositiveSmallIntegerField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("laboratory test")
        verbose_name_plural = _("laboratory tests")
        ordering = ("order",)
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="one_test_per_code")]

    def __str__(self) -> str:
        return self.name


class LabUnit(StudyNoun):
    """A unit (UCUM) in which results of a test may be reported."""

    test = models.ForeignKey(LabTest, on_delete=models.PROTECT, related_name="units")
    code = models.CharField(max_length=30)

    class Meta(StudyNoun.Meta):
        verbose_name = _("unit of a laboratory test")
        verbose_name_plural = _("units of laboratory tests")
        constraints = [models.UniqueConstraint(fields=["test", "code"], name="one_unit_per_test")]

    def __str__(self) -> str:
        return self.code


class ReferenceRange(StudyNoun):
    """Limits of normal of one laboratory for a test, unit, sex and age, valid from a day on.

    `sex` empty means both; ages in completed years, from and to inclusive; `valid_to` inclusive, empty
    while in force; `low` or `high` may be empty, not both.
    """

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="ranges")
    test = models.ForeignKey(LabTest, on_delete=models.PROTECT, related_name="ranges")
    unit = models.CharField(max_length=30)
    sex = models.CharField(max_length=1, choices=Sex.choices, blank=True)
    age_from = models.PositiveSmallIntegerField(default=0)
    age_to = models.PositiveSmallIntegerField(default=150)
    low = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    high = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(StudyNoun.Meta):
        verbose_name = _("reference range")
        verbose_name_plural = _("reference ranges")
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "test", "unit", "sex", "age_from", "valid_from"],
                name="one_range_per_laboratory_test_and_day",
            ),
            models.CheckConstraint(
                condition=models.Q(low__isnull=False) | models.Q(high__isnull=False), name="range_has_a_limit"
            ),
            models.CheckConstraint(
                condition=models.Q(low__isnull=True)
                | models.Q(high__isnull=True)
                | models.Q(low__lt=models.F("high")),
                name="range_low_below_high",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="range_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(age_from__lte=models.F("age_to")), name="range_ages_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.test}, {normal_range(self.low, self.high, self.unit)}"

    def is_in_force_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
