"""Known defects of the demonstration: what is entered wrongly and stays so, and which checks must find it.

Outside this table the data are clean: run on the demonstration, the checks ask exactly these questions. Each
defect is entered by the same hand as everything else, in the first form of its kind that fits.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ecrf.demo.slips import Entered
from patients.models import (
    AdverseEvent,
    CaseReportForm,
    ConcomitantMedication,
    DoseAdministration,
    DrugAccountability,
    LabSample,
    PregnancyTest,
    SeriousAdverseEventReport,
    SurvivalFollowUp,
    TumorAssessment,
    Visit,
    VitalSigns,
)

TESTED_WITHOUT_NEED = 58
"""Number of the man who has a pregnancy test."""

Fits = Callable[[Entered, Visit | None], bool]
Spoils = Callable[[Entered], None]


@dataclass(frozen=True)
class Defect:
    """A defect in one form of one life: the checks that find it, and in words what is wrong.

    `asked_of`: the OID of the form that is asked about, where it is not the one with the defect.
    """

    checks: tuple[str, ...]
    number: int
    form: type[CaseReportForm]
    fits: Fits
    spoils: Spoils
    words: str
    asked_of: str = ""


# ---------------------------------------------------------------- where
def at(visit: str, panel: str = "") -> Fits:
    """The form of a visit; of samples the one of a panel."""
    return lambda entered, where: (
        where is not None and where.code == visit and (not panel or entered.data.get("panel") == panel)
    )


def having(field: str, *values: Any) -> Fits:
    """The first form whose answer is one of these, or any answer where none are named."""
    return lambda entered, where: (
        entered.data.get(field) in values if values else entered.data.get(field) is not None
    )


def both(*conditions: Fits) -> Fits:
    """The first form that fits all of them."""
    return lambda entered, where: all(fits(entered, where) for fits in conditions)


def result_of(test: str, *values: str) -> Fits:
    """The first sample with a result of a test; with one of these values where any are named."""
    return lambda entered, where: any(
        row["test"] == test and (not values or row.get("value") in values)
        for row in entered.rows.get("results", [])
    )


def abnormal(entered: Entered, where: Visit | None) -> bool:
    """The first sample with a result that was judged."""
    return any("clinically_significant" in row for row in entered.rows.get("results", []))


def without_medicine(entered: Entered, where: Visit | None) -> bool:
    """The first event that nothing was given for."""
    return entered.data.get("medication_given") == "N" and entered.data.get("serious") == "N"


# ---------------------------------------------------------------- how
def answers(**wrong: Any) -> Spoils:
    """Answers that are entered instead; None leaves one out."""

    def spoil(entered: Entered) -> None:
        entered.data.update(wrong)

    return spoil


def result(test: str, **wrong: Any) -> Spoils:
    """Answers of the row of a test."""

    def spoil(entered: Entered) -> None:
        _row(entered, "results", "test", test).update(wrong)

    return spoil


def row_without(rows: str, key: str, value: str) -> Spoils:
    """The form without a row."""

    def spoil(entered: Entered) -> None:
        entered.rows[rows].remove(_row(entered, rows, key, value))

    return spoil


def row_with(rows: str, key: str, value: str, **wrong: Any) -> Spoils:
    """Answers of a row."""

    def spoil(entered: Entered) -> None:
        _row(entered, rows, key, value).update(wrong)

    return spoil


def days_off(field: str, days: int) -> Spoils:
    """A date so many days away from the true one."""

    def spoil(entered: Entered) -> None:
        entered.data[field] = str(date.fromisoformat(entered.data[field]) + timedelta(days=days))

    return spoil


def unjudged(entered: Entered) -> None:
    row = next(row for row in entered.rows["results"] if "clinically_significant" in row)
    del row["clinically_significant"]


def reversed_pressure(entered: Entered) -> None:
    row = entered.rows["blood_pressures"][0]
    row["systolic"], row["diastolic"] = row["diastolic"], row["systolic"]


def ends_before_it_starts(entered: Entered) -> None:
    year = int(entered.data["started"][:4]) - 1
    entered.data |= {"ongoing": "N", "ended": str(year)}


def _row(entered: Entered, rows: str, key: str, value: str) -> dict[str, Any]:
    return next(row for row in entered.rows[rows] if row[key] == value)


# fmt: off
DEFECTS = (
    Defect(("EC07",), 6, LabSample, at("C3D1", "CHEMISTRY"),
           result("CREAT", value="0.8", clinically_significant="N"),
           "Creatinine of 0.8 entered in umol/L: it was reported in mg/dL"),
    Defect(("EC08a", "EC08b"), 10, LabSample, at("C2D1", "CHEMISTRY"), result("ALB", unit=None),
           "Albumin without its unit"),
    Defect(("EC09",), 12, LabSample, abnormal, unjudged, "An abnormal result without judgment"),
    Defect(("EC10",), 14, LabSample, at("C4D1", "HEMATOLOGY"),
           result("PLAT", value="44", clinically_significant="N"),
           "Platelets of 44 without an adverse event"),
    Defect(("EC12a", "EC12b"), 21, VitalSigns, at("C2D1"), reversed_pressure,
           "Systolic and diastolic exchanged"),
    Defect(("EC12b",), 22, VitalSigns, at("C2D1"), answers(temperature="40.6"), "Temperature of 40.6"),
    Defect(("EC16",), 15, DoseAdministration, both(at("C1D1"), having("drug", "GEMCITABINE")),
           answers(dose="1500", difference=None, difference_detail=None),
           "Gemcitabine far below the planned dose, no reason"),
    Defect(("EC18",), 30, DoseAdministration, at("C2D1"), answers(started_at="11:00", ended_at="10:15"),
           "The infusion ends before it starts"),
    Defect(("EC18b",), 28, DoseAdministration, both(at("C2D1"), having("drug", "TORIPALIMAB")),
           answers(dose="180", difference="PHYSICIAN_DECISION", difference_detail="Reduced"),
           "Toripalimab reduced, which is not foreseen"),
    Defect(("EC18c",), 33, DoseAdministration, both(at("C1D1"), having("drug", "TORIPALIMAB")),
           answers(started_at="10:00", ended_at="10:20"), "The first infusion took 20 minutes"),
    Defect(("EC19a",), 36, LabSample, at("C2D8", "HEMATOLOGY"), days_off("collected_on", -5),
           "Blood counted five days before gemcitabine", asked_of="EC"),
    Defect(("EC20b",), 35, DrugAccountability, having("capsules_returned"), answers(capsules_returned=29),
           "Nearly all capsules came back, yet all doses are reported as taken"),
    Defect(("EC21d",), 62, ConcomitantMedication, having("indication_kind", "MEDICAL HISTORY"),
           ends_before_it_starts, "A medication that ends before it starts"),
    Defect(("EC23",), 48, AdverseEvent, without_medicine, answers(medically_important="Y"),
           "Not serious, but medically important"),
    Defect(("EC25",), 51, AdverseEvent, having("ctcae_term", "Nausea", "Fatigue", "Paresthesia", "Anorexia"),
           row_with("drugs", "drug", "LENVATINIB", action="DOSE REDUCED"),
           "Lenvatinib said to be reduced, no reduced dose recorded"),
    Defect(("EC26",), 53, AdverseEvent, without_medicine, row_without("drugs", "drug", "TORIPALIMAB"),
           "No relation to toripalimab"),
    Defect(("EC27a",), 54, AdverseEvent, without_medicine, answers(medication_given="Y"),
           "Medication given, none entered"),
    Defect(("EC28d",), 46, SeriousAdverseEventReport, having("kind", "FINAL"),
           days_off("became_aware_on", -4),
           "Final report four days after the site learned of the end"),
    Defect(("EC32",), 42, TumorAssessment, at("IMG6"), answers(overall_response="PR"),
           "Partial response said, stable disease measured, no comment"),
    Defect(("EC37b",), 24, SurvivalFollowUp, having("status", "ALIVE"), days_off("contacted_on", -9),
           "Known alive after the day of the contact"),
    Defect(("EC42",), 72, LabSample, result_of("PROTEXR"), row_without("results", "test", "PROTEXR"),
           "Protein of 2+ without its amount in 24 hours"),
    Defect(("EC43c",), TESTED_WITHOUT_NEED, PregnancyTest, at("C1D1"), answers(),
           "A pregnancy test of a man"),
    Defect(("PM01",), 63, ConcomitantMedication, having("indication_kind", "ADVERSE EVENT"),
           answers(medication="Warfarin", category="ANTICOAGULANT"), "A prohibited anticoagulant"),
)
# fmt: on


class Planted:
    """The defects of one life that are still to come."""

    def __init__(self, number: int) -> None:
        self.left = [defect for defect in DEFECTS if defect.number == number]

    def take(self, form: type[CaseReportForm], entered: Entered, visit: Visit | None) -> Entered | None:
        """The form as it is spoiled, or None where no defect belongs into it."""
        for defect in self.left:
            if defect.form is form and defect.fits(entered, visit):
                self.left.remove(defect)
                spoiled = deepcopy(entered)
                defect.spoils(spoiled)
                return spoiled
        return None


LEFT_OPEN = (
    # two persons of the second site are still in screening, so that somebody can be randomized
    ("DS10", "SY-005", "IC"),
    ("DS10", "SY-006", "IC"),
)


def expected() -> Iterator[tuple[str, str, str]]:
    """Check, subject and form of every question that is to be asked."""
    for defect in DEFECTS:
        for check in defect.checks:
            yield check, f"ZS-{defect.number:03d}", defect.asked_of or defect.form.form.oid
    yield from LEFT_OPEN
