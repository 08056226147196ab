"""What waits for the user: worklists of the own sites, for the first page. Each is one bounded query."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count

from patients.admin.addresses import page_url, query_url
from patients.admin.asked import tell
from patients.audit_review.acts import told
from patients.forms import about
from patients.models import Query, Subject, SubjectStatus, Visit, VisitStatus
from patients.query_lists import Ageing, Worklist, ageing, counts
from patients.selectors import open_queries, visible
from trials.models import AuditEvent, User
from trials.roles import Verb, may

SHOWN = 10
SHOWN_OF_SUBJECT = 50


OUT_OF_THE_STUDY = (SubjectStatus.SCREEN_FAILURE, SubjectStatus.ENDED)
"""Subjects who are waited for no more."""


@dataclass
class SiteCount:
    """Subjects of one site by status, in the order of SubjectStatus."""

    site: str
    numbers: list[int]
    total: int


@dataclass
class QueryLine:
    query: Any
    form: str
    url: str


def subjects_by_site(user: User) -> list[SiteCount]:
    rows = visible(Subject, user).order_by().values("site__code", "status").annotate(number=Count("pk"))
    by_site: dict[str, dict[str, int]] = {}
    for row in rows:
        by_site.setdefault(row["site__code"], {})[row["status"]] = row["number"]
    return [
        SiteCount(site, [numbers.get(status, 0) for status in SubjectStatus.values], sum(numbers.values()))
        for site, numbers in sorted(by_site.items())
    ]


def queries_to_answer(user: User, subject: Subject | None = None) -> list[QueryLine]:
    """The oldest open queries, of one subject or of all in reach."""
    found = open_queries(user).order_by("id")
    found = found.filter(subject=subject)[:SHOWN_OF_SUBJECT] if subject is not None else found[:SHOWN]
    return [QueryLine(query, str(about(query.form).title), query_url(query)) for query in tell(found, user)]


@dataclass
class QueryTile:
    """How many queries are on one worklist, and where they are listed."""

    words: str
    number: int
    url: str


TILES = {
    Worklist.TO_ANSWER: (Verb.ANSWER_QUERY,),
    Worklist.TO_CLOSE: (Verb.CLOSE_QUERY,),
    Worklist.MINE: (Verb.RAISE_QUERY,),
    Worklist.OVERDUE: (Verb.READ,),
}
"""Who has which worklist on the first page."""


def query_tiles(user: User) -> list[QueryTile]:
    """The worklists of queries that this user's roles have, with their numbers."""
    numbers = counts(user)
    return [
        QueryTile(str(each.label), numbers[each], f"{page_url(Query, 'changelist')}?worklist={each.value}")
        for each, verbs in TILES.items()
        if any(may(user, verb) for verb in verbs)
    ]


def query_ageing(user: User) -> list[Ageing]:
    """What waits at each site, for who closes queries; nothing for others."""
    return ageing(user) if may(user, Verb.CLOSE_QUERY) else []


def overdue_visits(user: User, today: date) -> list[Visit]:
    """Planned visits whose window has closed, the longest overdue first."""
    late = visible(Visit, user).filter(status=VisitStatus.PLANNED, window_to__lt=today)
    late = late.exclude(subject__status__in=OUT_OF_THE_STUDY)
    return list(late.select_related("subject").order_by("window_to", "id")[:SHOWN])


def recent_events(user: User) -> list[dict[str, Any]]:
    """The last acts in casebooks of the own sites: who, what, when; no answers."""
    chains = visible(Subject, user).values("chain_id")
    events = list(
        AuditEvent.objects.filter(chain_id__in=chains)
        .select_related("actor")
        .order_by("-recorded_at", "-id")[:SHOWN]
    )
    chains_shown = {event.chain_id for event in events}
    subjects = {each.chain_id: each for each in visible(Subject, user).filter(chain_id__in=chains_shown)}
    return [
        {"event": event, "words": told(event.action), "subject": subjects[event.chain_id]} for event in events
    ]
