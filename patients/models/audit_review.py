"""How far somebody has reviewed an audit trail."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.subject import Subject
from trials.models import AuditEvent, Chain, RegulatedModel


class AuditReview(RegulatedModel):
    """The mark "reviewed up to here": this event of the chain and all before it were looked at.

    `subject` where the chain is that of a casebook. What is recorded later has a higher number and is
    unreviewed; the newest mark of a chain counts, whoever set it.
    """

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="+", editable=False)
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="audit_reviews", null=True, editable=False
    )
    up_to = models.ForeignKey(
        AuditEvent, on_delete=models.PROTECT, related_name="+", verbose_name=_("reviewed up to")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("reviewer")
    )
    comment = models.TextField(_("comment"), blank=True, default="")

    class Meta(RegulatedModel.Meta):
        verbose_name = _("review of the audit trail")
        verbose_name_plural = _("reviews of the audit trail")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["chain", "up_to"], name="one_review_up_to_an_event"),
        ]

    def __str__(self) -> str:
        return f"{self.subject or self.chain_id} {self.up_to_id}"

    @property
    def audit_chain_id(self) -> int:
        return self.chain_id
