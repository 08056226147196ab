"""The randomization list. Everything here but the digests is for the list's keeper alone."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.audit.context import NotRecording
from trials.clinical.stratification import MAX_CODE
from trials.models.study import Arm, StudyNoun


class WrittenOnce(StudyNoun):
    """A row that is written once; a save of a stored one is refused, whoever asks for it."""

    written_once = True

    class Meta(StudyNoun.Meta):
        abstract = True

    def save_base(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise NotRecording(f"{self._meta.label} is written once and never changed")
        super().save_base(*arguments, **options)


class RandomizationList(StudyNoun):
    """A sealed list. What may be known of it: its name, its length, its published digests.

    `published_digest` is that of its newest publication; a list that was closed is drawn from no more.
    """

    name = models.CharField(max_length=60)
    published_digest = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=60)
    is_demo = models.BooleanField(default=False, help_text=_("Refused outside demo settings"))
    order = models.PositiveSmallIntegerField(default=1, help_text=_("Lists are used up in this order"))
    closed_at = models.DateTimeField(
        _("closed at"), null=True, blank=True, editable=False, help_text=_("From then on nothing is drawn")
    )

    class Meta(StudyNoun.Meta):
        verbose_name = _("randomization list")
        verbose_name_plural = _("randomization lists")
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="one_list_per_name"),
            models.UniqueConstraint(fields=["study", "order"], name="one_list_per_order"),
        ]

    def __str__(self) -> str:
        return self.name


class RandomizationSeal(WrittenOnce):
    """How the list was made: seed, nonce, block sizes. In a table of its own, so that no join shows it."""

    list = models.OneToOneField(RandomizationList, on_delete=models.PROTECT, related_name="seal")
    seed = models.CharField(max_length=128, help_text=_("Hexadecimal, at least 128 random bits"))
    nonce = models.CharField(max_length=64, help_text=_("Hexadecimal, 256 random bits"))
    block_sizes = models.JSONField()
    arms = models.JSONField(help_text=_("Arm codes and their shares"))

    class Meta(WrittenOnce.Meta):
        verbose_name = _("seal of a randomization list")
        verbose_name_plural = _("seals of randomization lists")

    def __str__(self) -> str:
        return _("seal of %(list)s") % {"list": self.list_id}


class RandomizationPublication(WrittenOnce):
    """What was published of a list, when it was sealed and each time it was made longer.

    `lengths`: slots of each stratum at that time. Both digests tell nothing: one is of the whole text, which
    is shown at the end, one of the commitments to its slots, by which a used slot is shown earlier.
    """

    list = models.ForeignKey(RandomizationList, on_delete=models.PROTECT, related_name="publications")
    number = models.PositiveSmallIntegerField()
    lengths = models.JSONField()
    digest = models.CharField(max_length=64)
    commitments_digest = models.CharField(max_length=64)

    class Meta(WrittenOnce.Meta):
        verbose_name = _("publication of a randomization list")
        verbose_name_plural = _("publications of randomization lists")
        ordering = ("list", "number")
        constraints = [
            models.UniqueConstraint(fields=["list", "number"], name="one_publication_per_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="publications_count_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.list_id}, {self.number}"


class RandomizationSlot(WrittenOnce):
    """One place of the list. It never changes; whether it is used is said by the allocation that holds it."""

    list = models.ForeignKey(RandomizationList, on_delete=models.PROTECT, related_name="slots")
    stratum = models.CharField(max_length=MAX_CODE, blank=True)
    number = models.PositiveIntegerField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")

    class Meta(WrittenOnce.Meta):
        verbose_name = _("slot of a randomization list")
        verbose_name_plural = _("slots of randomization lists")
        ordering = ("list", "stratum", "number")
        constraints = [
            models.UniqueConstraint(fields=["list", "stratum", "number"], name="one_slot_per_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="slots_count_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.list_id}/{self.number}"


class UnusableSlot(WrittenOnce):
    """A slot that the keeper took out before anybody was given it; draws pass over it, for ever."""

    slot = models.OneToOneField(RandomizationSlot, on_delete=models.PROTECT, related_name="unusable")
    reason = models.TextField(_("reason"))
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(_("marked at"))

    class Meta(WrittenOnce.Meta):
        verbose_name = _("unusable slot of a randomization list")
        verbose_name_plural = _("unusable slots of randomization lists")

    def __str__(self) -> str:
        return str(self.slot)
