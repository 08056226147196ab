"""How a criterion compares: a table of operators, each with what it compares and a three-valued answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trials.clinical.eligibility import thresholds
from trials.clinical.eligibility.operands import Codes, Episode, Episodes, Number, Pressures
from trials.clinical.eligibility.thresholds import ULN, Duration, Limit, Span
from trials.clinical.partial_date import Truth
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.reading import Reading, all_of, any_of, opposite
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import measured, normal_range, printed_unit


@dataclass(frozen=True)
class Judgment:
    """Whether a condition holds, and why, in words."""

    truth: Truth
    words: str


@dataclass(frozen=True)
class Operator:
    """What it compares (`kind`), how the threshold is read, and how it judges."""

    kind: type
    read: Callable[[str, str], Any]
    judge: Callable[[Any, Any], Judgment | Undetermined]


Compare = Callable[[Reading, Decimal], Truth]


def _against(compare: Compare, phrase: str) -> Callable[[Number, Limit], Judgment | Undetermined]:
    def judge(number: Number, limit: Limit) -> Judgment | Undetermined:
        if limit.unit == ULN:
            if number.high is None:
                return Undetermined((f"upper limit of normal for {number.name}",))
            amount = ARITHMETIC.multiply(limit.amount, number.high)
            shown = f"{phrase} {limit} ({measured(amount, number.unit)})"
        elif limit.unit != number.unit:
            return Undetermined((f"{number.name} in {printed_unit(limit.unit) or 'plain numbers'}",))
        else:
            amount, shown = limit.amount, f"{phrase} {limit}"
        return _said(number.answer(lambda reading: compare(reading, amount)), number.beside(amount), shown)

    return judge


def _between(number: Number, span: Span) -> Judgment | Undetermined:
    if number.unit != span.unit:
        return Undetermined((f"{number.name} in {printed_unit(span.unit)}",))
    truth = number.answer(
        lambda reading: all_of(reading.is_at_least(span.low), reading.is_at_most(span.high))
    )
    return _said(truth, number.beside(span.low, span.high), f"between {span}")


def _normal(number: Number, threshold: None) -> Judgment | Undetermined:
    low, high = number.low, number.high
    if low is None and high is None:
        return Undetermined((f"reference range for {number.name}",))

    def inside(reading: Reading) -> Truth:
        return all_of(
            Truth.YES if low is None else reading.is_at_least(low),
            Truth.YES if high is None else reading.is_at_most(high),
        )

    limits = [each for each in (low, high) if each is not None]
    shown = normal_range(low, high, number.unit)
    return _said(number.answer(inside), number.beside(*limits), f"within the normal range ({shown})")


def _one_of(codes: Codes, wanted: tuple[str, ...]) -> Judgment:
    if codes.possible <= set(wanted):
        truth = Truth.YES
    else:
        truth = Truth.UNKNOWN if codes.possible & set(wanted) else Truth.NO
    return _said(truth, str(codes), codes.said(wanted))


def _either_reaches(pressures: Pressures, limits: tuple[Limit, Limit]) -> Judgment:
    systolic, diastolic = limits
    truth = any_of(
        pressures.systolic.answer(lambda reading: reading.is_at_least(systolic.amount)),
        pressures.diastolic.answer(lambda reading: reading.is_at_least(diastolic.amount)),
    )
    found = pressures.beside(systolic.amount, diastolic.amount)
    return _said(truth, found, f"at least {systolic} systolic and/or {diastolic} diastolic")


def _any_within(found: Episodes, time: Duration | None) -> Judgment | Undetermined:
    """Whether an episode lasted into the time before the anchor; the first day of that time counts."""
    if time is None:
        since, reached = None, dict.fromkeys(found.episodes, Truth.YES)
        when = "at any time"
    else:
        if found.anchor is None:
            return Undetermined((f"day of {found.anchor_name}",))
        since = time.before(found.anchor)
        reached = {each: each.reaches(since) for each in found.episodes}
        when = f"from {since} on ({time} before {found.anchor_name} on {found.anchor})"
    truths = {each: all_of(each.certain, reached[each]) for each in found.episodes}
    truth = any_of(*truths.values())
    if truth is Truth.NO:
        last = f"; recorded: {_listed(found.episodes)}" if found.episodes else ""
        return Judgment(truth, f"no {found.name} {when}{last}")
    deciding = [each for each in found.episodes if truths[each] is truth]
    if truth is Truth.YES:
        return Judgment(truth, f"{found.name} {when}: {_listed(deciding)}")
    doubts = "; ".join(map(_doubt, deciding))
    return Judgment(truth, f"cannot be determined: {doubts} ({found.name} {when})")


def _none_within(found: Episodes, time: Duration | None) -> Judgment | Undetermined:
    judged = _any_within(found, time)
    return judged if isinstance(judged, Undetermined) else Judgment(opposite(judged.truth), judged.words)


def _none_before(found: Episodes, threshold: None) -> Judgment | Undetermined:
    if found.anchor is None:
        return Undetermined((f"day of {found.anchor_name}",))
    anchor, named = found.anchor, f"{found.anchor_name} on {found.anchor}"
    if not found.episodes:
        return Judgment(Truth.YES, f"no {found.name} is recorded before {named}")
    truths = {each: each.begins_before(anchor) for each in found.episodes}
    truth = opposite(any_of(*truths.values()))
    if truth is Truth.YES:
        return Judgment(truth, f"no {found.name} before {named}")
    early = [each for each in found.episodes if truths[each] is opposite(truth)]
    perhaps = "" if truth is Truth.NO else "cannot be determined: perhaps "
    return Judgment(truth, f"{perhaps}{found.name} before {named}: {_listed(early)}")


def _doubt(episode: Episode) -> str:
    """Why an episode leaves the answer open."""
    if episode.certain is Truth.UNKNOWN:
        return f"not recorded whether {episode.name} is one"
    if episode.end is None:
        return f"the end of {episode.name} is not recorded"
    known = "year" if episode.end.month is None else "month"
    return f"the end of {episode.name} is known to the {known} only, {episode.end}"


def _listed(episodes: Any) -> str:
    return ", ".join(map(str, episodes))


def _said(truth: Truth, found: str, phrase: str) -> Judgment:
    if truth is Truth.UNKNOWN:
        return Judgment(truth, f"cannot be determined: whether {found} is {phrase}")
    return Judgment(truth, f"{found} is {phrase}" if truth is Truth.YES else f"{found} is not {phrase}")


OPERATORS: Mapping[str, Operator] = {
    # operator       compares   threshold               judges
    "<=": Operator(Number, thresholds.limit, _against(Reading.is_at_most, "at most")),
    "<": Operator(Number, thresholds.limit, _against(Reading.is_below, "below")),
    ">=": Operator(Number, thresholds.limit, _against(Reading.is_at_least, "at least")),
    ">": Operator(Number, thresholds.limit, _against(Reading.is_above, "above")),
    "between": Operator(Number, thresholds.span, _between),
    "normal": Operator(Number, thresholds.nothing, _normal),
    "in": Operator(Codes, thresholds.codes, _one_of),
    "either >=": Operator(Pressures, thresholds.pressures, _either_reaches),
    "any within": Operator(Episodes, thresholds.duration, _any_within),
    "none within": Operator(Episodes, thresholds.duration, _none_within),
    "none before": Operator(Episodes, thresholds.nothing, _none_before),
}
