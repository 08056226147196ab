"""What happens to visits and cycles."""

from datetime import date, timedelta
from typing import Any

from patients.actions.permission import act_on
from patients.actions.queries import review_saved
from patients.actions.schedule import WAITING, WHY_LENGTH, cycle_follows, plan_cycle, plan_from
from patients.derivations.courses import why_no_further_cycle
from patients.derivations.dose import cycle_length
from patients.derivations.participation import Activity, halts
from patients.facts import Facts
from patients.models import Allocation, Cycle, Subject, Visit, VisitStatus
from trials.actions.errors import Refused, Stale, WrongState
from trials.actions.given import day as day_given
from trials.actions.given import free_text, version_number
from trials.audit import clock
from trials.audit.recording import recording
from trials.clinical.undetermined import Undetermined
from trials.models import Anchor, User
from trials.roles import Verb


def open_visit(
    *, actor: User, visit: Visit, occurred_on: date, version: int, reason: str | None = None
) -> Visit:
    """Record that a planned visit took place. A later correction of the day needs a reason.

    A visit that was no longer due may have taken place too. Day 1 of a cycle also says when the cycle
    started. Raises NotPermitted, Refused, Stale, ReasonRequired.
    """
    subject, version = visit.subject, version_number(version)
    changes = visit.status not in WAITING
    act = act_on(
        subject, actor, Verb.ENTER, "correct visit" if changes else "open visit", _needed(changes, reason)
    )
    occurred_on = _past_day(subject, occurred_on)
    with recording(subject.chain, act):
        visit = _current(visit, version)
        if (visit.status, visit.occurred_on) == (VisitStatus.OCCURRED, occurred_on):
            return visit
        visit.status, visit.occurred_on, visit.missed_reason = VisitStatus.OCCURRED, occurred_on, ""
        visit.version += 1
        visit.save()
        cycle_follows(visit)
        _calendar_follows(visit, occurred_on)
        review_saved([visit])
    return visit


def miss_visit(*, actor: User, visit: Visit, why: str, version: int, reason: str | None = None) -> Visit:
    """Record that a visit did not take place, and why. Raises like open_visit."""
    why, version = free_text("missed_reason", why, limit=WHY_LENGTH, required=True), version_number(version)
    changes = visit.status not in WAITING
    act = act_on(visit.subject, actor, Verb.ENTER, "miss visit", _needed(changes, reason))
    with recording(visit.subject.chain, act):
        visit = _current(visit, version)
        if (visit.status, visit.missed_reason) == (VisitStatus.MISSED, why):
            return visit
        visit.status, visit.occurred_on, visit.missed_reason = VisitStatus.MISSED, None, why
        visit.version += 1
        visit.save()
        cycle_follows(visit)
        if visit.planned_on is not None:
            _calendar_follows(visit, visit.planned_on)
        review_saved([visit])
    return visit


def add_unscheduled_visit(*, actor: User, subject: Subject, occurred_on: date, why: str) -> Visit:
    """A visit that the schedule does not know; numbered UNS1, UNS2, ... by the server."""
    why = free_text("unscheduled_reason", why, limit=WHY_LENGTH, required=True)
    occurred_on = _past_day(subject, occurred_on)
    with recording(subject.chain, act_on(subject, actor, Verb.ENTER, "add unscheduled visit")):
        number = Visit.objects.filter(subject=subject, definition__isnull=True).count() + 1
        visit = Visit(
            subject=subject,
            code=f"UNS{number}",
            title=f"Unscheduled visit {number}",
            status=VisitStatus.OCCURRED,
            occurred_on=occurred_on,
            unscheduled_reason=why,
        )
        visit.save()
        review_saved([visit])
    return visit


def open_cycle(*, actor: User, subject: Subject) -> Cycle:
    """Plan the next cycle: counted from the day the last one started, so that a delay moves what follows.

    Raises NotPermitted, WrongState (not randomized, the arm has no cycles, treatment is over or suspended,
    the last cycle has not started, or a drug had the last of its courses and its end is not recorded).
    """
    with recording(subject.chain, act_on(subject, actor, Verb.ENTER, "plan cycle")):
        allocation = Allocation.objects.select_related("arm").filter(subject=subject).first()
        if allocation is None:
            raise WrongState("The subject is not randomized; cycles begin after randomization.")
        if why := _why_no_treatment(subject):
            raise WrongState(f"{why} No cycle is planned any more.")
        length = cycle_days(allocation)
        if isinstance(length, Undetermined):
            raise WrongState(f"No cycle is planned: the length of a cycle {length.sentence()}.")
        last = Cycle.objects.filter(subject=subject).order_by("-number").first()
        if last is None or last.started_on is None:
            raise WrongState("The last cycle has not started; its first day is needed to plan the next.")
        if why := why_no_further_cycle(Facts([subject]), subject):
            raise WrongState(why)
        first_day = last.started_on + timedelta(days=length)
        cycle = plan_cycle(subject, allocation, last.number + 1, first_day)
        until = first_day + timedelta(days=length)
        plan_from(subject, Anchor.RANDOMIZATION, allocation.randomized_on, until)
    return cycle


def _why_no_treatment(subject: Subject) -> str:
    """What ended or suspends treatment, as far as it is not over again; empty where it goes on."""
    found = halts(Facts([subject]), subject)
    general = (halt for halt in found if halt.anchor is None and halt.cycle_day is None)
    own = (halt for halt in general if Activity.TREATMENT in halt.activities and halt.until is None)
    return next((halt.why for halt in own), "")


def _calendar_follows(visit: Visit, day: date) -> None:
    """A recurring visit that took place or was missed brings the next ones onto the calendar."""
    definition = visit.definition
    if definition is None or not definition.every_days or visit.planned_on is None:
        return
    number = int(visit.code.removeprefix(definition.code))
    elapsed = definition.every_days * (number - 1) + definition.day - 1
    first_day = visit.planned_on - timedelta(days=elapsed)
    plan_from(
        visit.subject, Anchor(definition.anchor), first_day, day + timedelta(days=2 * definition.every_days)
    )


def cycle_days(allocation: Allocation) -> int | Undetermined:
    """The length of a cycle in the subject's arm, in days; an arm may have no cycles."""
    return cycle_length(allocation.arm.regimen.all())


def _current(visit: Visit, version: int) -> Visit:
    visit = Visit.objects.select_related("subject__site", "definition", "cycle").get(pk=visit.pk)
    if visit.version != version:
        raise Stale(visit.version)
    return visit


def _needed(changes: bool, reason: str | None) -> str | None:
    return (reason or "") if changes else None


def _past_day(subject: Subject, occurred_on: Any) -> date:
    day = day_given("occurred_on", occurred_on)
    if day > clock.today(subject.site.time_zone):
        raise Refused({"occurred_on": ["lies in the future"]})
    return day
