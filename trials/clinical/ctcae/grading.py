"""The CTCAE grade of a measured result, with the limit that decided; or what is missing to give one."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum

from trials.clinical.ctcae import other_criteria, version_5, version_6
from trials.clinical.ctcae.criterion import (
    ANY_UNIT,
    NO_UNIT,
    Arm,
    Criterion,
    Direction,
    Grades,
    Limit,
    Of,
    When,
)
from trials.clinical.partial_date import Truth
from trials.clinical.quantity import ARITHMETIC, measurable
from trials.clinical.reading import COMPARATORS, Reading, all_of, any_of
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import printed_unit
from trials.text import plain

# Results and limits may have come through floating point, which keeps 15 significant digits.
SIGNIFICANT = Context(prec=15)

VERSIONS = {
    version: {each.term.casefold(): each for each in criteria}
    for version, criteria in (
        ("5.0", version_5.CRITERIA + other_criteria.VERSION_5),
        ("6.0", version_6.CRITERIA + other_criteria.VERSION_6),
    )
}


class Convention(StrEnum):
    """Whether signs, symptoms and anticoagulation are taken as present, or as they were recorded."""

    WORST_CASE = "WORST_CASE"
    COLLECTED = "COLLECTED"


class BaselineFlag(StrEnum):
    """Where the baseline value lay; NONE_YET for a result that is itself baseline or lies before it."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    NONE_YET = "NONE_YET"


@dataclass(frozen=True)
class Graded:
    """A grade from 0 to 4 and the rule that gave it, in words; or None and what is missing.

    `possible`: the grades that are not excluded; one where it is graded, none where there is no criterion.
    """

    grade: int | None
    term: str
    version: str
    direction: Direction | None = None
    rule: str = ""
    cannot: Undetermined | None = None
    possible: tuple[int, ...] = ()

    def __str__(self) -> str:
        name = f"{self.term} (CTCAE {self.version})"
        if self.cannot is not None:
            return f"{name}: {self.cannot.sentence()}"
        return f"{name}: grade {self.grade}, {self.rule}"


@dataclass(frozen=True)
class Circumstances:
    """What a result is compared with; None where it is not known."""

    result: Reading
    unit: str
    values: dict[Of, Decimal | None]
    change: Reading | None
    flag: BaselineFlag | None
    symptoms: bool | None
    anticoagulated: bool | None


@dataclass(frozen=True)
class Answer:
    """Whether a limit is reached; where that is unknown, what is missing."""

    truth: Truth
    missing: tuple[str, ...] = ()


YES, NO = Answer(Truth.YES), Answer(Truth.NO)


def criterion_of(term: str, version: str) -> Criterion | None:
    """The numeric criterion of a term, in any case. Raises ValueError for an unknown version."""
    if version not in VERSIONS:
        raise ValueError(f"version must be one of {', '.join(VERSIONS)}")
    return VERSIONS[version].get(term.casefold())


