"""Checks of death, and of when the subject was last known to be alive.

Of a death known in part, only what certainly came after it is questioned.
"""

from collections.abc import Iterator
from typing import Any

from patients.checks.common import may_be_the_same_day
from patients.checks.engine import EVERY_FORM, VISIT, Check, Hit
from patients.derivations.death import death_of
from patients.derivations.signs_of_life import signs_of_life, was_reached
from patients.facts import Facts
from patients.models import (
    CaseReportForm,
    Death,
    Disposition,
    DispositionReason,
    DispositionScope,
    Severity,
    SurvivalFollowUp,
    SurvivalStatus,
    Visit,
)
from trials.clinical.partial_date import span

AFTER_DEATH = ("DD", "DS", "SS", "SAE", "DV", "LF", "WD", "ME", "BS")
"""Forms that may be dated after the death, or that are compared with it by a check of their own."""
ENDS = {"ECD": ("ended",), "CM": ("ended",), "AE": ("ended",), "ST": ("ended",)}
"""Ends of what is taken or suffered: they come by the death at the latest."""


# ---------------------------------------------------------------- death
def died_on_another_day(form: Disposition, facts: Facts) -> Iterator[Hit]:
    """A disposition for death has the day of the death, or of the last treatment before it."""
    if form.reason != DispositionReason.DEATH:
        return
    died = death_of(facts, form.subject)
    if died is None:
        yield Hit("reason", "The reason is death: please enter the page of the subject's death.")
    elif died.died_on and form.ended_on is not None and not _fits(form, died):
        yield Hit(
            "ended_on", f"Ended by death on {form.ended_on}, but died on {died.died_on}: which day is right?"
        )


def died_without_an_end(form: Death, facts: Facts) -> Iterator[Hit]:
    """The end of the study, where it is told after a death, is told as a death."""
    for each in facts.forms(Disposition, form.subject):
        if each.scope != DispositionScope.STUDY or each.reason == DispositionReason.DEATH:
            continue
        if form.died_on and each.ended_on is not None and each.ended_on > span(form.died_on)[1]:
            yield Hit(
                "died_on",
                f"The study ended on {each.ended_on}, after the death, for another reason.",
            )
            return


def survival_contradicts_death(form: SurvivalFollowUp, facts: Facts) -> Iterator[Hit]:
    died = death_of(facts, form.subject)
    if form.status == SurvivalStatus.DEAD and died is None:
        yield Hit("status", "Dead: please enter the page of the subject's death.")
    if died is None or not died.died_on:
        return
    earliest, latest = span(died.died_on)
    if form.status == SurvivalStatus.ALIVE and form.contacted_on is not None and form.contacted_on > latest:
        yield Hit("status", f"Alive on {form.contacted_on}; the subject died on {died.died_on}.")
    if form.status == SurvivalStatus.DEAD and form.contacted_on is not None and form.contacted_on < earliest:
        yield Hit("status", f"Dead on {form.contacted_on}; the subject died on {died.died_on}.")
    if form.last_known_alive_on is not None and form.last_known_alive_on > latest:
        yield Hit(
            "last_known_alive_on",
            f"Alive on {form.last_known_alive_on}; the subject died on {died.died_on}.",
        )


def dated_after_death(form: CaseReportForm, facts: Facts) -> Iterator[Hit]:
    died = death_of(facts, form.subject)
    if died is None or not died.died_on or form.form.oid in AFTER_DEATH:
        return
    latest = span(died.died_on)[1]
    for name in (form.form.dated_by, *ENDS.get(form.form.oid, ())):
        value: Any = getattr(form, name) if name else None
        if value and (span(value)[0] if isinstance(value, str) else value) > latest:
            yield Hit(name, f"It is dated {value}; the subject died on {died.died_on}.")
            return


def visit_lies_after_death(form: Visit, facts: Facts) -> Iterator[Hit]:
    died = death_of(facts, form.subject)
    if died is None or not died.died_on or form.occurred_on is None:
        return
    if form.occurred_on > span(died.died_on)[1]:
        yield Hit(
            "occurred_on",
            f"{form.code} took place on {form.occurred_on}; the subject died on {died.died_on}.",
        )


# ---------------------------------------------------------------- last known alive
def alive_later_than_known(form: SurvivalFollowUp, facts: Facts) -> Iterator[Hit]:
    """Up to the contact nothing shows the subject alive later than the day that it names."""
    if not form.last_known_alive_on or not form.contacted_on:
        return
    later = [
        sign
        for sign in signs_of_life(facts, form.subject)
        if sign.holder != form and form.last_known_alive_on < sign.day.earliest <= form.contacted_on
    ]
    if later:
        last = max(later, key=lambda sign: sign.day.earliest)
        yield Hit(
            "last_known_alive_on",
            f"Last known alive on {form.last_known_alive_on}, and yet alive on {last.day} ({last.words}).",
        )


def known_alive_after_the_contact(form: SurvivalFollowUp, facts: Facts) -> Iterator[Hit]:
    if not form.last_known_alive_on or not form.contacted_on:
        return
    if form.last_known_alive_on > form.contacted_on:
        yield Hit(
            "last_known_alive_on", f"This day lies after the contact of {form.contacted_on} that tells of it."
        )
    elif was_reached(form) and form.last_known_alive_on != form.contacted_on:
        yield Hit(
            "last_known_alive_on",
            f"The subject was reached on {form.contacted_on} and is alive: last known alive that day?",
        )


def _fits(form: Disposition, died: Death) -> bool:
    """Treatment may have ended before the death that ended it; the study ends on its day."""
    if form.scope == DispositionScope.STUDY:
        return may_be_the_same_day(str(form.ended_on), str(died.died_on))
    return form.ended_on is not None and form.ended_on <= span(str(died.died_on))[1]


CHECKS = (
    Check(
        "EC36a",
        ("DS",),
        Severity.HARD,
        died_on_another_day,
        rests_on=("DD",),
        asks="A death has the same day in disposition and on its page.",
    ),
    Check(
        "EC36b",
        ("SS",),
        Severity.HARD,
        survival_contradicts_death,
        rests_on=("DD",),
        asks="A death has the same day at survival contacts and on its page.",
    ),
    Check(
        "EC36c",
        EVERY_FORM,
        Severity.HARD,
        dated_after_death,
        rests_on=("DD",),
        asks="Nothing is dated after death.",
    ),
    Check(
        "EC36d",
        (VISIT,),
        Severity.HARD,
        visit_lies_after_death,
        rests_on=("DD",),
        asks="No visit takes place after death.",
    ),
    Check(
        "EC36e",
        ("DD",),
        Severity.HARD,
        died_without_an_end,
        rests_on=("DS",),
        asks="Who died before the end of the study ended it by death.",
    ),
    Check(
        "EC37a",
        ("SS",),
        Severity.SOFT,
        alive_later_than_known,
        rests_on=(VISIT, "SS", "VS", "PE", "LB", "EG", "TR", "EC", "ECD", "IC", "AE", "PR", "ST", "LF"),
        asks="Last known alive is the last day on which a record shows the subject alive.",
    ),
    Check(
        "EC37b",
        ("SS",),
        Severity.SOFT,
        known_alive_after_the_contact,
        asks="Last known alive fits the contact that tells of it.",
    ),
)
