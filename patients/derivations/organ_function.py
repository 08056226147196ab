"""Kidney, liver, calcium and QTcF of a subject over time, each with the values it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from patients.derivations.results import Result, baseline_day, newest_until, results, results_of
from patients.facts import Facts, Source, source
from patients.models import Demographics, Electrocardiogram, PhysicalExamination, Subject, VitalSigns
from patients.selectors import age_range
from trials.clinical.calcium import corrected_calcium
from trials.clinical.hepatic import Ascites, ChildPugh, child_pugh
from trials.clinical.quantity import ARITHMETIC
from trials.clinical.renal import cockcroft_gault
from trials.clinical.sex import Sex
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import measured, off_whole

CREATININE, BILIRUBIN, ALBUMIN, INR, PROTHROMBIN, CALCIUM = "CREAT", "BILI", "ALB", "INR", "PT", "CA"
CONTROL = "control of the prothrombin time: its range leaves two scores"
NOTHING: tuple[None] = (None,)
OF_ONE_DAY = "two results of one day without times"


@dataclass(frozen=True)
class DerivedValue:
    """A value of one day: the number in its unit, or why it cannot be determined, and what it rests on.

    `possible`: the numbers that it may be, where an age or a birth leaves more than one.
    """

    name: str
    day: date
    value: Decimal | Undetermined
    unit: str
    words: str
    sources: tuple[Source, ...] = ()
    possible: tuple[Decimal, ...] = ()


@dataclass(frozen=True)
class LiverScore:
    """The Child-Pugh score of one day, or why it cannot be determined."""

    day: date
    score: ChildPugh | Undetermined
    words: str
    sources: tuple[Source, ...] = ()


def creatinine_clearances(facts: Facts, subject: Subject) -> list[DerivedValue]:
    """Creatinine clearance (Cockcroft-Gault, mL/min, unrounded) of every creatinine, in order.

    With the last weight up to its day, the recorded sex, and the age that the recorded birth allows; where
    two ages, or two weights of one day, leave it open, it is undetermined and all are told as possible.
    """
    return [_clearance(facts, subject, each) for each in results_of(facts, subject, [CREATININE])]


def _clearance(facts: Facts, subject: Subject, result: Result) -> DerivedValue:
    person = _newest(facts.forms(Demographics, subject))
    weighed = _last_weighed(facts, subject, result.day)
    ages = dict.fromkeys(age_range(person, result.day) or (None, None))
    weights: list[Decimal | None] = [*dict.fromkeys(form.weight for form in weighed)] or [None]
    factor = _positive(facts.setting(subject, "cockcroft_gault_umol_per_mg_dl"))
    values = [
        cockcroft_gault(
            age=age,
            weight_kg=weight,
            creatinine_umol_l=_creatinine(result, factor),
            sex=Sex(person.sex) if person and person.sex else None,
            umol_per_mg_dl=factor,
        )
        if factor is not None
        else Undetermined(
            ("constant of the formula, a setting of the study (µmol/L of creatinine in 1 mg/dL)",)
        )
        for age, weight in product(ages, weights)
    ]
    used = [result.source, *(source(form, "weight") for form in weighed)]
    used += [source(person, name) for name in ("birth", "sex") if person and getattr(person, name)]
    value: Decimal | Undetermined = values[0]
    if len(values) > 1 and isinstance(value, Decimal):
        value = Undetermined(tuple(_left_open(result.day, list(ages), weighed)))
    possible = tuple(each for each in values if isinstance(each, Decimal))
    return _told("Creatinine clearance", result.day, value, "mL/min", "Cockcroft-Gault", used, possible)


def _left_open(day: date, ages: Sequence[int | None], weighed: Sequence[VitalSigns]) -> Iterator[str]:
    if len(ages) > 1:
        yield f"single age on {day}: {' or '.join(map(str, ages))} years"
    weights = dict.fromkeys(measured(form.weight, "kg") for form in weighed if form.weight is not None)
    if len(weights) > 1:
        on = weighed[0].measured_on
        yield f"single weight of {on}: {' or '.join(weights)}, {OF_ONE_DAY}"


def _creatinine(result: Result, factor: Decimal | None) -> Decimal | None:
    """Creatinine in umol/L; from mg/dL by the constant of the formula, which divides by it again."""
    if result.row.unit == "mg/dL" and factor is not None:
        number = _number(result)
        return None if number is None else number * factor
    return _exact(result, "umol/L")


def _positive(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def corrected_calciums(facts: Facts, subject: Subject) -> list[DerivedValue]:
    """Calcium corrected for the albumin of the same sample (mmol/L), of every calcium."""
    found = results_of(facts, subject, [CALCIUM, ALBUMIN])
    albumins = {each.sample.pk: each for each in found if each.code == ALBUMIN}
    return [_calcium(each, albumins.get(each.sample.pk)) for each in found if each.code == CALCIUM]


def _calcium(calcium: Result, albumin: Result | None) -> DerivedValue:
    value = corrected_calcium(
        calcium_mmol_l=_exact(calcium, "mmol/L"),
        albumin_g_l=_exact(albumin, "g/L") if albumin is not None else None,
    )
    used = [each.source for each in (calcium, albumin) if each is not None]
    words = "calcium + 0.02 x (40 - albumin)"
    return _told("Corrected calcium", calcium.day, value, "mmol/L", words, used)


def child_pugh_on(facts: Facts, subject: Subject, day: date) -> LiverScore:
    """The Child-Pugh score with what is known up to a day.

    Each item is the newest up to that day: albumin and coagulation of a sample, ascites and encephalopathy of
    a physical examination. Of one day whose order is not known every result is tried: undetermined where the
    scores differ.
    """
    by_time = facts.setting(subject, "child_pugh_coagulation") == PROTHROMBIN
    codes = (BILIRUBIN, ALBUMIN, PROTHROMBIN if by_time else INR)
    found = results(facts, subject)
    newest = {code: newest_until((each for each in found if each.code == code), day) for code in codes}
    examined = _last_examined(facts, subject, day)
    scores = [
        _score(bilirubin, albumin, clotting, form, by_time)
        for bilirubin, albumin, coagulation in product(*(newest[code] or NOTHING for code in codes))
        for clotting in (_prolongations(coagulation) if by_time else (_number(coagulation),))
        for form in examined or NOTHING
    ]
    used = [each.source for code in codes for each in newest[code]]
    used += [source(form, name) for form in examined for name in ("ascites", "encephalopathy")]
    score = scores[0]
    if any(each != score for each in scores):
        score = Undetermined(tuple(_several(newest, examined)) or (CONTROL,))
    return LiverScore(day, score, _score_words(score, by_time), tuple(used))


def _several(
    newest: Mapping[str, Sequence[Result]], examined: Sequence[PhysicalExamination]
) -> Iterator[str]:
    """What has different results of one day whose order nobody knows."""
    for found in newest.values():
        if len({(each.row.number, each.row.comparator, each.row.unit) for each in found}) > 1:
            yield f"single {found[0].name} of {found[0].day}: {OF_ONE_DAY}"
    for name in ("ascites", "encephalopathy"):
        if len({getattr(form, name) for form in examined}) > 1:
            yield f"single {name} of {examined[0].examined_on}: {OF_ONE_DAY}"


def _last_examined(facts: Facts, subject: Subject, day: date) -> list[PhysicalExamination]:
    """The last physical examination up to a day; all of that day, for an examination has no time."""
    forms = [
        form
        for form in facts.forms(PhysicalExamination, subject)
        if form.examined_on is not None and form.examined_on <= day
    ]
    return [form for form in forms if form.examined_on == forms[-1].examined_on]


def _score(
    bilirubin: Result | None,
    albumin: Result | None,
    clotting: Decimal | None,
    examined: PhysicalExamination | None,
    by_time: bool,
) -> ChildPugh | Undetermined:
    """The score of one choice of items; `clotting` is seconds over control (`by_time`), or the INR."""
    if by_time and clotting is None:
        return Undetermined(("prothrombin time over control",))
    bilirubin_number, bilirubin_unit = _reported(bilirubin, ("umol/L", "mg/dL"))
    albumin_number, albumin_unit = _reported(albumin, ("g/L", "g/dL"))
    return child_pugh(
        bilirubin=bilirubin_number,
        bilirubin_unit=bilirubin_unit,
        albumin=albumin_number,
        albumin_unit=albumin_unit,
        inr=None if by_time else clotting,
        prothrombin_prolongation_s=clotting if by_time else None,
        ascites=Ascites(examined.ascites) if examined and examined.ascites else None,
        encephalopathy_grade=int(examined.encephalopathy) if examined and examined.encephalopathy else None,
    )


def _prolongations(result: Result | None) -> tuple[Decimal | None, ...]:
    """Seconds over control. The control lies in the laboratory's range: both its ends are tried."""
    number = _number(result)
    if result is None or number is None or result.row.range_low is None or result.row.range_high is None:
        return (None,)
    return number - result.row.range_high, number - result.row.range_low


