"""What the rules of RECIST say beside a tumor assessment."""

from collections.abc import Iterator
from decimal import Decimal

from patients.derivations.told import Told
from patients.derivations.tumor_response import TumorPoint, tumor_course
from patients.facts import Facts
from patients.models import TumorAssessment
from trials.clinical.undetermined import Undetermined
from trials.text import plain


def told_of_assessment(facts: Facts, form: TumorAssessment) -> Iterator[Told]:
    """Sum, change, nadir, the responses by the rules beside the investigator's, and the best so far."""
    course = facts.once(tumor_course, form.subject)
    if course.baseline is not None and form.pk in {each.pk for each in course.baseline.forms}:
        total = course.baseline.sum
        yield Told("Sum of diameters at baseline", _mm(total.mm), "; ".join(total.missing))
        return
    point = course.point_of(form)
    if point is None:
        reason = "; ".join(course.remarks) or "the assessment has no date"
        yield Told("Response by the rules", "", reason)
        return
    yield from _sums(point)
    yield from _responses(point)
    best = course.best_unconfirmed
    if isinstance(best, Undetermined):
        yield Told("Best overall response", "", best.sentence())
    else:
        yield Told("Best overall response of the whole course", str(best.response), best.words)


def _sums(point: TumorPoint) -> Iterator[Told]:
    found = point.found
    yield Told("Sum of diameters", _mm(found.sum.mm), "; ".join((*found.sum.missing, *found.sum.remarks)))
    nadir = found.nadir
    yield Told("Nadir before", _mm(nadir.mm if nadir else None), nadir.where if nadir else "no sum before")
    if found.target.from_baseline_percent is not None:
        yield Told("Change from baseline", f"{plain(found.target.from_baseline_percent.quantize(TENTH))} %")
    if found.target.from_nadir_mm is not None:
        percent = found.target.from_nadir_percent
        rise = f" ({plain(percent.quantize(TENTH))} %)" if percent is not None else ""
        yield Told("Change from nadir", f"{plain(found.target.from_nadir_mm)} mm{rise}")


def _responses(point: TumorPoint) -> Iterator[Told]:
    found = point.found
    yield Told("Target response by the rules", str(found.target.response), found.target.words)
    yield Told("Non-target response by the rules", str(found.non_target.response), found.non_target.words)
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
