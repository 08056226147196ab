"""Doors that are no addresses of their own: autocompletes, popups, filters, forged actions, exports, logs."""

import json

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from patients.forms import form_models
from tests.access.asking import Person, counts, knock
from tests.access.bodies import REASON
from tests.access.world import AT_A_SITE, World

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R04"), pytest.mark.requirement("R21")]

ELSEWHERE = [
    *[f"other_site {name}" for name in AT_A_SITE],
    *[f"other_study {name}" for name in ("principal", "data_manager", "administrator")],
]
FOREIGN = [
    name
    if name in ("other_site coordinator", "other_study administrator")
    else pytest.param(name, marks=pytest.mark.heavy)
    for name in ELSEWHERE
]
AUTOCOMPLETED = [("patients", "subject", "previous"), ("patients", "visit", "subject")]


def stranger(name: str, world: World) -> Person:
    return Person(name, world, world.people[name])


@pytest.mark.parametrize("name", FOREIGN)
def test_an_autocomplete_proposes_no_foreign_subject_and_answers_no_forged_field(
    name: str, world: World
) -> None:
    asking = stranger(name, world)
    forged = [
        (model._meta.app_label, model._meta.model_name, field.name)
        for model in admin.site._registry
        for field in model._meta.fields
        if field.remote_field is not None and field.remote_field.model in admin.site._registry
    ]
    assert len(forged) > 50
    for label, model, field in {*AUTOCOMPLETED, *forged, ("auth", "permission", "content_type")}:
        asked = f"app_label={label}&model_name={model}&field_name={field}"
        for term in ("", "QD", world.records["subject"].code):
            reply = knock(asking, "GET", f"/admin/autocomplete/?{asked}&term={term}")
            assert reply.status in (200, 400, 403, 404), (asked, reply.status)
            found = json.loads(reply.body)["results"] if reply.status == 200 else []
            assert not [each for each in found if "QD" in each["text"]], (asked, found)


def test_an_autocomplete_by_the_own_coordinator_proposes_the_own_subjects(world: World) -> None:
    asking = stranger("coordinator", world)
    asked = "app_label=patients&model_name=subject&field_name=previous&term=QD"
    found = json.loads(knock(asking, "GET", f"/admin/autocomplete/?{asked}").body)["results"]
    assert {each["text"] for each in found} == {"QD-001", "QD-002", "QD-003"}


@pytest.mark.parametrize("name", FOREIGN)
def test_no_list_is_steered_to_foreign_rows_by_filter_order_search_or_popup(name: str, world: World) -> None:
    asking, subject = stranger(name, world), world.records["subject"]
    questions = (
        "site=QD",
        f"site={world.site.pk}",
        "q=QD",
        f"subject={subject.pk}",
        f"subject__id__exact={subject.pk}",
        "subject__code__startswith=QD",
        "o=-1.2",
        "_popup=1",
        "_to_field=external_id",
        "all=",
    )
    models = [model for model in admin.site._registry if model._meta.app_label == "patients"]
    for number, model in enumerate(models):
        address = f"/admin/patients/{model._meta.model_name}/"
        for question in questions[number % 3 :: 3]:
            reply = knock(asking, "GET", f"{address}?{question}")
            assert reply.status in (200, 302, 400, 403, 404), (address, question)
            assert subject.code not in reply.body, (address, question)
            assert "Hospital QD" not in reply.body, (address, question)


@pytest.mark.parametrize("name", ["coordinator", "data_manager", "superuser", *FOREIGN])
def test_a_forged_action_over_chosen_rows_or_all_rows_does_nothing(name: str, world: World) -> None:
    asking, before = stranger(name, world), counts()
    sent = {
        "action": "delete_selected",
        "_selected_action": [str(world.records["vital_signs"].pk)],
        "select_across": "1",
        "index": "0",
        "post": "yes",
    }
    for model in (*form_models(), type(world.records["query"]), type(world.records["subject"])):
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        reply = knock(asking, "POST", address, sent)
        assert reply.status in (403, 404), address
        assert reply.wrote == [], address
    assert counts() == before


@pytest.mark.parametrize("name", FOREIGN)
def test_what_leaves_the_system_holds_nothing_of_another_place(name: str, world: World) -> None:
    asking = stranger(name, world)
    addresses = [f"/api/v1/exports/csv/?form={model.form.oid}" for model in form_models()]
    addresses += ["/api/v1/audit-trail/export/", "/api/v1/audit-trail/?subject=QD-001"]
    for address in addresses:
        told = knock(asking, "GET", address)
        assert "QD-00" not in told.body.replace("QD-001", "", address.count("QD-001")), address
        assert "Hospital QD" not in told.body, address
    trail = knock(asking, "POST", "/admin/patients/auditreview/export/", {})
    assert "QD-00" not in trail.body


@pytest.mark.parametrize("name", ["coordinator", "monitor", "administrator"])
def test_no_page_writes_the_log_of_django_or_greets_with_what_another_did(name: str, world: World) -> None:
    asking = stranger(name, world)
    enrolled = {"site": world.site.pk, "screened_on": "2021-03-01"}
    replies = [
        knock(asking, "POST", "/admin/patients/subject/add/", enrolled),
        knock(asking, "POST", "/admin/account/sessions/end/"),
        knock(asking, "POST", f"/admin/trials/user/{world.people['monitor'].pk}/deactivate/", REASON),
    ]
    assert [each.status for each in replies].count(302) >= 1
    assert [each.wrote for each in replies if "django_admin_log" in each.wrote] == []
    assert LogEntry.objects.count() == 0
    other = stranger("other_site coordinator", world)
    page = knock(other, "GET", "/admin/")
    assert page.status == 200
    assert "QD-00" not in page.body
