"""The events that a reviewer asks for: a query, its pages by key, and each event in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from patients.audit_review import acts
from patients.audit_review.acts import KindOfAct, kind_of_act, told
from patients.audit_review.asked import Asked, Risk
from patients.audit_review.changes import Record, records_of, withheld
from patients.audit_review.conditions import changed_field, in_kind, in_row, in_visit, rows_taken_out
from patients.audit_review.kinds import WITHHELD
from patients.audit_review.marks import marked, reviewed_up_to
from patients.audit_review.reach import Place, Reach, places
from patients.audit_review.risks import Rules, of_risk, risks_of, rules_of
from trials.actions.errors import Refused
from trials.audit.blanked import told_events
from trials.models import AuditEvent, ChainKind

PAGE = 50
LARGEST_PAGE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Told:
    """One event as its reader sees it."""

    event: AuditEvent
    place: Place
    records: list[Record]
    reviewed: bool
    reads_text: bool
    risks: list[Risk] = field(default_factory=list)

    @property
    def action(self) -> str:
        return told(self.event.action)

    @property
    def kind(self) -> KindOfAct:
        """What the act was; a correction that takes a row out of its form is an entry in error."""
        named = kind_of_act(self.event.action, self.event.reason)
        if named is KindOfAct.CHANGE and any(each.what is KindOfAct.IN_ERROR for each in self.records):
            return KindOfAct.IN_ERROR
        return named

    @property
    def area(self) -> ChainKind:
        """Whose trail it is."""
        place = self.place
        if place.subject is not None:
            return ChainKind.CASEBOOK
        if place.site is not None:
            return ChainKind.SITE
        return ChainKind.STUDY if place.study is not None else ChainKind.SYSTEM

    @property
    def at_site(self) -> datetime:
        """The instant on the clock of the site."""
        return self.event.recorded_at.astimezone(self.place.zone)

    @property
    def local(self) -> str:
        """The instant on the clock of the site, as the record writes times."""
        return self.at_site.strftime("%Y-%m-%d %H:%M:%S")

    @property
    def utc(self) -> str:
        return self.event.recorded_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    @property
    def zone(self) -> str:
        return self.place.zone.key

    @property
    def reason(self) -> str:
        return self.event.reason if self.reads_text or not self.event.reason else WITHHELD

    @property
    def note(self) -> str:
        return self.event.note if self.reads_text or not self.event.note else WITHHELD

    @property
    def left_out(self) -> int:
        """Rows that the event wrote but that are not told here, because they are too many."""
        return self.event.rows if self.event.rows and not self.records else 0


@dataclass
class Page:
    """A bounded part of the trail; `older` and `newer` are the places where the next parts begin."""

    told: list[Told]
    older: str = ""
    newer: str = ""


def events_asked(reach: Reach, asked: Asked) -> QuerySet[AuditEvent]:
    """The events that meet every filter, in no order; rows of other sites are never among them."""
    found = reach.events().select_related("actor")
    for condition in _conditions(reach, asked):
        found = found.filter(condition)
    if asked["risk"]:
        found = of_risk(found, reach, asked["risk"])
    if asked["reviewed"]:
        found = marked(found, asked["reviewed"] == "true")
    return found


def _conditions(reach: Reach, asked: Asked) -> Iterator[Q]:
    if asked.subject is not None:
        yield Q(chain_id=asked.subject.chain_id)
    if asked.site is not None:
        own = reach.subjects.filter(site=asked.site).order_by().values("chain_id")
        yield Q(chain_id__in=own) | Q(chain_id=asked.site.chain_id)
    if asked.study is not None:
        own = reach.subjects.filter(study=asked.study).order_by().values("chain_id")
        at_sites = reach.sites.filter(study=asked.study).order_by().values("chain_id")
        yield Q(chain_id__in=own) | Q(chain_id__in=at_sites) | Q(chain_id=asked.study.chain_id)
    if asked["area"]:
        yield Q(chain__kind=ChainKind(asked["area"]))
    if asked["user"]:
        yield Q(actor__username__iexact=asked["user"])
    if asked["action"]:
        yield Q(action=asked["action"]) | Q(action__startswith=f"{asked['action']} ")
    for name in ("role", "source"):
        if asked[name]:
            yield Q(**{name: asked[name]})
    if asked.since is not None:
        yield Q(recorded_at__gte=asked.since)
    if asked.until is not None:
        yield Q(recorded_at__lt=asked.until)
    yield from _conditions_of_rows(asked)


def _conditions_of_rows(asked: Asked) -> Iterator[Q]:
    if asked["kind"]:
        kind = KindOfAct(asked["kind"])
        in_error = rows_taken_out()
        condition = acts.condition(kind)
        if kind is KindOfAct.IN_ERROR:
            condition |= in_error
        elif kind is KindOfAct.CHANGE:
            condition &= ~in_error
        yield condition
    if asked["row"]:
        yield in_row(asked["form"], asked["row"], asked["record"])
    elif asked["form"] and not asked["field"]:
        yield in_kind(asked["form"], {}, asked["record"])
    if asked["visit"]:
        yield in_visit(asked["visit"])
    if asked["field"]:
        yield changed_field(asked["form"], asked["field"], asked["record"])


def page_of(reach: Reach, asked: Asked, cursor: str = "", size: int = PAGE, *, oldest: bool = False) -> Page:
    """One page, the newest first (or the oldest), from the place that a cursor names.

    No page is told twice or passed over while events arrive: a place is an instant and an event, and what
    arrives later lies before the first page. Raises Refused for what is no cursor.
    """
    place = _place(cursor)
    backwards = place is not None and place.back
    ascending = oldest != backwards
    found = events_asked(reach, asked)
    if place is not None:
        found = beyond(found, place.recorded_at, place.key, ascending=ascending)
    order = ("recorded_at", "pk") if ascending else ("-recorded_at", "-pk")
    events = list(found.order_by(*order)[: size + 1])
    more, events = len(events) > size, events[:size]
    if backwards:
        events.reverse()
    has_next = bool(place) if backwards else more
    has_previous = more if backwards else bool(place)
    return Page(
        tell(reach, events),
        older=_cursor(events[-1], back=False) if events and has_next else "",
        newer=_cursor(events[0], back=True) if events and has_previous else "",
    )


def tell(reach: Reach, events: Sequence[AuditEvent]) -> list[Told]:
    """Events in words, in their order; the number of queries does not grow with theirs."""
    chains = {event.chain_id for event in events}
    where, marks, records = places(chains), reviewed_up_to(chains), records_of(events)
    rules = rules_of({place.study.pk for place in where.values() if place.study is not None})
    found = []
    for event in told_events(events):
        place = where[event.chain_id]
        reads_text = reach.reads_text(place)
        own = records.get(event.pk, [])
        ruled = rules.get(place.study.pk, Rules()) if place.study is not None else Rules()
        risks = risks_of(event, place, own, ruled)
        shown = withheld(own, reads_text=reads_text)
        reviewed = event.pk <= marks.get(event.chain_id, 0)
        found.append(Told(event, place, shown, reviewed, reads_text, risks))
    return found


@dataclass(frozen=True)
class _Place:
    recorded_at: datetime
    key: int
    back: bool


def _cursor(event: AuditEvent, *, back: bool) -> str:
    since = event.recorded_at - _EPOCH
    return f"{'n' if back else 'o'}{since // timedelta(milliseconds=1)}.{event.pk}"


def _place(cursor: str) -> _Place | None:
    """The place that a cursor names; it holds no right, the scope is applied to every page anew."""
    if not cursor:
        return None
    way, (instant, dot, key) = cursor[:1], cursor[1:].partition(".")
    digits = all(part.isascii() and part.isdigit() and len(part) <= 18 for part in (instant, key))
    if way not in ("n", "o") or not dot or not digits:
        raise Refused({"cursor": ["is not a cursor of the audit trail"]})
    try:
        return _Place(_EPOCH + timedelta(milliseconds=int(instant)), int(key), way == "n")
    except OverflowError:
        raise Refused({"cursor": ["is not a cursor of the audit trail"]}) from None


def beyond(
    events: QuerySet[AuditEvent], recorded_at: datetime, key: int, *, ascending: bool
) -> QuerySet[AuditEvent]:
    """The events after one, in the order of time and key."""
    step, same = ("gte", "lte") if ascending else ("lte", "gte")
    # A range of one column and an exception: the index on time leads to the place at any depth.
    found = events.filter(**{f"recorded_at__{step}": recorded_at})
    return found.exclude(**{"recorded_at": recorded_at, f"pk__{same}": key})
