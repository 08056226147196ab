"""Physical examination, electrocardiogram, echocardiogram and pregnancy test of one visit."""

from typing import Any, Protocol

from ecrf.demo.desk import Desk
from patients.models import (
    Echocardiogram,
    Electrocardiogram,
    PhysicalExamination,
    PregnancyTest,
    Visit,
)

SYSTEMS = (
    "GENERAL APPEARANCE",
    "SKIN",
    "LYMPH NODES",
    "CARDIOVASCULAR",
    "RESPIRATORY",
    "ABDOMEN",
    "NEUROLOGICAL",
)
TENDER_SHARE = 0.12
CLASS_B = "I4"


class VisitFacts(Protocol):
    """What these forms need to know of a visit."""

    on: Any
    cycle: int | None


def physical_examination(desk: Desk, visit: Visit, facts: VisitFacts) -> None:
    """All systems at screening, afterwards what bears on the liver."""
    answers = {
        "examined_on": facts.on.isoformat(),
        "ascites": "SLIGHT" if desk.plan.failing_rule == CLASS_B else "NONE",
        "encephalopathy": "0",
        "jaundice": "N",
    }
    systems = SYSTEMS if facts.cycle == 0 else ("GENERAL APPEARANCE", "ABDOMEN")
    rows: list[dict[str, Any]] = [{"system": system, "finding": "NORMAL"} for system in systems]
    if facts.cycle == 0 and desk.draw.random() < TENDER_SHARE:
        rows[SYSTEMS.index("ABDOMEN")] |= {
            "finding": "ABNORMAL",
            "description": "Tender below the right costal arch",
            "clinically_significant": "N",
        }
    desk.enter(PhysicalExamination, answers, {"systems": rows}, visit, slips=False)


def electrocardiogram(desk: Desk, visit: Visit, facts: VisitFacts) -> None:
    """A normal recording; QT follows the rate, so that QTcF stays far below 450 ms."""
    draw = desk.draw
    rate = round(draw.gauss(72, 6))
    interval = round(60_000 / rate)
    corrected = desk.plan.draws("heart").gauss(404, 9) + draw.gauss(0, 4)
    answers = {
        "performed_on": facts.on.isoformat(),
        "performed_at": f"{draw.randint(9, 11):02d}:{draw.randrange(60):02d}",
        "heart_rate": rate,
        "pr_interval": round(draw.gauss(156, 10)),
        "qrs_duration": round(draw.gauss(90, 5)),
        "qt_interval": round(corrected * (interval / 1000) ** (1 / 3)),
        "rr_interval": interval,
        "interpretation": "NORMAL",
    }
    desk.enter(Electrocardiogram, answers, visit=visit, slips=False)


def echocardiogram(desk: Desk, visit: Visit, facts: VisitFacts) -> None:
    answers = {
        "performed_on": facts.on.isoformat(),
        "method": "ECHOCARDIOGRAPHY",
        "ejection_fraction": round(min(74, max(56, desk.draw.gauss(64, 3)))),
        "interpretation": "NORMAL",
    }
    desk.enter(Echocardiogram, answers, visit=visit, slips=False)


def pregnancy_test(desk: Desk, visit: Visit, facts: VisitFacts) -> None:
    answers = {"performed_on": facts.on.isoformat(), "specimen": "SERUM", "result": "NEGATIVE"}
    desk.enter(PregnancyTest, answers, visit=visit, slips=False)
