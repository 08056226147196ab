"""Freezes and locks: who sets and lifts them, over what, and what must be settled before."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from patients.actions.locks import (
    approve_unlock,
    ask_unlock,
    close,
    close_forms,
    decline_unlock,
    lift_freeze,
)
from patients.actions.save_form import mark_entered_in_error
from patients.actions.seen import Seen, SeenIsStale
from patients.actions.visits import open_visit
from patients.lifecycle import State
from patients.marks import marks_of_record
from patients.models import AdverseEvent, InformedConsent, Lock, LockState, Query, Subject, Visit, VitalSigns
from patients.open_matters import open_matters, target_of
from tests.factories import make_site, person
from tests.patients.conftest import correct, errors_of, events_of_casebook
from tests.patients.marks.conftest import frozen, locked, locked_forms, unlocked
from trials.actions.errors import Closed, ReasonRequired, Refused, Stale, WrongState
from trials.audit import clock
from trials.audit.recording import Act, recording
from trials.models import AuditEvent, Chain, Role, Site, Study, User
from trials.roles import NotPermitted

SCOPES = ("study", "site", "subject", "visit")


@pytest.fixture
def nouns(study: Study, site: Site, subject: Subject, visit: Visit) -> dict[str, Any]:
    return {"study": study, "site": site, "subject": subject, "visit": visit}


@pytest.mark.requirement("R15")
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("close_it", [frozen, locked])
def test_nothing_within_a_closed_scope_is_changed_until_it_is_opened(
    scope: str,
    close_it: Any,
    nouns: dict[str, Any],
    data_manager: User,
    second_data_manager: User,
    coordinator: User,
    signs: VitalSigns,
) -> None:
    lock = close_it(data_manager, nouns[scope])
    with pytest.raises(Closed) as refusal:
        correct(coordinator, signs, weight="61")
    assert refusal.value.status == 423
    assert VitalSigns.objects.get().weight == 60
    if close_it is frozen:
        lift_freeze(actor=data_manager, lock=lock, version=1, reason="a correction is due")
    else:
        unlocked(lock, data_manager, second_data_manager)
    assert correct(coordinator, signs, weight="61").weight == 61


@pytest.mark.parametrize("scope", SCOPES)
def test_a_refusal_names_the_form_the_lock_and_its_reason(
    scope: str, nouns: dict[str, Any], data_manager: User, coordinator: User, signs: VitalSigns
) -> None:
    names = {"study": "the study TEST-1", "site": "the site ZS", "subject": "the subject ZS-001"}
    locked(data_manager, nouns[scope])
    with pytest.raises(Closed) as refusal:
        correct(coordinator, signs, weight="61")
    name = names.get(scope, "the visit SCR of ZS-001")
    assert errors_of(refusal) == {
        "detail": [f"VS of ZS-001, SCR, entry 1 cannot be changed: {name} is locked. Reason: clean"]
    }


def test_a_form_is_locked_alone_and_its_neighbors_stay_open(
    data_manager: User, coordinator: User, signs: VitalSigns, agreement: InformedConsent
) -> None:
    locked_forms(data_manager, signs)
    with pytest.raises(Closed, match=r"VS of ZS-001, SCR, entry 1 is locked. Reason: clean"):
        correct(coordinator, signs, weight="61")
    assert correct(coordinator, agreement, document_version="2.0").version == 2


@pytest.mark.requirement("R15")
def test_the_day_of_a_visit_stands_still_while_one_of_its_forms_is_locked_alone(
    data_manager: User, coordinator: User, visit: Visit, signs: VitalSigns
) -> None:
    locked_forms(data_manager, signs)
    visit.refresh_from_db()
    another_day = visit.occurred_on - timedelta(days=1)
    with pytest.raises(Closed, match=r"VS of ZS-001, SCR, entry 1 is locked. Reason: clean"):
        open_visit(
            actor=coordinator, visit=visit, occurred_on=another_day, version=visit.version, reason="mistyped"
        )
    assert Visit.objects.get(pk=visit.pk).occurred_on == visit.occurred_on


def test_a_visit_is_locked_and_the_rest_of_the_casebook_stays_open(
    data_manager: User, coordinator: User, visit: Visit, signs: VitalSigns, agreement: InformedConsent
) -> None:
    locked(data_manager, visit)
    assert correct(coordinator, agreement, document_version="2.0").version == 2


def test_another_site_goes_on_while_a_site_is_locked(
    study: Study, site: Site, data_manager: User, coordinator: User, signs: VitalSigns
) -> None:
    locked(data_manager, make_site(study, "XX"))
    assert correct(coordinator, signs, weight="61").version == 2


def test_a_form_that_was_changed_since_it_was_seen_is_not_locked(
    data_manager: User, coordinator: User, signs: VitalSigns
) -> None:
    correct(coordinator, signs, weight="61")
    with pytest.raises(SeenIsStale, match="now version 2"):
        close_forms(actor=data_manager, kind="LOCK", seen=[Seen(signs, 1)], reason="clean")
    assert not Lock.objects.exists()


# ---------------------------------------------------------------- rights
@pytest.mark.requirement("R21")
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.DATA_MANAGER, Role.MONITOR)])
def test_who_enters_or_reads_neither_freezes_nor_locks(role: str, study: Study, subject: Subject) -> None:
    for close_it in (frozen, locked):
        with pytest.raises(NotPermitted):
            close_it(person(role, study), subject)


def test_a_monitor_freezes_and_does_not_lock(monitor: User, subject: Subject) -> None:
    frozen(monitor, subject)
    with pytest.raises(NotPermitted):
        locked(monitor, subject)


def test_who_has_one_site_does_not_close_the_study(monitor: User, study: Study, site: Site) -> None:
    frozen(monitor, site)
    with pytest.raises(NotPermitted):
        frozen(monitor, study)


def test_the_monitor_of_another_site_neither_freezes_nor_lifts(
    study: Study, subject: Subject, data_manager: User
) -> None:
    other = person(Role.MONITOR, study, make_site(study, "XX"))
    with pytest.raises(NotPermitted):
        frozen(other, subject)
    lock = frozen(data_manager, subject)
    with pytest.raises(NotPermitted):
        lift_freeze(actor=other, lock=lock, version=1, reason="no")


@pytest.mark.parametrize("reason", ["", "   "])
def test_every_step_has_a_reason(reason: str, data_manager: User, subject: Subject) -> None:
    with pytest.raises(ReasonRequired):
        close(actor=data_manager, kind="LOCK", noun=subject, reason=reason)
    lock = locked(data_manager, subject)
    with pytest.raises(ReasonRequired):
        ask_unlock(actor=data_manager, lock=lock, version=1, reason=reason)


# ---------------------------------------------------------------- two persons
@pytest.mark.requirement("R15")
def test_an_unlocking_needs_a_second_person_and_both_are_recorded(
    data_manager: User, second_data_manager: User, subject: Subject
) -> None:
    lock = locked(data_manager, subject)
    asked = ask_unlock(actor=data_manager, lock=lock, version=1, reason="a source was found")
    with pytest.raises(WrongState, match="another person"):
        approve_unlock(actor=data_manager, lock=asked, version=2, reason="agreed")
    open_again = approve_unlock(actor=second_data_manager, lock=asked, version=2, reason="agreed")
    assert (open_again.asked_by, open_again.asked_reason) == (data_manager, "a source was found")
    assert (open_again.lifted_by, open_again.lifted_reason) == (second_data_manager, "agreed")
    acts = [(event.action, event.actor, event.reason) for event in events_of_casebook(subject)[-3:]]
    assert acts == [
        ("lock subject", data_manager, "clean"),
        ("ask for unlocking", data_manager, "a source was found"),
        ("unlock", second_data_manager, "agreed"),
    ]


def test_the_database_itself_refuses_one_person_in_both_roles(data_manager: User, subject: Subject) -> None:
    lock = locked(data_manager, subject)
    lock = ask_unlock(actor=data_manager, lock=lock, version=1, reason="a source was found")
    lock.state, lock.lifted_by, lock.lifted_reason = LockState.LIFTED, data_manager, "agreed"
    with pytest.raises(IntegrityError):
        _forge(lock)


def test_it_stays_locked_while_its_unlocking_is_asked_for(
    data_manager: User, coordinator: User, subject: Subject, signs: VitalSigns
) -> None:
    lock = locked(data_manager, subject)
    ask_unlock(actor=data_manager, lock=lock, version=1, reason="a source was found")
    assert marks_of_record(signs).lock_state is State.UNLOCK_ASKED
    with pytest.raises(Closed):
        correct(coordinator, signs, weight="61")


def test_the_principal_investigator_may_be_the_second_person(
    study: Study, data_manager: User, subject: Subject
) -> None:
    unlocked(locked(data_manager, subject), data_manager, person(Role.INVESTIGATOR, study))
    assert Lock.objects.get().state == LockState.LIFTED


def test_the_investigator_of_one_site_is_not_the_second_person(
    study: Study, site: Site, data_manager: User, subject: Subject
) -> None:
    with pytest.raises(NotPermitted):
        unlocked(locked(data_manager, subject), data_manager, person(Role.INVESTIGATOR, study, site))


def test_what_was_asked_for_may_be_declined_and_asked_for_again(
    data_manager: User, second_data_manager: User, subject: Subject
) -> None:
    lock = locked(data_manager, subject)
    asked = ask_unlock(actor=data_manager, lock=lock, version=1, reason="a source was found")
    declined = decline_unlock(actor=second_data_manager, lock=asked, version=2, reason="no source is shown")
    assert (declined.state, declined.asked_by) == (LockState.IN_FORCE, None)
    unlocked(declined, second_data_manager, data_manager)


STEPS = (lift_freeze, ask_unlock, decline_unlock, approve_unlock)


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("kind", "refused"),
    [(frozen, STEPS[1:]), (locked, (lift_freeze, decline_unlock, approve_unlock))],
)
def test_steps_out_of_order_are_refused_without_a_write(
    kind: Any, refused: tuple[Any, ...], data_manager: User, second_data_manager: User, subject: Subject
) -> None:
    lock = kind(data_manager, subject)
    before = AuditEvent.objects.count()
    for step in refused:
        with pytest.raises(WrongState):
            step(actor=second_data_manager, lock=lock, version=1, reason="out of order")
    assert AuditEvent.objects.count() == before
    lock.refresh_from_db()
    assert (lock.state, lock.version) == (LockState.IN_FORCE, 1)


def test_a_step_on_what_somebody_else_changed_is_stale(
    data_manager: User, second_data_manager: User, subject: Subject
) -> None:
    lock = locked(data_manager, subject)
    ask_unlock(actor=data_manager, lock=lock, version=1, reason="a source was found")
    with pytest.raises(Stale):
        approve_unlock(actor=second_data_manager, lock=lock, version=1, reason="agreed")


# ---------------------------------------------------------------- scopes
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("close_it", [frozen, locked])
def test_a_scope_is_not_closed_twice_in_the_same_way(
    scope: str, close_it: Any, nouns: dict[str, Any], data_manager: User
) -> None:
    close_it(data_manager, nouns[scope])
    with pytest.raises(WrongState):
        close_it(data_manager, nouns[scope])


def test_the_database_itself_holds_one_lock_of_a_scope_in_force(data_manager: User, subject: Subject) -> None:
    locked(data_manager, subject)
    with pytest.raises(IntegrityError):
        _forge(_lock_of(data_manager, target_of(subject).columns))


@pytest.mark.parametrize(
    "wrong",
    [
        {"site": None},
        {"subject": None},
        {"scope": "SITE"},
        {"scope": "FORM"},
        {"form": "VS"},
        {"record_id": 1},
    ],
    ids=str,
)
def test_the_database_itself_holds_that_a_lock_has_exactly_one_scope(
    wrong: dict[str, Any], data_manager: User, subject: Subject
) -> None:
    with pytest.raises(IntegrityError):
        _forge(_lock_of(data_manager, target_of(subject).columns | wrong))


def _lock_of(actor: User, columns: dict[str, Any]) -> Lock:
    return Lock(**columns, kind="LOCK", reason="x", set_by=actor, set_at=clock.now())


def _forge(lock: Lock) -> None:
    """Save a row past the actions, so that only the database can refuse it."""
    chain = Chain.objects.get(pk=lock.audit_chain_id)
    with (
        transaction.atomic(),
        recording(chain, Act(User.objects.system_user(), "SYSTEM", "forged"), durable=False),
    ):
        lock.save()


def test_a_casebook_stays_locked_when_its_study_is_unlocked(
    data_manager: User,
    second_data_manager: User,
    study: Study,
    subject: Subject,
    coordinator: User,
    signs: VitalSigns,
) -> None:
    locked(data_manager, subject)
    unlocked(locked(data_manager, study), data_manager, second_data_manager)
    with pytest.raises(Closed, match="the subject ZS-001"):
        correct(coordinator, signs, weight="61")


# ---------------------------------------------------------------- what is left open
@pytest.mark.requirement("R15")
@pytest.mark.parametrize("scope", ["study", "site", "subject"])
def test_a_lock_is_refused_while_a_form_is_in_progress_and_a_freeze_is_not(
    scope: str, nouns: dict[str, Any], data_manager: User, enter: Any
) -> None:
    enter(InformedConsent, consented="Y")
    with pytest.raises(WrongState) as refusal:
        locked(data_manager, nouns[scope])
    told = errors_of(refusal)["detail"]
    assert told[0].startswith("A form is in progress")
    assert "Forms in progress: 1 (ZS-001 IC 1)" in told
    assert not Lock.objects.exists()
    frozen(data_manager, nouns[scope])


def test_a_lock_is_refused_while_a_hard_query_waits(
    data_manager: User, subject: Subject, agreement: InformedConsent, coordinator: User
) -> None:
    hard = _queried(agreement, "HARD")
    with pytest.raises(WrongState, match="A hard query is open"):
        locked(data_manager, subject)
    with pytest.raises(WrongState, match="IC of ZS-001, entry 1: A hard query is open"):
        locked_forms(data_manager, agreement)
    with recording(subject.chain, Act(data_manager, Role.DATA_MANAGER, "close")):
        hard.state = "CLOSED"
        hard.save()
    locked(data_manager, subject)


def test_what_only_warns_is_told_and_does_not_refuse(
    data_manager: User, subject: Subject, signs: VitalSigns, agreement: InformedConsent
) -> None:
    _queried(agreement, "SOFT")
    told = {matter.words: (matter.number, matter.obstacle) for matter in open_matters(target_of(subject))}
    assert told["Forms without a signature"] == (2, None)
    assert told["Forms that are not verified"] == (2, None)
    assert told["Other queries that wait"] == (1, None)
    locked(data_manager, subject)


def test_what_is_open_elsewhere_does_not_keep_a_visit_from_being_locked(
    data_manager: User, visit: Visit, signs: VitalSigns, enter: Any
) -> None:
    enter(AdverseEvent, term="Fever")
    locked(data_manager, visit)


def test_an_unknown_kind_is_refused(data_manager: User, subject: Subject) -> None:
    with pytest.raises(Refused, match="FREEZE or LOCK"):
        close(actor=data_manager, kind="SEAL", noun=subject, reason="x")


def test_a_voided_form_is_not_in_the_way(
    data_manager: User, coordinator: User, subject: Subject, enter: Any
) -> None:
    consent = enter(InformedConsent, consented="Y")
    mark_entered_in_error(actor=coordinator, record=consent, version=1, reason="wrong subject")
    locked(data_manager, subject)


def test_no_number_of_forms_adds_a_query_to_the_list_of_what_is_open(
    subject: Subject, signs: VitalSigns, enter: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        open_matters(target_of(subject))


def _queried(form: Any, severity: str) -> Query:
    query = Query(
        subject=form.subject,
        form=form.form.oid,
        record_id=form.pk,
        field="",
        check_id="T1",
        severity=severity,
        message="Is it so?",
    )
    with recording(form.subject.chain, Act(User.objects.system_user(), "SYSTEM", "ask")):
        query.save()
    return query
