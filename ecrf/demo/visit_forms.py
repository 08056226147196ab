"""The forms of a visit: what the schedule asks for, filled with what was measured."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from ecrf.demo.defects import TESTED_WITHOUT_NEED
from ecrf.demo.desk import Desk
from ecrf.demo.examinations import (
    echocardiogram,
    electrocardiogram,
    physical_examination,
    pregnancy_test,
)
from ecrf.demo.laboratory import REPORTED, UNDER_TREATMENT
from ecrf.demo.treatment import Measured
from patients.models import EcogAssessment, LabSample, Visit, VitalSigns
from trials.models import ScheduledForm

NOT_DONE_SHARE = 0.02
FULL_PROTEIN = ("2+", "3+", "4+")
EXCRETION = "PROTEXR"

CONVERSIONS = {
    # from the preferred unit: divide by; decimals
    ("HGB", "g/dL"): ("10", "0.1"),
    ("ALB", "g/dL"): ("10", "0.1"),
    ("CREAT", "mg/dL"): ("88.4", "0.01"),
    ("BILI", "mg/dL"): ("17.1", "0.1"),
}


@dataclass
class Facts:
    """What was measured at a visit. `cycle` 0 is screening, None a visit outside the cycles.

    `ailing`: codes of the tests of which an adverse event lasts on this day; their abnormal results are
    clinically significant.
    """

    on: date
    cycle: int | None = None
    measured: Measured | None = None
    height: int | None = None
    ecog: str = ""
    results: dict[str, str] = field(default_factory=dict)
    ailing: frozenset[str] = frozenset()


def fill_scheduled(desk: Desk, visit: Visit, code: str, facts: Facts) -> None:
    """What the schedule asks for at a visit, as far as it was measured."""
    for due in desk.cast.forms_due[code]:
        if not is_due(desk, due, facts):
            continue
        if due.form == "LB":
            sample(desk, visit, due.panel, facts)
        elif due.form in FILLED:
            FILLED[due.form](desk, visit, facts)


def is_due(desk: Desk, due: ScheduledForm, facts: Facts) -> bool:
    """Whether a scheduled form is due on this day for this life."""
    if due.form == "RP" or due.panel == "PREGNANCY":
        mistaken = desk.plan.number == TESTED_WITHOUT_NEED and due.form == "RP" and facts.cycle == 1
        return desk.plan.can_bear_children or mistaken
    if facts.cycle is None or facts.cycle == 0:
        return True
    if due.first_cycle_only and facts.cycle != 1:
        return False
    if due.panel == "URINALYSIS" and facts.results.get("PROT", "negative") in ("1+", *FULL_PROTEIN):
        return True
    return (facts.cycle - 1) % (due.every_cycles or 1) == 0


def performance_status(desk: Desk, visit: Visit, facts: Facts) -> None:
    if not facts.ecog:
        return
    if facts.cycle and desk.draw.random() < NOT_DONE_SHARE:
        desk.enter(EcogAssessment, {}, visit=visit, not_done="Not assessed at this visit")
        return
    desk.enter(EcogAssessment, {"assessed_on": facts.on.isoformat(), "grade": facts.ecog}, visit=visit)


def vital_signs(desk: Desk, visit: Visit, facts: Facts) -> None:
    measured = facts.measured
    if measured is None:
        return
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
    desk.enter(VitalSigns, answers, {"blood_pressures": _readings(measured)}, visit)


def pressures_only(measured: Measured, on: date) -> tuple[dict[str, Any], dict[str, Any]]:
    """Blood pressure of a day of its own, with weight and pulse."""
    answers = {"measured_on": on.isoformat(), "weight": str(measured.weight), "pulse": measured.pulse}
    answers["missing_reasons"] = {"temperature": "NOT_DONE"}
    return answers, {"blood_pressures": _readings(measured)}


def _readings(measured: Measured) -> list[dict[str, Any]]:
    return [
        {
            "systolic": systolic,
            "diastolic": diastolic,
            "read_at": f"{8 + place // 2:02d}:{10 + 20 * (place % 2)}",
        }
        for place, (systolic, diastolic) in enumerate(measured.pressures)
    ]


def sample(desk: Desk, visit: Visit, panel: str, facts: Facts) -> None:
    """One sample of a panel, with the investigator's judgment of every abnormal result."""
    codes = tests_reported(panel, facts)
    if not codes:
        return
    laboratory = desk.cast.laboratories[desk.plan.site]
    draw = desk.draw
    answers = {
        "collected_on": facts.on.isoformat(),
        "collected_at": time(draw.randint(6, 8), draw.randrange(60)).isoformat("minutes"),
        "laboratory": laboratory.code,
        "panel": panel,
        "accession_number": f"{facts.on:%y%m%d}{draw.randrange(10000):04d}",
    }
    if panel == "CHEMISTRY":
        answers["fasting"] = "Y"
    if panel == "COAGULATION":
        answers["anticoagulated"] = "N"
    rows = [result_row(desk, code, facts) for code in codes]
    desk.enter(LabSample, answers, {"results": rows}, visit)


def tests_reported(panel: str, facts: Facts) -> tuple[str, ...]:
    """The tests of a panel that are entered: all at screening, fewer under treatment."""
    known = REPORTED.get(panel, ())
    codes = known if facts.cycle == 0 else UNDER_TREATMENT.get(panel, known)
    if panel == "URINALYSIS" and EXCRETION in facts.results:
        codes = (*codes, EXCRETION)
    return codes


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
        row["clinically_significant"] = "Y" if code in facts.ailing else "N"
    return row


def in_unit(code: str, text: str, unit: str) -> str:
    """The result in the unit of the laboratory."""
    if (code, unit) not in CONVERSIONS:
        return text
    divisor, step = CONVERSIONS[(code, unit)]
    return str((Decimal(text) / Decimal(divisor)).quantize(Decimal(step), ROUND_HALF_EVEN))


FILLED: dict[str, Callable[[Desk, Visit, Facts], None]] = {
    "VS": vital_signs,
    "ECOG": performance_status,
    "PE": physical_examination,
    "EG": electrocardiogram,
    "CV": echocardiogram,
    "RP": pregnancy_test,
}
"""The forms of a visit that are filled from what was measured; the others have places of their own."""
