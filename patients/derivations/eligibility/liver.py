"""Liver: the Child-Pugh class from the last values before randomization."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from patients.derivations.eligibility.case import Case, evidence_of, latest
from patients.derivations.eligibility.evidence import Evidence, Found, found
from patients.derivations.eligibility.laboratory import (
    Result,
    control_of,
    in_unit,
    last_results,
    shown_result,
)
from patients.models import PhysicalExamination
from trials.clinical.eligibility.operands import Codes
from trials.clinical.hepatic import Ascites, ChildPugh, child_pugh
from trials.clinical.partial_date import Truth
from trials.clinical.reading import Reading
from trials.clinical.undetermined import Undetermined

BILIRUBIN, ALBUMIN, INR, PROTHROMBIN = "BILI", "ALB", "INR", "PT"

# One value of each of the three levels, for what is missing or reported with a comparator.
_LEVELS = {
    (BILIRUBIN, "umol/L"): ("17", "40", "70"),
    (BILIRUBIN, "mg/dL"): ("1", "2.5", "4"),
    (ALBUMIN, "g/L"): ("40", "30", "20"),
    (ALBUMIN, "g/dL"): ("4", "3", "2"),
    (INR, ""): ("1", "2", "3"),
    (PROTHROMBIN, ""): ("1", "5", "7"),
}
_UNITS = {BILIRUBIN: ("umol/L", "mg/dL"), ALBUMIN: ("g/L", "g/dL")}
_NAMES = {
    BILIRUBIN: "bilirubin",
    ALBUMIN: "albumin",
    INR: "INR",
    PROTHROMBIN: "prothrombin time over control",
}
_ENCEPHALOPATHY = (0, 1, 3)
_JUST = Decimal("1E-9")
_BESIDE = {"<": 1 - _JUST, ">": 1 + _JUST}


@dataclass(frozen=True)
class Item:
    """The values that one item of the score may have, and its unit."""

    values: Sequence[Any]
    unit: str = ""


def child_pugh_class(case: Case) -> Found:
    """The class that the items allow.

    An item that is missing, or reported with a comparator, leaves more than one score possible; where all of
    them agree on the criterion, it is decided all the same.
    """
    coagulation = PROTHROMBIN if case.setting("child_pugh_coagulation") == PROTHROMBIN else INR
    results = {code: last_results(case, code) for code in (BILIRUBIN, ALBUMIN, coagulation)}
    examined = [form for form in case.measured(PhysicalExamination) if form.ascites or form.encephalopathy]
    evidence = [shown_result(case, each) for found_results in results.values() for each in found_results]
    evidence += list(_shown(latest(examined)))
    lacking: list[str] = []
    bilirubin, albumin, clotting = (_item(case, code, results[code], lacking) for code in results)
    ascites = _examined(latest(examined), "ascites", tuple(Ascites), Ascites, lacking)
    encephalopathy = _examined(latest(examined), "encephalopathy", _ENCEPHALOPATHY, int, lacking)
    scores = [
        _score(chosen, coagulation, bilirubin.unit, albumin.unit)
        for chosen in product(bilirubin.values, albumin.values, clotting.values, ascites, encephalopathy)
    ]
    classes = frozenset(score.child_class for score in scores)
    if lacking and len(classes) == 3:
        return found(Undetermined(tuple(lacking)), *evidence)
    return found(Codes("Child-Pugh class", classes, _note(scores, lacking)), *evidence)


def _note(scores: Sequence[ChildPugh], lacking: Sequence[str]) -> str:
    points = sorted({score.points for score in scores})
    span = f"{points[0]}" if len(points) == 1 else f"{points[0]} to {points[-1]}"
    return "; ".join((f"score {span}", *(f"no {each}" for each in lacking)))


def _score(chosen: Sequence[Any], coagulation: str, bilirubin_unit: str, albumin_unit: str) -> ChildPugh:
    bilirubin, albumin, clotting, ascites, encephalopathy = chosen
    score = child_pugh(
        bilirubin=bilirubin,
        bilirubin_unit=bilirubin_unit,
        albumin=albumin,
        albumin_unit=albumin_unit,
        inr=clotting if coagulation == INR else None,
        prothrombin_prolongation_s=clotting if coagulation == PROTHROMBIN else None,
        ascites=ascites,
        encephalopathy_grade=encephalopathy,
    )
    if isinstance(score, Undetermined):
        raise ValueError("every item of the score has a value here")
    return score


def _item(case: Case, code: str, results: Sequence[Result], lacking: list[str]) -> Item:
    units = _UNITS.get(code, ("",))
    reported = [each.row.unit for each in results]
    unit = reported[0] if reported and reported[0] in units else units[0]
    readings = [_reading(case, code, each, unit) for each in results]
    if not readings or any(isinstance(each, Undetermined) for each in readings):
        lacking.append(_NAMES[code])
        return Item(tuple(_level(code, unit)), unit)
    numbers = [each for each in readings if isinstance(each, Reading)]
    return Item(tuple(value for each in numbers for value in _possible(each, code, unit)), unit)


def _reading(case: Case, code: str, result: Result, unit: str) -> Reading | Undetermined:
    if code == PROTHROMBIN:
        control = control_of(case, result)
        if isinstance(control, Undetermined) or result.reading is None:
            return Undetermined((_NAMES[code],))
        return Reading(result.reading.number - control, result.reading.comparator)
    if code == INR:
        return result.reading or Undetermined((_NAMES[code],))
    reading = in_unit(case, result, unit)
    if isinstance(reading, Reading) and reading.number <= 0:  # no measurement of these
        return Undetermined((_NAMES[code],))
    return reading


def _possible(reading: Reading, code: str, unit: str) -> list[Decimal]:
    if not reading.comparator:
        return [reading.number]
    rises = reading.comparator.startswith(">")
    levels = [
        level
        for level in _level(code, unit)
        if (reading.is_below(level) if rises else reading.is_above(level)) is Truth.UNKNOWN
    ]
    return [reading.number * _BESIDE.get(reading.comparator, Decimal(1)), *levels]


def _level(code: str, unit: str) -> Iterable[Decimal]:
    return (Decimal(level) for level in _LEVELS[code, unit])


def _examined(
    forms: Sequence[PhysicalExamination], name: str, every: Sequence[Any], read: Any, lacking: list[str]
) -> tuple[Any, ...]:
    answers = [getattr(form, name) for form in forms]
    if not answers or not all(answers):
        lacking.append(f"examination for {name}")
        return tuple(every)
    return tuple(read(answer) for answer in dict.fromkeys(answers))


def _shown(forms: Iterable[PhysicalExamination]) -> Iterable[Evidence]:
    for form in forms:
        for name in ("ascites", "encephalopathy"):
            if getattr(form, name):
                yield evidence_of(form, name)
