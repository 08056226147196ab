"""Events about getting in, in the chain of the installation. They change no regulated row."""

from datetime import datetime

from django.db.models import Max, Q, QuerySet

from trials.audit.recording import Act, recording
from trials.models import AuditEvent, User, system_chain

SELF = "SELF"
"""The role of a person who acts on the own account, which needs no other role."""

LOGINS = ("log in", "issue token")


def about(user: User, text: str) -> str:
    """The note of an event about an account. Usernames have no colon, so the prefix names one account."""
    return f"account {user.username}: {text}"


def note_access(
    *, action: str, user: User, text: str, actor: User | None = None, role: str = SELF, reason: str = ""
) -> None:
    """Record what happened to an account; `actor` is the account itself where nobody else acted.

    `text` never holds a password, a code, a token or a secret.
    """
    with recording(system_chain(), Act(actor or user, role, action, reason)) as record:
        record.note(about(user, text))


def events_about(user: User) -> QuerySet[AuditEvent]:
    """What happened to an account and what its owner did to accounts, newest first."""
    changed = User.history.filter(id=user.pk).values("event_id")
    concerned = Q(actor=user) | Q(note__startswith=about(user, "")) | Q(id__in=changed)
    found = AuditEvent.objects.filter(concerned, chain=system_chain())
    return found.select_related("actor").order_by("-id")


def last_logins() -> dict[int, datetime]:
    """When each account logged in last, on a page or for a token, by the key of the account."""
    logins = AuditEvent.objects.filter(chain=system_chain(), action__in=LOGINS).order_by()
    return dict(logins.values_list("actor_id").annotate(Max("recorded_at")))
