"""Which assessments count for a best overall response, and as what.

After progression nothing counts, nor does anything from the day new anticancer therapy began. What is
seen again after a complete response is progression, or proof that the response never was complete
(Eisenhauer 2009, table 3, footnote a).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from trials.clinical.recist.response import BEST_FIRST, Response

LESS_THAN_COMPLETE = frozenset({Response.PR, Response.SD, Response.NON_CR_NON_PD})


class AfterCompleteResponse(StrEnum):
    """What a complete response followed by anything less means.

    PROGRESSION: disease has reappeared. NEVER_COMPLETE: a complete response that was not confirmed before
    is read as a partial one; a confirmed one stands, and what follows is progression. AS_REPORTED: each
    assessment counts as it was reported.
    """

    PROGRESSION = "PROGRESSION"
    NEVER_COMPLETE = "NEVER_COMPLETE"
    AS_REPORTED = "AS_REPORTED"


@dataclass(frozen=True)
class Rules:
    """What the protocol leaves to be fixed about a best overall response. Durations are whole days.

    `confirmation_days`: shortest time between a response and its confirmation. `not_evaluable_between`:
    assessments NE or not done that may lie between. `stable_between`: one SD may lie between two PR.
    `stable_minimum_days`: SD counts from that many days after the reference day. `stop_at_progression`:
    nothing after the first PD counts. `without_assessment`: NE or MISSING, for a subject without any.
    Raises ValueError for a negative number.

    >>> Rules(confirmation_days=-1)
    Traceback (most recent call last):
    ValueError: confirmation_days must not be negative
    """

    confirmation_days: int = 28
    not_evaluable_between: int = 1
    stable_between: bool = False
    stable_minimum_days: int = 35
    after_complete_response: AfterCompleteResponse = AfterCompleteResponse.PROGRESSION
    stop_at_progression: bool = True
    without_assessment: Response = Response.NE

    def __post_init__(self) -> None:
        for name in ("confirmation_days", "not_evaluable_between", "stable_minimum_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        if self.without_assessment not in (Response.NE, Response.MISSING):
            raise ValueError("without_assessment must be NE or MISSING")


@dataclass(frozen=True)
class Assessment:
    """The overall response of one assessment and its day; `label` names it in words ("week 6").

    Raises ValueError for a response that no assessment has.
    """

    on: date
    response: Response
    label: str = ""

    def __post_init__(self) -> None:
        if self.response not in BEST_FIRST or self.response is Response.MISSING:
            raise ValueError(f"response must be none of {Response.MISSING}, {Response.NA}")

    @property
    def place(self) -> str:
        """Its day and name, in words."""
        return f"{self.on} ({self.label})" if self.label else str(self.on)


@dataclass(frozen=True)
class Counted:
    """The assessments that count, in order, as what they count; why others do not, or not as reported."""

    assessments: tuple[Assessment, ...]
    remarks: tuple[str, ...] = ()

    @property
    def progression(self) -> Assessment | None:
        """The first progression among them."""
        return next((each for each in self.assessments if each.response is Response.PD), None)


def counted(
    assessments: Iterable[Assessment],
    rules: Rules,
    *,
    progressed_on: date | None = None,
    new_therapy_on: date | None = None,
) -> Counted:
    """The assessments that count, whatever their order was.

    `progressed_on`: day of progression by another source; an assessment of that day still counts.
    `new_therapy_on`: first day of new anticancer therapy; an assessment of that day no longer counts.

    >>> seen = [Assessment(date(2021, 3, 1), Response.CR), Assessment(date(2021, 4, 12), Response.PR)]
    >>> [str(each.response) for each in counted(seen, Rules()).assessments]
    ['CR', 'PD']
    """
    # Of two assessments of one day the worse comes last, so that the result has one order only.
    found = sorted(assessments, key=lambda each: (each.on, BEST_FIRST.index(each.response), each.label))
    kept, remarks = _before(found, progressed_on, new_therapy_on)
    read, reasons = read_after_complete_response(kept, rules)
    last = _last_place(read, rules)
    for old, new, reason in zip(kept[: last + 1], read, reasons, strict=False):
        if reason:
            remarks.append(f"{old.response} on {old.place} counts as {new.response}: {reason}")
    for each in read[last + 1 :]:
        remarks.append(f"{each.place} does not count: progression on {read[last].place}")
    return Counted(read[: last + 1], tuple(remarks))


def _before(
    found: Sequence[Assessment], progressed_on: date | None, new_therapy_on: date | None
) -> tuple[list[Assessment], list[str]]:
    kept, remarks = [], []
    for each in found:
        if new_therapy_on is not None and each.on >= new_therapy_on:
            remarks.append(f"{each.place} does not count: new anticancer therapy began on {new_therapy_on}")
        elif progressed_on is not None and each.on > progressed_on:
            remarks.append(f"{each.place} does not count: progression on {progressed_on}")
        else:
            kept.append(each)
    return kept, remarks


def _last_place(found: Sequence[Assessment], rules: Rules) -> int:
    """The place of the last assessment that counts: the first progression, where it ends the count."""
    progressed = (place for place, each in enumerate(found) if each.response is Response.PD)
    return next(progressed, len(found)) if rules.stop_at_progression else len(found)


def read_after_complete_response(
    found: Sequence[Assessment], rules: Rules
) -> tuple[tuple[Assessment, ...], tuple[str, ...]]:
    """Assessments in order as they count beside a complete response; for each why, empty where unchanged.

    >>> seen = [Assessment(date(2021, 3, 1), Response.CR), Assessment(date(2021, 4, 12), Response.PR)]
    >>> read_after_complete_response(seen, Rules())[1][1]
    'disease is seen again after the complete response of 2021-03-01'
    """
    read, reasons = list(found), [""] * len(found)
    if rules.after_complete_response is AfterCompleteResponse.AS_REPORTED:
        return tuple(read), tuple(reasons)
    complete: int | None = None
    for place, each in enumerate(found):
        if each.response is Response.CR and complete is None:
            complete = place
        elif complete is not None and each.response in LESS_THAN_COMPLETE:
            run = range(complete, place)
            if _stands([found[i] for i in run], rules):
                read[place] = replace(each, response=Response.PD)
                reasons[place] = (
                    f"disease is seen again after the complete response of {found[complete].place}"
                )
            else:
                _never_complete(read, reasons, run, each)
            complete = None
        elif each.response is Response.PD:
            complete = None
    return tuple(read), tuple(reasons)


def _never_complete(read: list[Assessment], reasons: list[str], run: range, seen: Assessment) -> None:
    """Lower the complete responses of a run, by what was seen after it; in place."""
    less = Response.NON_CR_NON_PD if seen.response is Response.NON_CR_NON_PD else Response.PR
    for place in run:
        if read[place].response is Response.CR:
            read[place] = replace(read[place], response=less)
            reasons[place] = f"it never was complete: disease is seen on {seen.place}"


def _stands(run: Sequence[Assessment], rules: Rules) -> bool:
    """Whether the complete response that begins this run remains one when less is seen after the run."""
    if rules.after_complete_response is AfterCompleteResponse.PROGRESSION:
        return True
    return any(
        each.response is Response.CR and (each.on - run[0].on).days >= rules.confirmation_days
        for each in run[1:]
    )
