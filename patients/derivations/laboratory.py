"""Laboratory results: number and comparator from the text, range as valid on the day, flag."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from patients.derivations.known import Known
from patients.models import LabSample, Row
from patients.selectors import age_range, choose_range
from trials.actions.errors import Refused
from trials.clinical.laboratory_value import LaboratoryValue, LaboratoryValueError, flag, parse_result
from trials.models import LabTest, ReferenceRange

LARGEST, SMALLEST = Decimal(10**10), Decimal("0.00001")


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
        candidates = ranges.get((result.test_id, result.unit or ""), [])
        _apply(result, test, choose_range(candidates, sex, ages))


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


def _ranges_on_the_day(
    sample: LabSample, tests: Mapping[int, LabTest], known: Known
) -> dict[tuple[int, str], list[ReferenceRange]]:
    if sample.laboratory_id is None or sample.collected_on is None:
        return {}
    found: dict[tuple[int, str], list[ReferenceRange]] = {}
    for each in known.ranges(sample.laboratory_id, tests):
        if each.is_in_force_on(sample.collected_on):
            found.setdefault((each.test_id, each.unit), []).append(each)
    return found


def _apply(result: Any, test: LabTest | None, chosen: ReferenceRange | None) -> None:
    result.reference_range = chosen
    result.range_low = chosen.low if chosen else None
    result.range_high = chosen.high if chosen else None
    result.flag = None
    if not result.value or test is None:
        return
    value = parse_result(result.value)
    result.flag = flag(value, result.range_low, result.range_high, test.normal_word) or None
