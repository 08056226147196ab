"""Checks of protocol deviations: drafts wait for a person, and a decision has its reason."""

from collections.abc import Iterator
from datetime import timedelta

from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import DeviationStatus, ProtocolDeviation, Severity, YesNo
from trials.clinical.partial_date import Truth, before


def draft_waits(form: ProtocolDeviation, facts: Facts) -> Iterator[Hit]:
    """A draft that nobody confirmed or rejected within the study's time."""
    within = facts.setting(form.subject, "deviation_draft_days")
    if form.status != DeviationStatus.DRAFT or within is None or form.noticed_on is None:
        return
    due = form.noticed_on + timedelta(days=within)
    if facts.today(form.subject) > due:
        yield Hit("status", f"Drafted on {form.noticed_on}, due by {due}: is it a deviation or not?")


def decision_has_no_reason(form: ProtocolDeviation, facts: Facts) -> Iterator[Hit]:
    if form.status == DeviationStatus.REJECTED and not form.rejected_reason:
        yield Hit("rejected_reason", "Rejected: why is it no deviation?")
    important = form.status == DeviationStatus.CONFIRMED and form.important == YesNo.YES
    if important and not form.action and "action" not in form.missing_reasons:
        yield Hit("action", "An important deviation: what was done, and how is it prevented in the future?")


def noticed_before_it_happened(form: ProtocolDeviation, facts: Facts) -> Iterator[Hit]:
    if not form.occurred_on or form.noticed_on is None:
        return
    if before(form.noticed_on.isoformat(), form.occurred_on) is Truth.YES:
        yield Hit(
            "noticed_on",
            f"Noticed on {form.noticed_on}, before it happened ({form.occurred_on}): which day is right?",
        )


CHECKS = (
    Check(
        "DV01",
        ("DV",),
        Severity.SOFT,
        draft_waits,
        asks="A drafted deviation is confirmed or rejected in time.",
        by_command=True,
    ),
    Check(
        "DV02",
        ("DV",),
        Severity.SOFT,
        decision_has_no_reason,
        asks="A rejected deviation has a reason, an important one an action.",
    ),
    Check(
        "DV03",
        ("DV",),
        Severity.SOFT,
        noticed_before_it_happened,
        asks="A deviation is noticed when it happens, or later.",
    ),
)
