"""Ending sessions from elsewhere: one's own, or as administrator anybody's."""

from trials.actions.access_events import SELF, about
from trials.actions.errors import WrongState
from trials.actions.given import needed
from trials.audit.recording import Act, recording
from trials.models import User, UserSession, system_chain
from trials.roles import Verb, require


def end_session(*, actor: User, session: UserSession, reason: str = "") -> None:
    """End one session at once. Raises NotPermitted, ReasonRequired (another's), WrongState (it is over)."""
    _end(actor, session.user, reason, only=session.pk)


def end_sessions(*, actor: User, user: User, reason: str = "", keep: int | None = None) -> None:
    """End every session of a user but the one to keep. Raises as end_session does."""
    _end(actor, user, reason, keep=keep)


def _end(actor: User, user: User, reason: str, only: int | None = None, keep: int | None = None) -> None:
    own = actor.pk == user.pk
    role = SELF if own else require(actor, Verb.MANAGE_ACCOUNTS)
    act = Act(actor, role, "end session", reason if own else needed(reason))
    with recording(system_chain(), act) as record:
        found = UserSession.objects.filter(user=user).exclude(pk=keep or 0)
        number = (found if only is None else found.filter(pk=only)).delete()[0]
        if not number:
            raise WrongState("The session is over already.")
        record.note(
            about(user, "a session ended from elsewhere" if number == 1 else f"{number} sessions ended")
        )
