"""How people got in: sessions, tokens and second factors.

None of these rows is clinical and none is history: a row is what is in force now. Each change leaves an
event in the chain of the installation (trials/actions/access_events.py), without any secret.
"""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from trials.models.study import Site


def new_handle() -> str:
    return secrets.token_hex(8)


class UserSession(models.Model):
    """A login of the pages that has not ended. Its key stands in the session, so removing the row ends it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sessions")
    started_at = models.DateTimeField(_("started"))
    last_used_at = models.DateTimeField(_("last used"))
    address = models.GenericIPAddressField(_("address"), null=True)
    browser = models.CharField(_("browser"), max_length=60)
    renew = models.BooleanField(
        default=False, help_text=_("Rights have changed: the next request gets a new key")
    )

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.browser}, {self.started_at:%Y-%m-%d %H:%M}"


class AccessToken(AbstractAuthToken):
    """A token of the API. Only its hash is kept; it may be narrower than the rights of its owner."""

    handle = models.CharField(
        max_length=16, unique=True, default=new_handle, help_text=_("Names it in lists")
    )
    name = models.CharField(_("name"), max_length=60)
    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("site"),
        help_text=_("Empty: wherever its owner may act"),
    )
    forms = models.JSONField(_("forms"), default=list, help_text=_("OIDs; empty: every form"))
    read_only = models.BooleanField(_("reads only"), default=False)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta(AbstractAuthToken.Meta):
        abstract = False
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return self.name

    @property
    def narrowed_to(self) -> str:
        """In words what the token leaves of its owner's rights; empty for all of them."""
        parts = [f"site {self.site.code}"] if self.site else []
        parts += [f"forms {', '.join(self.forms)}"] if self.forms else []
        return "; ".join([*parts, "reading only"] if self.read_only else parts)


class SecondFactor(models.Model):
    """The shared secret of an authenticator app (RFC 6238), encrypted; in force once confirmed by a code."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="second_factor"
    )
    secret = models.TextField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(
        default=0, help_text=_("No code of this step or an earlier one is taken")
    )

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return "second factor"


class RecoveryCode(models.Model):
    """The hash of a code that replaces the app once; the row goes with its use."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return "recovery code"
