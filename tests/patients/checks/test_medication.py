"""Checks of medication, medication errors, physical examinations and electrocardiograms."""

from typing import Any

import pytest

from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    Electrocardiogram,
    MedicationError,
    PhysicalExamination,
    Visit,
    VitalSigns,
)
from tests.patients.checks.asking import asked, fields_asked

CHECKS_TESTED_HERE = {"EC12e", "CM01", "ME01", "ME02", "PE01", "EG01"}
ASPIRIN = {"medication": "Aspirin", "started": "2021-03"}
ERROR = {"drug": "LENVATINIB", "kind": "OVERDOSE", "occurred_on": "2021-03-10"}
TRACING = {"performed_on": "2021-03-01", "qt_interval": 400, "heart_rate": 60}


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"dose": "100"}, {"dose_unit"}),
        ({"dose": "100", "dose_unit": "mg"}, set()),
        ({"dose": "100", "missing_reasons": {"dose_unit": "UNKNOWN"}}, set()),
        ({"category": "RED CELL TRANSFUSION"}, {"units_given"}),
        ({"category": "RED CELL TRANSFUSION", "units_given": "2"}, set()),
        ({"category": "ALBUMIN", "units_given": "2"}, {"units_given"}),
        ({}, set()),
    ],
)
def test_a_dose_has_a_unit_and_a_transfusion_its_number(
    answers: dict[str, Any], fields: set[str], enter: Any
) -> None:
    assert fields_asked(enter(ConcomitantMedication, **ASPIRIN | answers), "CM01") == fields


@pytest.mark.parametrize(
    ("answers", "asks"),
    [
        ({"planned_amount": "12", "taken_amount": "24"}, 0),
        ({"planned_amount": "12", "taken_amount": "12"}, 1),
        ({"kind": "UNDERDOSE", "planned_amount": "12", "taken_amount": "12"}, 1),
        ({"kind": "UNDERDOSE", "planned_amount": "12", "taken_amount": "0"}, 0),
        ({"kind": "WRONG TIME", "planned_amount": "12", "taken_amount": "12"}, 0),
        ({"planned_amount": "12"}, 0),
    ],
)
def test_more_is_taken_in_an_overdose_and_less_in_an_underdose(
    answers: dict[str, str], asks: int, enter: Any
) -> None:
    assert asked(enter(MedicationError, **ERROR | answers), "ME01") == asks


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"consequences": "Y"}, {"adverse_event"}),
        ({"consequences": "Y", "adverse_event": 1}, set()),
        ({"consequences": "N", "adverse_event": 1}, {"consequences"}),
        ({"consequences": "N"}, set()),
    ],
)
def test_an_error_with_consequences_names_its_adverse_event(
    answers: dict[str, Any], fields: set[str], enter: Any
) -> None:
    enter(AdverseEvent, term="Diarrhea", started="2021-03-11")
    assert fields_asked(enter(MedicationError, **ERROR | answers), "ME02") == fields


@pytest.mark.parametrize(
    ("finding", "fields"),
    [
        ({"finding": "ABNORMAL"}, {"description", "clinically_significant"}),
        ({"finding": "ABNORMAL", "description": "Icterus", "clinically_significant": "Y"}, set()),
        ({"finding": "NORMAL"}, set()),
        ({"finding": "NOT EXAMINED"}, set()),
    ],
)
def test_an_abnormal_finding_is_described_and_judged(
    finding: dict[str, str], fields: set[str], enter: Any, visit: Visit
) -> None:
    rows = {"systems": [{"system": "SKIN"} | finding]}
    examination = enter(PhysicalExamination, visit=visit, examined_on="2021-03-01", rows=rows)
    assert fields_asked(examination, "PE01") == fields


def test_two_findings_in_one_body_system_are_two_lines(enter: Any, visit: Visit) -> None:
    found = [
        {"system": "ABDOMEN", "finding": "ABNORMAL", "description": word, "clinically_significant": "Y"}
        for word in ("Liver enlarged", "Ascites")
    ]
    examination = enter(PhysicalExamination, visit=visit, examined_on="2021-03-01", rows={"systems": found})
    assert examination.systems.count() == 2


@pytest.mark.parametrize(("rr_interval", "asks"), [(800, 1), (1000, 0), (None, 0)])
def test_an_rr_interval_that_contradicts_the_heart_rate_is_questioned(
    rr_interval: int | None, asks: int, enter: Any, visit: Visit
) -> None:
    form = enter(Electrocardiogram, visit=visit, **TRACING, rr_interval=rr_interval)
    assert asked(form, "EG01") == asks


@pytest.mark.parametrize(("qt_interval", "fields"), [(500, set()), (501, {"qt_interval"})])
def test_an_unusual_value_of_any_form_is_confirmed(
    qt_interval: int, fields: set[str], enter: Any, visit: Visit
) -> None:
    form = enter(Electrocardiogram, visit=visit, **TRACING | {"qt_interval": qt_interval})
    assert fields_asked(form, "EC12e") == fields


def test_an_unusual_value_of_a_row_is_confirmed_too(enter: Any, visit: Visit) -> None:
    rows = {"blood_pressures": [{"systolic": 210, "diastolic": 90}]}
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01", weight="60", rows=rows)
    assert fields_asked(form, "EC12b") == {"systolic"}
