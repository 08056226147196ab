"""Tokens of the API: issued to a person who proved who it is, narrowed on wish, ended singly."""

from collections.abc import Sequence

from knox.settings import knox_settings

from trials.actions.access_events import SELF, about
from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.audit.recording import Act, recording
from trials.models import AccessToken, Site, User, system_chain
from trials.roles import Verb, require, sites_of

MOST_FORMS = 100


def issue_token(
    *,
    user: User,
    name: str = "",
    site: Site | None = None,
    forms: Sequence[str] = (),
    read_only: bool = False,
) -> tuple[AccessToken, str]:
    """A new token and its text, which is nowhere kept. The oldest goes where the person has too many.

    Raises Refused for a site that the person has no role at.
    """
    if site is not None and not sites_of(user).filter(pk=site.pk).exists():
        raise Refused({"site": ["is not a site of yours"]})
    with recording(system_chain(), Act(user, SELF, "issue token")) as record:
        ended = _make_room(user)
        held, text = AccessToken.objects.create(
            user=user, name=name or "unnamed", site=site, forms=list(forms), read_only=read_only
        )
        told = f"token {held.name} ({held.handle}) until {held.expiry:%Y-%m-%d %H:%M} UTC"
        told += f" for {held.narrowed_to}" if held.narrowed_to else ""
        told += f"; the oldest ended: {', '.join(ended)}" if ended else ""
        record.note(about(user, told))
    return held, text


def end_token(*, actor: User, token: AccessToken, reason: str = "") -> None:
    """End one's own token, or as administrator, with a reason, anybody's.

    Raises NotPermitted, ReasonRequired, WrongState (it has ended already).
    """
    own = actor.pk == token.user_id
    role = SELF if own else require(actor, Verb.MANAGE_ACCOUNTS)
    with recording(
        system_chain(), Act(actor, role, "end token", reason if own else needed(reason))
    ) as record:
        if not AccessToken.objects.filter(pk=token.pk).delete()[0]:
            raise WrongState("The token has ended already.")
        record.note(about(token.user, f"token {token.name} ({token.handle}) ended"))


def refuse_expired(token: AccessToken) -> None:
    """Remove a token that was used after its time: the attempt leaves one event, however often repeated."""
    act = Act(User.objects.system_user(), "SYSTEM", "expired token refused")
    with recording(system_chain(), act) as record:
        if AccessToken.objects.filter(pk=token.pk).delete()[0]:
            record.note(about(token.user, f"token {token.name} ({token.handle}) was used after its time"))


def _make_room(user: User) -> list[str]:
    """The oldest tokens go, so that logging in never fails for their number; their names."""
    held = AccessToken.objects.filter(user=user).order_by("-created")
    surplus = list(held[knox_settings.TOKEN_LIMIT_PER_USER - 1 :])
    AccessToken.objects.filter(pk__in=[each.pk for each in surplus]).delete()
    return [f"{each.name} ({each.handle})" for each in surplus]
