"""Checks of the reporting of serious events: the site's clock, the sponsor's, and the versions of a report.

A clock counts from awareness. Where its time of day is not known, awareness may have come at the end of the
day and a report at its beginning: only what is certainly late is questioned.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from patients.checks.adverse_events import OUTCOMES_OF_AN_END
from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import (
    AdverseEvent,
    Causality,
    DeviationCategory,
    Expectedness,
    ReportKind,
    SeriousAdverseEventReport,
    Severity,
    Subject,
    YesNo,
)
from trials.audit import clock
from trials.clinical.words import counted
from trials.models import AuditEvent

END_OF_DAY = time(23, 59, 59)
# ICH E2A: calendar days from awareness (day 0) in which a SUSAR reaches the regulator.
DAYS_WHEN_LIFE_IS_THREATENED, DAYS_OTHERWISE = 7, 15
DAYS_OF_THE_FOLLOW_UP = 15  # a full report follows within eight days of the seventh
RELATED = (Causality.DEFINITE, Causality.PROBABLE, Causality.POSSIBLE)


def awareness_is_missing(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    missing = not form.became_aware_on and "became_aware_on" not in form.missing_reasons
    if form.serious == YesNo.YES and missing:
        yield Hit("became_aware_on", "Serious: on which day did the site learn of it?")


def serious_event_was_entered_late(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """From awareness to the first time that the record called the event serious."""
    hours = facts.setting(form.subject, "sae_report_hours")
    if form.serious != YesNo.YES or not form.became_aware_on or hours is None:
        return
    entered = _first_called_serious(form)
    learned = _latest(form.subject, form.became_aware_on, form.became_aware_at)
    if entered - learned > timedelta(hours=hours):
        shown = entered.astimezone(_zone(form.subject))
        yield Hit(
            "became_aware_on",
            f"Entered as serious on {shown:%Y-%m-%d at %H:%M}: more than {counted(hours, 'hour')} after "
            "awareness.",
        )


def initial_report_is_missing(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    if form.serious != YesNo.YES:
        return
    kinds = {report.kind for report in _reports(facts, form)}
    if ReportKind.INITIAL not in kinds:
        yield Hit("serious", "Serious: please enter the initial report to the sponsor.")
    elif form.outcome in OUTCOMES_OF_AN_END and ReportKind.FINAL not in kinds:
        yield Hit("outcome", "The serious event is over: please enter its final report.")


def report_was_late(form: SeriousAdverseEventReport, facts: Facts) -> Iterator[Hit]:
    hours = facts.setting(form.subject, "sae_report_hours")
    if not form.became_aware_on or not form.reported_on or hours is None:
        return
    learned = _latest(form.subject, form.became_aware_on, form.became_aware_at)
    reported = _instant(form.subject, form.reported_on, form.reported_at or time.min)
    if reported - learned > timedelta(hours=hours):
        yield Hit("reported_on", f"Reported more than {counted(hours, 'hour')} after the site learned of it.")


def report_lies_before_awareness(form: SeriousAdverseEventReport, facts: Facts) -> Iterator[Hit]:
    if not form.became_aware_on:
        return
    for name in ("reported_on", "regulator_on", "ethics_on"):
        day = getattr(form, name)
        if day is not None and day < form.became_aware_on:
            yield Hit(
                name,
                f"This day lies before the one on which the site learned of it ({form.became_aware_on}).",
            )


def report_contradicts_event(form: SeriousAdverseEventReport, facts: Facts) -> Iterator[Hit]:
    if not form.adverse_event_id or not form.adverse_event:
        return
    event = form.adverse_event
    if event.serious == YesNo.NO:
        yield Hit(
            "adverse_event", f"Adverse event {event.repeat} is recorded as not serious: which is right?"
        )
    others = [each for each in _reports(facts, event) if each.pk != form.pk]
    if form.kind != ReportKind.INITIAL and all(each.kind != ReportKind.INITIAL for each in others):
        yield Hit("kind", "The event has no initial report: please enter it first.")
    if form.number is not None and any(each.number == form.number and each.pk < form.pk for each in others):
        yield Hit(
            "number", f"Follow-up {form.number} of this event is entered already: which number is this one?"
        )


def susar_is_contradictory(form: SeriousAdverseEventReport, facts: Facts) -> Iterator[Hit]:
    """Suspected and unexpected are what the word says."""
    if form.susar == YesNo.YES and form.expectedness == Expectedness.EXPECTED:
        yield Hit("expectedness", "A SUSAR is unexpected, but this event is not: which is right?")
    if form.susar == YesNo.YES and form.causality and form.causality not in RELATED:
        yield Hit(
            "causality",
            "A SUSAR is at least possibly related to a drug, but this event is not: which is right?",
        )
    unexpected = form.expectedness == Expectedness.UNEXPECTED and form.causality in RELATED
    if form.susar == YesNo.NO and unexpected:
        yield Hit("susar", "Related and unexpected: is it a SUSAR?")


def susar_was_late(form: SeriousAdverseEventReport, facts: Facts) -> Iterator[Hit]:
    """The clock of ICH E2A, read on the initial report."""
    due = _susar_due(form)
    if due is not None and form.regulator_on and form.regulator_on > due:
        yield Hit("regulator_on", f"Sent to the regulator after {due}, the day it was due.")


def susar_is_overdue(form: SeriousAdverseEventReport, facts: Facts) -> Iterator[Hit]:
    """What has not been sent by today: the SUSAR, and the follow-up of one that threatened life."""
    due, today = _susar_due(form), facts.today(form.subject)
    if due is None:
        return
    if not form.regulator_on and today > due:
        yield Hit("regulator_on", f"A SUSAR was due at the regulator on {due}: on which day was it sent?")
    if not form.adverse_event or not _threatens_life(form.adverse_event):
        return
    due = form.became_aware_on + timedelta(days=DAYS_OF_THE_FOLLOW_UP)
    later = [each for each in _reports(facts, form.adverse_event) if each.kind != ReportKind.INITIAL]
    in_time = any(not each.reported_on or each.reported_on <= due for each in later)
    if not in_time and today > due:
        yield Hit(
            "kind", f"The follow-up of a fatal or life-threatening SUSAR was due on {due}: please enter it."
        )


def _reports(facts: Facts, event: AdverseEvent) -> list[SeriousAdverseEventReport]:
    reports = facts.forms(SeriousAdverseEventReport, event.subject)
    return [report for report in reports if report.adverse_event_id == event.pk]


def _susar_due(form: SeriousAdverseEventReport) -> date | None:
    """The day by which a SUSAR reaches the regulator; None for another report than its initial one."""
    if form.susar != YesNo.YES or form.kind != ReportKind.INITIAL or not form.became_aware_on:
        return None
    urgent = _threatens_life(form.adverse_event)
    days = DAYS_WHEN_LIFE_IS_THREATENED if urgent else DAYS_OTHERWISE
    aware: date = form.became_aware_on
    return aware + timedelta(days=days)


def _threatens_life(event: AdverseEvent | None) -> bool:
    return event is not None and YesNo.YES in (event.results_in_death, event.life_threatening)


def _first_called_serious(form: AdverseEvent) -> datetime:
    history: Any = AdverseEvent.history
    rows = history.filter(id=form.pk, serious=YesNo.YES).order_by("history_id")
    event = AuditEvent.objects.filter(pk__in=rows.values("event_id")[:1]).first()
    return clock.now() if event is None else event.recorded_at  # the act that is under way has no event yet


def _latest(subject: Subject, day: date, at: time | None) -> datetime:
    return _instant(subject, day, at or END_OF_DAY)


def _instant(subject: Subject, day: date, at: time) -> datetime:
    return datetime.combine(day, at, _zone(subject)).astimezone(UTC)


def _zone(subject: Subject) -> ZoneInfo:
    return ZoneInfo(subject.site.time_zone)


CHECKS = (
    Check(
        "EC28a",
        ("AE",),
        Severity.SOFT,
        serious_event_was_entered_late,
        asks="A serious event is entered within the hours that the study allows after awareness.",
    ),
    Check(
        "EC28b",
        ("AE",),
        Severity.SOFT,
        awareness_is_missing,
        asks="A serious event says when the site learned of it.",
    ),
    Check(
        "EC28c",
        ("AE",),
        Severity.SOFT,
        initial_report_is_missing,
        rests_on=("SAE",),
        asks="A serious event has an initial report, and a final one when it is over.",
    ),
    Check(
        "EC28d",
        ("SAE",),
        Severity.SOFT,
        report_was_late,
        drafts=DeviationCategory.REPORTING,
        asks="A report reaches the sponsor within the hours that the study allows after awareness.",
    ),
    Check(
        "EC28e",
        ("SAE",),
        Severity.HARD,
        report_lies_before_awareness,
        asks="Nothing is reported before the site learned of it.",
    ),
    Check(
        "EC28f",
        ("SAE",),
        Severity.HARD,
        report_contradicts_event,
        rests_on=("AE", "SAE"),
        asks="A report belongs to a serious event, follows an initial one and has a number of its own.",
    ),
    Check(
        "EC28g", ("SAE",), Severity.SOFT, susar_is_contradictory, asks="A SUSAR is suspected and unexpected."
    ),
    Check(
        "EC28h",
        ("SAE",),
        Severity.SOFT,
        susar_was_late,
        rests_on=("AE",),
        asks="A SUSAR reached the regulator within 7 days where life was threatened, else within 15.",
    ),
    Check(
        "EC28i",
        ("SAE",),
        Severity.SOFT,
        susar_is_overdue,
        rests_on=("AE", "SAE"),
        by_command=True,
        asks="A SUSAR is not overdue at the regulator, nor its follow-up.",
    ),
)
