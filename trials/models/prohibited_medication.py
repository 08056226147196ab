"""Medication that the protocol does not allow, with the time for which it applies."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trials.models.study import CODE, StudyNoun


class ProhibitedMedication(StudyNoun):
    """A class of medication by the names it goes by.

    It applies from `valid_from` to `valid_to` (included; empty: until further notice) of the protocol, during
    treatment (first to last dose of any study drug) and `days_before_first_dose` before it. Names: whole
    words in any case; * stands for any letters at the beginning or end of a word.
    """

    code = models.CharField(max_length=30, validators=[CODE])
    title = models.CharField(max_length=200)
    names = models.JSONField(help_text=_("Names of substances and products, e.g. nivolumab, *mab"))
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    during_treatment = models.BooleanField(default=True)
    days_before_first_dose = models.PositiveSmallIntegerField(default=0)
    exception = models.CharField(max_length=300, blank=True, help_text=_("What is allowed nevertheless"))
    source = models.CharField(max_length=200, blank=True)
    is_assumption = models.BooleanField(default=True)

    class Meta(StudyNoun.Meta):
        verbose_name = _("prohibited medication")
        verbose_name_plural = _("prohibited medications")
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="one_prohibited_medication_per_code"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="prohibition_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.title
