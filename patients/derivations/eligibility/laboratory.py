"""Laboratory results as criteria read them: the last before randomization, in the unit of the threshold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from patients.derivations.eligibility.case import Case, evidence_of
from patients.derivations.eligibility.evidence import Evidence, Found, Group
from patients.derivations.eligibility.support import support_before
from patients.derivations.results import names_of_tests
from patients.models import LabSample
from trials.clinical.eligibility.operands import Codes, Number, Operand
from trials.clinical.eligibility.options import factor_of
from trials.clinical.eligibility.thresholds import ULN
from trials.clinical.laboratory_value import NEGATIVE, POSITIVE, TRACE
from trials.clinical.reading import Reading
from trials.clinical.undetermined import Undetermined
from trials.clinical.units import UnitError, convert
from trials.clinical.words import counted, normal_range, printed_unit

RESULT_WORDS = {NEGATIVE: "negative", POSITIVE: "positive", TRACE: "trace"}


@dataclass(frozen=True)
class Result:
    """A result with its sample."""

    sample: LabSample  # with its day of collection
    row: Any

    @property
    def test(self) -> Any:
        return self.row.test

    @property
    def day(self) -> date:
        return self.sample.collected_on

    @property
    def reading(self) -> Reading | None:
        """The number with its comparator; None for a word."""
        if self.row.number is None:
            return None
        return Reading(self.row.number, self.row.comparator or "")


def results_of(case: Case, code: str) -> list[Result]:
    """Every result of a test from before randomization, in order of collection."""
    return [
        Result(sample, row)
        for sample in case.measured(LabSample)
        if sample.collected_on is not None
        for row in case.facts.rows(sample, "results")
        if row.test is not None and row.test.code == code and (row.number is not None or row.word)
    ]


def last_results(case: Case, code: str) -> list[Result]:
    """The last result of a test; all of its last day where a time of collection is not recorded."""
    found = results_of(case, code)
    of_day = [each for each in found if each.day == found[-1].day]
    times = [each.sample.collected_at for each in of_day]
    if None in times:
        return of_day
    return [each for each in of_day if each.sample.collected_at == max(times)]


def name_of_test(case: Case, code: str) -> str:
    """A laboratory test of the subject's study in words, also where it has no result."""
    return case.facts.once(names_of_tests, case.subject).get(code, code)


def shown_result(case: Case, result: Result) -> Evidence:
    """A result as evidence, with its normal range and what has to be known beside it."""
    row = result.row
    return evidence_of(
        result.sample,
        "value",
        row,
        called=f"{result.test.name} ({result.test.code})",
        unit=row.unit or "",
        normal=normal_range(row.range_low, row.range_high, row.unit or ""),
        remarks=(*_age_remark(case, result), *support_before(case, result.day)),
    )


def _age_remark(case: Case, result: Result) -> tuple[str, ...]:
    """Said of a result that will be too old at the first dose; it counts all the same."""
    days = case.facts.setting(case.subject, "screening_laboratory_window_days")
    panels = case.facts.setting(case.subject, "screening_laboratory_window_panels")
    age = (case.decided_on - result.day).days
    if not isinstance(days, int) or result.test.panel not in (panels or ()) or age <= days:
        return ()
    case.setting("screening_laboratory_window_days")
    return (f"{counted(age, 'day')} old; at most {days} at the first dose",)


def number(case: Case) -> Found:
    """The number of each test that the criterion names."""
    return _each_test(case, lambda results: _number(case, results))


def word(case: Case) -> Found:
    """The word of each test that the criterion names: NEGATIVE, POSITIVE, TRACE, 1+ to 4+.

    A criterion that speaks of negative and positive only gets no other word.
    """
    plain_words = set(case.threshold.replace(" ", "").split(",")) <= {NEGATIVE, POSITIVE}
    return _each_test(case, lambda results: _word(results, plain_words))


def _each_test(case: Case, read: Callable[[Sequence[Result]], Operand | Undetermined]) -> Found:
    groups: list[Group] = []
    evidence: list[Evidence] = []
    for wanted in case.options["tests"]:
        codes = wanted if isinstance(wanted, list) else [wanted]
        done = [results for code in codes if (results := last_results(case, code))]
        evidence += [shown_result(case, each) for results in done for each in results]
        names = [name_of_test(case, code) for code in codes]
        nothing = Undetermined((f"{' or '.join(names)} before randomization",))
        groups.append(tuple(read(results) for results in done) or (nothing,))
    return Found(tuple(groups), tuple(evidence))


