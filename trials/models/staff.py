"""Accounts and what they may do where, from when to when."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from trials.audit import clock
from trials.models.audit import Chain, ChainKind
from trials.models.base import RegulatedModel, RegulatedQuerySet
from trials.models.study import Site, StudyNoun

USERNAME = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$", _("letters, digits, dot, dash and underscore only")
)


class Role(models.TextChoices):
    INVESTIGATOR = "INVESTIGATOR", _("Investigator")
    COORDINATOR = "COORDINATOR", _("Coordinator")
    MONITOR = "MONITOR", _("Monitor")
    DATA_MANAGER = "DATA_MANAGER", _("Data manager")
    STATISTICIAN = "STATISTICIAN", _("Statistician")
    RANDOMIZATION_KEEPER = "RANDOMIZATION_KEEPER", _("Randomization keeper")
    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")


def system_chain() -> Chain:
    """The chain of what belongs to no study: accounts."""
    return Chain.objects.get_or_create(key="system", defaults={"kind": ChainKind.SYSTEM})[0]


class UserManager(BaseUserManager.from_queryset(RegulatedQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> Any:
        return self.get(username__iexact=username)

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """A new account, recorded under the system account unless `actor` and `role` say who acts.

        Without a password the account cannot log in. Raises ValidationError naming the field.
        """
        from trials.audit.recording import (
            Act,
            recording,
        )  # the recording needs the chain models of this package

        actor, role = fields.pop("actor", None), fields.pop("role", "SYSTEM")
        user = self.model(username=username, **fields)
        user.set_password(password)
        with recording(system_chain(), Act(actor or self.system_user(), role, "create user")):
            user.full_clean()  # under the lock of the chain: two of one name never pass both
            user.save(force_insert=True)
        return user

    def system_user(self) -> Any:
        """The named actor of commands; it has no password and cannot log in."""
        from trials.audit.recording import Act, recording

        system = self.filter(is_system=True, username="system").first()
        if system is None:
            system = self.model(username="system", full_name="System (commands)", is_system=True)
            system.set_unusable_password()
            with recording(system_chain(), Act(system, "SYSTEM", "create the system account")):
                first = self.filter(username="system").first()
                if first is None:
                    system.save(force_insert=True)
            system = first or system
        return system

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> Any:
        """`manage.py createsuperuser`: an administrator of the installation, without clinical rights."""
        return self.create_user(username, password, is_superuser=True, **fields)


class User(AbstractBaseUser, RegulatedModel):  # type: ignore[django-manager-missing]  # of knox, by its base
    """A person's account. Deactivated, never deleted; a username is never given to anyone else.

    `is_superuser` is an administrator of the whole installation and nothing more: clinical rights come
    only from assignments (trials/roles.py).
    """

    last_login = None  # logins are events of their own; a column rewritten at each login is no history
    username = models.CharField(max_length=60, unique=True, validators=[USERNAME])
    full_name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(_("administrator of the installation"), default=False)
    is_system = models.BooleanField(default=False, help_text=_("Acts for commands; cannot log in"))
    must_change_password = models.BooleanField(
        _("must set an own password"), default=False, help_text=_("Somebody else knows the present one")
    )
    valid_until = models.DateField(
        _("last day of the account"), null=True, blank=True, help_text=_("Empty: without an end")
    )

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []

    limits: Any = None
    """What the token of this request leaves of the user's rights (trials/roles.py); None: everything."""

    objects = UserManager()  # type: ignore[misc]

    class Meta(RegulatedModel.Meta):
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("username"), name="username_unique_in_any_case")]

    def __str__(self) -> str:
        return self.username

    @property
    def audit_chain_id(self) -> int:
        return system_chain().pk

    @property
    def has_expired(self) -> bool:
        """True after the last day of the account, in the time zone of the installation."""
        return self.valid_until is not None and self.valid_until < clock.today(settings.TIME_ZONE)

    @property
    def is_staff(self) -> bool:
        """Everybody who may log in uses the admin; what is shown there follows the roles."""
        return self.is_active and not self.is_system and not self.has_expired

    def check_password(self, raw_password: str | None) -> bool:
        # Django's version rewrites the stored hash when hashers change, outside any recording.
        return check_password(raw_password, self.password)

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return False  # rights come from trials/roles.py; an admin class that does not ask there is closed

    def has_perms(self, permissions: Any, obj: Any = None) -> bool:
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Assignment(StudyNoun):
    """A role of a user in a study, at one site or (site empty) at all of them, from day to day."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Empty: every site"),
    )
    role = models.CharField(max_length=30, choices=Role.choices)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    trained_on = models.DateField(
        _("trained on"),
        null=True,
        blank=True,
        help_text=_("The day of the training for this role; without it the role reads but does not write"),
    )

    class Meta(StudyNoun.Meta):
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="assignment_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()}"
