"""Doors of the admin beside the table of tests/access: histories, the list, lookups, foreign choices."""

from datetime import date

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from patients.actions.save_form import create_form
from patients.forms import definition_of, form_models
from patients.models import Subject
from tests.ecrf.admin.doors import doors
from tests.factories import (
    coordinator_of,
    make_list,
    make_site,
    make_study,
    opened,
    person,
    randomized_subject,
)
from trials.models import AuditEvent, Laboratory, RandomizationList, ReferenceRange, Role, Site, Study, User

pytestmark = pytest.mark.django_db

AT_A_SITE = [Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR]
IN_A_STUDY = [Role.DATA_MANAGER, Role.STATISTICIAN, Role.RANDOMIZATION_KEEPER, Role.ADMINISTRATOR]
HIDDEN = {403, 404}
SENT = {"version": "1", "change_reason": "forged", "confirmed": "on", "occurred_on": "2021-03-02"}


@pytest.fixture
def subject() -> Subject:
    """ZS-001: randomized, with a form of (nearly) every kind, a query, and a second visit."""
    study = make_study()
    site = make_site(study)
    make_site(study, "HZ")
    make_list(study, "ABAB")
    coordinator = coordinator_of(site)
    subject = randomized_subject(coordinator, site)
    visit = opened(coordinator, subject, "C1D1", date(2021, 3, 8))
    for model in form_models():
        if model.form.repeats:
            place = visit if model.form.at_visit else None
            said = {"missing_reasons": {definition_of(model).asked[0].name: "UNKNOWN"}}
            create_form(actor=coordinator, form=model, subject=subject, visit=place, data=said)
    sample = {"collected_on": "2021-03-08", "laboratory": "ZS-LAB"}
    results = {"results": [{"test": "ALT", "value": "99", "unit": "U/L"}]}
    lab = next(model for model in form_models() if model.form.oid == "LB")
    create_form(actor=coordinator, form=lab, subject=subject, visit=visit, data=sample, rows=results)
    return subject


def keys_of(subject: Subject) -> dict[type[Model], int]:
    """A row of ZS for every registered model that has one."""
    keys: dict[type[Model], int] = {Subject: subject.pk, Site: subject.site_id, Study: subject.study_id}
    for model in admin.site._registry:
        if model in keys:
            continue
        rows = model._default_manager.all()
        names = {field.name for field in model._meta.get_fields()}
        if "subject" in names:
            rows = rows.filter(subject=subject)
        elif model is Laboratory:
            rows = rows.filter(site=subject.site)
        elif model is ReferenceRange:
            rows = rows.filter(laboratory__site=subject.site)
        elif "study" in names:
            rows = rows.filter(study=subject.study)
        first = rows.order_by("pk").first()
        if first is not None:
            keys[model] = first.pk
    return keys


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


@pytest.mark.requirement("R06")
@pytest.mark.parametrize("role", [*AT_A_SITE, *IN_A_STUDY])
def test_a_post_to_any_history_page_by_any_role_changes_nothing(role: str, subject: Subject) -> None:
    client = client_of(person(role, subject.study, subject.site if role in AT_A_SITE else None))
    events = AuditEvent.objects.count()
    visit = subject.visits.get(code="C1D1")
    history = [door for door in doors(keys_of(subject), visit.pk) if "/history/" in door.path]
    assert len(history) > 25
    for door in history:
        assert client.post(door.path, SENT).status_code in HIDDEN, door
    assert AuditEvent.objects.count() == events


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(
    "role", [role for role in [*AT_A_SITE, *IN_A_STUDY] if role != Role.RANDOMIZATION_KEEPER]
)
def test_the_randomization_list_exists_for_its_keeper_alone(role: str, subject: Subject) -> None:
    client = client_of(person(role, subject.study, subject.site if role in AT_A_SITE else None))
    kept = RandomizationList.objects.get()
    own = ("change", "history", "slots", "extend", "unusable", "close")
    pages = ["", "add/", *(f"{kept.pk}/{page}/" for page in own)]
    for page in pages:
        assert client.get(f"/admin/trials/randomizationlist/{page}").status_code == 404, page
    for page in ("/admin/", "/admin/trials/"):
        assert "andomization list" not in client.get(page).content.decode()


@pytest.mark.requirement("R39")
def test_an_administrator_of_the_installation_sees_no_list_and_no_subject(subject: Subject) -> None:
    client = client_of(User.objects.create_superuser("root", "a long enough pass-phrase"))
    assert client.get("/admin/trials/randomizationlist/").status_code == 404
    assert client.get("/admin/patients/subject/").status_code == 403
    assert client.get("/admin/trials/user/").status_code == 200


def test_the_keeper_reaches_the_pages_of_the_own_list(subject: Subject) -> None:
    client = client_of(person(Role.RANDOMIZATION_KEEPER, subject.study))
    kept = RandomizationList.objects.get()
    assert client.get("/admin/trials/randomizationlist/").status_code == 200
    for page in ("change", "history", "slots", "extend", "unusable", "close"):
        assert client.get(f"/admin/trials/randomizationlist/{kept.pk}/{page}/").status_code == 200, page


@pytest.mark.parametrize(
    "query",
    [
        "subject__site__code=ZS",
        "subject__code__startswith=ZS",
        "subject__site__study__code=TEST-1",
        "id__gt=0",
        "_to_field=external_id",
        "_popup=1",
        "previous__isnull=False",
    ],
)
def test_a_list_answers_no_lookup_beyond_its_own_filters(query: str, subject: Subject) -> None:
    client = client_of(person(Role.COORDINATOR, subject.study, subject.site))
    assert client.get(f"/admin/patients/vitalsigns/?{query}").status_code == 400


def test_a_filter_by_a_foreign_site_shows_nothing_of_it(subject: Subject) -> None:
    client = client_of(person(Role.COORDINATOR, subject.study, Site.objects.get(code="HZ")))
    page = client.get("/admin/patients/subject/?site=ZS")
    assert page.status_code == 200
    assert subject.code not in page.content.decode()


@pytest.mark.parametrize("field", ["previous"])
def test_a_foreign_subject_is_neither_offered_nor_taken_when_enrolling(field: str, subject: Subject) -> None:
    client = client_of(person(Role.COORDINATOR, subject.study, Site.objects.get(code="HZ")))
    asked = {"app_label": "patients", "model_name": "subject", "field_name": field, "term": "ZS"}
    assert client.get("/admin/autocomplete/", asked).json()["results"] == []
    other = Site.objects.get(code="HZ")
    typed = {"site": other.pk, "screened_on": "2021-03-01", "previous": subject.pk}
    reply = client.post("/admin/patients/subject/add/", typed)
    assert reply.status_code == 200
    assert reply.context["form"].errors["previous"]
    typed = {"site": subject.site_id, "screened_on": "2021-03-01"}
    assert client.post("/admin/patients/subject/add/", typed).context["form"].errors["site"]
    assert Subject.objects.count() == 1


def test_the_admin_writes_no_log_of_its_own(subject: Subject) -> None:
    from django.contrib.admin.models import LogEntry

    client = client_of(person(Role.COORDINATOR, subject.study, subject.site))
    client.post("/admin/patients/subject/add/", {"site": subject.site_id, "screened_on": "2021-03-01"})
    assert Subject.objects.count() == 2
    assert LogEntry.objects.count() == 0


def test_lists_can_be_edited_and_rows_deleted_nowhere() -> None:
    for page in admin.site._registry.values():
        assert not page.list_editable
        assert not page.actions
