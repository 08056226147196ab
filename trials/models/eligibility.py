"""Inclusion and exclusion criteria, as the protocol words them and split into answerable rules."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.models.study import CODE, StudyNoun


class CriterionKind(models.TextChoices):
    INCLUSION = "INCLUSION", _("Inclusion")
    EXCLUSION = "EXCLUSION", _("Exclusion")


class Evaluation(models.TextChoices):
    AUTOMATIC = "AUTOMATIC", _("From captured data")
    HUMAN = "HUMAN", _("Judged by the investigator")
    BOTH = "BOTH", _("From captured data and judged by the investigator")


class Criterion(StudyNoun):
    """A numbered criterion in the protocol's words."""

    kind = models.CharField(max_length=10, choices=CriterionKind.choices)
    number = models.PositiveSmallIntegerField()
    text = models.TextField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("eligibility criterion")
        verbose_name_plural = _("eligibility criteria")
        ordering = ("-kind", "number")
        constraints = [
            models.UniqueConstraint(fields=["study", "kind", "number"], name="one_criterion_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class AtomicCriterion(StudyNoun):
    """One rule that a criterion consists of; each is answered by itself.

    Eligible means: every inclusion rule answered yes, every exclusion rule answered no (or, for either,
    "not applicable" where `may_be_not_applicable`).
    """

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="rules")
    code = models.CharField(max_length=10, validators=[CODE])
    question = models.CharField(max_length=300)
    variable = models.CharField(
        max_length=100, help_text=_("Name in the vocabulary of variables; free words where only asked")
    )
    operator = models.CharField(max_length=40)
    threshold = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=20, blank=True, help_text=_("UCUM, or ULN: upper limits of normal"))
    options = models.JSONField(
        default=dict, blank=True, help_text=_("What the variable asks for, and settings that decide")
    )
    source_form = models.CharField(max_length=60, blank=True)
    evaluation = models.CharField(max_length=10, choices=Evaluation.choices)
    may_be_not_applicable = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    order = models.PositiveSmallIntegerField()

    class Meta(StudyNoun.Meta):
        verbose_name = _("rule of a criterion")
        verbose_name_plural = _("rules of criteria")
        ordering = ("order",)
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="one_rule_per_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.question}"
