"""Best overall response, with and without confirmation, and when a response was met (Eisenhauer 2009)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from trials.clinical.recist.counting import Assessment, Counted, Rules, counted
from trials.clinical.recist.response import BEST_FIRST, LASTING, OBJECTIVE, Response
from trials.clinical.undetermined import Undetermined

CONFIRMS = {
    Response.CR: frozenset({Response.CR}),
    Response.PR: frozenset({Response.CR, Response.PR}),
}
CONFIRMATION_SETTING = "bor_confirmation"
"""The setting of a study that says whether a response is confirmed, or both."""


class Confirmation(StrEnum):
    """Whether a response needs a later assessment that confirms it."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"


CONFIRMATIONS = {
    "BOTH": (Confirmation.CONFIRMED, Confirmation.UNCONFIRMED),
    "CONFIRMED": (Confirmation.CONFIRMED,),
    "UNCONFIRMED": (Confirmation.UNCONFIRMED,),
}
NOT_EVALUATED = frozenset({Response.NE, Response.ND})


def confirmations_of(value: Any) -> tuple[Confirmation, ...]:
    """With or without confirmation, as a study has decided. Raises ValueError for anything else.

    >>> confirmations_of("BOTH")
    (<Confirmation.CONFIRMED: 'CONFIRMED'>, <Confirmation.UNCONFIRMED: 'UNCONFIRMED'>)
    """
    if not isinstance(value, str) or value not in CONFIRMATIONS:
        raise ValueError(f"must be one of {', '.join(CONFIRMATIONS)}")
    return CONFIRMATIONS[value]


@dataclass(frozen=True)
class BestResponse:
    """The best overall response; the day it was first met, the day that confirmed it, and why, in words.

    `on` is None without assessments, `confirmed_on` where nothing was confirmed or asked to be.
    """

    response: Response
    on: date | None
    words: str
    confirmed_on: date | None = None


@dataclass(frozen=True)
class ResponseMet:
    """The first complete or partial response: its day, the day that confirmed it (None: not asked), words."""

    response: Response
    on: date
    words: str
    confirmed_on: date | None = None


@dataclass(frozen=True)
class ResponseHistory:
    """Everything that follows from the overall responses of one subject.

    `first_confirmed` is the first response that is later confirmed, from which its duration counts; the
    best response may be a better one, met later.
    """

    counted: Counted
    unconfirmed: BestResponse | Undetermined
    confirmed: BestResponse | Undetermined
    first: ResponseMet | None
    first_confirmed: ResponseMet | None

    @property
    def progression(self) -> Assessment | None:
        """The first progression that counts."""
        return self.counted.progression


def response_history(
    assessments: Iterable[Assessment],
    rules: Rules,
    *,
    reference: date | None,
    progressed_on: date | None = None,
    new_therapy_on: date | None = None,
) -> ResponseHistory:
    """Best responses, first responses and progression of one subject; parameters as in `counted`.

    `reference` is the day from which the duration of stable disease counts (randomization, first dose).
    """
    known = counted(assessments, rules, progressed_on=progressed_on, new_therapy_on=new_therapy_on)
    return ResponseHistory(
        counted=known,
        unconfirmed=best_overall_response(known, rules, reference=reference, confirmation=False),
        confirmed=best_overall_response(known, rules, reference=reference, confirmation=True),
        first=first_response(known, rules, confirmation=False),
        first_confirmed=first_response(known, rules, confirmation=True),
    )


def best_overall_response(
    known: Counted, rules: Rules, *, reference: date | None, confirmation: bool
) -> BestResponse | Undetermined:
    """The best response of the assessments that count, the first one where several are equally good.

    Without confirmation: CR and PR on whatever day; stable disease (SD, NON-CR/NON-PD, NED) only from the
    minimum duration on, before it is not evaluable. With confirmation: CR and PR that a later assessment
    confirms; one that is not confirmed counts as SD under the same condition of time. Undetermined when
    there is no reference day and the answer depends on it.

    >>> seen = [Assessment(date(2021, 2, 15), Response.PR, "week 6"),
    ...         Assessment(date(2021, 3, 29), Response.CR, "week 12")]
    >>> known, day = counted(seen, Rules()), date(2021, 1, 4)
    >>> best_overall_response(known, Rules(), reference=day, confirmation=True).words
    'PR: met on 2021-02-15 (week 6), confirmed by CR on 2021-03-29 (week 12), 42 days later'
    """
    if reference is not None:
        return _best(known.assessments, rules, reference, confirmation)
    earliest, latest = (_best(known.assessments, rules, day, confirmation) for day in (date.min, date.max))
    same = (earliest.response, earliest.on) == (latest.response, latest.on)
    return latest if same else Undetermined(("day from which the duration of stable disease counts",))


