"""The report and the endpoints of a subject as pages: scope, cutoff, and links to each record."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.ecrf.reports.trial import Trial
from tests.factories import coordinator_of, make_site, person
from trials.models import Role, User

REPORT = "/admin/reports/efficacy/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


@pytest.fixture
def world(trial: Trial) -> SimpleNamespace:
    """A subject at each of two sites; the first progressed 18 weeks after randomization."""
    other = make_site(trial.study, "XH")
    outsider = coordinator_of(other)
    patient, foreign = trial.patient(), trial.patient(outsider, other)
    patient.looks(w6="60", w12="60", w18="80")
    return SimpleNamespace(
        patient=patient,
        page=f"/admin/subjects/{patient.subject.pk}/endpoints/",
        foreign=foreign,
        coordinator=client_of(trial.coordinator),
        outsider=client_of(outsider),
        keeper=client_of(person(Role.RANDOMIZATION_KEEPER, trial.study)),
        statistician=client_of(person(Role.STATISTICIAN, trial.study)),
    )


def text_of(reply: Any) -> str:
    assert reply.status_code == 200
    return str(reply.content.decode())


def test_the_report_shows_the_population_that_its_reader_may_see(world: SimpleNamespace) -> None:
    assert "all sites" in text_of(world.statistician.get(REPORT))
    assert "only the subjects of ZS" in text_of(world.coordinator.get(REPORT))
    assert world.keeper.get(REPORT).status_code == 403
    assert world.statistician.post(REPORT).status_code == 403
    assert world.coordinator.get(f"{REPORT}?study=OTHER").status_code == 404


@pytest.mark.parametrize("asked", ["cutoff=2021-02-30", "as_of=yesterday", "censoring=X", "cutoff=2021-03"])
def test_what_cannot_be_asked_is_named_and_nothing_is_computed(world: SimpleNamespace, asked: str) -> None:
    shown = text_of(world.coordinator.get(f"{REPORT}?{asked}"))
    assert f"{asked.partition('=')[0]} must be" in shown
    assert "EFFICACY of" not in shown


def test_the_endpoints_of_a_subject_lead_to_the_record_of_each_step(world: SimpleNamespace) -> None:
    shown = text_of(world.coordinator.get(world.page))
    assert "Progression-free survival" in shown
    links = set(re.findall(r'href="(/admin/patients/tumorassessment/\d+/change/)"', shown))
    assert links
    for link in links:
        assert world.coordinator.get(link).status_code == 200


def test_a_step_that_several_answers_share_stands_once(world: SimpleNamespace) -> None:
    shown = text_of(world.coordinator.get(world.page))
    assert shown.count("<li>Counted from randomization on") == 1
    assert shown.count("<li>UNS1 on ") == 1, "the time points of both best responses"
    assert 'href="#shared"' in shown
    measurements = re.findall(r"measurements 1 Diameter: (\d+)", shown)
    assert sorted(measurements) == ["100", "60", "60", "80"], "each value once"


@pytest.mark.requirement("R56")
def test_every_step_with_a_value_leads_to_its_form_or_to_the_casebook(world: SimpleNamespace) -> None:
    shown = text_of(world.coordinator.get(world.page))
    groups = re.findall(r"<li>(?:<a href=\"([^\"]+)\">[^<]+</a>) ", shown)
    assert groups
    hub = f"/admin/patients/subject/{world.patient.subject.pk}/change/"
    day = re.search(r'href="([^"]+)">[^<]+</a> Day of randomization', shown)
    assert day
    assert day[1] == hub
    assert all(world.coordinator.get(page).status_code == 200 for page in set(groups))


def test_before_the_cutoff_the_progression_has_not_happened(world: SimpleNamespace) -> None:
    assert "EVENT" in text_of(world.coordinator.get(world.page))
    shown = text_of(world.coordinator.get(f"{world.page}?cutoff=2021-05-01"))
    assert "CENSORED" in shown


def test_the_endpoints_of_another_sites_subject_do_not_exist(world: SimpleNamespace) -> None:
    assert world.outsider.get(world.page).status_code == 404
    assert world.keeper.get(world.page).status_code in (403, 404)
    assert world.coordinator.get(f"/admin/subjects/{world.foreign.subject.pk}/endpoints/").status_code == 404


def test_the_casebook_of_a_randomized_subject_leads_to_its_endpoints(world: SimpleNamespace) -> None:
    hub = f"/admin/patients/subject/{world.patient.subject.pk}/change/"
    assert world.page in text_of(world.coordinator.get(hub))
