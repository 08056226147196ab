"""Whoever runs the system enters no clinical data, by whatever path (segregation of duties)."""

from datetime import date

import pytest
from django.db import models

from patients.forms import form_models
from patients.models import Subject, VitalSigns
from tests.ecrf.access.people import log_in
from tests.ecrf.api.client import client_of
from tests.factories import UserFactory, coordinator_of, make_site, make_study, person, screened_subject
from trials.models import Role, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R39")]


@pytest.fixture
def subject() -> Subject:
    site = make_site(make_study())
    return screened_subject(coordinator_of(site), site)


@pytest.fixture(params=["administrator", "superuser"])
def runs_the_system(request: pytest.FixtureRequest, subject: Subject) -> User:
    if request.param == "superuser":
        return UserFactory(username="root", is_superuser=True)
    return person(Role.ADMINISTRATOR, subject.study, username="root")


def counted() -> dict[type[models.Model], int]:
    return {model: model._default_manager.count() for model in (Subject, *form_models())}


def test_pages_of_forms_are_closed_to_administrators_however_they_post(
    subject: Subject, runs_the_system: User
) -> None:
    browser, before = log_in("root")[0], counted()
    assert browser.get("/admin/").status_code == 200
    form = VitalSigns.objects.get(subject=subject)
    sent = {
        "subject": subject.pk,
        "visit": form.visit_id,
        "version": form.version,
        "measured_on": "2021-03-01",
        "weight": "99",
        "change_reason": "forged",
    }
    for model in form_models():
        for page in ("add/", f"{form.pk}/change/", f"{form.pk}/void/"):
            reply = browser.post(f"/admin/patients/{model._meta.model_name}/{page}", sent)
            assert reply.status_code in (403, 404), (model, page)
    for page in ("add/", f"{subject.pk}/change/", f"{subject.pk}/randomize/"):
        assert browser.post(f"/admin/patients/subject/{page}", sent).status_code in (403, 404), page
    assert counted() == before
    form.refresh_from_db()
    assert str(form.weight) != "99"


def test_rest_is_closed_to_administrators_however_they_write(subject: Subject, runs_the_system: User) -> None:
    client, before = client_of(runs_the_system), counted()
    form = VitalSigns.objects.get(subject=subject)
    for model in form_models():
        path = f"/api/v1/{model.form.path}/"
        sent = {"subject": subject.code, "measured_on": "2021-03-01", "weight": "99"}
        assert client.post(path, sent, format="json").status_code == 403, path
        assert client.change(f"{path}{form.pk}/", form.version, {"weight": "99"}).status_code == 403, path
        assert client.get(path).status_code == 403, path
        lines = client.post(f"/api/v1/imports/{model.form.oid}/?change_reason=x", [sent], format="json")
        assert lines.status_code == 403, model.form.oid
    enrolled = client.post("/api/v1/subjects/", {"site": "ZS", "screened_on": "2021-03-01"}, format="json")
    assert enrolled.status_code == 403
    assert client.post(f"/api/v1/subjects/{subject.code}/randomize/", {}, format="json").status_code == 403
    assert counted() == before


def test_the_actions_themselves_refuse_administrators(subject: Subject, runs_the_system: User) -> None:
    from patients.actions.enroll import enroll
    from patients.actions.save_form import create_form
    from trials.roles import NotPermitted

    with pytest.raises(NotPermitted):
        enroll(actor=runs_the_system, site=subject.site, screened_on=date(2021, 3, 1))
    with pytest.raises(NotPermitted):
        create_form(
            actor=runs_the_system, form=VitalSigns, subject=subject, data={"measured_on": "2021-03-01"}
        )