def _score_words(score: ChildPugh | Undetermined, by_time: bool) -> str:
    if isinstance(score, Undetermined):
        return f"Child-Pugh score {score.sentence()}"
    items = (
        f"bilirubin {score.bilirubin}, albumin {score.albumin}, "
        f"{'prothrombin time' if by_time else 'INR'} {score.coagulation}, ascites {score.ascites}, "
        f"encephalopathy {score.encephalopathy}"
    )
    return f"Child-Pugh {score.child_class}, {score.points} points: {items}"


def qtcf_values(facts: Facts, subject: Subject) -> list[DerivedValue]:
    """QTcF (ms) of each day with an electrocardiogram: the mean where there are several, in order."""
    by_day: dict[date, list[Electrocardiogram]] = {}
    for form in facts.forms(Electrocardiogram, subject):
        if form.performed_on is not None:
            by_day.setdefault(form.performed_on, []).append(form)
    return [_qtcf(day, forms) for day, forms in sorted(by_day.items())]


def _qtcf(day: date, forms: Sequence[Electrocardiogram]) -> DerivedValue:
    known = [form.qtcf for form in forms if form.qtcf is not None]
    value: Decimal | Undetermined = Undetermined((f"QTcF of every electrocardiogram of {day}",))
    if len(known) == len(forms):
        value = ARITHMETIC.divide(sum(known, Decimal(0)), Decimal(len(known)))
    used = [source(form, "qtcf") for form in forms]
    return _told("QTcF", day, value, "ms", "Fridericia", used)


