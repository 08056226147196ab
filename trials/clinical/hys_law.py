"""Hy's law: liver injury by a drug, told from cholestasis, on the timeline of one subject.

FDA, Guidance for Industry: Drug-Induced Liver Injury, July 2009. ALT or AST above 3 x ULN and bilirubin above
2 x ULN within a time of each other, with ALP below 2 x ULN. Whether another cause explains it, a person
judges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading, all_of
from trials.clinical.words import counted

TRANSAMINASE_LIMIT = Decimal(3)
BILIRUBIN_LIMIT = Decimal(2)
CHOLESTASIS_LIMIT = Decimal(2)


class Analyte(StrEnum):
    """CDISC test codes of the four results that the rule reads."""

    ALT = "ALT"
    AST = "AST"
    BILIRUBIN = "BILI"
    ALP = "ALP"


class Verdict(StrEnum):
    """MET is an alert. CHOLESTATIC fulfills the rule but for ALP of 2 x ULN or more: flagged, no alert."""

    MET = "Y"
    CHOLESTATIC = "N*"
    UNDETERMINED = "?"
    NOT_MET = "N"


@dataclass(frozen=True)
class LiverResult:
    """One result as a multiple of its limit: the ULN, or the baseline where that is the reference.

    `times` None: the result is there but its multiple cannot be told (no range, no number). `key` is
    handed back with the result.
    """

    analyte: Analyte
    day: date
    times: Reading | None
    key: Any = None


@dataclass(frozen=True)
class HysLaw:
    """The verdict, the results that decide it, and what is missing where it cannot be determined.

    `cholestatic` says that some results fulfill the rule but for ALP, whatever others say.
    """

    verdict: Verdict
    results: tuple[LiverResult, ...] = ()
    missing: tuple[str, ...] = ()
    cholestatic: bool = False


@dataclass(frozen=True)
class _Pair:
    """What two results give. `at_most` is what an undetermined pair could turn out to be."""

    verdict: Verdict
    results: tuple[LiverResult, ...]
    missing: tuple[str, ...] = ()
    at_most: Verdict = Verdict.MET

    @property
    def rank(self) -> int:
        return _PRECEDENCE.index((self.verdict, self.at_most if self.verdict is _OPEN else self.verdict))


_OPEN = Verdict.UNDETERMINED

# What is told of a whole timeline: the first of these that any two of its results give. What could at most
# be cholestatic adds nothing where something is.
_PRECEDENCE = (
    (Verdict.MET, Verdict.MET),
    (_OPEN, Verdict.MET),
    (Verdict.CHOLESTATIC, Verdict.CHOLESTATIC),
    (_OPEN, Verdict.CHOLESTATIC),
    (Verdict.NOT_MET, Verdict.NOT_MET),
)


def hys_law(results: Sequence[LiverResult], *, window_days: int) -> HysLaw:
    """The verdict on all results of one subject, in any order.

    A transaminase and a bilirubin belong together when at most `window_days` lie between them; ALP is the
    result nearest to the earlier of the two, the lowest of several on one day. A result that is missing
    within the window, or has no multiple, leaves undetermined what it could decide. Raises ValueError for
    a negative window.

    >>> day = date(2021, 3, 1)
    >>> values = {"ALT": "5", "AST": "4", "BILI": "2.5", "ALP": "1"}
    >>> found = [LiverResult(Analyte(code), day, Reading(Decimal(text))) for code, text in values.items()]
    >>> hys_law(found, window_days=30).verdict
    <Verdict.MET: 'Y'>
    >>> hys_law(found[:2], window_days=30).missing
    ('BILI within 30 days of 2021-03-01',)
    """
    if window_days < 0:
        raise ValueError("window_days must not be negative")
    timeline = _Timeline(sorted(results, key=lambda each: (each.day, each.analyte)), window_days)
    pairs = list(timeline.pairs())
    if not pairs:
        return HysLaw(Verdict.UNDETERMINED, missing=("ALT or AST, and BILI",))
    first = min(pair.rank for pair in pairs)
    deciding = [pair for pair in pairs if pair.rank == first]
    verdict = deciding[0].verdict
    return HysLaw(
        verdict,
        results=_once(deciding, "results") if verdict is not Verdict.NOT_MET else (),
        missing=_once(deciding, "missing"),
        cholestatic=any(pair.verdict is Verdict.CHOLESTATIC for pair in pairs),
    )


def _once(pairs: Sequence[_Pair], name: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(each for pair in pairs for each in getattr(pair, name)))


@dataclass(frozen=True)
class _Timeline:
    results: Sequence[LiverResult]
    window: int

    def pairs(self) -> Iterator[_Pair]:
        """Every transaminase with every bilirubin near it; what is missing takes its place as an unknown."""
        for bilirubin in self._bilirubins():
            for analyte in (Analyte.ALT, Analyte.AST):
                near = self._near(analyte, bilirubin.day)
                for transaminase in near or [LiverResult(analyte, bilirubin.day, None, key=_ABSENT)]:
                    yield self._judged(transaminase, bilirubin)

    def _bilirubins(self) -> Iterator[LiverResult]:
        yield from (each for each in self.results if each.analyte is Analyte.BILIRUBIN)
        for each in self.results:
            transaminase = each.analyte in (Analyte.ALT, Analyte.AST)
            if transaminase and not self._near(Analyte.BILIRUBIN, each.day):
                yield LiverResult(Analyte.BILIRUBIN, each.day, None, key=_ABSENT)

    def _near(self, analyte: Analyte, day: date) -> list[LiverResult]:
        return [
            each
            for each in self.results
            if each.analyte is analyte and abs((each.day - day).days) <= self.window
        ]

    def _judged(self, transaminase: LiverResult, bilirubin: LiverResult) -> _Pair:
        limits = ((transaminase, TRANSAMINASE_LIMIT), (bilirubin, BILIRUBIN_LIMIT))
        raised = [_above(each, limit) for each, limit in limits]
        known = tuple(each for each in (transaminase, bilirubin) if each.key is not _ABSENT)
        if all_of(*raised) is Truth.NO:
            return _Pair(Verdict.NOT_MET, known)
        completed = self._without_cholestasis(transaminase, bilirubin, known)
        if all_of(*raised) is Truth.YES:
            return completed
        unknown = [each for (each, _), truth in zip(limits, raised, strict=True) if truth is Truth.UNKNOWN]
        at_most = Verdict.MET if completed.verdict is _OPEN else completed.verdict
        return _Pair(_OPEN, known, tuple(self._missing(each) for each in unknown), at_most)

    def _without_cholestasis(
        self, transaminase: LiverResult, bilirubin: LiverResult, known: tuple[LiverResult, ...]
    ) -> _Pair:
        """The verdict on two results that are raised, from the ALP nearest to the earlier of them."""
        onset = min(transaminase.day, bilirubin.day)
        near = self._near(Analyte.ALP, onset)
        if not near:
            return _Pair(_OPEN, known, (self._missing(LiverResult(Analyte.ALP, onset, None, key=_ABSENT)),))
        nearest = min(abs((each.day - onset).days) for each in near)
        deciding = [each for each in near if abs((each.day - onset).days) == nearest]
        # Of several ALP at the same distance the lowest counts: an alert too many is looked at by a person.
        raised = [_at_least(each, CHOLESTASIS_LIMIT) for each in deciding]
        results = (*known, *deciding)
        if all_of(*raised) is Truth.UNKNOWN:
            unknown = [each for each, truth in zip(deciding, raised, strict=True) if truth is Truth.UNKNOWN]
            return _Pair(_OPEN, results, tuple(self._missing(each) for each in unknown))
        return _Pair(Verdict.CHOLESTATIC if all_of(*raised) is Truth.YES else Verdict.MET, results)

    def _missing(self, result: LiverResult) -> str:
        if result.key is _ABSENT:
            return f"{result.analyte} within {counted(self.window, 'day')} of {result.day}"
        if result.times is None:
            return f"multiple of {result.analyte} on {result.day}"
        return f"exact {result.analyte} on {result.day} ({result.times} times the limit)"


class _Absent:
    """Marks a result that stands for one that was not measured."""


_ABSENT = _Absent()


def _above(result: LiverResult, limit: Decimal) -> Truth:
    return Truth.UNKNOWN if result.times is None else result.times.is_above(limit)


def _at_least(result: LiverResult, limit: Decimal) -> Truth:
    return Truth.UNKNOWN if result.times is None else result.times.is_at_least(limit)
