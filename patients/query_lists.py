"""Queries that wait: whose turn it is, since when, and which have waited too long. Read by every face."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from patients.actions.query_steps import CLOSERS
from patients.models import Query, QueryState, RaisedBy
from patients.selectors import visible
from trials.audit import clock
from trials.models import StudySetting, User
from trials.roles import Verb, scope

OVERDUE_DAYS = "query_overdue_days"
"""Study setting: days in one state after which a query is overdue; a study without it has no such rule."""


class Worklist(models.TextChoices):
    TO_ANSWER = "to_answer", _("To be answered by me")
    TO_CLOSE = "to_close", _("Answered, to be closed by me")
    MINE = "mine", _("Asked by me")
    OVERDUE = "overdue", _("Overdue")


def waiting_for(user: User, worklist: Worklist) -> Q:
    """The condition of a worklist, beside the scope of the reader. At most one query of its own."""
    match worklist:
        case Worklist.TO_ANSWER:
            return Q(state=QueryState.OPEN) & scope(user, Verb.ANSWER_QUERY).condition("subject__site")
        case Worklist.TO_CLOSE:
            return Q(state=QueryState.ANSWERED) & _closable(user)
        case Worklist.MINE:
            return Q(raised_in__actor=user, state__in=QueryState.waiting()) & ~Q(raised_by=RaisedBy.CHECK)
        case Worklist.OVERDUE:
            return overdue(clock.now())


def _closable(user: User) -> Q:
    """Queries that a role of the user may close, each at its sites."""
    found = Q(pk__in=())
    for asker, roles in CLOSERS.items():
        within = scope(user, Verb.CLOSE_QUERY, roles)
        if within:
            found |= Q(raised_by=asker) & within.condition("subject__site")
    return found


def overdue(now: datetime) -> Q:
    """Waiting in one state for longer than the study allows."""
    found = Q(pk__in=())
    for study, days in days_allowed().items():
        since = now - timedelta(days=days)
        found |= Q(subject__study=study, state_in__recorded_at__lt=since)
    return Q(state__in=QueryState.waiting()) & found


def days_allowed() -> Mapping[int, int]:
    """Days until a query is overdue, by the key of the study."""
    known = StudySetting.objects.filter(key=OVERDUE_DAYS).values_list("study_id", "value")
    return {study: days for study, days in known if isinstance(days, int) and not isinstance(days, bool)}


def counts(user: User) -> dict[Worklist, int]:
    """How many queries are on each worklist of the user."""
    numbers = {each.name: Count("pk", filter=waiting_for(user, each)) for each in Worklist}
    found: dict[str, int] = visible(Query, user).aggregate(**numbers)
    return {each: found[each.name] for each in Worklist}


@dataclass(frozen=True)
class Ageing:
    """What waits at one site: open and answered queries, and the median age in whole days since asked."""

    site: str
    open: int
    answered: int
    median_days: int | None


def ageing(user: User) -> list[Ageing]:
    """One line for each site with queries that wait, in the order of their codes. Two queries."""
    waiting = visible(Query, user).filter(state__in=QueryState.waiting()).order_by()
    numbers = waiting.values("subject__site__code").annotate(
        open=Count("pk", filter=Q(state=QueryState.OPEN)),
        answered=Count("pk", filter=Q(state=QueryState.ANSWERED)),
    )
    medians = _medians(waiting, clock.now())
    return [
        Ageing(
            each["subject__site__code"],
            each["open"],
            each["answered"],
            medians.get(each["subject__site__code"]),
        )
        for each in sorted(numbers, key=lambda each: each["subject__site__code"])
    ]


def _medians(waiting: QuerySet[Query], now: datetime) -> dict[str, int]:
    """The median age by site: only the one or two queries in the middle leave the database."""
    by_age = [F("raised_in__recorded_at").asc(), F("pk").asc()]
    ranked = waiting.annotate(
        place=Window(RowNumber(), partition_by=[F("subject__site_id")], order_by=by_age),
        of=Window(Count("*"), partition_by=[F("subject__site_id")]),
    )
    # In whole numbers: of 5 the third, of 4 the second and the third.
    middle = ranked.filter(place__gte=(F("of") + 1) / 2, place__lte=(F("of") + 2) / 2)
    ages: dict[str, list[timedelta]] = {}
    for site, asked in middle.values_list("subject__site__code", "raised_in__recorded_at"):
        ages.setdefault(site, []).append(now - asked)
    return {site: (sum(found, timedelta()) / len(found)).days for site, found in ages.items()}


def age_in_days(since: datetime, now: datetime) -> int:
    """Whole days that have passed."""
    return max((now - since).days, 0)


def overdue_among(queries: Iterable[Any], now: datetime) -> set[int]:
    """The keys of these queries, read with `state_in` and `subject`, that have waited too long."""
    allowed = days_allowed()
    return {
        query.pk
        for query in queries
        if query.state in QueryState.waiting()
        and query.subject.study_id in allowed
        and now - query.state_in.recorded_at > timedelta(days=allowed[query.subject.study_id])
    }
