"""Freezes and locks: what may not be changed, since when, by whom and why."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from patients.models.subject import Subject
from patients.models.visit import Visit
from trials.models import RegulatedModel, Site, Study


class LockKind(models.TextChoices):
    """A freeze is lifted by one person; a lock by two."""

    FREEZE = "FREEZE", _("Frozen")
    LOCK = "LOCK", _("Locked")


class LockScope(models.TextChoices):
    STUDY = "STUDY", _("Study")
    SITE = "SITE", _("Site")
    SUBJECT = "SUBJECT", _("Subject")
    VISIT = "VISIT", _("Visit")
    FORM = "FORM", _("Form")


class LockState(models.TextChoices):
    IN_FORCE = "IN_FORCE", _("In force")
    UNLOCK_ASKED = "UNLOCK_ASKED", _("In force; its unlocking is asked for")
    LIFTED = "LIFTED", _("Lifted")

    @classmethod
    def closing(cls) -> tuple["LockState", ...]:
        """In these states nothing that is covered may be changed."""
        return cls.IN_FORCE, cls.UNLOCK_ASKED


_COLUMNS: dict[LockScope, tuple[str, ...]] = {
    LockScope.STUDY: (),
    LockScope.SITE: ("site",),
    LockScope.SUBJECT: ("site", "subject"),
    LockScope.VISIT: ("site", "subject", "visit"),
    LockScope.FORM: ("site", "subject", "record_id"),
}
"""What stands beside the study for each scope; everything else is empty."""


def _scope_is_whole() -> Q:
    """Each scope has its own columns and no others, so that a row covers exactly one thing."""
    condition = Q()
    for scope, given in _COLUMNS.items():
        told = Q(scope=scope)
        for name in ("site", "subject", "visit", "record_id"):
            told &= Q(**{f"{name}__isnull": name not in given})
        told &= ~Q(form="") if scope is LockScope.FORM else Q(form="")
        condition |= told
    return condition


def _once_in_force(scope: LockScope, *columns: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["kind", *columns],
        condition=Q(scope=scope, state__in=("IN_FORCE", "UNLOCK_ASKED")),
        name=f"one_lock_in_force_per_{scope.value.lower()}",
    )


class Lock(RegulatedModel):
    """A study, site, subject, visit or form that is frozen or locked.

    The study is always given, and site and subject where they lie above the scope. Which form: `form` (OID)
    and `record_id`. Whoever agrees to an unlocking is never who asked for it: the database holds that too.
    """

    kind = models.CharField(_("kind"), max_length=6, choices=LockKind.choices)
    scope = models.CharField(_("scope"), max_length=7, choices=LockScope.choices)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, null=True, blank=True, related_name="locks"
    )
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    form = models.CharField(_("form"), max_length=12, blank=True, default="")
    record_id = models.PositiveBigIntegerField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=LockState.choices, default=LockState.IN_FORCE)
    reason = models.TextField(_("reason"))
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    set_at = models.DateTimeField(_("since"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unlocking asked for by"),
    )
    asked_reason = models.TextField(_("why it is to be unlocked"), blank=True, default="")
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lifted by"),
    )
    lifted_reason = models.TextField(_("why it was lifted"), blank=True, default="")
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(RegulatedModel.Meta):
        verbose_name = _("freeze or lock")
        verbose_name_plural = _("freezes and locks")
        ordering = ("-id",)
        indexes = [models.Index(fields=["study", "scope", "state"], name="lock_in_force")]
        constraints = [
            models.CheckConstraint(condition=_scope_is_whole(), name="a_lock_has_exactly_one_scope"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_lock_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="LOCK") | ~Q(state="UNLOCK_ASKED"), name="a_freeze_needs_no_unlocking"
            ),
            models.CheckConstraint(
                condition=~Q(state="LIFTED") | (Q(lifted_by__isnull=False) & ~Q(lifted_reason="")),
                name="a_lifted_lock_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="LIFTED", kind="LOCK")
                | (
                    Q(asked_by__isnull=False)
                    & ~Q(asked_reason="")
                    & (Q(lifted_by__lt=F("asked_by")) | Q(lifted_by__gt=F("asked_by")))
                ),
                name="a_lock_is_lifted_by_two_persons",
            ),
            _once_in_force(LockScope.STUDY, "study"),
            _once_in_force(LockScope.SITE, "site"),
            _once_in_force(LockScope.SUBJECT, "subject"),
            _once_in_force(LockScope.VISIT, "visit"),
            _once_in_force(LockScope.FORM, "form", "record_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_scope_display()}"

    @property
    def audit_chain_id(self) -> int:
        """The casebook for what lies within one; else the site, else the study."""
        holder: Any = self.subject or self.site or self.study
        chain: int = holder.chain_id
        return chain
