"""Hy's law on the timeline of one subject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from patients.derivations.results import Result, baseline_of, results_of
from patients.facts import Facts, Source
from patients.models import Subject
from trials.clinical.hys_law import Analyte, HysLaw, LiverResult, Verdict, hys_law
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
    where it adds nothing. `no_baseline`: tests whose baseline cannot be compared with its limit, so that
    the second signal does not see them. `sources`: the results that decide the first.
    """

    by_upper_limit: HysLaw
    by_baseline: HysLaw | None
    words: str
    sources: tuple[Source, ...] = ()
    no_baseline: tuple[str, ...] = ()


def liver_injury(facts: Facts, subject: Subject) -> LiverInjury:
    """Hy's law over all results of the subject, of before treatment too."""
    window = facts.setting(subject, "hys_law_window_days")
    if not isinstance(window, int):
        missing = ("window in the study's settings (hys_law_window_days)",)
        unknown = HysLaw(Verdict.UNDETERMINED, missing=missing)
        return LiverInjury(unknown, None, Undetermined(missing).sentence())
    found = results_of(facts, subject, LIVER)
    baselines = {code: baseline_of(facts, subject, code) for code in LIVER}
    by_limit = hys_law([_liver_result(each, None) for each in found], window_days=window)
    deciding = [each.key for each in by_limit.results]
    return LiverInjury(
        by_limit,
        _by_baseline(found, baselines, window) if facts.setting(subject, BASELINE_MULTIPLES) else None,
        _words(by_limit),
        tuple(each.source for each in found if each.row.pk in deciding),
        tuple(code for code, baseline in baselines.items() if _multiple(baseline) is None),
    )


def _by_baseline(
    found: Sequence[Result], baselines: Mapping[str, Result | None], window: int
) -> HysLaw | None:
    raised = {code: each for code, each in baselines.items() if (_multiple(each) or 0) > 1}
    if not raised:
        return None
    return hys_law([_liver_result(each, raised.get(each.code)) for each in found], window_days=window)


def _multiple(baseline: Result | None) -> Decimal | None:
    times = baseline.times_upper_limit if baseline is not None else None
    return None if times is None or times.comparator else times.number


def _liver_result(result: Result, baseline: Result | None) -> LiverResult:
    times = result.times_upper_limit
    if baseline is not None:
        reference = baseline.in_unit(result.row.unit or "")
        reading = result.reading
        known = reading is not None and reference is not None and reference.number > 0
        times = reading.divided_by(reference.number) if reading and reference and known else None
    return LiverResult(Analyte(result.code), result.day, times, key=result.row.pk)


def _words(law: HysLaw) -> str:
    if law.verdict is Verdict.UNDETERMINED:
        return f"Hy's law {Undetermined(law.missing).sentence()}"
    return WORDS[law.verdict]
