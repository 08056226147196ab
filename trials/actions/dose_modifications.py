"""Approve a version of the dose-modification table: the act of the principal investigator."""

from django.conf import settings

from trials.actions.errors import Refused, WrongState
from trials.actions.given import needed
from trials.actions.reentry import Reentry
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.models import DoseModificationTable, User
from trials.roles import NotPermitted, Verb, require

NO_REASON = "A reason is required for approving a version: what it was checked against, and by whom."


def approve_dose_modifications(
    *, actor: User, table: DoseModificationTable, reason: str, reentry: Reentry
) -> DoseModificationTable:
    """Approve the version for the study; from now on its rows are told as expected actions.

    It is never taken back and the version never changes: what is to be changed is a new version. Username
    and password are entered anew. Raises NotPermitted, ReasonRequired, what `reentry` raises, Refused (a
    version without rows), WrongState (approved already).
    """
    if actor.is_system:
        raise NotPermitted(Verb.APPROVE_DOSES)  # a command is no principal investigator
    role = require(actor, Verb.APPROVE_DOSES, study=table.study)
    act = Act(actor, role, "approve dose modifications", needed(reason, NO_REASON))
    reentry.confirm(actor)  # before anything is locked: a failed attempt stays counted
    with recording(table.study.chain, act):
        current = DoseModificationTable.locked(pk=table.pk)
        if current.is_approved:
            raise WrongState("This version of the table is approved already.")
        if not current.rows.exists():
            raise Refused("This version of the table has no rows that could be approved.")
        current.approved_by, current.approved_on = actor, clock.today(settings.TIME_ZONE)
        current.save()
    return current
