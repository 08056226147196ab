"""The page of a physical examination: a line for every body system, of which only what was seen is stored."""

import pytest
from django.test import Client

from patients.models import PhysicalExamination
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, screened_subject
from tests.patients.admin.house import rows

pytestmark = pytest.mark.django_db


def test_a_new_examination_starts_with_the_day_and_every_body_system_and_stores_what_was_answered() -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    subject = screened_subject(coordinator, site)
    client = Client()
    client.force_login(coordinator, backend="trials.authentication.RoleBackend")
    visit = subject.visits.get(code="SCR")
    assert visit.occurred_on == CONSENT_DAY
    address = f"/admin/patients/physicalexamination/add/?subject={subject.pk}&visit={visit.pk}"

    sheet = client.get(address).context["sheet"]
    assert sheet.head["examined_on"].value() == "2021-03-01"
    lines = [form["system"].value() for form in sheet.row_sets[0].formset.forms]
    assert lines[0] == "GENERAL APPEARANCE"
    assert (len(lines), "OTHER" in lines) == (11, False)

    seen = [{"system": system} for system in lines]
    seen[1] |= {"finding": "ABNORMAL", "description": "Icterus", "clinically_significant": "Y"}
    typed = {"examined_on": "2021-03-01", "ascites": "SLIGHT", "encephalopathy": "0"}
    assert client.post(address, typed | rows("systems", *seen)).status_code == 302
    examination = PhysicalExamination.objects.get()
    assert [row.system for row in examination.systems.all()] == ["SKIN"]
