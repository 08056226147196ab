"""Laboratory results: number and comparator from the text, range as valid on the day, flag.

A range applies to results of its own unit. Where the laboratory has none in the unit of a result, one of
another unit is converted, if a conversion is known for the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from patients.derivations.known import Known
from patients.models import LabSample, Row
from patients.selectors import age_range, choose_range
from trials.actions.errors import Refused
from trials.clinical.laboratory_value import LaboratoryValue, LaboratoryValueError, flag, parse_result
from trials.clinical.units import convert, convertible
from trials.models import LabTest, ReferenceRange

LARGEST, SMALLEST = Decimal(10**10), Decimal("0.00001")
# A limit has four digits after the point. One that would lose more than 1 part in 2000 is no limit any more.
LARGEST_LIMIT, SMALLEST_LIMIT, MOST_LOST = Decimal(10**8), Decimal("0.0001"), Decimal("0.0005")
ByUnit = Mapping[str, list[ReferenceRange]]


@dataclass(frozen=True)
class Limits:
    """The limits of normal of a result, in its own unit, and the range that they are of."""

    of: ReferenceRange | None = None
    low: Decimal | None = None
    high: Decimal | None = None


UNKNOWN = Limits()


def derive_results(sample: LabSample, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Set comparator, number, word, range and flag of every result given.

    Raises Refused, row by row, for a text that is no result and for a unit the test does not have.
    """
    results: list[Any] = list(rows.get("results", ()))
    if not results:
        return
    tests = known.tests(result.test_id for result in results if result.test_id)
    units = known.units(tests)
    errors: list[dict[str, Any]] = [_errors(result, tests, units) for result in results]
    if any(errors):
        raise Refused({"results": errors})
    flag_results(sample, results, known)


def flag_results(sample: LabSample, results: Sequence[Any], known: Known) -> None:
    """Choose the range of each result and set its flag; three queries at most, however many results."""
    tests = known.tests(result.test_id for result in results if result.test_id)
    demographics = known.demographics(sample.subject)
    sex = demographics.sex if demographics else None
    ages = age_range(demographics, sample.collected_on) if sample.collected_on else None
    ranges = _ranges_on_the_day(sample, tests, known)
    for result in results:
        test = tests.get(result.test_id)
        of_test = ranges.get(result.test_id, {})
        unit = _unit_of_range(test, result.unit or "", of_test)
        chosen = choose_range(of_test.get(unit, []), sex, ages)
        _apply(result, test, _limits(chosen, test, result.unit or ""))


def _errors(result: Any, tests: Mapping[int, LabTest], units: Mapping[int, set[str]]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    if result.test_id is None:
        errors["test"] = ["is required for every result"]
    elif result.unit and result.unit not in units[result.test_id]:
        allowed = ", ".join(sorted(units[result.test_id])) or "none"
        errors["unit"] = [f"is not a unit of this test; known: {allowed}"]
    if result.value:
        try:
            _read(result, parse_result(result.value))
        except LaboratoryValueError as error:
            errors["value"] = [str(error)]
        else:
            if not _fits(result.number):
                errors["value"] = ["has more digits than a result can: 9 before the point, 6 after it"]
    else:
        result.comparator = result.number = result.word = None
    return errors


def _fits(number: Decimal | None) -> bool:
    # The column would round a longer fraction and break on a longer whole.
    return number is None or (abs(number) < LARGEST and number == number.quantize(SMALLEST))


def _read(result: Any, value: LaboratoryValue) -> None:
    result.comparator = value.comparator or None
    result.number = value.number
    result.word = value.word or None


def _ranges_on_the_day(sample: LabSample, tests: Mapping[int, LabTest], known: Known) -> Mapping[int, ByUnit]:
    if sample.laboratory_id is None or sample.collected_on is None:
        return {}
    found: dict[int, dict[str, list[ReferenceRange]]] = {}
    for each in known.ranges(sample.laboratory_id, tests):
        if each.is_in_force_on(sample.collected_on):
            found.setdefault(each.test_id, {}).setdefault(each.unit, []).append(each)
    return found


def _unit_of_range(test: LabTest | None, unit: str, ranges: ByUnit) -> str:
    """In which unit a range is looked for: that of the result, else the preferred or the only other one."""
    if test is None or not unit or unit in ranges:
        return unit
    known = [each for each in ranges if convertible(test.code, unit, [each])]
    if test.unit in known:
        return test.unit
    return known[0] if len(known) == 1 else unit


def _limits(chosen: ReferenceRange | None, test: LabTest | None, unit: str) -> Limits:
    """The limits of a range in the unit of a result; unknown where a column could not hold them."""
    if chosen is None or test is None:
        return UNKNOWN
    if chosen.unit == unit:
        return Limits(chosen, chosen.low, chosen.high)
    converted = [
        None if limit is None else convert(limit, test=test.code, from_unit=chosen.unit, to_unit=unit)
        for limit in (chosen.low, chosen.high)
    ]
    held = [None if limit is None else _held(limit) for limit in converted]
    lost = any(each is None and limit is not None for each, limit in zip(held, converted, strict=True))
    return UNKNOWN if lost else Limits(chosen, *held)


def _held(limit: Decimal) -> Decimal | None:
    """A converted limit as its column holds it; None for one too large, or too small to be told."""
    if abs(limit) >= LARGEST_LIMIT:
        return None
    rounded = limit.quantize(SMALLEST_LIMIT)
    return rounded if abs(rounded - limit) <= abs(limit) * MOST_LOST else None


def _apply(result: Any, test: LabTest | None, limits: Limits) -> None:
    result.reference_range = limits.of
    result.range_low, result.range_high = limits.low, limits.high
    result.flag = None
    if not result.value or test is None:
        return
    value = parse_result(result.value)
    result.flag = flag(value, result.range_low, result.range_high, test.normal_word) or None
