"""Checks of concomitant medication against what the protocol does not allow."""

from datetime import date
from typing import Any

import pytest

from patients.models import ConcomitantMedication, ProtocolDeviation, Query
from tests.factories import save
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from tests.patients.dosing.conftest import in_a, ward
from tests.patients.dosing.ward import Ward
from trials.models import ProhibitedMedication

__all__ = ["in_a", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"PM01"}


@pytest.fixture
def treated(in_a: Ward) -> Ward:
    """Lenvatinib from 8 to 28 March 2021; both drugs ended on 30 March."""
    in_a.take(0, 20, "12")
    for drug in ("LENVATINIB", "TORIPALIMAB"):
        in_a.ends(drug, 22)
    return in_a


def medicated(ward: Ward, name: str = "Capecitabine tablets", **data: Any) -> ConcomitantMedication:
    return ward.enter(ConcomitantMedication, ward.subject, {"medication": name, "indication": "x"} | data)


@pytest.mark.parametrize(
    ("started", "ended", "asks"),
    [
        ("2021-03-08", "2021-03-08", 1),
        ("2021-03-28", "2021-03-29", 1),
        ("2021-03-29", "2021-04-10", 0),
        ("2021-02-08", "2021-02-10", 1),
        ("2021-02-01", "2021-02-07", 0),
        ("2021-03", "2021-04", 0),
        ("2021-03", "2021-03", 0),
        ("2020", "2022", 1),
        ("2020", "2021", 0),
    ],
)
def test_a_medication_is_questioned_where_it_was_certainly_taken_in_the_forbidden_days(
    started: str, ended: str, asks: int, treated: Ward
) -> None:
    assert asked(medicated(treated, started=started, ended=ended, ongoing="N"), "PM01") == asks


@pytest.mark.parametrize(
    ("name", "asks"),
    [("Xeloda (capecitabine) 500 mg", 1), ("卡培他滨片", 1), ("Ondansetron", 0), ("Nivolumab", 1)],
)
def test_a_medication_is_known_by_its_name(name: str, asks: int, treated: Ward) -> None:
    assert asked(medicated(treated, name, started="2021-03-10", ongoing="Y"), "PM01") == asks


def test_a_prohibited_medication_drafts_a_deviation_until_its_days_are_corrected(treated: Ward) -> None:
    given = medicated(treated, started="2021-03-10", ended="2021-03-12", ongoing="N")
    assert fields_asked(given, "PM01") == {"medication"}
    draft = ProtocolDeviation.objects.get(rule="PM01", status="DRAFT")
    assert (draft.category, draft.occurred_on) == ("PROHIBITED MEDICATION", "2021-03-10")
    correct(treated.coordinator, given, started="2021-05-10", ended="2021-05-12")
    assert asked(given, "PM01") == 0
    assert not ProtocolDeviation.objects.filter(rule="PM01", status="DRAFT").exists()


def test_while_treatment_goes_on_so_does_the_prohibition(in_a: Ward) -> None:
    in_a.take(0, 20, "12")
    given = medicated(in_a, started="2021-06-01", ongoing="Y")
    assert asked(given, "PM01") == 1
    for drug in ("LENVATINIB", "TORIPALIMAB"):
        in_a.ends(drug, 22)
    assert asked(given, "PM01") == 0


def test_before_the_first_dose_is_known_nothing_is_questioned(in_a: Ward) -> None:
    given = medicated(in_a, started="2021-03-08", ongoing="Y")
    assert asked(given, "PM01") == 0
    in_a.take(0, None, "12")
    assert asked(given, "PM01") == 1


def test_a_prohibition_applies_to_the_days_for_which_the_protocol_has_it(treated: Ward) -> None:
    for each in ProhibitedMedication.objects.filter(study=treated.study):
        each.valid_to = date(2021, 3, 9)
        save(treated.study.chain, each)
    assert asked(medicated(treated, started="2021-03-10", ended="2021-03-20", ongoing="N"), "PM01") == 0
    assert asked(medicated(treated, started="2021-03-09", ended="2021-03-20", ongoing="N"), "PM01") == 1


def test_the_question_names_what_is_forbidden_and_what_is_allowed(treated: Ward) -> None:
    medicated(treated, started="2021-03-10", ongoing="Y")
    words = Query.objects.get(check_id="PM01").message
    assert "Other anticancer treatment (capecitabine)" in words
    assert "Allowed: Treatment after the end of all study drugs." in words
