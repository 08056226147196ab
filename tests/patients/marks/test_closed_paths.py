"""What is frozen or locked is changed on no path: admin, REST, import, command and derivation alike.

Each path is first shown to write while everything is open, so that a refusal is never one for another reason.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from patients.actions.correct_range import correct_range
from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import (
    LabResult,
    LabSample,
    Lock,
    Query,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import (
    CONSENT_DAY,
    coordinator_of,
    make_list,
    make_site,
    opened,
    person,
    randomized_subject,
    save,
    screened_subject,
)
from tests.patients.conftest import errors_of
from tests.patients.marks.conftest import frozen, locked, locked_forms
from tests.taken_back import taken_back
from trials.actions.errors import Closed
from trials.audit import clock
from trials.models import ReferenceRange, Role, Site, Study, StudySetting, User

pytestmark = pytest.mark.requirement("R15")

NOT_COUNTED = {"trials.AuditEvent", "trials.Chain"}


@dataclass
class Ward:
    """A site with one subject in screening and one under treatment, and who works there."""

    study: Study
    site: Site
    coordinator: User
    data_manager: User
    screened: Subject
    treated: Subject
    signs: VitalSigns
    sample: LabSample
    admin: Client
    api: APIClient
    keeper: APIClient

    @property
    def visit(self) -> Visit:
        return Visit.objects.get(subject=self.screened, code="SCR")

    def correction(self) -> dict[str, Any]:
        return {
            "version": "1",
            "change_reason": "misread",
            "measured_on": "2021-03-01",
            "weight": "62",
            "height": "170",
            "blood_pressures-TOTAL_FORMS": "0",
            "blood_pressures-INITIAL_FORMS": "0",
        }


@pytest.fixture
def ward(study: Study, site: Site, coordinator: User) -> Ward:
    make_list(study, "BBBBBB")
    data_manager = person(Role.DATA_MANAGER, study)
    treated = randomized_subject(coordinator, site)
    today = clock.today(site.time_zone)
    opened(coordinator, treated, "C1D1", today)
    screened = screened_subject(coordinator, site)
    visit = Visit.objects.get(subject=screened, code="SCR")
    sample = create_form(
        actor=coordinator,
        form=LabSample,
        subject=screened,
        visit=visit,
        data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB"},
        rows={"results": [{"test": "ALT", "value": "60", "unit": "U/L"}]},
    )
    admin, api, keeper = Client(), APIClient(), APIClient()
    admin.force_login(coordinator, backend="trials.authentication.RoleBackend")
    api.force_authenticate(coordinator)
    keeper.force_authenticate(data_manager)
    signs = VitalSigns.objects.get(subject=screened)
    return Ward(study, site, coordinator, data_manager, screened, treated, signs, sample, admin, api, keeper)


Act = Callable[[Ward], int]


def admin_correction(ward: Ward) -> int:
    return ward.admin.post(
        f"/admin/patients/vitalsigns/{ward.signs.pk}/change/", ward.correction()
    ).status_code


def admin_void(ward: Ward) -> int:
    sent = {"version": "1", "change_reason": "another subject's form"}
    return ward.admin.post(f"/admin/patients/vitalsigns/{ward.signs.pk}/void/", sent).status_code


def admin_entry(ward: Ward) -> int:
    address = f"/admin/patients/ecogassessment/add/?subject={ward.screened.pk}&visit={ward.visit.pk}"
    return ward.admin.post(address, {"assessed_on": "2021-03-01", "grade": "1"}).status_code


def admin_whole_casebook(ward: Ward) -> int:
    address = f"/admin/patients/medicalhistory/add/?subject={ward.screened.pk}"
    return ward.admin.post(address, {"term": "Gout", "ongoing": "Y"}).status_code


def admin_laboratory(ward: Ward) -> int:
    address = f"/admin/patients/labsample/add/?subject={ward.screened.pk}&visit={ward.visit.pk}"
    sent = {
        "collected_on": "2021-03-01",
        "laboratory": "ZS-LAB",
        "results-TOTAL_FORMS": "1",
        "results-INITIAL_FORMS": "0",
        "results-0-test": "ALT",
        "results-0-value": "41",
        "results-0-unit": "U/L",
    }
    return ward.admin.post(address, sent).status_code


def admin_visit_day(ward: Ward) -> int:
    sent = {"version": ward.visit.version, "occurred_on": "2021-03-02", "change_reason": "misread"}
    address = f"/admin/patients/subject/{ward.screened.pk}/visits/{ward.visit.pk}/open/"
    return ward.admin.post(address, sent).status_code


def admin_visit_missed(ward: Ward) -> int:
    sent = {"version": ward.visit.version, "missed_reason": "ill", "change_reason": "misread"}
    address = f"/admin/patients/subject/{ward.screened.pk}/visits/{ward.visit.pk}/missed/"
    return ward.admin.post(address, sent).status_code


def admin_unscheduled(ward: Ward) -> int:
    sent = {"occurred_on": "2021-03-02", "unscheduled_reason": "pain"}
    return ward.admin.post(
        f"/admin/patients/subject/{ward.screened.pk}/visits/unscheduled/", sent
    ).status_code


def admin_cycle(ward: Ward) -> int:
    return ward.admin.post(f"/admin/patients/subject/{ward.treated.pk}/cycles/next/", {}).status_code


def admin_randomization(ward: Ward) -> int:
    address = f"/admin/patients/subject/{ward.screened.pk}/randomize/"
    return ward.admin.post(address, {"confirmed": "on"}).status_code


def admin_enrollment(ward: Ward) -> int:
    sent = {"site": ward.site.pk, "screened_on": "2021-03-01"}
    return ward.admin.post("/admin/patients/subject/add/", sent).status_code


def rest_correction(ward: Ward) -> int:
    sent = {"weight": "62", "change_reason": "misread"}
    address = f"/api/v1/vital-signs/{ward.signs.pk}/"
    return ward.api.patch(address, sent, format="json", headers={"If-Match": '"1"'}).status_code


def rest_void(ward: Ward) -> int:
    address = f"/api/v1/vital-signs/{ward.signs.pk}/void/"
    sent = {"change_reason": "another subject's form"}
    return ward.api.post(address, sent, format="json", headers={"If-Match": '"1"'}).status_code


def rest_entry(ward: Ward) -> int:
    sent = {"subject": ward.screened.code, "visit": "SCR", "assessed_on": "2021-03-01", "grade": "1"}
    return ward.api.post("/api/v1/ecog-assessments/", sent, format="json").status_code


def rest_result(ward: Ward) -> int:
    result = LabResult.objects.get(parent=ward.sample)
    sent = {"value": "61", "change_reason": "misread"}
    address = f"/api/v1/lab-results/{result.pk}/"
    return ward.api.patch(address, sent, format="json", headers={"If-Match": '"1"'}).status_code


def rest_visit_day(ward: Ward) -> int:
    sent = {"occurred_on": "2021-03-02", "change_reason": "misread"}
    headers = {"If-Match": f'"{ward.visit.version}"'}
    return ward.api.post(
        f"/api/v1/visits/{ward.visit.pk}/open/", sent, format="json", headers=headers
    ).status_code


def rest_unscheduled(ward: Ward) -> int:
    sent = {"subject": ward.screened.code, "occurred_on": "2021-03-02", "unscheduled_reason": "pain"}
    return ward.api.post("/api/v1/visits/", sent, format="json").status_code


def rest_cycle(ward: Ward) -> int:
    return ward.api.post("/api/v1/cycles/", {"subject": ward.treated.code}, format="json").status_code


def rest_randomization(ward: Ward) -> int:
    address = f"/api/v1/subjects/{ward.screened.code}/randomize/"
    return ward.api.post(address, {}, format="json").status_code


def rest_enrollment(ward: Ward) -> int:
    sent = {"site": "ZS", "screened_on": "2021-03-01"}
    return ward.api.post("/api/v1/subjects/", sent, format="json").status_code


def rest_import(ward: Ward) -> int:
    lines = [
        {"subject": ward.screened.code, "visit": "SCR", "assessed_on": "2021-03-01", "grade": "1"},
        {"subject": ward.treated.code, "visit": "SCR", "assessed_on": "2021-03-01", "grade": "1"},
    ]
    reply = ward.keeper.post(
        "/api/v1/imports/ECOG/?change_reason=from+the+ward",
        json.dumps(lines),
        content_type="application/json",
    )
    if reply.status_code == 423:
        assert [each["line"] for each in reply.json()["rejected"]], "the lines are named"
    return reply.status_code


def rest_range(ward: Ward) -> int:
    found = ReferenceRange.objects.get(test__code="ALT")
    sent = {"high": "70", "change_reason": "certificate"}
    address = f"/api/v1/reference-ranges/{found.pk}/correct/"
    return ward.keeper.post(address, sent, format="json", headers={"If-Match": '"1"'}).status_code


ALL = ("form", "visit", "subject", "site", "study")
FROM_VISIT = ALL[1:]
FROM_SUBJECT = ALL[2:]
FROM_SITE = ALL[3:]
PATHS: dict[Act, tuple[str, ...]] = {
    admin_correction: ALL,
    admin_void: ALL,
    admin_entry: FROM_VISIT,
    admin_whole_casebook: FROM_SUBJECT,
    admin_laboratory: FROM_VISIT,
    admin_visit_day: FROM_VISIT,
    admin_visit_missed: FROM_VISIT,
    admin_unscheduled: FROM_SUBJECT,
    admin_cycle: FROM_SUBJECT,
    admin_randomization: FROM_SUBJECT,
    admin_enrollment: FROM_SITE,
    rest_correction: ALL,
    rest_void: ALL,
    rest_entry: FROM_VISIT,
    rest_result: ALL,
    rest_visit_day: FROM_VISIT,
    rest_unscheduled: FROM_SUBJECT,
    rest_cycle: FROM_SUBJECT,
    rest_randomization: FROM_SUBJECT,
    rest_enrollment: FROM_SITE,
    rest_import: FROM_VISIT,
    rest_range: ALL,
}
"""Each path with the scopes of a lock that it meets."""


def shut(ward: Ward, scope: str, how: Callable[[User, Any], Lock]) -> None:
    kind = "LOCK" if how is locked else "FREEZE"
    if scope == "form":
        locked_forms(ward.data_manager, ward.signs, ward.sample, kind=kind)
    elif scope == "subject":
        how(ward.data_manager, ward.screened)
        how(ward.data_manager, ward.treated)
    else:
        how(ward.data_manager, {"visit": ward.visit, "site": ward.site, "study": ward.study}[scope])


def counts() -> dict[str, Any]:
    """The rows of every table, and the last event of every chain."""
    found: dict[str, Any] = {
        model._meta.label: model._base_manager.count()
        for label in ("patients", "trials")
        for model in apps.get_app_config(label).get_models()
        if model._meta.label not in NOT_COUNTED
    }
    chains = apps.get_model("trials.Chain").objects.values_list("key", "last_number")
    return found | dict(chains)


def written(path: Act, ward: Ward) -> bool:
    """Whether a path writes; what it wrote is taken back."""
    with taken_back():
        before = counts()
        return path(ward) in (200, 201, 302) and counts() != before


def test_every_path_writes_while_nothing_is_closed(ward: Ward) -> None:
    assert [path.__name__ for path in PATHS if not written(path, ward)] == []


@pytest.mark.parametrize(
    ("how", "scope"), [*((locked, scope) for scope in ALL), (frozen, "form"), (frozen, "site")]
)
def test_no_path_changes_what_is_closed_and_nothing_is_stored(
    how: Callable[[User, Any], Lock], scope: str, ward: Ward
) -> None:
    shut(ward, scope, how)
    before = counts()
    met = [path for path, scopes in PATHS.items() if scope in scopes]
    assert {path.__name__: path(ward) for path in met} == {path.__name__: 423 for path in met}
    assert counts() == before


def test_the_edit_checks_run_on_a_locked_study_and_may_ask(ward: Ward) -> None:
    locked(ward.data_manager, ward.study)
    asked = Query.objects.count()
    said = StringIO()
    call_command("run_checks", stdout=said)
    assert "casebooks" in said.getvalue()
    assert Query.objects.count() >= asked


def test_protocol_data_are_loaded_while_the_study_is_locked(ward: Ward) -> None:
    locked(ward.data_manager, ward.study)
    setting = StudySetting(study=ward.study, key="a_setting", value=1, default=1, description="a setting")
    save(ward.study.chain, setting)
    assert StudySetting.objects.filter(key="a_setting").exists()


def test_a_correction_of_a_range_names_the_samples_that_are_locked_and_a_preview_shows_them(
    ward: Ward,
) -> None:
    locked_forms(ward.data_manager, ward.sample)
    found = ReferenceRange.objects.get(test__code="ALT")
    (shown,) = correct_range(
        actor=ward.data_manager, reference_range=found, version=1, changes={"high": "70"}, dry_run=True
    )
    assert shown.closed == f"LB of {ward.screened.code}, SCR, entry 1 is locked. Reason: clean"
    with pytest.raises(Closed) as refusal:
        correct_range(
            actor=ward.data_manager, reference_range=found, version=1, changes={"high": "70"}, reason="x"
        )
    assert errors_of(refusal) == {"detail": [shown.closed]}


def test_a_casebook_of_another_site_is_never_named(ward: Ward) -> None:
    elsewhere = make_site(ward.study, "XX")
    other = enroll(actor=coordinator_of(elsewhere), site=elsewhere, screened_on=CONSENT_DAY)
    locked(ward.data_manager, other)
    locked(ward.data_manager, ward.site)
    reply = ward.api.patch(
        f"/api/v1/vital-signs/{ward.signs.pk}/",
        {"weight": "62", "change_reason": "misread"},
        format="json",
        headers={"If-Match": '"1"'},
    )
    assert "the site ZS is locked" in reply.json()["errors"]["detail"][0]
    assert "XX" not in reply.content.decode()
