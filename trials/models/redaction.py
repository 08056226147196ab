"""Redaction: what should never have been written is blanked in the history, by two persons."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trials.models.audit import Chain
from trials.models.base import RegulatedModel


class RedactionState(models.TextChoices):
    REQUESTED = "REQUESTED", _("Requested")
    APPROVED = "APPROVED", _("Approved and carried out")
    REFUSED = "REFUSED", _("Refused")


class Redaction(RegulatedModel):
    """Columns of some rows of one history table (or of some events) of one chain.

    `digests` holds for each row, by its key, what it hashed to before and what it hashes to since it is
    blank: the chain is verified with the first, the row with the second. With value and salt gone, the
    first says nothing about the value.
    """

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="redactions")
    table_name = models.CharField(_("table"), max_length=63)
    row_ids = models.JSONField(_("rows"), help_text=_("Keys of history rows or of events"))
    column_names = models.JSONField(_("columns"))
    state = models.CharField(
        _("state"), max_length=10, choices=RedactionState.choices, default=RedactionState.REQUESTED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    request_reason = models.TextField(_("reason of the request"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decision_reason = models.TextField(_("reason of the decision"), default="", blank=True)
    digests = models.JSONField(default=dict, blank=True, editable=False)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("redaction")
        verbose_name_plural = _("redactions")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="REQUESTED", decided_by__isnull=True)
                | Q(~Q(state="REQUESTED"), decided_by__isnull=False),
                name="redaction_is_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="redaction_takes_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table_name} {self.get_state_display()}"

    @property
    def audit_chain_id(self) -> int:
        return self.chain_id
