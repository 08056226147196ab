"""Checks of the records of one event over time: entered twice, got worse, was there before consent."""

from collections.abc import Iterator

from patients.checks.engine import Check, Hit
from patients.facts import Facts
from patients.models import AdverseEvent, MedicalHistory, Severity, YesNo
from patients.models.base import is_yes
from trials.clinical.partial_date import Truth, before, parse
from trials.clinical.stretch import Stretch, stretch

OVERLAP = "Adverse event {} is of the same term and goes on in these days: entered twice, or got worse?"
OVERLAP_OF_LINKED = (
    "Adverse event {} is this event too and goes on in these days: it must end on the day on which the worse "
    "one starts."
)


def stretch_of(event: AdverseEvent) -> Stretch:
    """The days of an event, as far as they are certain."""
    ongoing = is_yes(event.ongoing)
    return stretch(event.started, event.ended, ongoing=ongoing)


def same_term(one: AdverseEvent, other: AdverseEvent) -> bool:
    """Whether two records are of one kind of event: of one CTCAE term, or of one MedDRA term where coded."""
    if one.meddra_pt_code is not None and one.meddra_pt_code == other.meddra_pt_code:
        return True
    return bool(one.ctcae_term and other.ctcae_term) and _plain(one.ctcae_term) == _plain(other.ctcae_term)


def is_recorded_twice(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """Asked on the later record only: two records of one term that certainly share days."""
    for other in facts.forms(AdverseEvent, form.subject):
        if other.pk >= form.pk or not same_term(form, other) or _meet_on_one_day(form, other):
            continue
        if stretch_of(form).overlaps(stretch_of(other)) is Truth.YES:
            linked = form.pk == other.worsened_from_id or other.pk == form.worsened_from_id
            yield Hit("started", (OVERLAP_OF_LINKED if linked else OVERLAP).format(other.repeat))
            return


def worsening_is_contradictory(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A worsening is of the same term, of a higher grade, and starts when the milder record ends."""
    if not form.worsened_from_id or not form.worsened_from:
        return
    milder = form.worsened_from
    number = f"adverse event {milder.repeat}"
    if not same_term(form, milder):
        yield Hit(
            "worsened_from",
            f"It is called a worsening of {number}, which is of another term: which is right?",
        )
    if form.grade and milder.grade and form.grade <= milder.grade:
        yield Hit(
            "grade", f"It is called a worsening of {number}, but its grade is not higher: which is right?"
        )
    if milder.ongoing == YesNo.YES:
        yield Hit("started", f"It is called a worsening of {number}, which must end on the day it got worse.")
    elif milder.ended and form.started and before(form.started, milder.ended) is Truth.YES:
        yield Hit(
            "started", f"It is called a worsening of {number}, but starts before that ends: please correct."
        )


def worsening_is_not_linked(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A record that starts where a milder one of the same term ends is probably its worsening."""
    if form.worsened_from_id is not None or not form.grade:
        return
    for other in facts.forms(AdverseEvent, form.subject):
        if other.pk == form.pk or not other.grade or other.grade >= form.grade:
            continue
        # Terms are compared last: that costs more than all the rest.
        if other.ended and other.ended == form.started and _complete(form.started) and same_term(form, other):
            yield Hit(
                "worsened_from",
                f"Adverse event {other.repeat}, of the same term and a lower grade, ends on this day: did "
                "it get worse?",
            )
            return


def was_there_at_consent(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """A condition of the medical history is an adverse event only where it got worse."""
    if form.worsened_from_id is not None:
        return
    names = {_plain(name) for name in (form.term, form.ctcae_term) if name}
    for condition in facts.forms(MedicalHistory, form.subject):
        if condition.ongoing == YesNo.YES and condition.term and _plain(condition.term) in names:
            yield Hit(
                "term",
                f"Medical history {condition.repeat} says that it was ongoing at consent: did it get worse "
                "since?",
            )
            return


def _meet_on_one_day(one: AdverseEvent, other: AdverseEvent) -> bool:
    """Whether one starts on the day on which the other, begun earlier, ends: so a worsening is written."""
    return _follows(one, other) or _follows(other, one)


def _follows(later: AdverseEvent, earlier: AdverseEvent) -> bool:
    days = (earlier.started, earlier.ended, later.started)
    if not all(day and _complete(day) for day in days):
        return False
    return earlier.started < later.started == earlier.ended


def _complete(day: str | None) -> bool:
    return day is not None and parse(day).is_complete


def _plain(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


CHECKS = (
    Check(
        "EC29a",
        ("AE",),
        Severity.SOFT,
        is_recorded_twice,
        rests_on=("AE",),
        asks="No event is entered twice for the same days.",
    ),
    Check(
        "EC29b",
        ("AE",),
        Severity.SOFT,
        worsening_is_contradictory,
        rests_on=("AE",),
        asks="A worsening is of the same term and a higher grade, and starts when the milder record ends.",
    ),
    Check(
        "EC29c",
        ("AE",),
        Severity.SOFT,
        worsening_is_not_linked,
        rests_on=("AE",),
        asks="An event that follows at once on a milder one of its term is linked as its worsening.",
    ),
    Check(
        "EC39",
        ("AE",),
        Severity.SOFT,
        was_there_at_consent,
        rests_on=("MH",),
        asks="A condition that was ongoing at consent is an adverse event only where it got worse.",
    ),
)
