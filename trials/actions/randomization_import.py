"""A randomization list that was made elsewhere, read row by row before anything is stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trials.actions.errors import Refused
from trials.actions.sealed_list import Slot
from trials.clinical.randomization import MAX_LENGTH

MAX_SLOTS = MAX_LENGTH
COLUMNS = ("number", "stratum", "arm")


def slots_of(rows: Iterable[Mapping[str, Any]], arms: set[str], strata: Sequence[str]) -> list[Slot]:
    """The slots of rows with `number`, `stratum` and `arm`. Raises Refused, naming every faulty row."""
    slots: list[Slot] = []
    errors: dict[str, Any] = {}
    for position, row in enumerate(rows, 1):
        if position > MAX_SLOTS:
            raise Refused({"rows": [f"are more than {MAX_SLOTS}"]})
        faults = list(_faults(row, arms, strata))
        if faults:
            errors[f"row {position}"] = faults
        else:
            slots.append((str(row.get("stratum") or ""), int(row["number"]), str(row["arm"])))
    errors |= {} if errors else _gaps(slots)
    if errors or not slots:
        raise Refused(errors or {"rows": ["there is none"]})
    return slots


def _faults(row: Mapping[str, Any], arms: set[str], strata: Sequence[str]) -> Iterable[str]:
    # The messages never repeat an arm: they may be shown or logged where the list may not.
    number = str(row.get("number") or "")
    if not (number.isascii() and number.isdigit() and len(number) <= 6 and int(number) >= 1):
        yield "number: must be a whole number from 1"
    if str(row.get("stratum") or "") not in strata:
        yield "stratum: is not a stratum of the study"
    if str(row.get("arm")) not in arms:
        yield "arm: is not an arm of the study"
    if set(row) - set(COLUMNS):
        yield f"columns: only {', '.join(COLUMNS)} are known"


def _gaps(slots: Sequence[Slot]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for stratum in sorted({stratum for stratum, _number, _arm in slots}):
        numbers = sorted(number for each, number, _arm in slots if each == stratum)
        if numbers != list(range(1, len(numbers) + 1)):
            wrong = next(number for place, number in enumerate(numbers, 1) if number != place)
            name = f"stratum “{stratum}”" if stratum else "rows"
            errors[name] = [f"numbers must count from 1 without a gap or repetition; see number {wrong}"]
    return errors
