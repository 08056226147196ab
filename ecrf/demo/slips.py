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


@dataclass(frozen=True)
class Slip:
    """One kind of slip.

    `share` of the forms that have `field` filled (in row `row_of`, if named); `wrong` gives what is written
    instead, None for nothing; `stays` is the share that nobody finds before the cut-off.
    """

    form: type[CaseReportForm]
    field: str
    share: float
    wrong: Callable[[Any, random.Random], Any]
    reason: str
    row_of: str = ""
    fits: Callable[[dict[str, Any]], bool] = lambda answers: True
    found_after: tuple[int, int] = (1, 24)
    stays: float = 0.0
    by_investigator: bool = False

    def row(self, entered: Entered) -> int | None:
        """The place of the first row the slip can happen in; 0 for the form itself."""
        if not self.row_of:
            return 0 if entered.data.get(self.field) is not None and self.fits(entered.data) else None
        rows = entered.rows.get(self.row_of, [])
        return next(
            (place for place, row in enumerate(rows) if row.get(self.field) is not None and self.fits(row)),
            None,
        )

    def spoil(self, entered: Entered, draw: random.Random) -> Entered:
        written = deepcopy(entered)
        place = self.row(entered)
        assert place is not None
        answers = written.rows[self.row_of][place] if self.row_of else written.data
        answers[self.field] = self.wrong(answers[self.field], draw)
        return written

    def truth(self, entered: Entered) -> Corrections:
        """What a correction sends: only the answer that was wrong."""
        place = self.row(entered)
        assert place is not None
        if self.row_of:
            true = entered.rows[self.row_of][place][self.field]
            return {}, {self.row_of: [{"repeat": place + 1, self.field: true}]}
        return {self.field: entered.data[self.field]}, {}

    def never_found(self, draw: random.Random) -> bool:
        return draw.random() < self.stays


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


def _has_two_different_digits(field: str) -> Callable[[dict[str, Any]], bool]:
    return lambda answers: str(answers[field])[-2:].isdigit() and len(set(str(answers[field])[-2:])) == 2


def _is_marked(answers: dict[str, Any]) -> bool:
    return answers.get("clinically_significant") is not None


def _is_mild(answers: dict[str, Any]) -> bool:
    return answers.get("grade") == "1"


SLIPS = (
    Slip(VitalSigns, "pulse", 0.008, _exchanged, "Digits exchanged; corrected from the ward chart",
         fits=_has_two_different_digits("pulse")),
    Slip(VitalSigns, "temperature", 0.008, _three_degrees_more, "Misread; corrected from the ward chart"),
    Slip(VitalSigns, "systolic", 0.009, lambda value, draw: 58, "Entered in the wrong field; corrected from the ward chart",
         row_of="blood_pressures"),
    Slip(LabSample, "clinically_significant", 0.045, _nothing, "Clinical significance assessed after a query",
         row_of="results", fits=_is_marked, found_after=(2, 30), stays=0.07, by_investigator=True),
    Slip(LabSample, "value", 0.006, _exchanged, "Transcription error; corrected from the laboratory report",
         row_of="results", fits=_has_two_different_digits("value")),
    Slip(LabSample, "collected_at", 0.004, _afternoon, "Time of collection corrected from the label"),
    Slip(DoseAdministration, "ended_at", 0.012, _afternoon, "End of infusion corrected from the infusion record"),
    Slip(DoseAdministration, "difference", 0.07, _nothing, "Reason for the difference added after a query",
         found_after=(3, 30), stays=0.08),
    Slip(DoseAdministration, "batch_number", 0.006, _exchanged, "Batch number corrected from the pharmacy record",
         fits=_has_two_different_digits("batch_number")),
    Slip(AdverseEvent, "grade", 0.03, lambda value, draw: "2", "Grade corrected by the investigator after review",
         fits=_is_mild, by_investigator=True),
    Slip(ConcomitantMedication, "dose_unit", 0.03, _nothing, "Unit of the dose added"),
    Slip(MedicalHistory, "started", 0.03, lambda value, draw: str(int(value[:4]) - 1), "Year corrected by the subject"),
    Slip(Demographics, "age", 0.04, _one_more, "Age corrected: completed years at consent"),
)  # fmt: skip


def draw_slip(form: type[CaseReportForm], entered: Entered, draw: random.Random) -> Slip | None:
    """The slip that happens in this form, if any."""
    for slip in SLIPS:
        if slip.form is form and slip.row(entered) is not None and draw.random() < slip.share:
            return slip
    return None
