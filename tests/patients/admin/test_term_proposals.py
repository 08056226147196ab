"""Terms of CTCAE on the page of an adverse event: proposed while typing, refused where unknown."""

from typing import Any

import pytest
from django.test import Client

from patients.models import AdverseEvent, Subject
from tests.factories import coordinator_of, make_site, make_study, person, save, screened_subject
from trials.actions.dictionary import load_shipped_ctcae
from trials.models import Role, Site, StudySetting, User

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


@pytest.fixture
def site() -> Site:
    site = make_site(make_study())
    grading = {"key": "ctcae_version", "value": "5.0", "default": "5.0", "description": "CTCAE"}
    save(site.study.chain, StudySetting(study=site.study, **grading))
    return site


@pytest.fixture
def coordinator(site: Site) -> User:
    return coordinator_of(site)


@pytest.fixture
def subject(coordinator: User, site: Site) -> Subject:
    return screened_subject(coordinator, site)


@pytest.fixture
def loaded(site: Site) -> None:
    load_shipped_ctcae(actor=User.objects.system_user())


def proposed(client: Client, subject: Subject, text: str) -> Any:
    return client.get(f"/admin/patients/subject/{subject.pk}/ctcae-terms/", {"q": text})


def test_terms_that_contain_the_text_are_proposed_those_that_begin_with_it_first(
    loaded: None, coordinator: User, subject: Subject
) -> None:
    reply = proposed(client_of(coordinator), subject, "PLATELET")
    assert reply.json() == {
        "terms": [{"term": "Platelet count decreased", "note": "Investigations · 1, 2, 3, 4"}]
    }
    found = proposed(client_of(coordinator), subject, "an").json()["terms"]
    assert len(found) == 12
    assert all(each["term"].lower().startswith("an") for each in found)


def test_terms_are_those_of_the_version_by_which_the_study_grades(
    loaded: None, coordinator: User, subject: Subject
) -> None:
    setting = StudySetting.objects.get(key="ctcae_version")
    setting.value = "6.0"
    save(subject.study.chain, setting)
    found = proposed(client_of(coordinator), subject, "thrombocytop").json()["terms"]
    assert found[0]["term"] == "Thrombocytopenia"


def test_the_page_of_an_adverse_event_knows_where_to_ask(
    loaded: None, coordinator: User, subject: Subject
) -> None:
    page = client_of(coordinator).get(f"/admin/patients/adverseevent/add/?subject={subject.pk}")
    assert f'data-suggest="/admin/patients/subject/{subject.pk}/ctcae-terms/"' in page.content.decode()


def test_where_no_dictionary_is_loaded_the_page_proposes_nothing(coordinator: User, subject: Subject) -> None:
    page = client_of(coordinator).get(f"/admin/patients/adverseevent/add/?subject={subject.pk}")
    assert "data-suggest" not in page.content.decode()
    assert proposed(client_of(coordinator), subject, "rash").json() == {"terms": []}


def test_a_subject_of_another_site_is_not_found_and_a_reader_may_not_ask(
    loaded: None, site: Site, subject: Subject
) -> None:
    elsewhere = coordinator_of(make_site(site.study, "N2"))
    assert proposed(client_of(elsewhere), subject, "rash").status_code == 404
    monitor = person(Role.MONITOR, site.study, site)
    assert proposed(client_of(monitor), subject, "rash").status_code == 403


def test_an_unknown_term_is_refused_on_the_page_with_those_that_are_near(
    loaded: None, coordinator: User, subject: Subject
) -> None:
    typed = {
        "term": "Low platelets",
        "ctcae_term": "Platelets decreased",
        "drugs-TOTAL_FORMS": "0",
        "drugs-INITIAL_FORMS": "0",
    }
    page = client_of(coordinator).post(f"/admin/patients/adverseevent/add/?subject={subject.pk}", typed)
    assert page.status_code == 200
    text = page.content.decode()
    assert "is not a term of CTCAE 5.0; near: " in text
    assert 'value="Low platelets"' in text
    assert not AdverseEvent.objects.exists()
