"""The forms of a visit: what the schedule asks for, filled with what was measured."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from ecrf.demo.desk import Desk
from ecrf.demo.laboratory import REPORTED, UNDER_TREATMENT
from ecrf.demo.treatment import Measured
from patients.models import EcogAssessment, LabSample, Visit, VitalSigns

EVERY = {"THYROID": 3, "URINALYSIS": 2}
NOT_DONE_SHARE = 0.02
LAST_AGE_OF_PREGNANCY_TEST = 54

CONVERSIONS = {
    # from the preferred unit: divide by; decimals
    ("HGB", "g/dL"): ("10", "0.1"),
    ("ALB", "g/dL"): ("10", "0.1"),
    ("CREAT", "mg/dL"): ("88.4", "0.01"),
    ("BILI", "mg/dL"): ("17.1", "0.1"),
}


@dataclass
class Facts:
    """What was measured at a visit. `cycle` 0 is screening, None a visit outside the cycles."""

    on: date
    cycle: int | None = None
    measured: Measured | None = None
    height: int | None = None
    ecog: str = ""
    results: dict[str, str] = field(default_factory=dict)


def fill_scheduled(desk: Desk, visit: Visit, code: str, facts: Facts) -> None:
    """Vital signs, performance status and samples that the schedule asks for at a visit."""
    for due in desk.cast.forms_due[code]:
        if due.first_cycle_only and facts.cycle != 1:
            continue
        if due.form == "VS" and facts.measured:
            vital_signs(desk, visit, facts, facts.measured)
        elif due.form == "ECOG" and facts.ecog:
            performance_status(desk, visit, facts)
        elif due.form == "LB" and is_due(desk, due.panel, facts):
            sample(desk, visit, due.panel, facts)


def is_due(desk: Desk, panel: str, facts: Facts) -> bool:
    """Which samples are taken: a pregnancy test of younger women, thyroid and urine not in every cycle."""
    body = desk.plan.body
    if panel == "PREGNANCY":
        return body.sex == "F" and body.age <= LAST_AGE_OF_PREGNANCY_TEST
    return not facts.cycle or facts.cycle % EVERY.get(panel, 1) == 0


def performance_status(desk: Desk, visit: Visit, facts: Facts) -> None:
    if facts.cycle and desk.draw.random() < NOT_DONE_SHARE:
        desk.enter(EcogAssessment, {}, visit=visit, not_done="Not assessed at this visit")
        return
    desk.enter(EcogAssessment, {"assessed_on": facts.on.isoformat(), "grade": facts.ecog}, visit=visit)


def vital_signs(desk: Desk, visit: Visit, facts: Facts, measured: Measured) -> None:
    answers: dict[str, Any] = {
        "measured_on": facts.on.isoformat(),
        "weight": str(measured.weight),
        "temperature": str(measured.temperature),
        "pulse": measured.pulse,
    }
    if facts.height:
        answers["height"] = facts.height
    if desk.draw.random() < 0.03:
        del answers["temperature"]
        answers["missing_reasons"] = {"temperature": "NOT_DONE"}
    readings = [
        {
            "systolic": systolic,
            "diastolic": diastolic,
            "read_at": f"{8 + place // 2:02d}:{10 + 20 * (place % 2)}",
        }
        for place, (systolic, diastolic) in enumerate(measured.pressures)
    ]
    desk.enter(VitalSigns, answers, {"blood_pressures": readings}, visit)


def sample(desk: Desk, visit: Visit, panel: str, facts: Facts) -> None:
    """One sample of a panel, with the investigator's judgment of every abnormal result."""
    laboratory = desk.cast.laboratories[desk.plan.site]
    draw = desk.draw
    answers = {
        "collected_on": facts.on.isoformat(),
        "collected_at": time(draw.randint(6, 9), draw.randrange(60)).isoformat("minutes"),
        "laboratory": laboratory.code,
        "panel": panel,
        "accession_number": f"{facts.on:%y%m%d}{draw.randrange(10000):04d}",
    }
    if panel == "CHEMISTRY":
        answers["fasting"] = "Y"
    rows = [result_row(desk, code, facts) for code in tests_reported(panel, facts)]
    desk.enter(LabSample, answers, {"results": rows}, visit)


def tests_reported(panel: str, facts: Facts) -> tuple[str, ...]:
    return REPORTED[panel] if facts.cycle == 0 else UNDER_TREATMENT.get(panel, REPORTED[panel])


def result_row(desk: Desk, code: str, facts: Facts) -> dict[str, Any]:
    unit = desk.cast.unit_of(desk.plan.site, code)
    text = in_unit(code, facts.results[code], unit)
    if code == "K" and desk.draw.random() < 0.02:
        return {"test": code, "missing_reasons": {"value": "NOT_DONE"}}
    row: dict[str, Any] = {"test": code, "value": text}
    if unit and not text.isalpha() and not text.endswith("+"):
        row["unit"] = unit
    body = desk.plan.body
    if desk.cast.is_abnormal(desk.plan.site, code, text, body.sex, body.age, facts.on):
        row["clinically_significant"] = "Y" if desk.draw.random() < 0.2 else "N"
    return row


def in_unit(code: str, text: str, unit: str) -> str:
    """The result in the unit of the laboratory."""
    if (code, unit) not in CONVERSIONS:
        return text
    divisor, step = CONVERSIONS[(code, unit)]
    return str((Decimal(text) / Decimal(divisor)).quantize(Decimal(step), ROUND_HALF_EVEN))
