"""People who mark forms, and a casebook with complete forms to be marked."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.actions.locks import approve_unlock, ask_unlock, close, close_forms
from patients.actions.seen import Seen
from patients.actions.verification import verify
from patients.models import InformedConsent, Lock, Verification, Visit, VitalSigns
from tests.factories import person, save
from trials.models import Role, Site, Study, StudySetting, User

CRITICAL = {"IC": ["consented", "signed_on"], "VS": ["weight", "blood_pressures.systolic"]}


@pytest.fixture
def monitor(study: Study, site: Site) -> User:
    return person(Role.MONITOR, study, site)


@pytest.fixture
def data_manager(study: Study) -> User:
    return person(Role.DATA_MANAGER, study)


@pytest.fixture
def second_data_manager(study: Study) -> User:
    return person(Role.DATA_MANAGER, study)


@pytest.fixture
def critical(study: Study) -> StudySetting:
    """The critical questions of the small study."""
    setting = StudySetting(
        study=study, key="critical_fields", value=CRITICAL, default=CRITICAL, description="critical questions"
    )
    made: StudySetting = save(study.chain, setting)
    return made


@pytest.fixture
def signs(enter: Callable[..., Any], visit: Visit) -> VitalSigns:
    """Vital signs with two readings of the blood pressure; nothing is missing."""
    readings = [{"systolic": 120, "diastolic": 80}, {"systolic": 130, "diastolic": 85}]
    made: VitalSigns = enter(
        VitalSigns,
        visit=visit,
        measured_on="2021-03-01",
        weight="60",
        height="170",
        rows={"blood_pressures": readings},
    )
    return made


@pytest.fixture
def agreement(enter: Callable[..., Any]) -> InformedConsent:
    """A complete consent."""
    made: InformedConsent = enter(
        InformedConsent, consented="Y", signed_on="2021-03-01", document_version="1.0"
    )
    return made


def seen(*records: Any) -> list[Seen]:
    """The forms as they stand now."""
    return [Seen(record, type(record).objects.get(pk=record.pk).version) for record in records]


def verified(monitor: User, *records: Any, extent: str = "WHOLE") -> list[Verification]:
    return verify(actor=monitor, seen=seen(*records), extent=extent)


def frozen(actor: User, noun: Any) -> Lock:
    return close(actor=actor, kind="FREEZE", noun=noun, reason="cleaning")


def locked(actor: User, noun: Any) -> Lock:
    return close(actor=actor, kind="LOCK", noun=noun, reason="clean")


def locked_forms(actor: User, *records: Any, kind: str = "LOCK") -> list[Lock]:
    return close_forms(actor=actor, kind=kind, seen=seen(*records), reason="clean")


def unlocked(lock: Lock, first: User, second: User) -> Lock:
    asked = ask_unlock(actor=first, lock=lock, version=lock.version, reason="a source was found")
    return approve_unlock(actor=second, lock=asked, version=asked.version, reason="agreed")
