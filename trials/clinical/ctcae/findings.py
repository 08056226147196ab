"""CTCAE grades of blood pressure, QTc, body weight, temperature and proteinuria, from the numbers alone."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import product

from trials.clinical.ctcae.grading import Graded, criterion_of, grade
from trials.clinical.ctcae.other_criteria import (
    DIASTOLIC,
    FEVER,
    PROTEINURIA,
    QTC,
    SYSTOLIC,
    WEIGHT_LOSS,
)
from trials.clinical.undetermined import Undetermined

# CTCAE v5.0 Proteinuria, v6.0 Urinary protein increased: what the strip shows, and the grade.
STRIP = {"NEGATIVE": 0, "TRACE": 0, "1+": 1, "2+": 2, "3+": 2, "4+": 3}


def hypertension(*, systolic: Decimal | None, diastolic: Decimal | None, version: str) -> Graded:
    """The grade of a blood pressure in mmHg: the higher one of systolic and diastolic.

    v6.0 has no grade 1 and asks that grade 3 and 4 persist for over 1 hour, which one reading cannot show.
    Undetermined when a missing number could raise the grade.

    >>> print(hypertension(systolic=Decimal(138), diastolic=Decimal(92), version="5.0"))
    Hypertension (CTCAE 5.0): grade 2, diastolic at or above 90 mmHg
    """
    parts = {
        "systolic": grade(SYSTOLIC, systolic, version=version, unit="mm[Hg]"),
        "diastolic": grade(DIASTOLIC, diastolic, version=version, unit="mm[Hg]"),
    }
    return _highest("Hypertension", version, parts)


def qtc(*, qtc_ms: Decimal | None, baseline_ms: Decimal | None, version: str) -> Graded:
    """The grade of a mean QTc in ms, or of its change by more than 60 ms where a baseline is known.

    >>> qtc(qtc_ms=Decimal(470), baseline_ms=Decimal(405), version="5.0").grade
    3
    """
    return grade(QTC, qtc_ms, version=version, unit="ms", baseline=baseline_ms)


def weight_loss(*, weight_kg: Decimal | None, baseline_kg: Decimal | None, version: str) -> Graded:
    """The grade of a loss of body weight since baseline; undetermined without either weight.

    >>> weight_loss(weight_kg=Decimal("54"), baseline_kg=Decimal("60"), version="5.0").grade
    2
    """
    return grade(WEIGHT_LOSS, weight_kg, version=version, unit="kg", baseline=baseline_kg)


def fever(*, temperature_celsius: Decimal | None, version: str) -> Graded:
    """The grade of a body temperature in degrees Celsius: 38 and above, above 39, above 40.

    Undetermined above 40, where 24 hours part grade 3 from grade 4 and one measurement has no duration, and
    in v6.0, of whose criterion the numbers are not at hand.

    >>> print(fever(temperature_celsius=Decimal("39.5"), version="5.0"))
    Fever (CTCAE 5.0): grade 2, above 39 °C
    """
    if criterion_of(FEVER, version) is None:
        return Graded(None, FEVER, version, cannot=Undetermined((f"numbers of CTCAE {version} for fever",)))
    found = grade(FEVER, temperature_celsius, version=version, unit="Cel")
    if found.grade != 3:
        return found
    duration = Undetermined(("duration above 40 °C: up to 24 hours is grade 3, longer is grade 4",))
    return Graded(None, FEVER, version, cannot=duration, possible=(3, 4))


def proteinuria(
    *,
    strip: str | None,
    excretion: Decimal | None,
    version: str,
    unit: str = "g/(24.h)",
    comparator: str = "",
    high: Decimal | None = None,
) -> Graded:
    """The grade of protein in the urine, from the strip, the excretion in 24 hours, or both.

    `strip`: NEGATIVE, TRACE, 1+ to 4+; POSITIVE says nothing of the degree. `high` is the upper limit of
    normal of the excretion. Of two grades v5.0 takes the higher one; in v6.0 the excretion takes precedence.

    >>> print(proteinuria(strip="2+", excretion=None, version="5.0"))
    Proteinuria (CTCAE 5.0): grade 2, strip 2+
    """
    term = PROTEINURIA[version] if version in PROTEINURIA else _unknown(version)
    parts: dict[str, Graded] = {}
    if excretion is not None:
        parts["excretion"] = grade(
            term, excretion, version=version, unit=unit, comparator=comparator, high=high
        )
    if strip is not None and (version == "5.0" or "excretion" not in parts):
        parts["strip"] = _of_strip(term, strip, version)
    if not parts:
        return Graded(None, term, version, cannot=Undetermined(("protein in the urine",)))
    return _highest(term, version, parts)


def _unknown(version: str) -> str:
    criterion_of("", version)  # raises, naming the versions
    return ""


def _of_strip(term: str, strip: str, version: str) -> Graded:
    found = STRIP.get(strip)
    if found is None:
        return Graded(None, term, version, cannot=Undetermined(("degree of protein on the strip",)))
    return Graded(found, term, version, rule=strip, possible=(found,))


def _highest(term: str, version: str, parts: dict[str, Graded]) -> Graded:
    """The highest grade of several; undetermined when a part that has none could be higher."""
    possible = {max(each) for each in product(*(_possible(part) for part in parts.values()))}
    if len(possible) == 1:
        [found] = possible
        deciding = [(name, part) for name, part in parts.items() if part.grade == found]
        words = " and ".join(f"{name} {part.rule}" for name, part in deciding)
        return Graded(found, term, version, rule=words, possible=(found,))
    missing = (f"{name}: {reason}" for name, part in parts.items() for reason in _missing(part))
    return Graded(None, term, version, cannot=Undetermined(tuple(missing)), possible=tuple(sorted(possible)))


def _possible(part: Graded) -> Iterable[int]:
    return part.possible or range(5)


def _missing(part: Graded) -> tuple[str, ...]:
    return part.cannot.missing if part.cannot is not None else ()