def _word(results: Sequence[Result], plain_words: bool) -> Operand | Undetermined:
    test = results[0].test
    if not all(each.row.word for each in results):
        return Undetermined((f"word as the result of {test.name}",))
    words = [sign_of(each.row.word) if plain_words else {each.row.word} for each in results]
    return Codes(test.name, frozenset().union(*words), labels=RESULT_WORDS)


def sign_of(word: str) -> set[str]:
    """A word as negative or positive: a trace may be either, every plus sign is positive.

    >>> sign_of("2+")
    {'POSITIVE'}
    """
    return {NEGATIVE: {NEGATIVE}, TRACE: {NEGATIVE, POSITIVE}}.get(word, {POSITIVE})


def _number(case: Case, results: Sequence[Result]) -> Operand | Undetermined:
    """The results of one day as one number: those whose order is not known remain possible side by side."""
    read = [_in_unit(case, each) for each in results]
    numbers = [each for each in read if isinstance(each, Number)]
    if len(numbers) < len(read):
        return next(each for each in read if isinstance(each, Undetermined))
    first = numbers[0]
    if any((each.unit, each.low, each.high) != (first.unit, first.low, first.high) for each in numbers):
        return Undetermined((f"time of collection of the {first.name} results of {results[0].day}",))
    readings = {each.possible[0]: None for each in numbers}
    return Number(first.name, tuple(readings), first.unit, first.low, first.high)


def _in_unit(case: Case, result: Result) -> Number | Undetermined:
    test, row, reading = result.test, result.row, result.reading
    if reading is None:
        if row.word != NEGATIVE or test.normal_word != NEGATIVE:
            return Undetermined((f"number as the result of {test.name}",))
        # What a test does not detect lies below every limit.
        return Number(f"{test.name} (negative)", (Reading(Decimal(0)),), case.unit)
    if test.unit and not row.unit:
        return Undetermined((f"unit of {test.name} on {result.day}",))
    unit = row.unit or ""
    if case.options.get("over_control"):
        return _over_control(case, result, reading)
    if case.operator == "normal" or case.unit == ULN:
        return Number(test.name, (reading,), unit, row.range_low, row.range_high)
    converted = in_unit(case, result, case.unit)
    return converted if isinstance(converted, Undetermined) else Number(test.name, (converted,), case.unit)


def in_unit(case: Case, result: Result, unit: str) -> Reading | Undetermined:
    """The number of a result in another unit."""
    test, row, reading = result.test, result.row, result.reading
    if reading is None or not row.unit:
        what = "number as the result" if reading is None else "unit of the result"
        return Undetermined((f"{what} of {test.name} on {result.day}",))
    copies = case.options.get("copies_per_iu")
    try:
        value = convert(
            reading.number,
            test=test.code,
            from_unit=row.unit,
            to_unit=unit,
            copies_per_iu=None if copies is None else factor_of(copies),
        )
    except UnitError:
        units = f"{printed_unit(row.unit)} to {printed_unit(unit)}"
        return Undetermined((f"conversion of {test.name} from {units}",))
    return Reading(value, reading.comparator)


def _over_control(case: Case, result: Result, reading: Reading) -> Number | Undetermined:
    """A prothrombin time as the seconds by which it exceeds the control of the same sample."""
    control = control_of(case, result)
    if isinstance(control, Undetermined):
        return control
    name = f"{result.test.name} over control"
    return Number(name, (Reading(reading.number - control, reading.comparator),), result.row.unit or "")


def control_of(case: Case, result: Result) -> Decimal | Undetermined:
    """The control of a prothrombin time: the result of the test `control` in the same sample and unit."""
    code = case.options.get("control")
    rows = case.facts.rows(result.sample, "results") if code else []
    for row in rows:
        if row.test is None or row.test.code != code or row.unit != result.row.unit:
            continue
        if row.number is not None and not row.comparator:
            return row.number
    return Undetermined((f"control of {result.test.name} on {result.day}",))
