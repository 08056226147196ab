"""What the rules expect of a form before it is entered: the same over REST as on the empty page."""

from datetime import date
from types import SimpleNamespace

import pytest

from patients.derivations.tellers import expected
from patients.facts import Facts
from patients.models import Visit
from tests.ecrf.api.client import results
from tests.factories import make_list, opened
from trials.audit import clock

pytestmark = pytest.mark.django_db
ONE = "/api/v1/subjects/ZS-001/expectations/"
DAY_1 = date(2021, 3, 14)


@pytest.fixture
def treated(world: SimpleNamespace) -> SimpleNamespace:
    """ZS-001 is randomized to arm A and came to day 1 of the first cycle."""
    make_list(world.study, "A")
    assert world.client.post("/api/v1/subjects/ZS-001/randomize/").status_code == 201
    opened(world.coordinator, world.subject, "C1D1", DAY_1)
    return world


def test_the_planned_dose_and_its_reason_are_told_before_anything_is_entered(
    treated: SimpleNamespace,
) -> None:
    shown = treated.client.get(ONE, {"form": "EC", "visit": "C1D1"}).json()
    assert (shown["subject"], shown["form"], shown["visit"]) == ("ZS-001", "EC", "C1D1")
    lines = {each["about"]: each for each in shown["expectations"]}
    assert lines[f"Planned dose of Lenvatinib on {DAY_1}"]["answer"] == "12 mg"
    assert "60 kg measured on" in lines[f"Planned dose of Lenvatinib on {DAY_1}"]["reason"]
    assert lines[f"Planned dose of Toripalimab on {DAY_1}"]["answer"] == "240 mg"
    assert results(treated.client.get("/api/v1/doses/?subject=ZS-001")) == []


def test_the_lines_are_those_of_the_empty_page(treated: SimpleNamespace) -> None:
    visit = Visit.objects.get(subject=treated.subject, code="C1D1")
    for form, at in (("EC", visit), ("ECD", None), ("IE", None), ("VS", visit)):
        asked = {"form": form} | ({"visit": at.code} if at else {})
        told = [
            (each.about, each.answer or None, each.reason)
            for each in expected(Facts([treated.subject]), form, treated.subject, at)
        ]
        shown = treated.client.get(ONE, asked).json()["expectations"]
        assert [(each["about"], each["answer"], each["reason"]) for each in shown] == told
        assert bool(told) == (form != "VS")


def test_a_source_leads_to_the_form_on_which_it_stands(treated: SimpleNamespace) -> None:
    lines = treated.client.get(ONE, {"form": "IE"}).json()["expectations"]
    places = [place for line in lines for place in line["sources"]]
    assert places
    assert all(treated.client.get(place["href"]).status_code == 200 for place in places)


def test_expectations_are_told_as_of_an_instant_of_recording(world: SimpleNamespace) -> None:
    make_list(world.study, "A")
    before = clock.now().isoformat()
    world.client.post("/api/v1/subjects/ZS-001/randomize/")
    assert len(world.client.get(ONE, {"form": "ECD"}).json()["expectations"]) > 1
    [line] = world.client.get(ONE, {"form": "ECD", "as_of": before}).json()["expectations"]
    assert (line["about"], line["reason"]) == ("No dose is expected", "the subject is not randomized")


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({}, {"form": ["is required: the OID of a form"]}),
        ({"form": "NOPE"}, {"form": ["is not a form of the casebook"]}),
        ({"form": "EC"}, {"visit": ["is required: this form belongs to a visit"]}),
        (
            {"form": "ECD", "visit": "C1D1"},
            {"visit": ["must be empty: this form belongs to the whole casebook"]},
        ),
        ({"form": "EC", "visit": "C9D1"}, {"visit": ["is not a visit of this subject"]}),
        ({"form": "IE", "cutoff": "9999-12-31"}, {"cutoff": ["the year must be from 1900 to 2100"]}),
        (
            {"form": "IE", "cutoff": "2021-02-30"},
            {"cutoff": ["is not a date of the calendar of the form YYYY-MM-DD"]},
        ),
        ({"form": "EC", "day": "1"}, {"day": ["is not a parameter of this resource"]}),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    treated: SimpleNamespace, asked: dict[str, str], refused: dict[str, list[str]]
) -> None:
    reply = treated.client.get(ONE, asked)
    assert (reply.status_code, reply.json()["errors"]) == (400, refused)


def test_the_subject_of_another_site_is_answered_404_whatever_is_asked(treated: SimpleNamespace) -> None:
    for asked in ({}, {"form": "NOPE"}, {"form": "EC", "visit": "C1D1"}):
        reply = treated.outsider.get(ONE, asked)
        assert (reply.status_code, reply.json()["errors"]) == (404, {"detail": ["Not found."]})
