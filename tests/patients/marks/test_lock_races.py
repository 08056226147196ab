"""Ten writers against a lock: what is stored was stored before it, and nothing after."""

from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from patients.actions.enroll import enroll
from patients.actions.locks import close
from patients.actions.save_form import create_form
from patients.models import Lock, MedicalHistory, Subject
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, person
from tests.together import together
from trials.actions.errors import Closed, Refused, WrongState
from trials.models import AuditEvent, Role, Site, Study, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R15")]

WRITERS = 10


@pytest.fixture
def place(db: None) -> tuple[Study, Site, User, User]:
    study = make_study()
    site = make_site(study)
    return study, site, coordinator_of(site), person(Role.DATA_MANAGER, study)


def entry(coordinator: User, subject: Subject, number: int) -> Any:
    return create_form(
        actor=coordinator,
        form=MedicalHistory,
        subject=subject,
        data={"term": f"Condition {number}", "ongoing": "Y"},
    )


def lock_of(actor: User, noun: Any) -> Any:
    return close(actor=actor, kind="LOCK", noun=noun, reason="clean")


def again_while_busy(work: Any) -> Any:
    """SQLite has one writer: who waits too long there tries again, as a client does after a 503."""
    for _attempt in range(20):
        try:
            return work()
        except OperationalError:
            continue
    return work()


@pytest.mark.parametrize("scope", ["subject", "study"])
def test_ten_writers_race_a_lock_and_none_writes_after_it(
    scope: str, place: tuple[Study, Site, User, User]
) -> None:
    study, site, coordinator, data_manager = place
    subjects = [enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY) for _number in range(2)]
    noun = study if scope == "study" else subjects[0]
    chosen = subjects if scope == "study" else subjects[:1]
    writers = [
        partial(again_while_busy, partial(entry, coordinator, chosen[number % len(chosen)], number))
        for number in range(WRITERS)
    ]
    half = WRITERS // 2
    lock_it = partial(again_while_busy, partial(lock_of, data_manager, noun))
    done = together(*writers[:half], lock_it, *writers[half:])
    lock, entries = done[half], done[:half] + done[half + 1 :]
    assert isinstance(lock, Lock), lock
    stored = [each for each in entries if isinstance(each, MedicalHistory)]
    refused = [each for each in entries if isinstance(each, Closed)]
    assert len(stored) + len(refused) == WRITERS, entries
    assert MedicalHistory.objects.count() == len(stored)
    before = AuditEvent.objects.count()
    for subject in chosen:
        with pytest.raises(Closed):
            entry(coordinator, subject, 99)
    assert AuditEvent.objects.count() == before
    _all_before(lock, stored)


def _all_before(lock: Lock, stored: list[MedicalHistory]) -> None:
    """In the casebook's own chain every entry has a lower number than the lock where they share one."""
    if lock.subject is None:
        return
    of_lock = Lock.history.filter(id=lock.pk).earliest("history_id").event_id
    entries = MedicalHistory.history.filter(id__in=[each.pk for each in stored])
    assert all(event < of_lock for event in entries.values_list("event_id", flat=True))


@pytest.mark.parametrize("scope", ["site", "study"])
def test_nobody_is_enrolled_beside_a_lock(scope: str, place: tuple[Study, Site, User, User]) -> None:
    study, site, coordinator, data_manager = place
    noun = study if scope == "study" else site

    def one() -> Any:
        return again_while_busy(lambda: enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY))

    def lock() -> Any:
        for _attempt in range(20):
            try:
                return again_while_busy(lambda: lock_of(data_manager, noun))
            except WrongState:
                continue  # a subject was enrolled in this moment
        return None

    done = together(one, one, one, lock, one, one)
    assert isinstance(done[3], Lock)
    enrolled = [each for each in done if isinstance(each, Subject)]
    refused = [each for each in done if isinstance(each, Refused)]
    assert len(enrolled) + len(refused) == 5
    assert Subject.objects.count() == len(enrolled)
    with pytest.raises(Closed):
        one()
