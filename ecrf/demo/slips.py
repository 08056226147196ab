"""Slips of the pen: what people enter wrongly now and then, why, and how it is put right.

A slip never touches what a stored derivation rests on (weight, height, dates of measurement and of doses): a
planned dose is computed when it is saved, and the demonstration promises that it can be computed again.
"""

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from patients.models import (
    AdverseEvent,
    CaseReportForm,
    ConcomitantMedication,
    Demographics,
    DoseAdministration,
    LabSample,
    MedicalHistory,
    VitalSigns,
)

Corrections = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]


@dataclass
class Entered:
    """Answers and rows of one form."""

    data: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]

    def answers(self, row_of: str) -> list[dict[str, Any]]:
        """The rows of a name; for the empty name the form's own answers, as the only one."""
        return self.rows.get(row_of, []) if row_of else [self.data]


@dataclass(frozen=True)
class Slip:
    """One kind of slip.

    `share` of the forms that have `field` filled (in row `row_of`, if named); `wrong` gives what is written
    instead, None for nothing. Every slip is found in the end.
    """

    form: type[CaseReportForm]
    field: str
    share: float
    wrong: Callable[[Any, random.Random], Any]
    reason: str
    row_of: str = ""
    fits: Callable[[dict[str, Any]], bool] = lambda answers: True
    found_after: tuple[int, int] = (1, 24)
    by_investigator: bool = False

    def place(self, entered: Entered) -> int | None:
        """The place of the first row the slip can happen in, 0 for the form itself; None for nowhere."""
        for place, answers in enumerate(entered.answers(self.row_of)):
            if answers.get(self.field) is not None and self.fits(answers):
                return place
        return None


@dataclass(frozen=True)
class Happened:
    """A slip in one form: what is true, and in which row (0 for the form itself) it is written wrongly."""

    slip: Slip
    entered: Entered
    place: int

    def written(self, draw: random.Random) -> Entered:
        """The form with the slip in it."""
        written = deepcopy(self.entered)
        answers = written.answers(self.slip.row_of)[self.place]
        answers[self.slip.field] = self.slip.wrong(answers[self.slip.field], draw)
        return written

    def truth(self) -> Corrections:
        """What a correction sends: only the answer that was wrong."""
        field, row_of = self.slip.field, self.slip.row_of
        true = self.entered.answers(row_of)[self.place][field]
        if row_of:
            return {}, {row_of: [{"repeat": self.place + 1, field: true}]}
        return {field: true}, {}


def _exchanged(value: Any, draw: random.Random) -> Any:
    text = str(value)
    return type(value)(text[:-2] + text[-1] + text[-2]) if len(text) > 1 else value


def _nothing(value: Any, draw: random.Random) -> None:
    return None


def _one_more(value: Any, draw: random.Random) -> Any:
    return type(value)(int(value) + draw.choice((-1, 1)))


def _three_degrees_more(value: Any, draw: random.Random) -> Any:
    return str(float(value) + 3)


def _afternoon(value: Any, draw: random.Random) -> str:
    return f"{(int(value[:2]) - 9) % 24:02d}{value[2:]}"


def _too_low(value: Any, draw: random.Random) -> int:
    return 58


def _moderate(value: Any, draw: random.Random) -> str:
    return "2"


def _a_year_before(value: Any, draw: random.Random) -> str:
    return str(int(value[:4]) - 1)


def _has_two_different_digits(field: str) -> Callable[[dict[str, Any]], bool]:
    return lambda answers: str(answers[field])[-2:].isdigit() and len(set(str(answers[field])[-2:])) == 2


def _stays_a_pulse(answers: dict[str, Any]) -> bool:
    return answers["pulse"] < 100 and answers["pulse"] % 10 in (5, 6, 9)


def _is_judged(answers: dict[str, Any]) -> bool:
    return answers.get("clinically_significant") is not None


def _is_mild(answers: dict[str, Any]) -> bool:
    return answers.get("grade") == "1"


FROM_THE_WARD = "corrected from the ward chart"
# fmt: off
SLIPS = (
    Slip(VitalSigns, "pulse", 0.008, _exchanged, f"Digits exchanged; {FROM_THE_WARD}",
         fits=_stays_a_pulse),
    Slip(VitalSigns, "temperature", 0.008, _three_degrees_more, f"Misread; {FROM_THE_WARD}"),
    Slip(VitalSigns, "systolic", 0.009, _too_low, f"Entered in the wrong field; {FROM_THE_WARD}",
         row_of="blood_pressures"),
    Slip(LabSample, "clinically_significant", 0.02, _nothing, "Clinical significance assessed after a query",
         row_of="results", fits=_is_judged, found_after=(2, 30), by_investigator=True),
    Slip(LabSample, "value", 0.006, _exchanged, "Transcription error; corrected from the laboratory report",
         row_of="results", fits=_has_two_different_digits("value")),
    Slip(LabSample, "collected_at", 0.004, _afternoon, "Time of collection corrected from the label"),
    Slip(DoseAdministration, "ended_at", 0.012, _afternoon,
         "End of infusion corrected from the infusion record"),
    Slip(DoseAdministration, "difference", 0.07, _nothing, "Reason for the difference added after a query",
         found_after=(3, 30)),
    Slip(DoseAdministration, "batch_number", 0.006, _exchanged, "Corrected from the pharmacy record",
         fits=_has_two_different_digits("batch_number")),
    Slip(AdverseEvent, "grade", 0.03, _moderate, "Grade corrected by the investigator after review",
         fits=_is_mild, by_investigator=True),
    Slip(ConcomitantMedication, "dose_unit", 0.03, _nothing, "Unit of the dose added"),
    Slip(ConcomitantMedication, "indication", 0.05, _nothing, "Indication added"),
    Slip(MedicalHistory, "started", 0.03, _a_year_before, "Year corrected by the subject"),
    Slip(Demographics, "age", 0.04, _one_more, "Age corrected: completed years at consent"),
)
# fmt: on


def draw_slip(form: type[CaseReportForm], entered: Entered, draw: random.Random) -> Happened | None:
    """The slip that happens in this form, if any."""
    for slip in SLIPS:
        if slip.form is form and (place := slip.place(entered)) is not None and draw.random() < slip.share:
            return Happened(slip, entered, place)
    return None
