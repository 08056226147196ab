"""Why laboratory results give no number, or no one multiple of their upper limit of normal, in words."""

from collections.abc import Sequence

from patients.derivations.results import Result
from trials.clinical.words import printed_unit, with_unit


def fault_of_number(result: Result, unit: str) -> str:
    """Why a result is no number in a unit (UCUM), as a clause; empty where it is one."""
    if result.in_unit(unit) is not None:
        return ""
    where = f"the {result.name.lower()} of {_place(result)}"
    if result.reading is None:
        return f"{where} is “{result.row.word}” and no number"
    shown = f"{where} ({result.reading})"
    if not result.row.unit:
        return f"{shown} has no unit"
    return f"{shown} is in {printed_unit(result.row.unit)} and not in {printed_unit(unit)}"


def fault_of_baseline(found: Sequence[Result]) -> str:
    """Why the last results before treatment are no one multiple of the limit, as a clause; else empty.

    `found`: one or more results of one test and day.
    """
    if len({each.times_upper_limit for each in found}) == 1:
        return _fault_of_multiple(found[0])
    first = found[0]
    values = dict.fromkeys(with_unit(str(each.row.value), each.row.unit or "") for each in found)
    shown = " and ".join(values)
    return f"the {first.name.lower()} of {first.day} is {shown}, without times that say which came last"


def _fault_of_multiple(result: Result) -> str:
    if result.times_upper_limit is not None:
        return ""
    unit = result.row.test.unit if result.row.test is not None else ""
    without = f"the {result.name.lower()} of {_place(result)} ({result.reading}) has no upper limit of normal"
    return fault_of_number(result, unit) or without


def _place(result: Result) -> str:
    visit = result.sample.visit
    return f"{visit.code} on {result.day}" if visit is not None else str(result.day)
