"""What a site does about questions that are no mistakes: a reason is accepted, a draft decided."""

from typing import Any

from ecrf.demo.desk import Desk
from patients.actions.queries import accept_reason
from patients.models import DeviationStatus, ProtocolDeviation, Query, QueryState

TAKEN_BY_MISTAKE = "Taken by mistake, never prescribed: the overdose has its own form"
ACCEPTED = {
    "EC38a": "Public holiday; the next working day was taken",
    "EC14a": TAKEN_BY_MISTAKE,
    "EC14b": TAKEN_BY_MISTAKE,
    "EC38e": "The reason stands with the visit; the deviation is recorded",
}
"""Checks whose questions the monitor settles, and the reason that is accepted."""

DECISION = {
    "status": DeviationStatus.CONFIRMED.value,
    "important": "N",
    "action": "Discussed at the site; no effect on safety or the endpoint",
}
WHY_DECIDED = "Decision on the drafted deviation"


def settle(desk: Desk) -> None:
    """Run all checks; decide what they drafted, accept the reasons of what was no mistake, run them again."""
    desk.check()
    if _decide(desk) + _accept(desk):
        desk.check()


def _decide(desk: Desk) -> int:
    drafts = ProtocolDeviation.objects.select_related("subject").filter(
        subject=desk.subject, status=DeviationStatus.DRAFT, entered_in_error=False
    )
    waiting: list[Any] = list(drafts.order_by("pk"))
    for draft in waiting:
        desk.change(draft, WHY_DECIDED, DECISION, actor=desk.deciding())
    return len(waiting)


def _accept(desk: Desk) -> int:
    asked = Query.objects.select_related("subject__site").filter(
        subject=desk.subject, state=QueryState.OPEN, check_id__in=ACCEPTED
    )
    waiting = list(asked.order_by("pk"))
    for query in waiting:
        with desk.act():
            accept_reason(actor=desk.cast.people["monitor"], query=query, reason=ACCEPTED[query.check_id])
    return len(waiting)
