"""What people bring along: earlier conditions, their tumor, and medicines they take anyway."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecrf.demo.plans import Plan

Medicine = tuple[str, str, str, str]


@dataclass(frozen=True)
class Condition:
    """A condition before consent and, where it is treated, the medicine: name, dose, unit, frequency."""

    term: str
    share: float
    years_ago: tuple[int, int]
    medicine: Medicine | None = None


CONDITIONS = (
    Condition("Chronic hepatitis B", 0.38, (5, 30), ("Entecavir", "0.5", "mg", "QD")),
    Condition("Hypertension", 0.26, (1, 20), ("Nifedipine", "30", "mg", "QD")),
    Condition("Type 2 diabetes mellitus", 0.15, (1, 15), ("Metformin", "500", "mg", "BID")),
    Condition("Gallstones", 0.22, (1, 25)),
    Condition("Chronic gastritis", 0.14, (1, 12), ("Omeprazole", "20", "mg", "QD")),
    Condition("Appendectomy", 0.12, (5, 40)),
    Condition("Intrahepatic bile duct stones", 0.09, (2, 20)),
    Condition("Hyperlipidemia", 0.10, (1, 10), ("Atorvastatin", "20", "mg", "QD")),
)
ENDED = {"Appendectomy"}
EXTENTS = (("UNRESECTABLE", 44), ("METASTATIC", 38), ("RECURRENT", 18))
STAGES = {"UNRESECTABLE": ("II", "IIIA", "IIIB"), "METASTATIC": ("IV",), "RECURRENT": ("II", "IIIB", "IV")}


def draw_conditions(plan: Plan) -> list[tuple[Condition, str]]:
    """The conditions of a life, each with the year or month it began."""
    draw = plan.draws("history")
    found = []
    for each in CONDITIONS:
        if draw.random() < each.share:
            year = plan.screened_on.year - draw.randint(*each.years_ago)
            began = f"{year}-{draw.randint(1, 12):02d}" if draw.random() < 0.3 else str(year)
            found.append((each, began))
    return found


def history_form(condition: Condition, began: str) -> dict[str, Any]:
    ended = condition.term in ENDED
    answers = {"term": condition.term, "started": began, "ongoing": "N" if ended else "Y"}
    return {**answers, "ended": began} if ended else answers


def medicine_form(condition: Condition, medicine: Medicine, began: str) -> dict[str, Any]:
    name, dose, unit, frequency = medicine
    return {
        "medication": name,
        "indication": condition.term,
        "dose": dose,
        "dose_unit": unit,
        "frequency": frequency,
        "route": "ORAL",
        "started": began,
        "ongoing": "Y",
    }


def tumor_form(plan: Plan) -> dict[str, Any]:
    draw = plan.draws("tumor")
    extent = draw.choices([name for name, _ in EXTENTS], weights=[weight for _, weight in EXTENTS])[0]
    recurrent = extent == "RECURRENT"
    answers: dict[str, Any] = {
        "histology": "ICC",
        "diagnosed": _diagnosed(plan.screened_on, recurrent, draw),
        "extent": extent,
        "stage": draw.choice(STAGES[extent]),
        "prior_resection": "Y" if recurrent else "N",
    }
    if recurrent and draw.random() < 0.5:
        answers["last_systemic_therapy"] = str(plan.screened_on.year - 1)[:4] + "-01"
    else:
        answers["missing_reasons"] = {"last_systemic_therapy": "NOT_APPLICABLE"}
    return answers


def _diagnosed(screened: date, recurrent: bool, draw: random.Random) -> str:
    months = (
        screened.year * 12 + screened.month - 1 - (draw.randint(9, 40) if recurrent else draw.randint(1, 2))
    )
    return f"{months // 12}-{months % 12 + 1:02d}"
