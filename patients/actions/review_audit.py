"""Mark audit trails as reviewed, and record that one leaves the system."""

from collections.abc import Collection

from patients.audit_review.acts import EXPORT_OF_TRAIL, REVIEW
from patients.audit_review.asked import Asked
from patients.audit_review.marks import reviewed_up_to
from patients.audit_review.reach import Place, Reach, places
from patients.models import AuditReview
from trials.actions.errors import Refused, WrongState
from trials.actions.given import REASON_LENGTH, free_text
from trials.audit.recording import Act, recording
from trials.models import Chain, Study, User, system_chain
from trials.roles import NotPermitted, Verb, require, scope

MOST = 200
"""Chains that one act marks: never more than a page shows."""


def review_audit(*, actor: User, up_to: Collection[int], comment: str = "") -> list[AuditReview]:
    """Mark each chain as reviewed up to the event (id) that was shown of it; one act for all of them.

    Nothing later is marked, even what was recorded a moment before the act. Raises NotPermitted, Refused
    (an event that the actor may not read, two of one chain), WrongState (reviewed as far already).
    """
    if not scope(actor, Verb.REVIEW_AUDIT):
        raise NotPermitted(Verb.REVIEW_AUDIT)
    comment = free_text("comment", comment, limit=REASON_LENGTH)
    events = _events(actor, up_to)
    chains = list(Chain.objects.filter(pk__in=events))
    where = places(set(events))
    roles = [_role(actor, where[chain]) for chain in sorted(events)]
    with recording(chains, Act(actor, roles[0], REVIEW)):
        marks = reviewed_up_to(set(events))
        behind = [event for chain, event in events.items() if event <= marks.get(chain, 0)]
        if behind:
            raise WrongState({"up_to": [f"{event}: is reviewed already" for event in sorted(behind)]})
        made = []
        for chain, event in sorted(events.items()):
            mark = AuditReview(
                chain_id=chain, subject=where[chain].subject, up_to_id=event, reviewer=actor, comment=comment
            )
            mark.save()
            made.append(mark)
    return made


def _events(actor: User, up_to: Collection[int]) -> dict[int, int]:
    """The event to mark, by chain. A foreign event is refused as one that does not exist."""
    wanted = set(up_to)
    if not wanted:
        raise Refused({"up_to": ["is required: the last event that was shown"]})
    if len(wanted) > MOST:
        raise Refused({"up_to": [f"names more than {MOST} events"]})
    found = Reach(actor).events().filter(pk__in=wanted).values_list("pk", "chain_id")
    events = {chain: event for event, chain in found}
    if missing := wanted - {event for event, _chain in found}:
        raise Refused({"up_to": [f"{event}: is not an event that you may read" for event in sorted(missing)]})
    if len(events) < len(wanted):
        raise Refused({"up_to": ["names two events of one trail"]})
    return events


def _role(actor: User, place: Place) -> str:
    if place.site is not None:
        return require(actor, Verb.REVIEW_AUDIT, site=place.site)
    if place.study is not None:
        return require(actor, Verb.REVIEW_AUDIT, study=place.study)
    raise NotPermitted(Verb.REVIEW_AUDIT)  # accounts belong to no study, and no role reviews them


def record_export_of_trail(*, actor: User, asked: Asked) -> None:
    """One event in each study whose trail may leave, in that of the installation for its administrators.

    Called before the first line leaves. Raises NotPermitted.
    """
    reach = Reach(actor)
    if not reach:
        raise NotPermitted(Verb.READ_AUDIT)
    named = Study.objects.filter(pk=asked.study.pk) if asked.study is not None else reach.studies_known()
    chains = list(Chain.objects.filter(pk__in=named.values("chain_id"))) or [system_chain()]
    act = Act(actor, _reading_role(actor, reach), EXPORT_OF_TRAIL)
    with recording(chains, act) as record:
        for chain in chains:
            record.note(f"CSV; {asked.words()}", chain)


def _reading_role(actor: User, reach: Reach) -> str:
    """The role that lets the actor read; any of them, where there are several."""
    for site in reach.sites.select_related("study")[:1]:
        return require(actor, Verb.READ_AUDIT, site=site)
    for study in Study.objects.filter(pk__in=scope(actor, Verb.READ_AUDIT).studies)[:1]:
        return require(actor, Verb.READ_AUDIT, study=study)
    return require(actor, Verb.MANAGE_ACCOUNTS)
