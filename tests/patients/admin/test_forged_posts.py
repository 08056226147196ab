"""What a page sends can be anything; the reply is a page, an error or nothing, never a failure."""

import pytest
from django.test import Client

from patients.actions.save_form import create_form
from patients.models import LabSample, Subject, VitalSigns
from tests.factories import coordinator_of, make_site, make_study, screened_subject
from trials.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator() -> User:
    return coordinator_of(make_site(make_study()))


@pytest.fixture
def subject(coordinator: User) -> Subject:
    from trials.models import Site

    return screened_subject(coordinator, Site.objects.get())


@pytest.fixture
def client(coordinator: User) -> Client:
    client = Client()
    client.force_login(coordinator, backend="trials.authentication.RoleBackend")
    return client


@pytest.fixture
def record(coordinator: User, subject: Subject) -> VitalSigns:
    return create_form(
        actor=coordinator,
        form=VitalSigns,
        subject=subject,
        visit=subject.visits.get(code="SCR"),
        data={"measured_on": "2021-03-01", "weight": "61.5"},
        rows={"blood_pressures": [{"systolic": 120, "diastolic": 80}]},
    )


def page(record: VitalSigns) -> str:
    return f"/admin/patients/vitalsigns/{record.pk}/change/"


GOOD = {
    "version": "1",
    "change_reason": "why",
    "measured_on": "2021-03-01",
    "weight": "62",
    "blood_pressures-TOTAL_FORMS": "1",
    "blood_pressures-INITIAL_FORMS": "1",
    "blood_pressures-0-repeat": "1",
    "blood_pressures-0-systolic": "120",
    "blood_pressures-0-diastolic": "80",
}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"version": ""}, 412),
        ({"version": "abc"}, 412),
        ({"version": "²"}, 412),
        ({"version": "9" * 400}, 412),
        ({"blood_pressures-0-repeat": "²"}, 200),
        ({"blood_pressures-0-repeat": "99"}, 200),
        ({"blood_pressures-0-repeat": "-1"}, 200),
        ({"blood_pressures-TOTAL_FORMS": "100000"}, 200),
        ({"blood_pressures-TOTAL_FORMS": "none"}, 200),
        ({"weight": "\x00"}, 200),
        ({"weight": "NaN"}, 200),
        ({"weight": "1e400"}, 200),
        ({"weight": "٦٢"}, 200),
        ({"weight": "6" * 5000}, 200),
        ({"missing_weight": "UNKNOWN"}, 200),
        ({"missing_height": "BECAUSE"}, 200),
        ({"blood_pressures-0-why_missing": "BECAUSE"}, 200),
        ({"not_done_reason": "x" * 300}, 200),
        ({"external_id": "a\tb"}, 200),
        ({"change_reason": "   "}, 200),
        ({"change_reason": "x" * 501}, 200),
    ],
)
def test_a_forged_or_senseless_value_stores_nothing(
    changes: dict[str, str], status: int, client: Client, record: VitalSigns
) -> None:
    events = AuditEvent.objects.count()
    reply = client.post(page(record), {**GOOD, **changes})
    assert reply.status_code == status
    assert AuditEvent.objects.count() == events
    assert VitalSigns.objects.get(pk=record.pk).version == 1


def test_fields_that_no_page_has_are_not_taken(client: Client, record: VitalSigns) -> None:
    forged = {
        "entry_state": "NOT_DONE",
        "entered_in_error": "on",
        "repeat": "7",
        "subject": "999",
        "form_version": "9",
    }
    assert client.post(page(record), {**GOOD, **forged}).status_code == 302
    stored = VitalSigns.objects.get(pk=record.pk)
    for name in ("entry_state", "entered_in_error", "repeat", "form_version"):
        assert getattr(stored, name) == getattr(record, name), name
    assert stored.subject_id == record.subject_id


@pytest.mark.parametrize("key", ["0", "-1", "abc", "²", "9" * 40, "1%00", "None", "1 or 1=1"])
def test_a_key_that_names_nothing_is_not_found(key: str, client: Client, subject: Subject) -> None:
    assert client.get(f"/admin/patients/subject/{key}/change/").status_code == 404
    assert client.get(f"/admin/patients/vitalsigns/{key}/history/").status_code == 404
    assert client.get("/admin/patients/vitalsigns/add/", {"subject": key}).status_code == 404
    assert (
        client.get("/admin/patients/vitalsigns/add/", {"subject": subject.pk, "visit": key}).status_code
        == 404
    )


@pytest.mark.parametrize(
    "query", ["p=999999", "p=-1", "p=abc", "o=99.-7", "q=" + "x" * 3000, "q=%00", "state=none", "all="]
)
def test_a_list_bears_any_page_order_and_search(query: str, client: Client, record: VitalSigns) -> None:
    assert client.get(f"/admin/patients/vitalsigns/?{query}").status_code in (200, 302, 400)


def test_a_message_about_a_derived_value_stands_at_its_own_line_beside_one_in_error(
    client: Client, coordinator: User, subject: Subject
) -> None:
    sample = create_form(
        actor=coordinator,
        form=LabSample,
        subject=subject,
        visit=subject.visits.get(code="SCR"),
        data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB"},
        rows={
            "results": [
                {"test": "ALT", "value": "45", "unit": "U/L"},
                {"test": "HGB", "value": "140", "unit": "g/L"},
            ]
        },
    )
    sent = {
        "version": "1",
        "change_reason": "why",
        "collected_on": "2021-03-01",
        "laboratory": "ZS-LAB",
        "results-TOTAL_FORMS": "2",
        "results-INITIAL_FORMS": "2",
        "results-0-repeat": "1",
        "results-0-test": "ALT",
        "results-0-value": "45",
        "results-0-unit": "U/L",
        "results-0-entered_in_error": "on",
        "results-1-repeat": "2",
        "results-1-test": "HGB",
        "results-1-value": "1,4,0",
        "results-1-unit": "g/L",
    }
    reply = client.post(f"/admin/patients/labsample/{sample.pk}/change/", sent)
    forms = reply.context["sheet"].row_sets[0].formset.forms
    assert [set(form.errors) for form in forms] == [set(), {"value"}]


def test_no_page_reverts_to_an_old_version() -> None:
    from django.urls import get_resolver

    names = [name for name in _names(get_resolver()) if "simple_history" in name]
    assert names == []


def _names(resolver: object) -> list[str]:
    found: list[str] = []
    for each in getattr(resolver, "url_patterns", []):
        found += [str(each.name)] if getattr(each, "name", None) else []
        found += _names(each)
    return found


def test_only_pages_of_the_study_are_registered() -> None:
    from django.contrib import admin

    from trials.admin.base import StudyAdmin

    assert len(admin.site._registry) > 30
    assert all(isinstance(page, StudyAdmin) for page in admin.site._registry.values())