def grade(
    term: str,
    value: Decimal | None,
    *,
    version: str,
    unit: str | None = None,
    comparator: str = "",
    low: Decimal | None = None,
    high: Decimal | None = None,
    baseline: Decimal | None = None,
    baseline_flag: str | None = None,
    percent_change: Decimal | None = None,
    symptoms: bool | None = None,
    anticoagulated: bool | None = None,
    convention: Convention = Convention.WORST_CASE,
) -> Graded:
    """The grade of a result in the numeric criterion of a CTCAE term, which has one direction.

    `unit` is UCUM; `low` and `high` are the limits of normal, `baseline` the baseline value, all in this
    unit. `percent_change` from baseline is calculated where it is not given. `baseline_flag`: where the
    baseline value lay in its own range (a BaselineFlag; None: not known). WORST_CASE takes signs, symptoms
    and anticoagulation as present, COLLECTED as given (None: not known). Numbers are compared with 15
    significant digits; a result with a comparator is graded when every number it may stand for has the
    same grade. Not graded, with the reason: no result, no criterion for the term or the unit, a missing
    limit of normal, baseline or answer on which the grade depends. Raises ValueError for an unknown
    version, flag or comparator, and for a number that cannot be measured.

    >>> print(grade("Anemia", Decimal(99), version="5.0", unit="g/L", low=Decimal(130)))
    Anemia (CTCAE 5.0): grade 2, below 100 g/L
    >>> print(grade("Anemia", Decimal(101), version="5.0", unit="g/L"))
    Anemia (CTCAE 5.0): cannot be determined: no lower limit of normal
    """
    criterion = criterion_of(term, version)
    if comparator not in COMPARATORS:
        raise ValueError("comparator must be one of <, <=, >, >= or empty")
    if percent_change is not None and comparator:
        raise ValueError("percent_change is of an exact result, not of one with a comparator")
    if criterion is None:
        missing = Undetermined((f"numeric criterion for “{term}” in CTCAE {version}",))
        return Graded(None, term, version, cannot=missing)
    if value is None:
        return _cannot(criterion, version, criterion.every_grade, "result")
    code = unit_of(criterion, unit)
    if code is None:
        reason = f"criterion for results in {printed_unit(unit)}" if unit else "unit"
        return _cannot(criterion, version, criterion.every_grade, reason)
    worst = convention is Convention.WORST_CASE
    with localcontext(ARITHMETIC):
        values = {Of.NUMBER: Decimal(1), Of.LLN: low, Of.ULN: high, Of.BASELINE: baseline}
        known = Circumstances(
            result=Reading(_significant("value", value), comparator),
            unit=code if code not in (ANY_UNIT, NO_UNIT) else "",
            values={of: None if each is None else measurable(of.value, each) for of, each in values.items()},
            change=None if percent_change is None else Reading(_significant("change", percent_change)),
            flag=_flag(baseline_flag),
            symptoms=True if worst else symptoms,
            anticoagulated=True if worst else anticoagulated,
        )
        return _graded(criterion, criterion.by_unit[code], known, version)


def _cannot(criterion: Criterion, version: str, possible: Iterable[int], *missing: str) -> Graded:
    return Graded(
        None,
        criterion.term,
        version,
        criterion.direction,
        cannot=Undetermined(missing),
        possible=tuple(sorted(possible)),
    )


def unit_of(criterion: Criterion, unit: str | None) -> str | None:
    """The unit of the criterion that is meant; None where it has no limits in this unit."""
    codes = criterion.by_unit
    if ANY_UNIT in codes:
        return ANY_UNIT
    written = _folded(unit)
    if NO_UNIT in codes:
        return NO_UNIT if written in ("", "1", "{inr}", "{ratio}", "{ph}", "[ph]") else None
    return next((code for code in codes if _folded(code) == written), None)


def _folded(unit: str | None) -> str:
    """UCUM without case, and 10^9 for 10*9: laboratories print both."""
    written = (unit or "").strip().casefold().replace("^", "*")
    return written.removeprefix("1") if written.startswith("1/") else written


def _significant(name: str, number: Decimal) -> Decimal:
    return SIGNIFICANT.plus(measurable(name, number))


def _flag(written: str | None) -> BaselineFlag | None:
    if not written:
        return None
    first = written.split()[0]  # HIGH HIGH is above a second, higher limit
    if first not in list(BaselineFlag):
        raise ValueError(f"baseline_flag must be one of {', '.join(BaselineFlag)}")
    return BaselineFlag(first)


def _graded(criterion: Criterion, grades: Grades, known: Circumstances, version: str) -> Graded:
    if criterion.no_grade is not None:
        outside = _arm(criterion.no_grade, known)
        if outside.truth is Truth.YES:
            return _cannot(
                criterion, version, (), f"grade for a result {criterion.no_grade.words(known.unit)}"
            )
        if outside.truth is Truth.UNKNOWN:
            return _cannot(criterion, version, criterion.every_grade, *outside.missing)
    possible: list[int] = []
    missing: dict[str, None] = {}
    for number in (4, 3, 2, 1):
        answers = [(arm, _arm(arm, known)) for arm in grades[number - 1]]
        truth = any_of(*(answer.truth for _, answer in answers))
        if truth is not Truth.NO:
            possible.append(number)
        if truth is Truth.YES:
            words = next(arm.words(known.unit) for arm, answer in answers if answer.truth is Truth.YES)
            break
        missing |= dict.fromkeys(name for _, answer in answers for name in answer.missing)
    else:
        possible.append(0)
        words = _normal_words(criterion, grades, known.unit)
    if len(possible) == 1:
        found = possible[0]
        return Graded(found, criterion.term, version, criterion.direction, words, possible=(found,))
    return _cannot(criterion, version, possible, *missing)