def first_response(known: Counted, rules: Rules, *, confirmation: bool) -> ResponseMet | None:
    """The first complete or partial response, or the first that is later confirmed; None without one.

    >>> seen = [Assessment(date(2021, 2, 15), Response.PR), Assessment(date(2021, 2, 22), Response.PR)]
    >>> first_response(counted(seen, Rules()), Rules(), confirmation=True) is None
    True
    """
    for place, each in enumerate(known.assessments):
        if each.response not in OBJECTIVE:
            continue
        if not confirmation:
            return ResponseMet(each.response, each.on, f"{each.response} met on {each.place}")
        by = _confirmed_by(known.assessments, place, rules)
        if isinstance(by, Assessment):
            return ResponseMet(each.response, each.on, f"{each.response} {_met(each, by)}", by.on)
    return None


def _best(
    assessments: Sequence[Assessment], rules: Rules, reference: date, confirmation: bool
) -> BestResponse:
    candidates = [
        _candidate(assessments, place, rules, reference, confirmation) for place in range(len(assessments))
    ]
    if not candidates:
        words = f"{rules.without_assessment}: no assessment counts"
        return BestResponse(rules.without_assessment, None, words)
    return min(candidates, key=lambda each: (BEST_FIRST.index(each.response), each.on or date.max))


def _candidate(
    assessments: Sequence[Assessment], place: int, rules: Rules, reference: date, confirmation: bool
) -> BestResponse:
    """What one assessment gives as a best response."""
    own = assessments[place]
    if own.response not in OBJECTIVE:
        return _lasting(own, own.response, rules, reference, "")
    if not confirmation:
        return BestResponse(own.response, own.on, f"{own.response}: met on {own.place}")
    by = _confirmed_by(assessments, place, rules)
    if isinstance(by, Assessment):
        return BestResponse(own.response, own.on, f"{own.response}: {_met(own, by)}", by.on)
    return _lasting(own, Response.SD, rules, reference, f", {own.response} not confirmed: {by}")


def _lasting(own: Assessment, response: Response, rules: Rules, reference: date, reason: str) -> BestResponse:
    if response not in LASTING:
        return BestResponse(response, own.on, f"{response}: {own.place}")
    days = (own.on - reference).days
    needed = rules.stable_minimum_days
    if days >= needed:
        return BestResponse(
            response, own.on, f"{response}: {own.place}, day {days} of {needed} needed{reason}"
        )
    words = f"NE: {response} of {own.place} came after {days} days, {needed} needed{reason}"
    return BestResponse(Response.NE, own.on, words)


def _met(own: Assessment, by: Assessment) -> str:
    days = (by.on - own.on).days
    return f"met on {own.place}, confirmed by {by.response} on {by.place}, {days} days later"


def _confirmed_by(assessments: Sequence[Assessment], place: int, rules: Rules) -> Assessment | str:
    """The assessment that confirms a response, or in words why none does.

    Only the first that is late enough and good enough is tried: a later one has the same assessments
    between, and more.
    """
    own, confirms = assessments[place], CONFIRMS[assessments[place].response]
    between: list[Assessment] = []
    for each in assessments[place + 1 :]:
        late_enough = (each.on - own.on).days >= rules.confirmation_days
        if late_enough and each.response in confirms:
            return _why_broken(own, [*between, each], rules) or each
        between.append(each)
    return (
        _why_broken(own, between, rules) or f"no {_either(own)} {rules.confirmation_days} days later or more"
    )


def _why_broken(own: Assessment, following: Sequence[Assessment], rules: Rules) -> str:
    """What, among the assessments that follow up to the confirming one, keeps it from confirming."""
    stable = rules.stable_between and own.response is Response.PR
    allowed = CONFIRMS[own.response] | NOT_EVALUATED | ({Response.SD} if stable else set())
    if broken := next((each for each in following if each.response not in allowed), None):
        return f"{broken.response} on {broken.place}"
    empty = sum(each.response in NOT_EVALUATED for each in following)
    if empty > rules.not_evaluable_between:
        return f"{empty} assessments not evaluable between, {rules.not_evaluable_between} allowed"
    if sum(each.response is Response.SD for each in following) > 1:
        return "more than one SD between"
    complete = [each.on for each in following if each.response is Response.CR]
    partial = [each.on for each in following if each.response is Response.PR]
    if complete and partial and max(partial) >= min(complete):
        return "a partial response follows a complete one"
    return ""


def _either(own: Assessment) -> str:
    return " or ".join(str(each) for each in BEST_FIRST if each in CONFIRMS[own.response])
