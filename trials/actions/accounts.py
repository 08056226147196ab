"""Accounts and assignments, by administrators."""

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q

from trials.actions import second_factor
from trials.actions.access_events import SELF, about
from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.models import AccessToken, Assignment, Site, Study, User, UserSession, system_chain
from trials.roles import NotPermitted, Verb, require, roles_with


def create_account(
    *, actor: User, username: str, password: str, full_name: str = "", valid_until: date | None = None
) -> User:
    """A new account without any role; its owner must set an own password before anything else.

    Raises NotPermitted, ValidationError (field by field).
    """
    role = require(actor, Verb.MANAGE_ACCOUNTS)
    _check_password(password, User(username=username, full_name=full_name))
    return User.objects.create_user(
        username,
        password,
        full_name=full_name,
        valid_until=valid_until,
        must_change_password=True,
        actor=actor,
        role=role,
    )


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

    Without the day of the training the role reads but does not write. Nobody assigns to the own account, and
    who keeps the randomization list does not randomize.
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
    if user.pk == actor.pk:
        # Or an administrator, who enters and signs nothing, could become whoever does.
        raise ValidationError({"user": ["is your own account: another administrator gives you a role"]})
    with recording(study.chain, Act(actor, acting, "assign role")):
        _refuse_both_ends_of_the_list(assignment)
        assignment.save()
        renew_sessions(user)
    return assignment


def _refuse_both_ends_of_the_list(wanted: Assignment) -> None:
    """Who may look at the randomization list never draws from it. Raises ValidationError."""
    keeping, drawing = roles_with(Verb.MANAGE_LIST), roles_with(Verb.RANDOMIZE)
    against = drawing if wanted.role in keeping else keeping if wanted.role in drawing else []
    held = Assignment.objects.filter(user=wanted.user, study=wanted.study, role__in=against)
    held = held.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=wanted.valid_from))
    if wanted.valid_to is not None:
        held = held.filter(valid_from__lte=wanted.valid_to)
    if held.exists():
        told = "cannot be held by one person at one time: who keeps the list does not randomize"
        raise ValidationError({"role": [told]})


def end_assignment(*, actor: User, assignment: Assignment, last_day: date, reason: str) -> Assignment:
    """End a role after its last day. The row stays, so that rights as of any day can be told.

    An end is never put off: who goes on gets the role anew. Raises NotPermitted, ReasonRequired,
    ValidationError.
    """
    role = require(actor, Verb.MANAGE_ACCOUNTS, study=assignment.study)
    with recording(assignment.study.chain, Act(actor, role, "end role", needed(reason))):
        ends = Assignment.objects.values_list("valid_to", flat=True).get(pk=assignment.pk)
        if ends is not None and last_day > ends:
            raise ValidationError({"valid_to": ["is after the end that the role has: assign it anew"]})
        assignment.valid_to = last_day
        assignment.full_clean()
        assignment.save()
        renew_sessions(assignment.user)
    return assignment


def record_training(*, actor: User, assignment: Assignment, trained_on: date, reason: str) -> Assignment:
    """Record, or correct, the day of the training for a role; from that day on the role writes.

    Nobody vouches for the own training. Raises NotPermitted, ReasonRequired, ValidationError (a day to come).
    """
    role = require(actor, Verb.MANAGE_ACCOUNTS, study=assignment.study)
    if actor.pk == assignment.user_id:
        raise NotPermitted(Verb.MANAGE_ACCOUNTS)
    if trained_on > clock.today(settings.TIME_ZONE):
        raise ValidationError({"trained_on": ["lies in the future"]})
    with recording(assignment.study.chain, Act(actor, role, "record training", needed(reason))):
        assignment.trained_on = trained_on
        assignment.save()
        renew_sessions(assignment.user)
    return assignment


def deactivate(*, actor: User, user: User, reason: str) -> User:
    """Close an account; it is never deleted and its username never given again.

    Raises NotPermitted, ReasonRequired, Refused (the system account), WrongState (closed already).
    """
    role = require_account(actor, user)
    return _change(user, Act(actor, role, "deactivate user", needed(reason)), is_active=False)


def reactivate(*, actor: User, user: User, reason: str) -> User:
    """Open a closed account again, for the same person: nobody has two. Raises like deactivate."""
    role = require_account(actor, user)
    return _change(user, Act(actor, role, "reactivate user", needed(reason)), is_active=True)


def set_valid_until(*, actor: User, user: User, valid_until: date | None, reason: str) -> User:
    """Set the last day of an account; None takes the end away. Raises like deactivate."""
    role = require_account(actor, user)
    act = Act(actor, role, "set last day of account", needed(reason))
    return _change(user, act, valid_until=valid_until)


def set_password(
    *,
    actor: User,
    user: User,
    password: str,
    reason: str,
    public: bool = False,
    keep_session: int | None = None,
) -> User:
    """Change a password: one's own, or as administrator anybody's; every token and session ends.

    After anybody else's change the owner must set an own one. A `public` password (the demonstration's, which
    everybody may know) is set by a command only, stays as it is and follows no rule. `keep_session` is the
    session that goes on. Raises NotPermitted, ValidationError.
    """
    own = actor.pk == user.pk
    role = SELF if own else require_account(actor, user)
    if public and not actor.is_system:
        raise NotPermitted(Verb.MANAGE_ACCOUNTS)
    if not public:
        _check_password(password, user)
    if own and user.check_password(password):
        raise ValidationError({"password": ["is the present one; choose another"]})
    changed = _change(
        user,
        Act(actor, role, "set password", needed(reason)),
        keep_session=keep_session,
        password=make_password(password),
        must_change_password=not own and not public,
    )
    user.password = changed.password  # a session that is kept alive is bound to it
    return changed


def reset_second_factor(*, actor: User, user: User, reason: str) -> None:
    """Take away the second factor that somebody has lost. Raises NotPermitted, ReasonRequired, WrongState."""
    second_factor.reset(actor=actor, role=require_account(actor, user), user=user, reason=reason)


def require_account(actor: User, user: User) -> str:
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


def renew_sessions(user: User) -> None:
    """Each session of the user gets a new key at its next request: its rights are others now."""
    UserSession.objects.filter(user=user).update(renew=True)


def _change(user: User, act: Act, keep_session: int | None = None, **values: Any) -> User:
    with recording(system_chain(), act) as record:
        current = User.locked(pk=user.pk)  # what the caller holds may be older than the last change
        if values.get("is_active") is current.is_active:
            raise WrongState(f"The account is {'open' if current.is_active else 'closed'} already.")
        for name, value in values.items():
            setattr(current, name, value)
        current.save()
        # Both were given on the strength of what has just changed.
        tokens = AccessToken.objects.filter(user=current).delete()[0]
        sessions = UserSession.objects.filter(user=current).exclude(pk=keep_session or 0).delete()[0]
        if tokens or sessions:
            record.note(about(current, f"{tokens} tokens and {sessions} sessions ended"))
    return current