def qtcf_changes(facts: Facts, subject: Subject) -> list[DerivedValue]:
    """Change of QTcF (ms) since the last day before treatment, on each later day; none without a baseline."""
    values, until = qtcf_values(facts, subject), baseline_day(facts, subject)
    before = [each for each in values if each.day <= until]
    if not before:
        return []
    baseline = before[-1]
    return [_change(each, baseline) for each in values if each.day > until]


def _change(later: DerivedValue, baseline: DerivedValue) -> DerivedValue:
    value: Decimal | Undetermined
    if isinstance(later.value, Undetermined):
        value = later.value
    elif isinstance(baseline.value, Undetermined):
        value = baseline.value
    else:
        value = later.value - baseline.value
    used = (*baseline.sources, *later.sources)
    return _told("Change of QTcF", later.day, value, "ms", f"since {baseline.day}", used)


def _told(
    name: str,
    day: date,
    value: Decimal | Undetermined,
    unit: str,
    how: str,
    used: Sequence[Source],
    possible: tuple[Decimal, ...] = (),
) -> DerivedValue:
    if isinstance(value, Undetermined):
        shown = value.sentence()
    else:
        # Rounded for the eye alone: a limit is held against the number as it is.
        shown, possible = f"{off_whole(value, unit)} ({how})", possible or (value,)
    return DerivedValue(name, day, value, unit, f"{name} on {day}: {shown}", tuple(used), possible)


def _exact(result: Result, unit: str) -> Decimal | None:
    reading = result.in_unit(unit)
    return None if reading is None or reading.comparator or reading.number <= 0 else reading.number


def _number(result: Result | None) -> Decimal | None:
    reading = result.reading if result is not None else None
    return None if reading is None or reading.comparator or reading.number <= 0 else reading.number


def _reported(result: Result | None, units: Sequence[str]) -> tuple[Decimal | None, str]:
    """The number in the unit it was reported in, where the score has limits in it; else in the first one."""
    if result is None:
        return None, units[0]
    unit = result.row.unit if result.row.unit in units else units[0]
    return _exact(result, unit), unit


def _newest(forms: Sequence[Any]) -> Any:
    return forms[-1] if forms else None


def _last_weighed(facts: Facts, subject: Subject, day: date) -> list[VitalSigns]:
    """The last weight up to a day; all of that day, for a weight has no time."""
    forms = [
        form
        for form in facts.forms(VitalSigns, subject)
        if form.weight is not None and form.measured_on is not None and form.measured_on <= day
    ]
    return [form for form in forms if form.measured_on == forms[-1].measured_on]
