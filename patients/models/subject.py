"""A subject and the allocation to an arm."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trials.audit.context import NotRecording
from trials.models import Arm, Chain, RandomizationSlot, RegulatedModel, Site, Study


class SubjectStatus(models.TextChoices):
    """Where the subject stands; it follows from the forms and is never typed."""

    SCREENING = "SCREENING", _("In screening")
    SCREEN_FAILURE = "SCREEN_FAILURE", _("Screen failure")
    RANDOMIZED = "RANDOMIZED", _("Randomized")
    LOST = "LOST", _("Lost to follow-up")
    WITHDRAWN = "WITHDRAWN", _("Withdrew from contact")
    DIED = "DIED", _("Died")
    ENDED = "ENDED", _("Ended the study")


class Subject(RegulatedModel):
    """A person in the study, known by a code only. The code is site and number, given by the server."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="subjects")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="subjects")
    number = models.PositiveIntegerField(editable=False)
    code = models.CharField(_("subject"), max_length=30, editable=False)
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=SubjectStatus.choices,
        default=SubjectStatus.SCREENING,
        editable=False,
    )
    screened_on = models.DateField(_("first day of screening"))
    previous = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rescreened_as",
        verbose_name=_("earlier screening failure"),
    )
    is_synthetic = models.BooleanField(default=False, editable=False)
    external_id = models.CharField(max_length=100, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")
        ordering = ("code",)
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="one_subject_per_number"),
            models.UniqueConstraint(fields=["study", "code"], name="one_subject_per_code"),
            models.UniqueConstraint(
                fields=["site", "external_id"], condition=~Q(external_id=""), name="subject_external_id"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def audit_chain_id(self) -> int:
        return self.chain_id


class Allocation(RegulatedModel):
    """The slot that a subject was given. Written once; never changed, never undone."""

    written_once = True

    subject = models.OneToOneField(Subject, on_delete=models.PROTECT, related_name="allocation")
    slot = models.OneToOneField(RandomizationSlot, on_delete=models.PROTECT, related_name="allocation")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="allocations")
    stratum = models.CharField(
        _("stratum"), max_length=60, blank=True, default="", help_text=_("As it was when it was used")
    )
    randomized_on = models.DateField(_("day of randomization"))
    randomized_at = models.DateTimeField(_("instant of randomization"))

    class Meta(RegulatedModel.Meta):
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")

    def __str__(self) -> str:
        return f"{self.subject} {self.arm}"

    def save_base(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise NotRecording("an allocation is written once: it is never changed and never undone")
        super().save_base(*arguments, **options)

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id
