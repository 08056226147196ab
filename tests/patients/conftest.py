"""A study with a site and people; each test enters what it is about."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from patients.actions.enroll import enroll
from patients.actions.save_form import change_form, create_form
from patients.models import Demographics, InformedConsent, LabSample, Subject, Visit, VitalSigns
from tests.factories import (
    CONSENT_DAY,
    coordinator_of,
    make_list,
    make_site,
    make_study,
    opened,
    randomized_subject,
)
from trials.models import AuditEvent, Site, Study, User


@pytest.fixture
def study(db: None) -> Study:
    return make_study()


@pytest.fixture
def site(study: Study) -> Site:
    return make_site(study)


@pytest.fixture
def coordinator(site: Site) -> User:
    return coordinator_of(site)


@pytest.fixture
def subject(coordinator: User, site: Site) -> Subject:
    """In screening; nothing entered yet."""
    return enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)


@pytest.fixture
def visit(coordinator: User, subject: Subject) -> Visit:
    """The subject's screening visit, which took place."""
    return opened(coordinator, subject, "SCR", CONSENT_DAY)


@pytest.fixture
def enter(coordinator: User, subject: Subject) -> Callable[..., Any]:
    """`enter(Form, field=value, rows={...}, visit=visit)` as the coordinator of the site."""

    def create(form: Any, rows: Any = None, visit: Visit | None = None, **data: Any) -> Any:
        options = {key: data.pop(key) for key in ("not_done_reason",) if key in data}
        return create_form(
            actor=coordinator, form=form, subject=subject, data=data, rows=rows, visit=visit, **options
        )

    return create


@pytest.fixture
def consent(enter: Callable[..., Any]) -> InformedConsent:
    return enter(InformedConsent, consented="Y", signed_on="2021-03-01", document_version="1.0")


@pytest.fixture
def man_of_59(enter: Callable[..., Any]) -> Demographics:
    return enter(Demographics, birth="1961-05", age=59, sex="M")


@pytest.fixture
def vital_signs(enter: Callable[..., Any], visit: Visit) -> VitalSigns:
    return enter(VitalSigns, visit=visit, measured_on="2021-03-01", weight="60", height="170")


@pytest.fixture
def sample(enter: Callable[..., Any], visit: Visit) -> Callable[..., LabSample]:
    """`sample(("ALT", "5.1", "U/L"), ...)`: a sample of the day of consent with these results."""

    def create(*results: tuple[str, ...], on: str = "2021-03-01", **data: Any) -> LabSample:
        rows = [dict(zip(("test", "value", "unit"), result, strict=False)) for result in results]
        given = {"collected_on": on, "laboratory": "ZS-LAB"} | data
        return enter(LabSample, visit=visit, rows={"results": rows}, **given)

    return create


@pytest.fixture
def in_arm_b(coordinator: User, site: Site, study: Study) -> Subject:
    make_list(study, "BBBB")
    return randomized_subject(coordinator, site)


@pytest.fixture
def in_arm_a(coordinator: User, site: Site, study: Study) -> Subject:
    make_list(study, "AAAA")
    return randomized_subject(coordinator, site)


def events_of_casebook(subject: Subject) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(chain_id=subject.chain_id).order_by("number"))


A_DAY_LATER = date(2021, 3, 2)


def correct(actor: User, record: Any, rows: Any = None, **data: Any) -> Any:
    options = {key: data.pop(key) for key in ("reason", "version", "not_done_reason") if key in data}
    options = {"reason": "transcription error", "version": record.version} | options
    return change_form(actor=actor, record=record, data=data, rows=rows, **options)


def errors_of(refusal: Any) -> dict[str, Any]:
    return refusal.value.errors


@pytest.fixture
def pressures(enter: Any, visit: Visit) -> VitalSigns:
    lines = [{"systolic": 120, "diastolic": 80}, {"systolic": 130, "diastolic": 85}]
    return enter(
        VitalSigns, visit=visit, measured_on="2021-03-01", weight="60", rows={"blood_pressures": lines}
    )
