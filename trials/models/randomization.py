"""The randomization list. Everything here but the digest is for the list's keeper alone."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.models.study import Arm, StudyNoun


class RandomizationList(StudyNoun):
    """A sealed list. What may be known of it: its name, its length, its published digest."""

    name = models.CharField(max_length=60)
    published_digest = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=60)
    is_demo = models.BooleanField(default=False, help_text=_("Refused outside demo settings"))
    order = models.PositiveSmallIntegerField(default=1, help_text=_("Lists are used up in this order"))

    class Meta(StudyNoun.Meta):
        verbose_name = _("randomization list")
        verbose_name_plural = _("randomization lists")
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="one_list_per_name"),
            models.UniqueConstraint(fields=["study", "order"], name="one_list_per_order"),
        ]

    def __str__(self) -> str:
        return self.name


class RandomizationSeal(StudyNoun):
    """How the list was made: seed, nonce, block sizes. In a table of its own, so that no join shows it."""

    list = models.OneToOneField(RandomizationList, on_delete=models.PROTECT, related_name="seal")
    seed = models.CharField(max_length=128, help_text=_("Hexadecimal, at least 128 random bits"))
    nonce = models.CharField(max_length=64, help_text=_("Hexadecimal, 256 random bits"))
    block_sizes = models.JSONField()
    arms = models.JSONField(help_text=_("Arm codes and their shares"))

    class Meta(StudyNoun.Meta):
        verbose_name = _("seal of a randomization list")
        verbose_name_plural = _("seals of randomization lists")

    def __str__(self) -> str:
        return _("seal of %(list)s") % {"list": self.list_id}


class RandomizationSlot(StudyNoun):
    """One place of the list. It never changes; whether it is used is said by the allocation that holds it."""

    list = models.ForeignKey(RandomizationList, on_delete=models.PROTECT, related_name="slots")
    stratum = models.CharField(max_length=60, blank=True)
    number = models.PositiveIntegerField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")

    class Meta(StudyNoun.Meta):
        verbose_name = _("slot of a randomization list")
        verbose_name_plural = _("slots of randomization lists")
        ordering = ("list", "stratum", "number")
        constraints = [
            models.UniqueConstraint(fields=["list", "stratum", "number"], name="one_slot_per_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="slots_count_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.list_id}/{self.number}"
