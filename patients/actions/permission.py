"""Who may act on a subject, and how the act is named in the record."""

from patients.models import Subject
from trials.actions.given import needed
from trials.audit.recording import Act
from trials.models import User
from trials.roles import Verb, require


def act_on(subject: Subject, actor: User, verb: Verb, action: str, reason: str | None = None) -> Act:
    """The act, once the actor's role at the subject's site allows it. Raises NotPermitted.

    `reason` None means a first entry, which needs none; any text means a change, which does.
    """
    role = require(actor, verb, site=subject.site)
    return Act(actor, role, action, "" if reason is None else needed(reason))
