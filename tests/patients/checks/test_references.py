"""No record names another one that was entered in error."""

from typing import Any

import pytest

from patients.actions.save_form import mark_entered_in_error
from patients.checks.references import NAMED, NAMING
from patients.forms import definitions
from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    MedicalHistory,
    MedicationError,
    SeriousAdverseEventReport,
)
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.test_consent import tell
from tests.patients.clinic import BASELINE_ON, Clinic, both, clinic, liver
from tests.patients.conftest import correct
from trials.models import User

__all__ = ["clinic", "liver", "tell"]
CHECKS_TESTED_HERE = {"REF01"}


def test_the_forms_that_name_records_are_those_that_the_check_looks_at() -> None:
    naming, named = set(), set()
    for form in definitions():
        for section in (form, *form.rows.values()):
            for item in section.asked:
                if item.record_form is not None:
                    naming.add(form.oid)
                    named.add(item.record_form.form.oid)
    assert (naming, named) == (set(NAMING), set(NAMED))


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (ConcomitantMedication, {"medication": "Loperamide", "started": "2021-04-10"}),
        (MedicationError, {"drug": "LENVATINIB", "occurred_on": "2021-04-10"}),
        (SeriousAdverseEventReport, {"became_aware_on": "2021-04-10"}),
    ],
)
def test_a_record_that_names_an_event_is_questioned_once_the_event_is_in_error(
    form: Any, data: dict[str, Any], tell: Any, coordinator: User
) -> None:
    event = tell(AdverseEvent, term="Diarrhea", started="2021-04-09")
    record = tell(form, **data, adverse_event=1)
    assert asked(record, "REF01") == 0
    mark_entered_in_error(actor=coordinator, record=event, version=1, reason="of somebody else")
    assert fields_asked(record, "REF01") == {"adverse_event"}
    correct(coordinator, record, adverse_event=None)
    assert asked(record, "REF01") == 0


def test_medication_for_a_condition_in_error_is_questioned(tell: Any, coordinator: User) -> None:
    gout = tell(MedicalHistory, term="Gout", ongoing="Y")
    record = tell(ConcomitantMedication, medication="Allopurinol", started="2021-04", medical_history=1)
    mark_entered_in_error(actor=coordinator, record=gout, version=1, reason="of somebody else")
    assert fields_asked(record, "REF01") == {"medical_history"}


def test_a_measurement_of_a_lesion_in_error_is_questioned_in_its_row(liver: Clinic) -> None:
    scans = liver.scan(BASELINE_ON, both("60", "40"))
    assert asked(scans, "REF01") == 0
    lesion = scans.measurements.get(lesion__label="T2").lesion
    mark_entered_in_error(actor=liver.coordinator, record=lesion, version=1, reason="no lesion")
    assert fields_asked(scans, "REF01") == {"lesion"}
    assert asked(scans, "REF01") == 1
