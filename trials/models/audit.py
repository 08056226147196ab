"""Chains and their events: who did what, when, why and from where."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trials.audit.append_only import AppendOnlyModel

NUMBER_BITS = 32


class ChainKind(models.TextChoices):
    CASEBOOK = "CASEBOOK", _("Casebook of a subject")
    SITE = "SITE", _("Site")
    STUDY = "STUDY", _("Study")
    SYSTEM = "SYSTEM", _("Installation (accounts)")


class Source(models.TextChoices):
    ADMIN = "ADMIN", _("Admin page")
    API = "API", _("API client")
    IMPORT = "IMPORT", _("Import")
    COMMAND = "COMMAND", _("Command")


class Chain(models.Model):
    """A gap-free sequence of events. Its row is locked first by every writer of the chain."""

    kind = models.CharField(max_length=10, choices=ChainKind.choices)
    key = models.CharField(max_length=80, unique=True)
    last_number = models.PositiveBigIntegerField(default=0)
    last_recorded_at = models.DateTimeField(null=True)
    last_hash = models.CharField(max_length=64, default="")

    class Meta:
        verbose_name = _("audit chain")
        verbose_name_plural = _("audit chains")

    def __str__(self) -> str:
        return self.key


class AuditEvent(AppendOnlyModel):
    """One per transaction, chain and reason.

    `id` is chain and number in one integer, so that history rows sort by it; `rows` and `digest` cover the
    history rows of the event, read back from the database; `hash` covers this event and the one before it.
    Reason and note stand in the hash by their salted digest, `text_digest`, so that they can be redacted.
    `row_marks` is the beginning of each row's digest: it tells which row it is when `digest` no longer fits.
    """

    id = models.BigIntegerField(primary_key=True)
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveBigIntegerField()
    recorded_at = models.DateTimeField(_("time"), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    role = models.CharField(_("role"), max_length=30)
    action = models.CharField(_("action"), max_length=60)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    reason = models.TextField(_("reason"), default="", blank=True)
    note = models.TextField(_("note"), default="", blank=True)
    salt = models.CharField(max_length=32, default="", blank=True, editable=False)
    text_digest = models.CharField(max_length=64, default="", blank=True, editable=False)
    request_id = models.CharField(max_length=40, default="", blank=True)
    rows = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    row_marks = models.TextField(default="", blank=True, editable=False)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    canonical_version = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                # The id says the same as chain and number, in the database too: one key, no second truth.
                condition=models.Q(id=models.F("chain_id") * (2**NUMBER_BITS) + models.F("number")),
                name="auditevent_id_is_chain_and_number",
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="auditevent_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id}/{self.number} {self.action}"

    @property
    def role_name(self) -> str:
        """The role in words, as it is shown to people."""
        return self.role.replace("_", " ").capitalize()


def event_id(chain_id: int, number: int) -> int:
    """Chain and number in one integer.

    >>> event_id(3, 7) == (3 << 32 | 7)
    True
    """
    return chain_id << NUMBER_BITS | number
