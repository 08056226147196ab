"""Replies kept for clients that send a request twice because they never saw the answer."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """The reply to a POST that created something, kept in the transaction of its effect.

    No regulated data: what the request did stands in the record and its audit trail, and rows here go after
    some days. `status` 0: the effect is stored, its reply was lost.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    record_id = models.BigIntegerField()
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("kept reply")
        verbose_name_plural = _("kept replies")
        constraints = [
            models.UniqueConstraint(fields=["user", "route", "key"], name="one_reply_per_idempotency_key")
        ]
        indexes = [models.Index(fields=["user", "created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.created_at:%Y-%m-%d}"
