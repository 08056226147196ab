"""Lesions and assessments as the tests of RECIST write them."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from trials.clinical.recist.counting import Assessment
from trials.clinical.recist.lesion import Lesion, Measurement, Role, SizeState
from trials.clinical.recist.response import Response

DAY_0 = date(2021, 1, 4)
STATES = {"NE": SizeState.NOT_EVALUATED, "TS": SizeState.TOO_SMALL}


def measurement(text: str) -> Measurement:
    """A measurement as the reference values write it: "9.8", "NE", "TS"."""
    return Measurement(state=STATES[text]) if text in STATES else Measurement(Decimal(text))


def lesions(text: str) -> tuple[list[Lesion], dict[str, Measurement]]:
    """Target lesions and their measurements from "N:20;L:18"."""
    found, measurements = [], {}
    for number, part in enumerate(text.split(";"), start=1):
        kind, size = part.split(":")
        lesion = Lesion(f"T{number}", Role.TARGET, node=kind == "L")
        found.append(lesion)
        measurements[lesion.label] = measurement(size)
    return found, measurements


def at_days(*seen: tuple[int, str]) -> list[Assessment]:
    """Assessments from pairs of a day after the reference day and a response."""
    return [Assessment(DAY_0 + timedelta(days=day), Response(response)) for day, response in seen]


def from_weeks(text: str) -> list[Assessment]:
    """Assessments from "W6:PR;W12:SD"."""
    parts: Iterable[str] = filter(None, text.split(";"))
    return at_days(*((7 * int(week[1:]), response) for week, response in (part.split(":") for part in parts)))
