"""Dictionaries of terms: CTCAE as published, and MedDRA where a site has licensed it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trials.models.audit import Chain
from trials.models.base import RegulatedModel


class DictionaryName(models.TextChoices):
    CTCAE = "CTCAE", _("Common Terminology Criteria for Adverse Events")
    MEDDRA = "MEDDRA", _("Medical Dictionary for Regulatory Activities")


class TermLevel(models.TextChoices):
    TERM = "TERM", _("Term")
    SYSTEM_ORGAN_CLASS = "SOC", _("System organ class")
    PREFERRED_TERM = "PT", _("Preferred term")
    LOWEST_LEVEL_TERM = "LLT", _("Lowest level term")


def folded(text: str) -> str:
    """A term as it is looked up: without case, with single blanks.

    >>> folded(" Platelet  count decreased")
    'platelet count decreased'
    """
    return " ".join(text.split()).casefold()


class Dictionary(RegulatedModel):
    """One version of a dictionary, for every study of the installation."""

    name = models.CharField(max_length=10, choices=DictionaryName.choices)
    version = models.CharField(max_length=20)
    source = models.CharField(max_length=200)
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="+")

    class Meta(RegulatedModel.Meta):
        verbose_name = _("dictionary")
        verbose_name_plural = _("dictionaries")
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_dictionary_per_version"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def audit_chain_id(self) -> int:
        return self.chain_id


class DictionaryTerm(RegulatedModel):
    """A term of one version of a dictionary.

    CTCAE: `grades` are the digits of the grades that exist ("1235"), `descriptions` what each of them means,
    by its digit; empty until a site has loaded the spreadsheet of the NCI. MedDRA: a lowest level term has
    its preferred term as `parent`, a preferred term its primary system organ class.
    """

    dictionary = models.ForeignKey(Dictionary, on_delete=models.PROTECT, related_name="terms")
    level = models.CharField(max_length=4, choices=TermLevel.choices)
    code = models.CharField(max_length=10, blank=True)
    term = models.CharField(max_length=250)
    folded = models.CharField(max_length=250, editable=False)
    system_organ_class = models.CharField(max_length=250)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    high_level_term = models.CharField(max_length=250, blank=True)
    high_level_group_term = models.CharField(max_length=250, blank=True)
    grades = models.CharField(max_length=5, blank=True)
    descriptions = models.JSONField(default=dict, blank=True)
    definition = models.TextField(blank=True)
    note = models.TextField(_("navigational note"), blank=True)
    is_current = models.BooleanField(default=True, help_text=_("MedDRA keeps terms that are used no more"))

    class Meta(RegulatedModel.Meta):
        verbose_name = _("term of a dictionary")
        verbose_name_plural = _("terms of dictionaries")
        ordering = ("dictionary", "folded")
        indexes = [models.Index(fields=["dictionary", "folded"], name="term_by_text")]
        constraints = [
            models.UniqueConstraint(
                fields=["dictionary", "folded"], condition=Q(level="TERM"), name="one_term_per_text"
            ),
            models.UniqueConstraint(
                fields=["dictionary", "level", "code"], condition=~Q(level="TERM"), name="one_term_per_code"
            ),
        ]

    def __str__(self) -> str:
        return self.term

    @property
    def audit_chain_id(self) -> int:
        return self.dictionary.chain_id

    @property
    def grade_numbers(self) -> tuple[int, ...]:
        """The grades that exist, in order."""
        return tuple(int(digit) for digit in self.grades)