def _normal_words(criterion: Criterion, grades: Grades, unit: str) -> str:
    lowest = next(arms for arms in grades if arms)
    return "not " + " or ".join(arm.words(unit) for arm in lowest)


def _arm(arm: Arm, known: Circumstances) -> Answer:
    """Whether all limits of an arm are reached and what must be so is so."""
    answers = [_limit(limit, arm.when, known) for limit in arm.limits]
    if arm.when is not None:
        answers.append(_so(arm.when, known))
    truth = all_of(*(answer.truth for answer in answers))
    missing = (name for answer in answers for name in answer.missing)
    return Answer(truth, tuple(missing) if truth is Truth.UNKNOWN else ())


_NAMES = {
    Of.LLN: "lower limit of normal",
    Of.ULN: "upper limit of normal",
    Of.BASELINE: "baseline value",
    Of.CHANGE: "baseline value",
}


def _limit(limit: Limit, when: When | None, known: Circumstances) -> Answer:
    if limit.of is Of.CHANGE:
        return _changed(limit, known)
    value = known.values.get(limit.of)
    if value is not None:
        return _compared(limit, known.result, limit.threshold(value), known)
    if limit.of is Of.BASELINE and known.flag is BaselineFlag.NONE_YET:
        return NO
    upper = known.values[Of.ULN]
    if when is When.BASELINE_HIGH and limit.of is Of.BASELINE and upper is not None:
        # A baseline above normal lies above the ULN, so its multiple lies above that of the ULN.
        above_uln = known.result.is_above(SIGNIFICANT.plus(limit.threshold(upper)))
        return NO if above_uln is Truth.NO else _absent(limit)
    return _absent(limit)


def _changed(limit: Limit, known: Circumstances) -> Answer:
    """Whether a result has changed as far: by its percentage, or held against its baseline value."""
    if known.change is not None:
        return _compared(limit, known.change, limit.factor, known)
    baseline = known.values[Of.BASELINE]
    if baseline is not None and baseline > 0:
        return _compared(limit, known.result, baseline * (100 + limit.factor) / 100, known)
    return NO if known.flag is BaselineFlag.NONE_YET else _absent(limit)


def _absent(limit: Limit) -> Answer:
    return NO if limit.if_known else Answer(Truth.UNKNOWN, (_NAMES[limit.of],))


def _compared(limit: Limit, result: Reading, threshold: Decimal, known: Circumstances) -> Answer:
    number = SIGNIFICANT.plus(threshold)
    compare = {
        ">": result.is_above,
        ">=": result.is_at_least,
        "<": result.is_below,
        "<=": result.is_at_most,
    }
    truth = compare[limit.operator](number)
    if truth is Truth.UNKNOWN:
        shown = f"{known.result.comparator}{plain(known.result.number)}"
        return Answer(truth, (f"exact result instead of {shown}",))
    return Answer(truth)


def _so(when: When, known: Circumstances) -> Answer:
    """Whether what an arm asks for is so."""
    if when is When.SYMPTOMS:
        return _flagged(known.symptoms, "answer whether there were signs or symptoms")
    if when is When.ANTICOAGULATED:
        return _flagged(known.anticoagulated, "answer whether the subject was on anticoagulation")
    flag = known.flag
    low = when in (When.BASELINE_LOW, When.BASELINE_NOT_LOW)
    if low and flag is None and known.values[Of.BASELINE] is None:
        # A low baseline is the exception: as in v5.0, the ULN decides alone where there is no baseline.
        return YES if when is When.BASELINE_NOT_LOW else NO
    asked = BaselineFlag.LOW if low else BaselineFlag.HIGH
    is_so = None if flag is None else (flag is asked) is (when in (When.BASELINE_HIGH, When.BASELINE_LOW))
    return _flagged(is_so, "baseline value with its limits of normal")


def _flagged(answer: bool | None, name: str) -> Answer:
    if answer is None:
        return Answer(Truth.UNKNOWN, (name,))
    return YES if answer else NO
