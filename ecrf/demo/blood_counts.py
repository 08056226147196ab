"""Adverse events that a laboratory shows: stretches of results of CTCAE grade 2 and above."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ecrf.demo.adverse_events import Happening
from ecrf.demo.plans import Plan
from ecrf.demo.terms import (
    CHEMOTHERAPY,
    DRUGS,
    G_CSF,
    GLUTATHIONE,
    LENVATINIB,
    PLATELETS,
    PREDNISONE,
    RED_CELLS,
    THROMBOPOIETIN,
    TORIPALIMAB,
    WITH_TORIPALIMAB,
    Medicine,
)
from trials.clinical.ctcae.findings import proteinuria
from trials.clinical.ctcae.grading import BaselineFlag
from trials.clinical.ctcae.grading import grade as ctcae_grade

VERSION = "5.0"
FROM_GRADE = 2
WOMEN, MEN = "F", "M"


@dataclass(frozen=True)
class Count:
    """A test whose results are events: the CTCAE term, its words, the drugs blamed, what is given.

    `limits`: lower and upper limit of normal of women and of men; a preferred unit. `medicines` by grade.
    """

    ctcae: str
    reported: str
    unit: str
    limits: dict[str, tuple[str, str]]
    culprits: tuple[str, ...]
    medicines: dict[int, tuple[Medicine, ...]]
    special: str = ""


def _both(low: str, high: str) -> dict[str, tuple[str, str]]:
    return {WOMEN: (low, high), MEN: (low, high)}


CELLS = "10*9/L"
MARROW = (*CHEMOTHERAPY, LENVATINIB)
LIVER = (TORIPALIMAB, LENVATINIB)
# fmt: off
COUNTS = {
    "WBC": Count("White blood cell decreased", "Leukopenia", CELLS, _both("3.5", "9.5"), CHEMOTHERAPY, {},
                 "CYTOPENIA"),
    "NEUT": Count("Neutrophil count decreased", "Neutropenia", CELLS, _both("1.8", "6.3"), CHEMOTHERAPY,
                  {3: (G_CSF,), 4: (G_CSF,)}, "CYTOPENIA"),
    "PLAT": Count("Platelet count decreased", "Thrombocytopenia", CELLS, _both("125", "350"), MARROW,
                  {3: (THROMBOPOIETIN,), 4: (THROMBOPOIETIN, PLATELETS)}, "CYTOPENIA"),
    "HGB": Count("Anemia", "Anemia", "g/L", {WOMEN: ("115", "150"), MEN: ("130", "175")}, MARROW,
                 {3: (RED_CELLS,)}, "CYTOPENIA"),
    "ALT": Count("Alanine aminotransferase increased", "ALT increased", "U/L",
                 {WOMEN: ("7", "40"), MEN: ("9", "50")}, LIVER, {2: (GLUTATHIONE,), 3: (PREDNISONE,)},
                 "HEPATITIS"),
    "AST": Count("Aspartate aminotransferase increased", "AST increased", "U/L",
                 {WOMEN: ("13", "35"), MEN: ("15", "40")}, LIVER, {}, "HEPATITIS"),
    "PROT": Count("Proteinuria", "Protein in urine", "", {}, (LENVATINIB,), {}, "PROTEINURIA"),
}
# fmt: on

Samples = Sequence[tuple[date, dict[str, str]]]


def grade_of(code: str, results: dict[str, str], sex: str) -> int:
    """The CTCAE grade of a result; 0 for one that the study does not report as an event."""
    count = COUNTS[code]
    if code == "PROT":
        collected = results.get("PROTEXR")
        found = proteinuria(
            strip=results["PROT"].upper(),
            excretion=Decimal(collected) if collected else None,
            version=VERSION,
            high=Decimal("0.15"),
        )
    else:
        low, high = (Decimal(limit) for limit in count.limits[sex])
        found = ctcae_grade(
            count.ctcae,
            Decimal(results[code]),
            version=VERSION,
            unit=count.unit,
            low=low,
            high=high,
            baseline_flag=BaselineFlag.NORMAL,
        )
    if found.grade is None:
        raise LookupError(f"a drawn result has no grade: {found}")
    return found.grade


def from_grade(code: str) -> int:
    """From which grade a result is an event: of protein in the urine from the first."""
    return 1 if code == "PROT" else FROM_GRADE


def episodes(plan: Plan, samples: Samples, last_day: date) -> list[Happening]:
    """One event for each stretch of results of a grade; a worse result begins a record of its own."""
    found: list[Happening] = []
    for code in COUNTS:
        graded = [
            (day, grade_of(code, results, plan.body.sex)) for day, results in samples if code in results
        ]
        milder: Happening | None = None
        for started, ended, worst in _stretches(graded, from_grade(code)):
            event = _event(plan, code, started, ended, worst)
            if milder is not None and milder.ended == started and milder.grade < worst:
                event.worsens = milder
            found.append(event)
            milder = event
    return [each for each in found if each.started <= last_day]


def _stretches(graded: Sequence[tuple[date, int]], lowest: int) -> Iterator[tuple[date, date | None, int]]:
    """First day, last day and grade of each record."""
    started, worst = None, 0
    for day, now in graded:
        if started is not None and (now < lowest or now > worst):
            yield started, day, worst
            started = None
        if started is None and now >= lowest:
            started, worst = day, now
    if started is not None:
        yield started, None, worst


def _event(plan: Plan, code: str, started: date, ended: date | None, worst: int) -> Happening:
    count = COUNTS[code]
    causality = {
        drug: "PROBABLY RELATED" if drug in count.culprits else "UNLIKELY RELATED" for drug in DRUGS[plan.arm]
    }
    return Happening(
        count.reported,
        count.ctcae,
        worst,
        started,
        ended,
        causality,
        medicines=count.medicines.get(worst, ()),
        test=code,
        special=count.special,
        immune=count.special == "HEPATITIS" and plan.arm in WITH_TORIPALIMAB and worst >= 3,
    )
