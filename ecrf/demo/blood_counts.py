"""Adverse events that a laboratory shows: episodes of low counts and raised enzymes, graded by CTCAE 5.0."""

from dataclasses import dataclass
from datetime import date

from ecrf.demo.adverse_events import (
    DRUGS,
    GEMCITABINE,
    LENVATINIB,
    NOT_CHANGED,
    OXALIPLATIN,
    REDUCED,
    TORIPALIMAB,
    Happening,
)


@dataclass(frozen=True)
class Count:
    """A test whose results are events: the CTCAE term, the limits of grades 1 to 4, and the drugs blamed.

    Limits fall for what is low and rise for what is high. Reported from `from_grade` on.
    """

    ctcae: str
    reported: str
    limits: tuple[float, float, float, float]
    low: bool
    from_grade: int
    culprits: tuple[str, ...]


CHEMOTHERAPY = (OXALIPLATIN, GEMCITABINE)
COUNTS = {
    "NEUT": Count("Neutrophil count decreased", "Neutropenia", (1.8, 1.5, 1.0, 0.5), True, 2, CHEMOTHERAPY),
    "PLAT": Count(
        "Platelet count decreased",
        "Thrombocytopenia",
        (125, 75, 50, 25),
        True,
        2,
        (*CHEMOTHERAPY, LENVATINIB),
    ),
    "HGB": Count("Anemia", "Anemia", (115, 100, 80, 0), True, 2, CHEMOTHERAPY),
    "ALT": Count(
        "Alanine aminotransferase increased",
        "ALT increased",
        (50, 150, 250, 1000),
        False,
        1,
        (TORIPALIMAB, LENVATINIB),
    ),
}

Results = list[tuple[date, dict[str, str]]]


def grade(count: Count, value: float) -> int:
    """CTCAE grade of a result, 0 within the limits.

    >>> grade(COUNTS["NEUT"], 0.9), grade(COUNTS["ALT"], 151), grade(COUNTS["PLAT"], 130)
    (3, 2, 0)
    """
    return sum(value < limit if count.low else value > limit for limit in count.limits)


def episodes(arm: str, samples: Results, last_day: date) -> list[Happening]:
    """One event for each stretch of abnormal results that reaches the grade from which it is reported."""
    found = []
    for code, count in COUNTS.items():
        graded = [(day, grade(count, float(results[code]))) for day, results in samples if code in results]
        for started, ended, worst in _stretches(graded):
            if worst >= count.from_grade:
                found.append(_event(arm, count, started, ended, worst))
    return [each for each in found if each.started <= last_day]


def _stretches(graded: list[tuple[date, int]]) -> list[tuple[date, date | None, int]]:
    stretches: list[tuple[date, date | None, int]] = []
    started, worst = None, 0
    for day, now in graded:
        if now and started is None:
            started = day
        worst = max(worst, now)
        if not now and started is not None:
            stretches.append((started, day, worst))
            started, worst = None, 0
    if started is not None:
        stretches.append((started, None, worst))
    return stretches


def _event(arm: str, count: Count, started: date, ended: date | None, worst: int) -> Happening:
    drugs = {}
    for drug in DRUGS[arm]:
        blamed = drug in count.culprits
        reduced = blamed and worst >= 3 and drug in CHEMOTHERAPY
        drugs[drug] = (
            "PROBABLY RELATED" if blamed else "UNLIKELY RELATED",
            REDUCED if reduced else NOT_CHANGED,
        )
    treatment = (
        "Granulocyte colony-stimulating factor" if count.reported == "Neutropenia" and worst >= 3 else ""
    )
    return Happening(count.reported, count.ctcae, worst, started, ended, worst >= 4, drugs, treatment)
