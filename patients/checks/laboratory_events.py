"""Laboratory results against adverse events, in both directions; and the alert of Hy's law."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from patients.checks.adverse_event_course import stretch_of
from patients.checks.engine import Check, Hit
from patients.derivations.grades import ResultGrade, grades_of_sample, laboratory_grades
from patients.derivations.liver_injury import liver_injury
from patients.derivations.results import baseline_until, results
from patients.facts import Facts
from patients.models import (
    AdverseEvent,
    LabResult,
    LabSample,
    MedicalHistory,
    RangeFlag,
    Severity,
    Subject,
    YesNo,
)
from trials.clinical.ctcae import Direction, criterion_of
from trials.clinical.ctcae.laboratory_tests import TESTS, terms_of
from trials.clinical.hys_law import Analyte, HysLaw, LiverResult, Verdict
from trials.clinical.partial_date import Truth
from trials.clinical.words import shortened

SEVERE = 3
IN_WORDS = {Analyte.BILIRUBIN: "bilirubin"}
MULTIPLES = (Decimal(2), Decimal(3))
"""The limits of Hy's law: a multiple is never rounded onto one."""
ABNORMAL = (RangeFlag.LOW, RangeFlag.HIGH, RangeFlag.ABNORMAL)
PROTEINURIA = "proteinuria"


