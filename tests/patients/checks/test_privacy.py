"""Free text that tells who a person is: kept, questioned, and never repeated."""

import json
from typing import Any

import pytest

from patients.models import AdverseEvent, MedicalHistory, PhysicalExamination, ProtocolDeviation, Query
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.test_consent import tell
from tests.patients.clinic import clinic
from tests.patients.conftest import correct
from trials.models import User

__all__ = ["clinic", "tell"]
CHECKS_TESTED_HERE = {"PD01"}
pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R57")]


def test_a_telephone_number_in_a_comment_is_kept_questioned_and_not_repeated(
    tell: Any, coordinator: User
) -> None:
    record = tell(MedicalHistory, term="Gout", comment="son: 13800138000", ongoing="Y")
    assert record.comment == "son: 13800138000"  # what was entered is never refused or altered
    assert fields_asked(record, "PD01") == {"comment"}
    query = Query.objects.get(check_id="PD01")
    assert "a telephone number" in query.message
    assert "13800138000" not in json.dumps([query.message, query.field, str(query)])
    correct(coordinator, record, comment="son was asked")
    assert asked(record, "PD01") == 0


@pytest.mark.parametrize("term", ["Rash (A123456(3))", "mail li.wei@example.org", "电话13912345678"])
def test_every_line_of_text_is_looked_through(tell: Any, term: str) -> None:
    assert fields_asked(tell(AdverseEvent, term=term, started="2021-04-01"), "PD01") == {"term"}


def test_text_of_a_row_is_questioned_at_its_row(tell: Any) -> None:
    findings = [
        {"system": "SKIN", "finding": "ABNORMAL", "description": "scar"},
        {"system": "ABDOMEN", "finding": "ABNORMAL", "description": "ask 021-62345678"},
    ]
    record = tell(PhysicalExamination, {"systems": findings}, examined_on="2021-03-05")
    [query] = Query.objects.filter(check_id="PD01")
    assert (query.field, query.row_id) == ("description", record.systems.get(repeat=2).pk)


def test_ordinary_clinical_text_is_left_alone(tell: Any) -> None:
    record = tell(ProtocolDeviation, description="Visit 3 days late, platelets 98 on 2021-04-02 10:30")
    assert asked(record, "PD01") == 0
