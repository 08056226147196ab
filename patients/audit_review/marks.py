"""How far each audit trail was reviewed, and what was recorded since."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from patients.audit_review.acts import REVIEW
from patients.audit_review.reach import Reach
from patients.models import AuditReview, Subject
from trials.models import AuditEvent
from trials.models.audit import NUMBER_BITS

CASEBOOKS = 100
"""Casebooks on a page of the worklist."""


@dataclass(frozen=True)
class Casebook:
    """A casebook of the worklist: what is unreviewed in it, and who looked at it last."""

    subject: Subject
    unreviewed: int
    last: AuditReview | None


def reviewed_up_to(chains: Collection[int]) -> dict[int, int]:
    """The newest event that is marked as reviewed, by chain; one query."""
    marks = AuditReview.objects.filter(chain_id__in=chains).order_by()
    return dict(marks.values("chain_id").annotate(newest=Max("up_to_id")).values_list("chain_id", "newest"))


def marked(events: QuerySet[AuditEvent], reviewed: bool) -> QuerySet[AuditEvent]:
    """The events up to the newest mark of their chain, or those after it; marks themselves need no review."""
    events = events.alias(reviewed_to=_newest())
    if reviewed:
        return events.filter(Q(pk__lte=F("reviewed_to")))
    return events.filter(Q(pk__gt=F("reviewed_to"))).exclude(action=REVIEW)


def _newest() -> Coalesce:
    """Of a row with a chain: the newest event that is marked as reviewed; 0 where there is none."""
    marks = AuditReview.objects.filter(chain_id=OuterRef("chain_id")).order_by("-up_to_id")
    return Coalesce(Subquery(marks.values("up_to_id")[:1]), 0, output_field=BigIntegerField())


def casebooks(reach: Reach, *, after: str = "", site: Any = None, waiting: bool = False) -> list[Casebook]:
    """Casebooks in reach in the order of their codes, from the one after a code on; three queries.

    `waiting`: only those in which something is unreviewed.
    """
    found = reach.subjects.select_related("site", "study").order_by("code", "pk").filter(code__gt=after)
    if site is not None:
        found = found.filter(site=site)
    found = found.annotate(reviewed_to=_newest())
    since = AuditEvent.objects.filter(chain_id=OuterRef("chain_id"), pk__gt=OuterRef("reviewed_to"))
    counted = since.exclude(action=REVIEW).order_by().values("chain_id").annotate(waiting=Count("pk"))
    found = found.annotate(unreviewed=Coalesce(Subquery(counted.values("waiting")), 0))
    if waiting:
        found = found.filter(unreviewed__gt=0)
    listed: list[Any] = list(found[:CASEBOOKS])
    lasts = {
        mark.chain_id: mark
        for mark in AuditReview.objects.filter(
            up_to_id__in=[each.reviewed_to for each in listed]
        ).select_related("reviewer")
    }
    return [Casebook(each, each.unreviewed, lasts.get(each.chain_id)) for each in listed]


def marked_at(marks: Collection[AuditReview]) -> dict[int, datetime]:
    """When each mark was set, by its key: the instant of its event; one query."""
    rows = AuditReview.history.model.objects.filter(id__in=[mark.pk for mark in marks], history_type="+")
    return dict(rows.order_by().values_list("id", "event__recorded_at"))


def number_of(event: int) -> int:
    """The number of an event within its chain.

    >>> number_of((7 << 32) + 3)
    3
    """
    return event & ((1 << NUMBER_BITS) - 1)


def to_mark(shown: Collection[AuditEvent]) -> list[int]:
    """The event up to which each trail may be marked once these were shown: nothing was passed over.

    A trail whose first unreviewed event was not among them is left out. One query.
    """
    by_chain: dict[int, list[int]] = {}
    for event in shown:
        by_chain.setdefault(event.chain_id, []).append(event.pk)
    waiting = AuditEvent.objects.filter(chain_id__in=by_chain).alias(reviewed_to=_newest())
    waiting = waiting.filter(pk__gt=F("reviewed_to")).exclude(action=REVIEW).order_by()
    first = waiting.values("chain_id").annotate(first=Min("pk")).values_list("chain_id", "first")
    return sorted(max(by_chain[chain]) for chain, event in first if event in by_chain[chain])
