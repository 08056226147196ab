"""No page asks more of the database because the study grew."""

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import AdverseEvent, Disposition, Query, Subject, VitalSigns
from tests.factories import coordinator_of, make_list, make_site, make_study, person, screened_subject
from trials.models import RandomizationList, Role, Site, User

pytestmark = pytest.mark.django_db

MOST = 28  # every page stays below it
TRAIL = "/admin/patients/auditreview/"  # one query for each table that the acts on it wrote, however many


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        reply = client.get(path)
    assert reply.status_code == 200, path
    return len(asked)


def more_subjects(site: Site, coordinator: User, number: int) -> None:
    for _each in range(number):
        subject = enroll(actor=coordinator, site=site, screened_on=date(2021, 3, 1))
        event = {"term": "rash", "started": "2021-03-02", "ongoing": "N", "ended": "2021-03-01"}
        create_form(actor=coordinator, form=AdverseEvent, subject=subject, data=event)


def path_of(model: type[Model], page: str, *key: Any) -> str:
    inner = f"{key[0]}/{page}/" if key else page
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{inner}"


def readers(site: Site) -> dict[str, Client]:
    return {
        "clinical": client_of(person(Role.DATA_MANAGER, site.study)),
        "accounts": client_of(person(Role.ADMINISTRATOR, site.study)),
        "list": client_of(person(Role.RANDOMIZATION_KEEPER, site.study)),
    }


def reader_of(model: type[Model], clients: dict[str, Client]) -> Client:
    if model is RandomizationList:
        return clients["list"]
    return (
        clients["accounts"]
        if model._meta.label in ("trials.User", "trials.Assignment")
        else clients["clinical"]
    )


def measured(clients: dict[str, Client]) -> dict[str, int]:
    """Queries of the first page, of every list, and of a page of one row of every model."""
    counts = {"/admin/": queries(clients["clinical"], "/admin/")}
    for model in admin.site._registry:
        client = reader_of(model, clients)
        counts[path_of(model, "")] = queries(client, path_of(model, ""))
        first = model._default_manager.order_by("pk").first()
        if first is not None and not getattr(first, "is_system", False):
            counts[f"{model.__name__}: one"] = queries(client, path_of(model, "change", first.pk))
    return counts


@pytest.mark.requirement("R55")
def test_no_page_asks_more_queries_with_more_subjects() -> None:
    site = make_site(make_study())
    make_list(site.study, "AB")
    coordinator = coordinator_of(site)
    screened_subject(coordinator, site)
    more_subjects(site, coordinator, 3)
    clients = readers(site)
    few = measured(clients)
    more_subjects(site, coordinator, 25)
    many = measured(clients)
    assert {path: number for path, number in many.items() if number >= MOST and path != TRAIL} == {}
    assert {path: (few[path], many[path]) for path in many if many[path] > few[path]} == {}


def test_a_panel_of_many_rows_is_saved_with_few_queries_for_each() -> None:
    """The page itself asks a fixed number; each row costs the action its insert, history and checks."""
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    subject = screened_subject(coordinator, site)
    visit = subject.visits.get(code="SCR")
    client = client_of(coordinator)
    path = f"/admin/patients/labsample/add/?subject={subject.pk}&visit={visit.pk}&panel=CHEMISTRY"
    assert queries(client, path) < MOST


@pytest.mark.heavy
def test_lists_stay_as_cheap_with_a_thousand_subjects() -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    more_subjects(site, coordinator, 1000)
    assert Subject.objects.count() == 1000
    client = client_of(coordinator)
    for model in (Subject, AdverseEvent, VitalSigns, Disposition, Query):
        assert queries(client, path_of(model, "")) < MOST
    assert queries(client, "/admin/") < MOST
    last = Subject.objects.latest("pk")
    assert queries(client, path_of(Subject, "change", last.pk)) < MOST
