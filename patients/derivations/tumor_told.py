"""What the rules of RECIST say beside a tumor assessment."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from patients.derivations.told import Told
from patients.derivations.tumor_response import TumorCourse, TumorPoint, tumor_course
from patients.facts import Facts, Source
from patients.models import TumorAssessment
from trials.clinical.recist.best_response import CONFIRMATION_SETTING, Confirmation, confirmations_of
from trials.clinical.recist.course import BASELINE
from trials.clinical.undetermined import Undetermined
from trials.text import plain

Sources = tuple[Source, ...]
TARGETS, NON_TARGETS = "measurements", "non_targets"
"""The rows of an assessment, by the names that its form gives them."""


def told_of_assessment(facts: Facts, form: TumorAssessment) -> Iterator[Told]:
    """Sum, change, nadir, the responses by the rules beside the investigator's, and the best so far."""
    course = facts.once(tumor_course, form.subject)
    if course.baseline is not None and form.pk in {each.pk for each in course.baseline.forms}:
        total = course.baseline.sum
        yield Told(
            "Sum of diameters at baseline",
            _mm(total.mm),
            "; ".join(total.missing),
            sources=_of_rows(course.baseline.sources, TARGETS),
        )
        return
    point = course.point_of(form)
    if point is None:
        reason = "; ".join(course.remarks) or "the assessment has no date"
        yield Told("Response by the rules", "", reason)
        return
    sums = _sums_rest_on(course, point)
    yield from _sums(point, sums)
    yield from _responses(point, sums)
    yield from _best(course, facts.setting(form.subject, CONFIRMATION_SETTING))


def _best(course: TumorCourse, decided: Any) -> Iterator[Told]:
    """The best response of the whole course, with or without confirmation, as the study has decided."""
    try:
        confirmations = confirmations_of(decided)
    except ValueError as error:
        yield Told(
            "Best overall response", "", f"cannot be determined: the setting {CONFIRMATION_SETTING} {error}"
        )
        return
    for confirmation in confirmations:
        about = f"Best overall response of the whole course, {confirmation.lower()}"
        best = course.best_confirmed if confirmation is Confirmation.CONFIRMED else course.best_unconfirmed
        if isinstance(best, Undetermined):
            yield Told(about, "", best.sentence())
        else:
            yield Told(about, str(best.response), best.words)


@dataclass(frozen=True)
class _Sums:
    """The measurements behind each sum that a target response compares."""

    now: Sources
    baseline: Sources
    nadir: Sources

    @property
    def all(self) -> Sources:
        """Each once: the nadir may be the baseline."""
        return tuple(dict.fromkeys((*self.now, *self.baseline, *self.nadir)))


def _sums_rest_on(course: TumorCourse, point: TumorPoint) -> _Sums:
    baseline = _of_rows(course.baseline.sources, TARGETS) if course.baseline is not None else ()
    where = point.found.nadir.where if point.found.nadir is not None else ""
    lowest = next((each.sources for each in course.points if each.found.label == where), ())
    return _Sums(
        now=_of_rows(point.sources, TARGETS),
        baseline=baseline,
        nadir=baseline if where == BASELINE else _of_rows(lowest, TARGETS),
    )


def _of_rows(sources: Sources, name: str) -> Sources:
    """Those of the values that stand in the rows of this name."""
    return tuple(each for each in sources if each.row.startswith(f"{name} "))


def _sums(point: TumorPoint, sums: _Sums) -> Iterator[Told]:
    found = point.found
    remarks = "; ".join((*found.sum.missing, *found.sum.remarks))
    yield Told("Sum of diameters", _mm(found.sum.mm), remarks, sources=sums.now)
    nadir = found.nadir
    where = nadir.where if nadir else "no sum before"
    yield Told("Nadir before", _mm(nadir.mm if nadir else None), where, sources=sums.nadir)
    if found.target.from_baseline_percent is not None:
        change = f"{plain(found.target.from_baseline_percent.quantize(TENTH))} %"
        yield Told("Change from baseline", change, sources=(*sums.now, *sums.baseline))
    if found.target.from_nadir_mm is not None:
        percent = found.target.from_nadir_percent
        rise = f" ({plain(percent.quantize(TENTH))} %)" if percent is not None else ""
        change = f"{plain(found.target.from_nadir_mm)} mm{rise}"
        yield Told("Change from nadir", change, sources=(*sums.now, *sums.nadir))


def _responses(point: TumorPoint, sums: _Sums) -> Iterator[Told]:
    found = point.found
    target, non_target = found.target, found.non_target
    yield Told("Target response by the rules", str(target.response), target.words, sources=sums.all)
    others = _of_rows(point.sources, NON_TARGETS) + tuple(
        each for each in point.sources if each.field == "markers_normal"
    )
    yield Told("Non-target response by the rules", str(non_target.response), non_target.words, sources=others)
    more = (*point.differences, *([point.does_not_count] if point.does_not_count else ()))
    yield Told(
        "Overall response by the rules",
        str(found.overall.response),
        ". ".join((point.words, *more)),
        sources=point.sources,
    )


def _mm(value: Decimal | None) -> str:
    return "" if value is None else f"{plain(value)} mm"


TENTH = Decimal("0.1")
