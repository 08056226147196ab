"""Whether there are new lesions at an assessment, and since when (Eisenhauer 2009, section 4.3.5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from trials.clinical.recist.lesion import Lesion, Role
from trials.clinical.recist.overall_response import NewLesion


@dataclass(frozen=True)
class NewLesions:
    """Whether there are new lesions by a day; None where that cannot be determined, with what is missing.

    `lesions`: those that count, in order of the day they were first seen.
    """

    answer: NewLesion | None
    words: str
    lesions: tuple[Lesion, ...] = ()
    missing: tuple[str, ...] = ()


def new_lesions(
    lesions: Iterable[Lesion], *, baseline_on: date | None, on: date, answer: NewLesion | None
) -> NewLesions:
    """What the records of new lesions and the answer given at the assessment of day `on` say together.

    An unequivocal lesion counts from the scan on which it was first seen, also when it was equivocal then
    and confirmed later. A record outweighs the answer "no"; the answer "yes" holds without a record, but
    not against one that says equivocal.

    >>> seen = Lesion("N1", Role.NEW, identified_on=date(2021, 5, 3), certain=False)
    >>> new_lesions([seen], baseline_on=date(2021, 3, 1), on=date(2021, 5, 3), answer=NewLesion.NO).words
    'N1 is equivocal and followed'
    """
    ours = sorted(
        (each for each in lesions if each.role is Role.NEW),
        key=lambda each: (each.identified_on or date.max, each.label),
    )
    misdated = [each for each in ours if _misdated(each, baseline_on)]
    seen = [each for each in ours if each not in misdated and _day(each) <= on]
    certain = tuple(each for each in seen if each.certain or each.confirmed_on is not None)
    if certain:
        return NewLesions(NewLesion.YES, _counting(certain, answer), certain)
    equivocal = [each for each in seen if each.certain is False]
    open_questions = _open_questions(seen, misdated, baseline_on)
    if answer is NewLesion.YES:
        return _answered_yes(equivocal)
    if open_questions:
        return NewLesions(None, "; ".join(open_questions), missing=open_questions)
    if equivocal:
        return NewLesions(NewLesion.EQUIVOCAL, f"{_labels(equivocal)} is equivocal and followed")
    return NewLesions(answer, _WORDS[answer], missing=_UNANSWERED if answer is None else ())


_UNANSWERED = ("whether there are new lesions is not answered",)
_WORDS = {
    None: _UNANSWERED[0],
    NewLesion.NO: "no new lesion",
    NewLesion.EQUIVOCAL: "an equivocal new lesion without a record of its own",
}


def _misdated(lesion: Lesion, baseline_on: date | None) -> bool:
    if lesion.identified_on is None:
        return True
    return baseline_on is not None and lesion.identified_on <= baseline_on


def _day(lesion: Lesion) -> date:
    return lesion.identified_on or date.max


def _counting(certain: Iterable[Lesion], answer: NewLesion | None) -> str:
    found = [f"{each.label} first seen on {each.identified_on}{_confirmed(each)}" for each in certain]
    doubt = ", although the answer at this assessment is no" if answer is NewLesion.NO else ""
    return f"new lesion {', '.join(found)}{doubt}"


def _confirmed(lesion: Lesion) -> str:
    return "" if lesion.certain or lesion.confirmed_on is None else f" (confirmed on {lesion.confirmed_on})"


def _answered_yes(equivocal: list[Lesion]) -> NewLesions:
    if equivocal:
        words = f"new lesions are said to be there, but the record of {_labels(equivocal)} says equivocal"
        return NewLesions(None, words, missing=(words,))
    return NewLesions(NewLesion.YES, "new lesions are said to be there, without a dated record of one")


def _open_questions(
    seen: Iterable[Lesion], misdated: Iterable[Lesion], baseline_on: date | None
) -> tuple[str, ...]:
    undecided = [f"how certain {each.label} is, is not recorded" for each in seen if each.certain is None]
    undated = [
        f"{each.label} has no date on which it was first seen"
        if each.identified_on is None
        else f"{each.label} is recorded as new, but first seen on {each.identified_on}, "
        f"not after baseline ({baseline_on})"
        for each in misdated
    ]
    return (*undecided, *undated)


def _labels(lesions: Iterable[Lesion]) -> str:
    return ", ".join(each.label for each in lesions)
