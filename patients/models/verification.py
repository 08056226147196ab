"""Verification of a form against its source documents (SDV)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models.subject import Subject
from trials.models import RegulatedModel


class VerificationExtent(models.TextChoices):
    """What was compared: the critical questions of the study, or every answer."""

    CRITICAL = "CRITICAL", _("Critical answers")
    WHOLE = "WHOLE", _("Whole form")


class VerificationState(models.TextChoices):
    IN_FORCE = "IN_FORCE", _("In force")
    DROPPED = "DROPPED", _("Lost by a change")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    REPLACED = "REPLACED", _("Replaced by a verification of the whole form")


class Verification(RegulatedModel):
    """A monitor compared a form with its source and found that they agree.

    At most one is in force for a form. `form` (OID) and `record_id` say which form, `seen_version` which
    version she saw. `ended_because` names the questions whose answers changed since (dropped), or is the
    reason that was given (withdrawn), or says that the whole form was verified (replaced).
    """

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="verifications")
    form = models.CharField(_("form"), max_length=12)
    record_id = models.PositiveBigIntegerField()
    extent = models.CharField(_("extent"), max_length=8, choices=VerificationExtent.choices)
    state = models.CharField(
        _("state"), max_length=9, choices=VerificationState.choices, default=VerificationState.IN_FORCE
    )
    seen_version = models.PositiveIntegerField(_("version"))
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    verified_at = models.DateTimeField(_("verified"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_because = models.TextField(_("why it ended"), blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ("-id",)
        indexes = [models.Index(fields=["form", "record_id"], name="verification_of_a_form")]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "record_id"],
                condition=Q(state="IN_FORCE"),
                name="one_verification_in_force_per_form",
            ),
            models.CheckConstraint(
                condition=Q(state="IN_FORCE") | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="an_ended_verification_says_when_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.subject}"

    @property
    def audit_chain_id(self) -> int:
        return self.subject.chain_id
