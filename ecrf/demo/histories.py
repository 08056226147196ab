"""What people bring along: earlier conditions, their tumor, its treatment, and medicines they take anyway."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ecrf.demo.lesions import LIVER, METASTATIC, NODE, RECURRENT, Tumor, draw_tumor
from ecrf.demo.plans import Plan


@dataclass(frozen=True)
class Regular:
    """A medicine taken anyway: name, kind, dose, unit, frequency."""

    name: str
    category: str
    dose: str
    unit: str
    frequency: str


@dataclass(frozen=True)
class Condition:
    """A condition before consent and, where it is treated, the medicine."""

    term: str
    share: float
    years_ago: tuple[int, int]
    medicine: Regular | None = None


HEPATITIS_B = "Chronic hepatitis B"
STONES = "Intrahepatic bile duct stones"
CONDITIONS = (
    Condition(HEPATITIS_B, 0.34, (5, 30), Regular("Entecavir", "HBV PROPHYLAXIS", "0.5", "mg", "QD")),
    Condition("Hypertension", 0.22, (1, 20), Regular("Nifedipine", "ANTIHYPERTENSIVE", "30", "mg", "QD")),
    Condition("Type 2 diabetes mellitus", 0.15, (1, 15), Regular("Metformin", "OTHER", "500", "mg", "BID")),
    Condition("Gallstones", 0.22, (1, 25)),
    Condition("Chronic gastritis", 0.14, (1, 12), Regular("Omeprazole", "SUPPORTIVE", "20", "mg", "QD")),
    Condition("Appendectomy", 0.12, (5, 40)),
    Condition(STONES, 0.09, (2, 20)),
    Condition("Hyperlipidemia", 0.10, (1, 10), Regular("Atorvastatin", "OTHER", "20", "mg", "QD")),
)
ENDED = {"Appendectomy"}
ADJUVANT_SHARE = 0.5
DIFFERENTIATION = ("G1", "G2", "G2", "G3", "G3", "GX")


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


def medicine_form(condition: Condition, medicine: Regular, began: str, number: int) -> dict[str, Any]:
    """The medicine taken for the condition of this number."""
    return {
        "medication": medicine.name,
        "category": medicine.category,
        "indication": condition.term,
        "indication_kind": "MEDICAL HISTORY",
        "medical_history": number,
        "dose": medicine.dose,
        "dose_unit": medicine.unit,
        "frequency": medicine.frequency,
        "route": "ORAL",
        "started": began,
        "ongoing": "Y",
    }


def tumor_form(plan: Plan) -> dict[str, Any]:
    """The cancer under study, as the lesions of this life have it."""
    draw, tumor = plan.draws("tumor"), draw_tumor(plan)
    earlier = Earlier(plan) if tumor.extent == RECURRENT else None
    conditions = {condition.term for condition, _ in draw_conditions(plan)}
    diagnosed = earlier.diagnosed if earlier else _months_before(plan.screened_on, draw.randint(1, 2))
    answers: dict[str, Any] = {
        "histology": "ICC",
        "diagnosed": diagnosed,
        "extent": tumor.extent,
        "confirmed_by": "HISTOLOGY",
        "confirmed_on": diagnosed,
        "differentiation": draw.choice(DIFFERENTIATION),
        "measurable_disease": "Y" if tumor.targets else "N",
        "biliary_obstruction": "N",
        "hepatitis_b_related": "Y" if HEPATITIS_B in conditions else "N",
        "hepatitis_c_related": "N",
        "cirrhosis": "N",
        "bile_duct_stones": "Y" if STONES in conditions else "N",
        "prior_resection": "Y" if earlier else "N",
    }
    answers |= _stage(tumor)
    if earlier:
        answers |= {
            "resected_on": earlier.resected,
            "resection_residual": "R0",
            "recurred_on": _months_before(plan.screened_on, 1),
        }
    if earlier and earlier.adjuvant:
        return answers | {"last_systemic_therapy": earlier.adjuvant[1]}
    return answers | {"missing_reasons": {"last_systemic_therapy": "NOT_APPLICABLE"}}


def prior_forms(plan: Plan) -> list[dict[str, Any]]:
    """Resection and adjuvant therapy of a tumor that came back."""
    if draw_tumor(plan).extent != RECURRENT:
        return []
    earlier = Earlier(plan)
    nothing = {"contains_pd1": "N", "contains_lenvatinib": "N", "contains_gemcitabine": "N"}
    surgery = {
        "kind": "SURGERY",
        "agents": "Hemihepatectomy",
        **nothing,
        "started": earlier.resected,
        "ended": earlier.resected,
        "ongoing": "N",
        "reason_stopped": "COMPLETED",
        "progressed_on": _months_before(plan.screened_on, 1),
    }
    if not earlier.adjuvant:
        return [surgery]
    adjuvant = {
        "kind": "ADJUVANT",
        "agents": "Capecitabine",
        **nothing,
        "contains_platinum": "N",
        "line": 0,
        "started": earlier.adjuvant[0],
        "ended": earlier.adjuvant[1],
        "ongoing": "N",
        "courses": 8,
        "reason_stopped": "COMPLETED",
        "progressed_on": _months_before(plan.screened_on, 1),
    }
    return [surgery, adjuvant]


class Earlier:
    """The months of a tumor that was resected and came back; adjuvant therapy ended a year ago or more."""

    def __init__(self, plan: Plan) -> None:
        draw = plan.draws("earlier")
        self.months = draw.randint(24, 44)
        self.diagnosed = _months_before(plan.screened_on, self.months)
        self.resected = _months_before(plan.screened_on, self.months - 1)
        self.adjuvant: tuple[str, str] | None = None
        if draw.random() < ADJUVANT_SHARE:
            began = self.months - 3
            self.adjuvant = (
                _months_before(plan.screened_on, began),
                _months_before(plan.screened_on, began - 6),
            )


def _stage(tumor: Tumor) -> dict[str, Any]:
    """Clinical TNM and stage (AJCC, 8th edition) of the lesions, and where they are."""
    in_liver = [lesion for lesion in (*tumor.targets, *tumor.non_targets) if lesion.organ == LIVER]
    outside = sorted(tumor.organs - {LIVER})
    nodes, metastatic = NODE in tumor.organs, tumor.extent == METASTATIC
    stage = "IV" if metastatic else "IIIB" if nodes else "II"
    answers: dict[str, Any] = {
        "clinical_t": "T2",
        "clinical_n": "N1" if nodes else "N0",
        "clinical_m": "M1" if metastatic else "M0",
        "stage": stage,
        "tumor_number": "MULTIPLE" if len(in_liver) > 1 else "SINGLE",
        "vascular_invasion": "N" if len(in_liver) > 1 else "Y",
        "extrahepatic": "Y" if outside else "N",
    }
    if outside:
        answers["extrahepatic_sites"] = ", ".join(organ.capitalize() for organ in outside)
    sizes = [lesion.size for lesion in tumor.targets if lesion.organ == LIVER and lesion.size]
    return answers | ({"largest_diameter": str(max(sizes))} if sizes else {})


def _months_before(day: date, months: int) -> str:
    total = day.year * 12 + day.month - 1 - months
    return f"{total // 12}-{total % 12 + 1:02d}"