def result_has_no_event(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """A result of grade 3 or more, or one judged clinically significant, lies within an adverse event.

    Up to baseline, a condition of the medical history explains it too.
    """
    if not form.collected_on:
        return
    severe = {each.result.row.pk: each for each in grades_of_sample(facts, form) if _least(each) >= SEVERE}
    for row in facts.rows(form, "results"):
        graded = severe.get(row.pk)
        significant = row.flag in ABNORMAL and row.clinically_significant == YesNo.YES
        if row.test is None or not (graded or significant):
            continue
        terms = {_plain(graded.term)} if graded else _terms(facts, form.subject, row)
        if _is_explained(facts, form.subject, form.collected_on, row, terms):
            continue
        what = f"{graded.graded}" if graded else f"{row.test} is judged clinically significant"
        yield Hit("value", f"{what}, but no adverse event covers {form.collected_on}: is one missing?", row)


def event_has_no_result(form: AdverseEvent, facts: Facts) -> Iterator[Hit]:
    """An event graded from a laboratory test has a result in its days, and the grade of the worst of them."""
    if not form.started or not form.ctcae_term:
        return
    version = facts.setting(form.subject, "ctcae_version")
    if form.ctcae_version and form.ctcae_version != version:
        return  # graded by another version than the results are
    graded = [
        each
        for each in laboratory_grades(facts, form.subject)
        if _is_of(form, each) and _within(facts, form, each.day)
    ]
    if graded:
        yield from _disagreement(form, graded, str(version))
    elif _lacks_its_test(facts, form, str(version)):
        yield Hit(
            "ctcae_term",
            "This term is graded by a laboratory test, but no result of it lies in the days of the event.",
        )


def liver_injury_is_severe(form: LabSample, facts: Facts) -> Iterator[Hit]:
    """Hy's law, told at each bilirubin that fulfills it: by the limits of normal, else by baseline."""
    injury = facts.once(liver_injury, form.subject)
    laws = ((injury.by_upper_limit, "the upper limit of normal"), (injury.by_baseline, "baseline"))
    law, of = next(((each, of) for each, of in laws if each and each.verdict is Verdict.MET), (None, ""))
    if law is None:
        return
    deciding = {each.key: each for each in law.results if each.analyte is Analyte.BILIRUBIN}
    for row in facts.rows(form, "results"):
        if row.pk in deciding:
            told = _multiples(law, deciding[row.pk])
            yield Hit("value", f"Alert, Hy's law by multiples of {of}: {told}. Is there another cause?", row)


def _least(graded: ResultGrade) -> int:
    """The lowest grade that a result certainly has; 0 where nothing is known."""
    return min(graded.graded.possible, default=0)


def _most(graded: ResultGrade) -> int:
    return max(graded.graded.possible, default=5)


def _plain(term: str) -> str:
    """A term as it is compared: criteria that CTCAE joins in one term differ in what stands in brackets."""
    return term.casefold().split(" (")[0].strip()


def _terms(facts: Facts, subject: Subject, row: LabResult) -> set[str]:
    """The CTCAE terms that a result out of range may be; none for a test that CTCAE does not grade."""
    version = facts.setting(subject, "ctcae_version")
    if row.test is None or not version:
        return set()
    own = terms_of(row.test.code, str(version))
    side = {RangeFlag.LOW: Direction.LOW, RangeFlag.HIGH: Direction.HIGH}.get(RangeFlag(row.flag))
    return {_plain(term) for direction, term in own.items() if side in (None, direction)}


def _is_explained(facts: Facts, subject: Subject, day: date, row: LabResult, terms: set[str]) -> bool:
    for event in facts.forms(AdverseEvent, subject):
        names_it = event.laboratory_test_id == row.test_id or _plain(event.ctcae_term or "") in terms
        if names_it and stretch_of(event).covers(day) is not Truth.NO:
            return True
    until = baseline_until(facts, subject)
    if until is not None and day > until:
        return False
    history = {_plain(each.term or "") for each in facts.forms(MedicalHistory, subject)}
    return bool(history & (terms | {_plain(str(row.test))}))


def _is_of(event: AdverseEvent, graded: ResultGrade) -> bool:
    return _plain(graded.term) == _plain(event.ctcae_term or "")


def _within(facts: Facts, event: AdverseEvent, day: date) -> bool:
    """Whether a day may lie in the event; the day on which it got worse belongs to the worse one."""
    if stretch_of(event).covers(day) is Truth.NO:
        return False
    worse = [each for each in facts.forms(AdverseEvent, event.subject) if each.worsened_from_id == event.pk]
    return all(stretch_of(each).covers(day) is not Truth.YES for each in worse)


def _disagreement(event: AdverseEvent, graded: Sequence[ResultGrade], version: str) -> Iterator[Hit]:
    """The grade of the event lies outside what its results certainly reach and may at most reach."""
    if not event.grade:
        return
    own = int(event.grade)
    least, most = max(map(_least, graded)), max(map(_most, graded))
    worst = max(graded, key=lambda each: (_least(each), each.day))
    criterion = criterion_of(worst.term, version)
    # A grade that CTCAE does not give by a number (life-threatening, death) is judged by the investigator.
    numbers = criterion.every_grade if criterion is not None else range(SEVERE + 1)
    if own < least or (own > most and own in numbers):
        yield Hit("grade", f"Grade {own}; by the result of {worst.day} it is {worst.graded}. Which is right?")


def _lacks_its_test(facts: Facts, event: AdverseEvent, version: str) -> bool:
    """Whether the event names a test, or has a term that is graded by one, without a result in its days."""
    if event.laboratory_test_id is None:
        graded = {_plain(term) for code in TESTS for term in terms_of(code, version).values()}
        return _plain(event.ctcae_term or "") in graded | {PROTEINURIA}
    return not any(
        each.row.test_id == event.laboratory_test_id and _within(facts, event, each.day)
        for each in results(facts, event.subject)
    )


def _times(multiple: Decimal) -> str:
    shown, near = shortened(multiple, *MULTIPLES)
    return f"{shown} (rounded)" if near else shown


def _multiples(law: HysLaw, bilirubin: LiverResult) -> str:
    """A bilirubin with the transaminase and the ALP nearest to it: later results leave the words alone."""
    told = [bilirubin]
    for analytes in ((Analyte.ALT, Analyte.AST), (Analyte.ALP,)):
        others = [each for each in law.results if each.analyte in analytes]
        told += sorted(others, key=lambda each: (abs((each.day - bilirubin.day).days), each.day))[:1]
    return ", ".join(
        f"{IN_WORDS.get(each.analyte, each.analyte)} {_times(each.times.number)} times on {each.day}"
        for each in told
        if each.times
    )


CHECKS = (
    Check(
        "EC10",
        ("LB",),
        Severity.SOFT,
        result_has_no_event,
        rests_on=("AE", "LB", "EC", "ECD", "MH"),
        asks="A result of grade 3 or more, or judged significant, lies within an adverse event of its term.",
    ),
    Check(
        "EC11",
        ("AE",),
        Severity.SOFT,
        event_has_no_result,
        rests_on=("AE", "LB", "EC", "ECD"),
        asks="An event of a laboratory term has a result in its days, and the grade of the worst of them.",
    ),
    Check(
        "EC41",
        ("LB",),
        Severity.HARD,
        liver_injury_is_severe,
        rests_on=("LB", "EC", "ECD"),
        asks="Raised transaminases with raised bilirubin and no cholestasis (Hy's law) raise an alert.",
    ),
)
