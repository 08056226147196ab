"""Answers of adverse events and of the medicines given for them."""

from typing import Any

from ecrf.demo.adverse_events import NOT_RECOVERED, RECOVERED, Happening
from ecrf.demo.terms import Medicine

CRITERIA = (
    "results_in_death",
    "life_threatening",
    "hospitalization",
    "disability",
    "congenital_anomaly",
    "medically_important",
)
STEROID, HORMONE = "STEROID", "HORMONE REPLACEMENT"


def event_form(happening: Happening, milder: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers and rows of an event as it is known; `milder` is the number of the record that got worse."""
    data: dict[str, Any] = {
        "term": happening.reported,
        "ctcae_term": happening.ctcae,
        "grade": str(happening.grade),
        "started": happening.started_as_reported(),
        "ongoing": "N" if happening.ended else "Y",
        "outcome": RECOVERED if happening.ended else NOT_RECOVERED,
        "serious": "Y" if happening.serious else "N",
        "medication_given": "Y" if happening.medicines else "N",
    }
    if happening.ended:
        data["ended"] = happening.ended.isoformat()
    if milder is not None:
        data["worsened_from"] = milder
    if happening.test:
        data |= {"laboratory_test": happening.test, "symptoms": "N"}
    if happening.special:
        data["special_interest"] = happening.special
    if happening.medicines:
        data["other_action"] = "; ".join(each.name for each in happening.medicines)
    rows = [
        {"drug": drug, "causality": causality, "action": happening.actions[drug]}
        for drug, causality in happening.causality.items()
    ]
    return data | _serious(happening) | _immune(happening) | _infusion(happening), {"drugs": rows}


def _serious(happening: Happening) -> dict[str, Any]:
    if not happening.serious:
        return {}
    answers: dict[str, Any] = dict.fromkeys(CRITERIA, "N")
    answers["disease_relation"] = "NOT RELATED"
    if happening.grade >= 4:
        answers["life_threatening"] = "Y"
    if happening.hospital:
        answers |= {"hospitalization": "Y", "admitted_on": happening.started.isoformat()}
        if happening.ended:
            answers["discharged_on"] = happening.ended.isoformat()
    if not any(happening.is_blamed_on(drug) for drug in happening.causality):
        answers["disease_relation"] = "RELATED"
    return answers


def _immune(happening: Happening) -> dict[str, Any]:
    if not happening.immune:
        return {"immune_related": "N"}
    steroid = steroid_of(happening)
    hormone = any(each.category == HORMONE for each in happening.medicines)
    answers: dict[str, Any] = {
        "immune_related": "Y",
        "steroid_given": "Y" if steroid else "N",
        "hormone_replacement": "Y" if hormone else "N",
        "immunosuppressant_given": "N",
    }
    if steroid:
        as_prednisone = {"Prednisone": "60", "Methylprednisolone": "100"}[steroid.name]
        answers |= {"steroid_highest_dose": as_prednisone, "steroid_started": happening.started.isoformat()}
        if happening.ended:
            answers["steroid_ended"] = happening.ended.isoformat()
    return answers


def steroid_of(happening: Happening) -> Medicine | None:
    """The systemic steroid given for an immune-related event."""
    if not happening.immune:
        return None
    return next((each for each in happening.medicines if each.category == STEROID), None)


def _infusion(happening: Happening) -> dict[str, Any]:
    if happening.ctcae != "Infusion related reaction":
        return {}
    return {
        "infusion_reaction": "Y",
        "infusion_symptoms": "Flushing and chills",
        "infusion_action": "SLOWED",
        "premedicated": "N",
    }


def medicine_form(medicine: Medicine, happening: Happening, event: int) -> dict[str, Any]:
    """A medicine given for the event of this number."""
    answers: dict[str, Any] = {
        "medication": medicine.name,
        "category": medicine.category,
        "indication": happening.ctcae,
        "indication_kind": "ADVERSE EVENT",
        "adverse_event": event,
        "frequency": medicine.frequency,
        "route": medicine.route,
        "started": happening.started_as_reported(),
        "ongoing": "N" if happening.ended else "Y",
    }
    if medicine.unit == "unit":
        answers |= {"units_given": medicine.dose, "missing_reasons": {"dose": "NOT_APPLICABLE"}}
    else:
        answers |= {"dose": medicine.dose, "dose_unit": medicine.unit}
    return answers | ({"ended": happening.ended.isoformat()} if happening.ended else {})
