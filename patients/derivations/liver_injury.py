"""Hy's law on the timeline of one subject."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from patients.derivations.result_faults import fault_of_baseline
from patients.derivations.results import Result, baselines_of, results_of
from patients.facts import Facts, Source
from patients.models import Subject
from trials.clinical.hys_law import Analyte, HysLaw, LiverResult, Verdict, hys_law
from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading
from trials.clinical.undetermined import Undetermined

BASELINE_MULTIPLES = "hys_law_baseline_multiples"
LIVER = tuple(analyte.value for analyte in Analyte)
WORDS = {
    Verdict.MET: "Hy's law: ALT or AST above 3 x ULN with bilirubin above 2 x ULN, ALP below 2 x ULN",
    Verdict.CHOLESTATIC: "Raised transaminases and bilirubin with ALP of 2 x ULN or more: cholestasis?",
    Verdict.NOT_MET: "Hy's law is not met",
}


@dataclass(frozen=True)
class LiverInjury:
    """Hy's law on the subject's timeline.

    `by_upper_limit`: multiples of the upper limit of normal. `by_baseline`, a second signal where the study
    asks for it and a baseline lies above its limit: there multiples of baseline, elsewhere of the limit; None
    where it adds nothing. `unclear_baselines`: in clauses, which baselines of the second signal cannot be
    compared with their limit, and why. `sources`: the results that decide the first.
    """

    by_upper_limit: HysLaw
    by_baseline: HysLaw | None
    words: str
    sources: tuple[Source, ...] = ()
    unclear_baselines: tuple[str, ...] = ()


def liver_injury(facts: Facts, subject: Subject) -> LiverInjury:
    """Hy's law over all results of the subject, of before treatment too."""
    window = facts.setting(subject, "hys_law_window_days")
    if not isinstance(window, int):
        missing = ("window in the study's settings (hys_law_window_days)",)
        unknown = HysLaw(Verdict.UNDETERMINED, missing=missing)
        return LiverInjury(unknown, None, Undetermined(missing).sentence())
    found = results_of(facts, subject, LIVER)
    baselines = {code: baselines_of(facts, subject, code) for code in LIVER}
    by_limit = hys_law([_by_upper_limit(each) for each in found], window_days=window)
    asked = facts.setting(subject, BASELINE_MULTIPLES)
    second = _by_baseline(found, baselines, by_limit, window) if asked else None
    deciding = [each.key for each in by_limit.results]
    return LiverInjury(
        by_limit,
        second,
        _words(by_limit),
        tuple(each.source for each in found if each.row.pk in deciding),
        tuple(_unclear(baselines)) if second is not None else (),
    )


def _words(law: HysLaw) -> str:
    if law.verdict is Verdict.UNDETERMINED:
        return f"Hy's law {Undetermined(law.missing).sentence()}"
    return WORDS[law.verdict]


def _by_baseline(
    found: Sequence[Result], baselines: Mapping[str, Sequence[Result]], by_limit: HysLaw, window: int
) -> HysLaw | None:
    raised = {code: each[0] for code, each in baselines.items() if _is_raised(each) is Truth.YES}
    unclear = {code for code, each in baselines.items() if _is_raised(each) is Truth.UNKNOWN}
    law = hys_law([_multiple(each, raised, unclear) for each in found], window_days=window)
    return None if not raised and law.verdict is by_limit.verdict else law


def _is_raised(baseline: Collection[Result]) -> Truth:
    """Whether baseline lay above its limit; UNKNOWN where that, or how far, cannot be told."""
    times = {each.times_upper_limit for each in baseline}
    above = {Truth.UNKNOWN if each is None else each.is_above(Decimal(1)) for each in times}
    if above == {Truth.NO}:
        return Truth.NO
    exact = len(times) == 1 and not any(each.comparator for each in times if each is not None)
    return Truth.YES if exact and above == {Truth.YES} else Truth.UNKNOWN


def _unclear(baselines: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    for code, found in baselines.items():
        if not found:
            yield f"no {code} before treatment"
        elif _is_raised(found) is Truth.UNKNOWN:
            yield fault_of_baseline(found) or f"the {code} before treatment ({found[0].reading}) is not exact"


def _multiple(result: Result, raised: Mapping[str, Result], unclear: Collection[str]) -> LiverResult:
    """A result as a multiple of its raised baseline, else of its limit."""
    if result.code in raised:
        reference, reading = raised[result.code].in_unit(result.row.unit or ""), result.reading
        known = reading is not None and reference is not None and reference.number > 0
        times = reading.divided_by(reference.number) if reading and reference and known else None
        return LiverResult(Analyte(result.code), result.day, times, key=result.row.pk)
    by_limit = _by_upper_limit(result)
    return replace(by_limit, times=_at_most(by_limit.times)) if result.code in unclear else by_limit


def _at_most(times: Reading | None) -> Reading | None:
    """What is certain without baseline: it counts only above the limit, so the multiple of it is no more."""
    if times is None or times.comparator in (">", ">="):
        return None
    return Reading(times.number, times.comparator or "<=")


def _by_upper_limit(result: Result) -> LiverResult:
    return LiverResult(Analyte(result.code), result.day, result.times_upper_limit, key=result.row.pk)
