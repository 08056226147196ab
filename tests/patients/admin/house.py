"""A study with one site and a screened subject, as its coordinator sees it on pages."""

import re
from typing import Any

import pytest
from django.test import Client

from patients.actions.save_form import create_form
from patients.models import VitalSigns
from tests.factories import coordinator_of, make_site, make_study, person, screened_subject


class House:
    """A study with one site, its coordinator logged in, and a screened subject."""

    def __init__(self) -> None:
        self.study = make_study()
        self.site = make_site(self.study)
        self.coordinator = coordinator_of(self.site)
        self.subject = screened_subject(self.coordinator, self.site)
        self.client = Client()
        self.client.force_login(self.coordinator, backend="trials.authentication.RoleBackend")

    def add(self, model: str, **query: Any) -> str:
        asked = "&".join(f"{key}={value}" for key, value in {"subject": self.subject.pk, **query}.items())
        return f"/admin/patients/{model}/add/?{asked}"

    def as_(self, role: str) -> Client:
        client = Client()
        user = person(role, self.study, self.site)
        client.force_login(user, backend="trials.authentication.RoleBackend")
        return client


@pytest.fixture
def house() -> House:
    return House()


def rows(name: str, *lines: dict[str, Any]) -> dict[str, str]:
    """The fields that a page sends for its lines."""
    sent = {f"{name}-TOTAL_FORMS": str(len(lines)), f"{name}-INITIAL_FORMS": "0"}
    for number, line in enumerate(lines):
        sent |= {f"{name}-{number}-{field}": str(value) for field, value in line.items()}
    return sent


def shown(page: Any) -> str:
    return re.sub(r"\s+", " ", page.content.decode())


def page_of(record: Any) -> str:
    return f"/admin/patients/{record._meta.model_name}/{record.pk}/change/"


def vital_signs(house: House, **answers: Any) -> VitalSigns:
    visit = house.subject.visits.get(code="SCR")
    return create_form(
        actor=house.coordinator,
        form=VitalSigns,
        subject=house.subject,
        visit=visit,
        data={"measured_on": "2021-03-01", "weight": "61.5", **answers},
        rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}]},
    )
