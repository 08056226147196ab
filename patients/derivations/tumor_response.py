"""Tumor response of a subject by RECIST 1.1, beside what the investigator said."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from patients.derivations.told_therapy import told_therapy
from patients.derivations.tumor_records import (
    Filed,
    Unfinished,
    filed,
    is_not_done,
    is_undated,
    label_of,
    lesions_of,
    merged_baseline,
    not_done,
    settings_of,
    split_at_baseline,
    unfinished,
    unfollowed,
)
from patients.facts import Facts, Source, source
from patients.models import (
    Assessor,
    Procedure,
    ProcedureKind,
    Subject,
    SubsequentTherapy,
    TumorAssessment,
    TumorLesion,
)
from trials.clinical.partial_date import span
from trials.clinical.recist.best_response import BestResponse, ResponseHistory, ResponseMet
from trials.clinical.recist.counting import Assessment
from trials.clinical.recist.course import Course, Scans, Settings, TimePoint, course
from trials.clinical.recist.finding import Finding
from trials.clinical.recist.lesion import Lesion
from trials.clinical.recist.response import Response
from trials.clinical.recist.sum_of_diameters import Sum
from trials.clinical.undetermined import Undetermined

LOCAL = (Assessor.INVESTIGATOR, Assessor.RADIOLOGIST, None)
INDEPENDENT = (Assessor.INDEPENDENT,)
ON_THE_TUMOR = frozenset(
    {
        ProcedureKind.RESECTION,
        ProcedureKind.ABLATION,
        ProcedureKind.EMBOLIZATION,
        ProcedureKind.RADIOTHERAPY,
    }
)
EVER = (date.min, date.max)
THERAPY_DAY = Undetermined(("complete date on which new anticancer therapy began",))

T = TypeVar("T")


@dataclass(frozen=True)
class TumorBaseline:
    """The assessment before treatment, from one form or several; `sum` is None without target lesions."""

    forms: tuple[TumorAssessment, ...]
    first_on: date
    last_on: date
    sum: Sum
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class TumorPoint:
    """One time point: what the rules find (`found`) beside what the investigator entered.

    `form` is None for a new lesion seen between assessments. `does_not_count` says why the time point is
    no part of the best response, empty where it is. `investigator` holds the answers given, by part
    (target, non_target, overall); `differences` says of each that differs how, in words.
    """

    form: TumorAssessment | None
    visit: str | None
    found: TimePoint
    investigator: dict[str, Response]
    differences: tuple[str, ...]
    does_not_count: str
    sources: tuple[Source, ...]

    @property
    def differs(self) -> bool:
        """Whether an answer of the investigator differs from what the rules find."""
        return bool(self.differences)

    @property
    def words(self) -> str:
        """The response and the way to it, in words."""
        return self.found.words


@dataclass(frozen=True)
class TumorCourse:
    """The tumor response of one subject.

    Each best response, first response and the progression is Undetermined where it hangs on something
    that is not known; a first response or progression is None where there is none. `findings` concern the
    choice of lesions at baseline; `remarks` are what was left out or is doubtful, `unfinished` the
    assessments that are left out because of the data cut-off, `undated` those whose scans have no date;
    `left_out` holds those of the remarks that say what no rule can take.
    """

    baseline: TumorBaseline | None
    points: tuple[TumorPoint, ...]
    best_unconfirmed: BestResponse | Undetermined
    best_confirmed: BestResponse | Undetermined
    first_response: ResponseMet | Undetermined | None
    first_confirmed_response: ResponseMet | Undetermined | None
    progression: Assessment | Undetermined | None
    new_therapy: Source | None
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]
    unfinished: tuple[Unfinished, ...] = ()
    undated: tuple[TumorAssessment, ...] = ()
    left_out: tuple[str, ...] = ()

    def point_of(self, form: TumorAssessment) -> TumorPoint | None:
        """The time point of an assessment form; None for baseline and for what could not be dated."""
        return next((each for each in self.points if each.form is not None and each.form.pk == form.pk), None)


def tumor_course(facts: Facts, subject: Subject, assessors: Sequence[str | None] = LOCAL) -> TumorCourse:
    """The tumor response of a subject by its tumor lesions and assessments, and the study's settings.

    `assessors`: whose assessments are read. Stable disease counts from randomization. Assessments from the
    day of a subsequent anticancer therapy on do not count; where that day is known in part only and it
    matters, the answer is Undetermined.
    """
    forms = [each for each in facts.forms(TumorAssessment, subject) if each.assessor in assessors]
    cut_short = unfinished(facts, forms)
    forms = [each for each in forms if each not in [cut.form for cut in cut_short]]
    assessed = [filed(facts, each) for each in forms if not is_not_done(each)]
    allocation = facts.allocation(subject)
    randomized_on = allocation.randomized_on if allocation else None
    before, after, remarks = split_at_baseline(assessed, randomized_on)
    settings, of_settings = settings_of(facts, subject)
    missed = [each for each in forms if is_not_done(each)]
    judged = {each.form.visit_id for each in assessed if each.scans}
    therapy = _first_therapy(facts, subject)
    left_out = (*unfollowed(facts, subject), *(words for each in assessed for words in each.remarks))
    inputs = _Inputs(
        lesions=lesions_of(facts, subject),
        baseline=merged_baseline(before),
        after=[each.scans for each in after if each.scans],
        settings=settings,
        randomized_on=randomized_on,
        not_done=[
            each
            for form in missed
            # What was made up for at the same visit left no gap.
            if form.visit_id not in judged and (each := not_done(form)) and _is_after(each, randomized_on)
        ],
    )
    earliest, latest = (inputs.course(day) for day in (therapy.span if therapy else (None, None)))
    return _result(
        earliest,
        latest,
        baseline=_baseline(earliest, before),
        points=_points(facts, subject, (earliest, latest), after, therapy),
        therapy=therapy,
        remarks=(
            *of_settings,
            *(cut.words for cut in cut_short),
            *left_out,
            *_of_therapies(facts, subject),
            *remarks,
            *map(_missed, missed),
        ),
        unfinished=tuple(cut_short),
        undated=tuple(each for each in forms if is_undated(facts, each)),
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Inputs:
    lesions: list[Lesion]
    baseline: Scans | None
    after: list[Scans]
    settings: Settings
    randomized_on: date | None
    not_done: list[Assessment]

    def course(self, new_therapy_on: date | None) -> Course:
        return course(
            self.lesions,
            self.baseline,
            self.after,
            self.settings,
            reference=self.randomized_on,
            new_therapy_on=new_therapy_on,
            not_done=self.not_done,
        )


@dataclass(frozen=True)
class _Therapy:
    """The first subsequent anticancer therapy: the days between which it began, and its start in words."""

    span: tuple[date, date]
    source: Source
    words: str


def _first_therapy(facts: Facts, subject: Subject) -> _Therapy | None:
    """Of several therapies, the earliest day on which one may have, and by which one must have, begun.

    One without a date may have begun on any day; one that only a contact tells of, up to that contact.
    """
    dated = [
        _Therapy(
            span(each.started) if each.started else EVER,
            source(each, "started" if each.started else "kind"),
            str(each.started or "day unknown"),
        )
        for each in facts.forms(SubsequentTherapy, subject)
    ]
    told = told_therapy(facts, subject)
    if told is not None:
        dated.append(_Therapy(told.between or EVER, told.source, told.words))
    if not dated:
        return None
    first = min(dated, key=lambda each: each.span[0])
    return replace(first, span=(first.span[0], min(each.span[1] for each in dated)))


def _of_therapies(facts: Facts, subject: Subject) -> Iterator[str]:
    """What is told of a therapy without a form of its own, and what does not end the count."""
    told = told_therapy(facts, subject)
    if told is not None:
        yield told.words
    for form in facts.forms(Procedure, subject):
        if form.kind in ON_THE_TUMOR and not _is_before_randomization(facts, subject, form.performed_on):
            kind, day = form.get_kind_display().lower(), form.performed_on or "day unknown"
            yield f"{kind} ({day}): assessments after it count for the best response"


def _is_before_randomization(facts: Facts, subject: Subject, day: str | None) -> bool:
    allocation = facts.allocation(subject)
    return day is not None and allocation is not None and span(day)[1] < allocation.randomized_on


def _is_after(assessment: Assessment, randomized_on: date | None) -> bool:
    return randomized_on is not None and assessment.on > randomized_on


def _missed(form: TumorAssessment) -> str:
    return f"{label_of(form)}: not done ({form.not_done_reason})"


def _baseline(found: Course, before: Sequence[Filed]) -> TumorBaseline | None:
    if found.baseline is None or found.baseline_sum is None:
        return None
    return TumorBaseline(
        forms=tuple(each.form for each in before),
        first_on=found.baseline.first_on,
        last_on=found.baseline.last_on,
        sum=found.baseline_sum,
        sources=tuple(each for form in before for each in form.sources),
    )


def _points(
    facts: Facts,
    subject: Subject,
    courses: tuple[Course, Course],
    after: Iterable[Filed],
    therapy: _Therapy | None,
) -> tuple[TumorPoint, ...]:
    earliest, latest = courses
    by_label = {each.label: each for each in after}
    lesions = {each.label: each for each in facts.forms(TumorLesion, subject) if each.label}
    return tuple(
        _point(each, by_label.get(each.label), lesions, (earliest.history, latest.history), therapy)
        for each in earliest.time_points
    )


def _point(
    found: TimePoint,
    record: Filed | None,
    lesions: dict[str, TumorLesion],
    histories: tuple[ResponseHistory, ResponseHistory],
    therapy: _Therapy | None,
) -> TumorPoint:
    given = _investigator(record.form) if record else {}
    new = [lesions[each.label] for each in found.new_lesions.lesions]
    return TumorPoint(
        form=record.form if record else None,
        visit=record.form.visit.code if record and record.form.visit else None,
        found=found,
        investigator=given,
        differences=_differences(found, given),
        does_not_count=_why_not_counted(found, histories, therapy),
        sources=(*(record.sources if record else ()), *(source(each, "identified_on") for each in new)),
    )


_PARTS = {
    "target": ("target_response", "target lesions"),
    "non_target": ("non_target_response", "non-target lesions"),
    "overall": ("overall_response", "overall"),
}


def _investigator(form: TumorAssessment) -> dict[str, Response]:
    answers = {part: getattr(form, name) for part, (name, _) in _PARTS.items()}
    return {part: Response(answer) for part, answer in answers.items() if answer}


def _differences(found: TimePoint, given: dict[str, Response]) -> tuple[str, ...]:
    computed = {
        "target": found.target.response,
        "non_target": found.non_target.response,
        "overall": found.overall.response,
    }
    return tuple(
        f"{_PARTS[part][1]}: {answer} by the investigator, {computed[part]} by the rules"
        for part, answer in given.items()
        if answer is not computed[part]
    )


def _why_not_counted(
    found: TimePoint, histories: tuple[ResponseHistory, ResponseHistory], therapy: _Therapy | None
) -> str:
    counts = [_counts(found, each) for each in histories]
    if all(counts):
        return ""
    if any(counts):
        return f"whether it counts {THERAPY_DAY.sentence()}"
    if therapy is not None and found.on >= therapy.span[1]:
        return f"new anticancer therapy began ({therapy.words})"
    return "it follows progression"


def _counts(found: TimePoint, history: ResponseHistory) -> bool:
    return any((each.on, each.label) == (found.on, found.label) for each in history.counted.assessments)


def _result(
    earliest: Course,
    latest: Course,
    *,
    baseline: TumorBaseline | None,
    points: tuple[TumorPoint, ...],
    therapy: _Therapy | None,
    remarks: tuple[str, ...],
    unfinished: tuple[Unfinished, ...],
    undated: tuple[TumorAssessment, ...],
    left_out: tuple[str, ...],
) -> TumorCourse:
    one, other = earliest.history, latest.history
    return TumorCourse(
        baseline=baseline,
        points=points,
        best_unconfirmed=_agreed(one.unconfirmed, other.unconfirmed),
        best_confirmed=_agreed(one.confirmed, other.confirmed),
        first_response=_agreed(one.first, other.first),
        first_confirmed_response=_agreed(one.first_confirmed, other.first_confirmed),
        progression=_agreed(one.progression, other.progression),
        new_therapy=therapy.source if therapy else None,
        findings=earliest.findings,
        # What holds only if new therapy began on the first of its possible days is not said as a fact.
        remarks=(*remarks, *(each for each in one.counted.remarks if each in other.counted.remarks)),
        unfinished=unfinished,
        undated=undated,
        left_out=left_out,
    )


def _agreed(earliest: T, latest: T) -> T | Undetermined:
    """What holds whichever day new therapy began on; otherwise that day is what is missing."""
    return earliest if earliest == latest else THERAPY_DAY
