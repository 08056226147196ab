"""What CTCAE says beside the results of a laboratory sample."""

from collections.abc import Iterator, Sequence

from patients.derivations.grades import ResultGrade, grades_of_sample
from patients.derivations.told import Told
from patients.facts import Facts
from patients.models import LabSample


def told_of_sample(facts: Facts, form: LabSample) -> Iterator[Told]:
    """The grade of each result: that of the term it has reached, or why none can be given."""
    by_row: dict[int, list[ResultGrade]] = {}
    for each in grades_of_sample(facts, form):
        by_row.setdefault(each.result.row.pk, []).append(each)
    for found in by_row.values():
        for each in _telling(found):
            answer = "" if each.grade is None else f"grade {each.grade}"
            yield Told(
                each.term,
                answer,
                "; ".join((each.graded.rule or _why(each), *each.remarks)),
                row=each.result.row,
                sources=each.sources,
            )


def _telling(found: Sequence[ResultGrade]) -> Sequence[ResultGrade]:
    """The term that a result has reached; else those that cannot be graded; else one of its terms."""
    return (
        [each for each in found if each.grade] or [each for each in found if each.grade is None] or found[:1]
    )


def _why(graded: ResultGrade) -> str:
    cannot = graded.graded.cannot
    possible = graded.graded.possible
    words = cannot.sentence() if cannot is not None else ""
    return f"{words} (grade {' or '.join(map(str, possible))})" if 1 < len(possible) < 4 else words
