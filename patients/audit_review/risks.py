"""What a risk-based review looks at first: changes after signature or verification, odd hours, late entries.

The hours and the days that are late are settings of the study; without them nothing is outside or late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, ExtractHour, ExtractIsoWeekDay, Left, Length, TruncDate

from patients.audit_review.acts import KindOfAct, condition, kind_of_act
from patients.audit_review.asked import Risk
from patients.audit_review.changes import Record
from patients.audit_review.conditions import any_of, written
from patients.audit_review.kinds import Kind, kinds, kinds_named
from patients.audit_review.reach import Place, Reach
from patients.fields import PartialDateField
from patients.models import VerificationState, Visit
from trials.actions.errors import Refused
from trials.models import AuditEvent, Site, Study, StudySetting

MARKS: dict[Risk, tuple[str, str, Any]] = {
    Risk.AFTER_SIGNATURE: ("SIGNEDFORM", "void", True),
    Risk.AFTER_VERIFICATION: ("VERIFICATION", "state", VerificationState.DROPPED),
}
"""What a change drops in its own act: the kind of mark, its field, and the value that says it is dropped."""
HOURS_FROM, HOURS_TO = "working_hours_from", "working_hours_to"
WORKING_DAYS, LATE_AFTER = "working_days", "late_entry_after_days"


@dataclass(frozen=True)
class Rules:
    """Of one study: working hours (from, to: whole hours at the site), working days (ISO: Monday is 1), and
    the days after which an entry is late; None where the study does not say."""

    hours: tuple[int, int] | None = None
    days: tuple[int, ...] | None = None
    late_after: int | None = None

    def outside_hours(self, local: datetime) -> bool:
        """Whether an instant on the clock of the site lies outside working hours or days."""
        outside = self.hours is not None and not self.hours[0] <= local.hour < self.hours[1]
        return outside or (self.days is not None and local.isoweekday() not in self.days)


def rules_of(studies: Iterable[int]) -> dict[int, Rules]:
    """The rules of studies, by key; one query."""
    keys = (HOURS_FROM, HOURS_TO, WORKING_DAYS, LATE_AFTER)
    found: dict[int, dict[str, Any]] = {key: {} for key in studies}
    for row in StudySetting.objects.filter(study_id__in=found, key__in=keys):
        found[row.study_id][row.key] = row.value
    return {key: _rules(values) for key, values in found.items()}


def _rules(values: dict[str, Any]) -> Rules:
    start, end, days = values.get(HOURS_FROM), values.get(HOURS_TO), values.get(WORKING_DAYS)
    return Rules(
        (int(start), int(end)) if start is not None and end is not None else None,
        tuple(int(day) for day in days) if days else None,
        values.get(LATE_AFTER),
    )


def risks_of(event: AuditEvent, place: Place, records: Sequence[Record], rules: Rules) -> list[Risk]:
    """What is noteworthy about an event whose rows are told."""
    if place.site is None:
        return []
    found = []
    entry = kind_of_act(event.action, event.reason) is not KindOfAct.WORKFLOW
    for risk, (key, name, _dropped) in MARKS.items():
        marks = [each for each in records if each.key == key and not each.is_new]
        if entry and any(change.field == name for mark in marks for change in mark.changes):
            found.append(risk)
    if not event.actor.is_system and rules.outside_hours(event.recorded_at.astimezone(place.zone)):
        found.append(Risk.OUTSIDE_HOURS)
    if any(_is_late(each, event, place, rules) for each in records):
        found.append(Risk.LATE)
    return found


def _is_late(record: Record, event: AuditEvent, place: Place, rules: Rules) -> bool:
    days = record.days_late(event.recorded_at, place.zone)
    return rules.late_after is not None and days is not None and days > rules.late_after


# ---------------------------------------------------------------- the same as conditions of a query
def of_risk(events: QuerySet[AuditEvent], reach: Reach, risk: str) -> QuerySet[AuditEvent]:
    """The events of one risk. Raises Refused where no study in reach says what the risk is."""
    if risk in (Risk.AFTER_SIGNATURE, Risk.AFTER_VERIFICATION):
        return events.filter(_after(*MARKS[Risk(risk)]))
    chosen = []
    rules = rules_of(Study.objects.filter(pk__in=reach.sites.values("study_id")).values_list("pk", flat=True))
    for number, (study, zone) in enumerate(_zones(reach)):
        if (own := _at(study, zone, reach)) and risk == Risk.OUTSIDE_HOURS:
            if rules[study].hours is not None or rules[study].days is not None:
                events, outside = _outside(events, ZoneInfo(zone), rules[study], number)
                chosen.append(own & outside)
        elif rules[study].late_after is not None:
            events, late = _late(events, ZoneInfo(zone), rules[study].late_after or 0, number)
            chosen.append(own & late)
    if not chosen:
        raise Refused({"risk": ["is not said by the settings of the study"]})
    return events.filter(any_of(chosen))


def _after(key: str, name: str, dropped: Any) -> Q:
    """Changes of data that dropped a mark: every change does so in its own act."""
    entry = ~condition(KindOfAct.WORKFLOW)
    return entry & any_of(
        written(kind, history_type="~", **{name: dropped}) for kind in kinds_named().get(key, ())
    )


def _zones(reach: Reach) -> list[tuple[int, str]]:
    return sorted(set(reach.sites.order_by().values_list("study_id", "time_zone")))


def _at(study: int, zone: str, reach: Reach) -> Q:
    """The chains of the sites of one study and zone, and of their casebooks."""
    sites = reach.sites.filter(study_id=study, time_zone=zone).order_by()
    subjects = reach.subjects.filter(site__in=Site.objects.filter(pk__in=sites.values("pk"))).order_by()
    return Q(chain_id__in=subjects.values("chain_id")) | Q(chain_id__in=sites.values("chain_id"))


def _outside(events: Any, zone: ZoneInfo, rules: Rules, number: int) -> tuple[Any, Q]:
    hour, day = f"hour_{number}", f"weekday_{number}"
    events = events.alias(
        **{
            hour: ExtractHour("recorded_at", tzinfo=zone),
            day: ExtractIsoWeekDay("recorded_at", tzinfo=zone),
        }
    )
    outside = []
    if rules.hours is not None:
        outside += [Q(**{f"{hour}__lt": rules.hours[0]}), Q(**{f"{hour}__gte": rules.hours[1]})]
    if rules.days is not None:
        outside.append(~Q(**{f"{day}__in": rules.days}))
    return events, Q(actor__is_system=False) & any_of(outside)


def _late(events: Any, zone: ZoneInfo, after: int, number: int) -> tuple[Any, Q]:
    """First entries of what happened more than `after` days before, by form: its act names which."""
    latest, text = f"latest_{number}", f"latest_text_{number}"
    events = events.alias(**{latest: TruncDate(F("recorded_at") - timedelta(days=after), tzinfo=zone)})
    events = events.alias(**{text: Cast(F(latest), CharField())})
    late = []
    for kind in kinds():
        if kind.form is not None and not kind.row_name:
            named = Q(action__in=(f"enter {kind.key}", f"import {kind.key}"))
            late.append(named & _first_before(kind, latest, text))
        elif kind.model is Visit:
            acts = Q(action__in=("open visit", "add unscheduled visit"))
            late.append(acts & written(kind, occurred_on__lt=OuterRef(latest)))
    return events, any_of(late)


def _first_before(kind: Kind, latest: str, text: str) -> Q:
    rows = kind.history.objects.filter(event_id=OuterRef("pk"), history_type="+").order_by()
    before = Q(visit__occurred_on__lt=OuterRef(latest))
    dated_by = kind.form.form.dated_by
    if dated_by:
        no_visit = Q(visit__occurred_on__isnull=True)
        if isinstance(kind.model._meta.get_field(dated_by), PartialDateField):
            # The whole year or month lies before, where no more is known of the date.
            rows = rows.annotate(limit=Left(OuterRef(text), Length(dated_by)))
            before |= no_visit & Q(**{f"{dated_by}__lt": F("limit")})
        else:
            before |= no_visit & Q(**{f"{dated_by}__lt": OuterRef(latest)})
    return Q(Exists(rows.filter(before)))
