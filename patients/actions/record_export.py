"""Record that captured data leave the system."""

from trials.audit.recording import Act, recording
from trials.models import User
from trials.roles import Verb, require_within, studies_of


def record_export(*, actor: User, form: str, asked: str) -> None:
    """One event in each study that an export of the form (OID) may hold data of: what was asked for, and how.

    Called before the first line leaves. Raises NotPermitted.
    """
    for study in studies_of(actor, (Verb.EXPORT,)).select_related("chain"):
        act = Act(actor, require_within(actor, Verb.EXPORT, study), f"export {form}")
        with recording(study.chain, act) as record:
            record.note(asked)
