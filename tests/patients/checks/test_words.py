"""Queries as a coordinator reads them: units, labels and counts, through the REST interface."""

from typing import Any

import pytest

from patients.actions.randomize import randomize
from patients.models import DailyDosePeriod, DoseAdministration, Subject
from tests.ecrf.api.client import client_of
from tests.factories import make_list
from tests.screening import Clinic
from trials.audit import clock

pytestmark = pytest.mark.django_db
CODES = ("10*9", "10*3", "[IU]", "{copies}", "mm[Hg]", "umol", " QD", "QOD", "1 days", "1 minutes", "1 hours")


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def randomized(clinic: Clinic, **screened: Any) -> Subject:
    make_list(clinic.study, "BB")
    subject = clinic.screened(**screened)
    randomize(actor=clinic.coordinator, subject=subject)
    return subject


def messages_of(clinic: Clinic, subject: Subject) -> str:
    """All queries of a subject, each checked for what no person should have to read."""
    client = client_of(clinic.coordinator)
    found = client.get("/api/v1/queries/", {"subject": subject.code, "page_size": 200}).json()["results"]
    for each in found:
        assert each["message"].endswith((".", "?")), each["message"]
        assert not [code for code in CODES if code in each["message"]], each["message"]
    return "\n".join(each["message"] for each in found)


def test_an_infusion_of_one_minute_is_asked_about_in_the_singular(clinic: Clinic) -> None:
    subject = randomized(clinic)
    today = clock.today("Asia/Shanghai").isoformat()
    dose = {"drug": "TORIPALIMAB", "given": "Y", "given_on": today, "dose": "240"}
    times = {"started_at": "10:00", "ended_at": "10:01"}
    clinic.enter(DoseAdministration, subject, dose | times, visit=subject.visits.get(code="C1D1"))
    assert "It took 1 minute; the first infusion takes 60 or more" in messages_of(clinic, subject)


def test_a_dose_that_is_no_level_is_told_with_its_frequency_in_words(clinic: Clinic) -> None:
    subject = randomized(clinic)
    taken = {"drug": "LENVATINIB", "started": clock.today("Asia/Shanghai").isoformat(), "frequency": "QOD"}
    clinic.enter(DailyDosePeriod, subject, taken | {"dose": "10"})
    said = messages_of(clinic, subject)
    assert "10 mg every other day is none of the dose levels for this subject: 12 mg once a day" in said


def test_an_implausible_result_is_told_in_units_as_people_write_them(clinic: Clinic) -> None:
    subject = clinic.screened(results={"PLAT": ("184000", "10*9/L"), "CREAT": ("1", "umol/L")})
    said = messages_of(clinic, subject)
    assert "184000 ×10⁹/L lies outside" in said
    assert "1 µmol/L lies outside" in said


def test_chemotherapy_at_a_low_count_is_asked_about_with_unit_and_what_was_asked_for(clinic: Clinic) -> None:
    subject = randomized(clinic)
    today = clock.today("Asia/Shanghai").isoformat()
    clinic.sample(subject, {"NEUT": ("1.2", "10*9/L"), "PLAT": ("184", "10*9/L")}, on=today)
    dose = {"drug": "GEMCITABINE", "given": "Y", "given_on": today, "dose": "1700"}
    clinic.enter(DoseAdministration, subject, dose, visit=subject.visits.get(code="C1D1"))
    assert "neutrophils 1.2 ×10⁹/L (at least 1.5 ×10⁹/L asked for)" in messages_of(clinic, subject)


def test_an_unusual_value_is_told_with_its_unit_in_print(clinic: Clinic) -> None:
    subject = clinic.screened(weight="131")
    assert "Weight: 131 kg is unusual; please confirm or correct." in messages_of(clinic, subject)
