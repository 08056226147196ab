"""Accounts and assignments, by administrators."""

from datetime import date
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.audit.recording import Act, recording
from trials.models import Assignment, Site, Study, User, system_chain
from trials.roles import NotPermitted, Verb, require


def create_account(*, actor: User, username: str, password: str, full_name: str = "") -> User:
    """A new account without any role. Raises NotPermitted, ValidationError (field by field)."""
    role = require(actor, Verb.MANAGE_ACCOUNTS)
    _check_password(password, User(username=username, full_name=full_name))
    return User.objects.create_user(username, password, full_name=full_name, actor=actor, role=role)


def assign(
    *,
    actor: User,
    user: User,
    study: Study,
    role: str,
    site: Site | None = None,
    valid_from: date,
    valid_to: date | None = None,
    trained_on: date | None = None,
) -> Assignment:
    """Give the user a role, recorded in the chain of the study. Raises NotPermitted, ValidationError.

    Without the day of the training the role reads but does not write.
    """
    acting = require(actor, Verb.MANAGE_ACCOUNTS, study=study)
    assignment = Assignment(
        study=study,
        user=user,
        site=site,
        role=role,
        valid_from=valid_from,
        valid_to=valid_to,
        trained_on=trained_on,
    )
    assignment.full_clean()
    if site is not None and site.study_id != study.pk:
        raise ValidationError({"site": ["is not a site of this study"]})
    if user.is_system or not user.is_active:
        raise ValidationError({"user": ["is not the account of a person who may log in"]})
    with recording(study.chain, Act(actor, acting, "assign role")):
        assignment.save()
    return assignment


def end_assignment(*, actor: User, assignment: Assignment, last_day: date, reason: str) -> Assignment:
    """End a role after its last day. The row stays, so that rights as of any day can be told."""
    role = require(actor, Verb.MANAGE_ACCOUNTS, study=assignment.study)
    with recording(assignment.study.chain, Act(actor, role, "end role", needed(reason))):
        assignment.valid_to = last_day
        assignment.full_clean()
        assignment.save()
    return assignment


def deactivate(*, actor: User, user: User, reason: str) -> User:
    """Close an account; it is never deleted and its username never given again.

    Raises NotPermitted, ReasonRequired, Refused (the system account), WrongState (closed already).
    """
    role = _require_account(actor, user)
    return _change(user, Act(actor, role, "deactivate user", needed(reason)), is_active=False)


def reactivate(*, actor: User, user: User, reason: str) -> User:
    """Open a closed account again, for the same person: nobody has two. Raises like deactivate."""
    role = _require_account(actor, user)
    return _change(user, Act(actor, role, "reactivate user", needed(reason)), is_active=True)


def set_password(*, actor: User, user: User, password: str, reason: str) -> User:
    """Change a password: one's own, or as administrator anybody's. Raises NotPermitted, ValidationError."""
    role = "SELF" if actor.pk == user.pk else _require_account(actor, user)
    _check_password(password, user)
    changed = _change(
        user, Act(actor, role, "set password", needed(reason)), password=make_password(password)
    )
    user.password = changed.password  # a session that is kept alive is bound to it
    return changed


def _require_account(actor: User, user: User) -> str:
    """The role under which the actor may change this account."""
    role = require(actor, Verb.MANAGE_ACCOUNTS)
    if user.is_system:
        raise Refused("The system account belongs to nobody and is never changed.")
    if user.is_superuser and not (actor.is_superuser or actor.is_system):
        # Or the administrator of one study could become that of the whole installation.
        raise NotPermitted(Verb.MANAGE_ACCOUNTS)
    return role


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None


def _change(user: User, act: Act, **values: Any) -> User:
    with recording(system_chain(), act):
        current = User.locked(pk=user.pk)  # what the caller holds may be older than the last change
        if values.get("is_active") is current.is_active:
            raise WrongState(f"The account is {'open' if current.is_active else 'closed'} already.")
        for name, value in values.items():
            setattr(current, name, value)
        current.save()
        # Tokens were given on the strength of what has just changed; sessions end by themselves.
        current.auth_token_set.all().delete()  # type: ignore[attr-defined]
    return current
