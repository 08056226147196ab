"""How a casebook is watched over: queries of people, verification, signatures, freezes, locks and review.

Each subject has a place among those without a planted defect, and the tables below say what happened to the
casebooks in which places. Everything goes through the ordinary actions, as the person who does it.
"""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Max

from ecrf.demo.calendar import next_working_day, working_moment
from ecrf.demo.defects import DEFECTS
from ecrf.demo.desk import Desk
from ecrf.demo.plans import Fate, draw_plans
from ecrf.demo.reentry import Synthetic
from ecrf.demo.world import SITE
from patients.actions.ask import answer_query, close_query, place, raise_query
from patients.actions.locks import ask_unlock, close
from patients.actions.review_audit import review_audit
from patients.actions.seen import Seen
from patients.actions.signatures import sign
from patients.actions.verification import verify
from patients.critical_fields import critical_questions
from patients.forms import definition
from patients.models import (
    LockKind,
    SignatureMeaning,
    SignatureScope,
    VerificationExtent,
    Visit,
    VitalSigns,
)
from patients.signatures import FormStanding, forms_in_force
from trials.models import AuditEvent, User

VERIFIED_WHOLE = range(3)
VERIFIED_CRITICAL = range(3, 12)
CASEBOOK_SIGNED = range(5)
SCREENING_SIGNED = range(5, 16)
ASKED_AND_CLOSED = range(2, 5)
ASKED_AND_ANSWERED = range(12, 14)
ASKED_AND_WAITING = range(14, 17)
ASKED_AND_CORRECTED = range(6, 9)
FROZEN = range(3)
LOCKED = range(2)
UNLOCK_ASKED = range(1, 2)
REVIEWED = range(10)
"""Places of the casebooks: how far each part of the work has come by the end."""

QUESTION = "Source shows another temperature at this visit. Please check."
ANSWER = "Checked against the chart: the temperature is as entered; the second reading was taken later."
CLOSING = "Seen in the chart."
CORRECTED = "Corrected after the monitor's query: misread in the chart"


@cache
def places() -> dict[int, int]:
    """The place of each life that can be watched over: randomized at the first site, without a defect."""
    spoiled = {defect.number for defect in DEFECTS}
    clean = [
        plan.number
        for plan in draw_plans()
        if plan.fate is Fate.RANDOMIZED and plan.site == SITE and plan.number not in spoiled
    ]
    return {number: order for order, number in enumerate(clean)}


def watch_over(desk: Desk, here: int) -> None:
    """What the monitor, the investigator and the data manager did with this casebook, in working hours."""
    desk.at(working_moment(next_working_day(desk.today + timedelta(days=14)), desk.draw))
    _ask(desk, here)
    _verify(desk, here)
    _sign(desk, here)
    if here in ASKED_AND_CORRECTED:
        _correct(desk)
    _close(desk, here)
    if here in REVIEWED:
        last = AuditEvent.objects.filter(chain_id=desk.subject.chain_id).aggregate(last=Max("id"))["last"]
        with desk.act():
            review_audit(actor=_monitor(desk), up_to=[last], comment="Monthly review")


def _ask(desk: Desk, here: int) -> None:
    asked = (ASKED_AND_CLOSED, ASKED_AND_ANSWERED, ASKED_AND_WAITING, ASKED_AND_CORRECTED)
    if not any(here in each for each in asked):
        return
    with desk.act():
        query = raise_query(
            actor=_monitor(desk), asked=place(_screened(desk), field="temperature"), words=QUESTION
        )
    if here in ASKED_AND_CLOSED or here in ASKED_AND_ANSWERED:
        with desk.act():
            answer_query(actor=desk.entering(), query=query, words=ANSWER)
    if here in ASKED_AND_CLOSED:
        with desk.act():
            close_query(actor=_monitor(desk), query=query, words=CLOSING)


def _verify(desk: Desk, here: int) -> None:
    ready = _ready(desk)
    if here in VERIFIED_WHOLE:
        with desk.act():
            verify(actor=_monitor(desk), seen=ready, extent=VerificationExtent.WHOLE)
    if here in VERIFIED_CRITICAL:
        critical = [each for each in ready if each.record.form.oid in _critical(desk)]
        with desk.act():
            verify(actor=_monitor(desk), seen=critical, extent=VerificationExtent.CRITICAL)


def _sign(desk: Desk, here: int) -> None:
    signer: dict[str, Any] = {"actor": desk.deciding(), "reentry": Synthetic()}
    if here in CASEBOOK_SIGNED:
        with desk.act():
            sign(
                **signer,
                seen=_all(desk),
                meaning=SignatureMeaning.CASEBOOK,
                scope=SignatureScope.CASEBOOK,
            )
    if here in SCREENING_SIGNED:
        visit = desk.planned("SCR")
        with desk.act():
            sign(
                **signer,
                seen=_all(desk, visit),
                meaning=SignatureMeaning.VISIT,
                scope=SignatureScope.VISIT,
                visit=visit,
            )


def _correct(desk: Desk) -> None:
    """The site answers by a correction; what was verified and signed of the form is so no longer."""
    record = _screened(desk)
    if record.temperature is not None:
        desk.change(record, CORRECTED, {"temperature": str(record.temperature + Decimal("0.1"))})


def _close(desk: Desk, here: int) -> None:
    manager = desk.cast.people["datamanager"]
    if here in FROZEN:
        with desk.act():
            close(actor=manager, kind=LockKind.FREEZE, noun=desk.subject, reason="Clean after source review")
    if here in LOCKED:
        with desk.act():
            lock = close(actor=manager, kind=LockKind.LOCK, noun=desk.subject, reason="Ready for analysis")
        if here in UNLOCK_ASKED:
            with desk.act():
                why = "A late result of the central laboratory has to be entered"
                ask_unlock(actor=manager, lock=lock, version=lock.version, reason=why)


def _monitor(desk: Desk) -> User:
    return desk.cast.people["monitor"]


def _screened(desk: Desk) -> VitalSigns:
    """The first vital signs with a temperature."""
    found = VitalSigns.objects.select_related("subject__site", "visit").order_by("pk")
    return found.filter(subject=desk.subject, entered_in_error=False, temperature__isnull=False)[0]


def _critical(desk: Desk) -> set[str]:
    return set(critical_questions(desk.subject.study_id))


def _ready(desk: Desk) -> list[Seen]:
    return [_seen(each) for each in forms_in_force([desk.subject]) if each.is_ready]


def _all(desk: Desk, visit: Visit | None = None) -> list[Seen]:
    return [_seen(each) for each in forms_in_force([desk.subject], visit)]


def _seen(standing: FormStanding) -> Seen:
    record = (
        definition(standing.oid)
        .model._default_manager.select_related("subject__site", "visit")
        .get(pk=standing.record_id)
    )
    return Seen(record, standing.version)
