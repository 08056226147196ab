"""Verification against the source: of what was seen, by whom, and how a change takes it away."""

from typing import Any

import pytest

from patients.actions.correct_range import correct_range
from patients.actions.save_form import mark_entered_in_error
from patients.actions.seen import Seen, SeenIsStale
from patients.actions.verification import verify, withdraw_verification
from patients.lifecycle import State
from patients.marks import marks_of_record
from patients.models import AdverseEvent, InformedConsent, LabSample, Subject, Verification, VitalSigns
from tests.factories import make_site, person
from tests.patients.conftest import correct, errors_of, events_of_casebook
from tests.patients.marks.conftest import locked_forms, seen, verified
from trials.actions.errors import ReasonRequired, Refused, WrongState
from trials.models import ReferenceRange, Role, Study, StudySetting, User
from trials.roles import NotPermitted

pytestmark = pytest.mark.requirement("R09")


def test_a_form_is_verified_in_the_version_that_the_monitor_saw(
    monitor: User, signs: VitalSigns, subject: Subject
) -> None:
    (verification,) = verified(monitor, signs)
    assert (verification.seen_version, verification.verified_by) == (1, monitor)
    assert marks_of_record(signs).verified is State.WHOLE
    event = events_of_casebook(subject)[-1]
    assert (event.action, event.actor, event.role) == ("verify", monitor, Role.MONITOR)


def test_a_form_that_was_changed_after_it_was_seen_is_not_verified(
    monitor: User, coordinator: User, signs: VitalSigns
) -> None:
    looked_at = seen(signs)
    correct(coordinator, signs, weight="61")
    with pytest.raises(SeenIsStale) as refusal:
        verify(actor=monitor, seen=looked_at, extent="WHOLE")
    assert refusal.value.status == 412
    assert "VS of ZS-001, SCR, entry 1" in errors_of(refusal)["forms"][0]
    assert not Verification.objects.exists()


def test_one_stale_form_among_several_leaves_all_of_them_as_they_were(
    monitor: User, coordinator: User, signs: VitalSigns, agreement: InformedConsent
) -> None:
    looked_at = seen(signs, agreement)
    correct(coordinator, signs, weight="61")
    with pytest.raises(SeenIsStale):
        verify(actor=monitor, seen=looked_at, extent="WHOLE")
    assert not Verification.objects.exists()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.DATA_MANAGER, Role.STATISTICIAN])
def test_only_a_monitor_verifies(role: str, study: Study, signs: VitalSigns) -> None:
    with pytest.raises(NotPermitted):
        verified(person(role, study), signs)


def test_the_monitor_of_another_site_does_not_verify(study: Study, signs: VitalSigns) -> None:
    with pytest.raises(NotPermitted):
        verified(person(Role.MONITOR, study, make_site(study, "XX")), signs)


def test_a_form_in_progress_is_not_verified_whole_but_its_critical_answers_are(
    monitor: User, critical: StudySetting, enter: Any
) -> None:
    consent = enter(InformedConsent, consented="Y")
    with pytest.raises(WrongState, match="in progress"):
        verified(monitor, consent)
    verified(monitor, consent, extent="CRITICAL")
    assert marks_of_record(consent).verified is State.CRITICAL


def test_a_form_without_a_critical_question_is_not_partly_verified(
    monitor: User, critical: StudySetting, enter: Any
) -> None:
    event = enter(AdverseEvent, term="Fever", started="2021-03-01")
    with pytest.raises(Refused, match="no critical question"):
        verified(monitor, event, extent="CRITICAL")


def test_critical_answers_that_are_verified_may_be_verified_whole_and_not_back(
    monitor: User, critical: StudySetting, signs: VitalSigns
) -> None:
    verified(monitor, signs, extent="CRITICAL")
    verified(monitor, signs)
    assert marks_of_record(signs).verified is State.WHOLE
    assert [each.state for each in Verification.objects.order_by("id")] == ["REPLACED", "IN_FORCE"]
    with pytest.raises(WrongState):
        verified(monitor, signs, extent="CRITICAL")


def test_nothing_chosen_and_an_unknown_extent_are_refused(monitor: User, signs: VitalSigns) -> None:
    with pytest.raises(Refused, match="choose at least one"):
        verify(actor=monitor, seen=[], extent="WHOLE")
    with pytest.raises(Refused, match="must be CRITICAL or WHOLE"):
        verify(actor=monitor, seen=seen(signs), extent="unknown")


def test_a_change_drops_the_verification_with_an_event_that_names_the_cause(
    monitor: User, coordinator: User, signs: VitalSigns, subject: Subject
) -> None:
    verified(monitor, signs)
    correct(coordinator, signs, height="171")
    dropped = Verification.objects.get()
    assert (dropped.state, dropped.ended_because) == ("DROPPED", "height")
    assert dropped.ended_at is not None
    event = events_of_casebook(subject)[-1]
    assert event.action == "correct VS"
    assert "The verification of VS of ZS-001, SCR, entry 1 is dropped: height." in event.note
    assert marks_of_record(signs).verified is State.NO
    assert marks_of_record(signs).lost == dropped


def test_a_dropped_verification_is_given_anew_and_nothing_is_lost_any_more(
    monitor: User, coordinator: User, signs: VitalSigns
) -> None:
    verified(monitor, signs)
    correct(coordinator, signs, height="171")
    verified(monitor, signs)
    marks = marks_of_record(signs)
    assert (marks.verified, marks.lost) == (State.WHOLE, None)
    assert Verification.objects.count() == 2


def test_critical_answers_stay_verified_while_others_change(
    monitor: User, coordinator: User, critical: StudySetting, signs: VitalSigns
) -> None:
    verified(monitor, signs, extent="CRITICAL")
    current = correct(
        coordinator, signs, height="171", rows={"blood_pressures": [{"repeat": 1, "diastolic": 81}]}
    )
    assert marks_of_record(signs).verified is State.CRITICAL
    correct(coordinator, current, weight="61")
    assert marks_of_record(signs).verified is State.NO


def test_a_critical_answer_of_a_line_drops_what_was_partly_verified(
    monitor: User, coordinator: User, critical: StudySetting, signs: VitalSigns
) -> None:
    verified(monitor, signs, extent="CRITICAL")
    correct(coordinator, signs, rows={"blood_pressures": [{"repeat": 2, "systolic": 131}]})
    assert Verification.objects.get().ended_because == "blood_pressures 2: systolic"


def test_a_new_line_drops_a_whole_verification(monitor: User, coordinator: User, signs: VitalSigns) -> None:
    verified(monitor, signs)
    correct(coordinator, signs, rows={"blood_pressures": [{"systolic": 125, "diastolic": 82}]})
    assert Verification.objects.get().ended_because.startswith("blood_pressures 3: systolic")


def test_a_reason_for_absence_is_an_answer_too(monitor: User, coordinator: User, signs: VitalSigns) -> None:
    verified(monitor, signs)
    correct(coordinator, signs, missing_reasons={"temperature": "NOT_DONE"})
    assert Verification.objects.get().ended_because == "temperature"


def test_the_identifier_of_another_system_is_no_answer(
    monitor: User, coordinator: User, signs: VitalSigns
) -> None:
    verified(monitor, signs)
    correct(coordinator, signs, external_id="X-1")
    assert marks_of_record(signs).verified is State.WHOLE


@pytest.mark.parametrize("extent", ["WHOLE", "CRITICAL"])
def test_a_form_entered_in_error_is_verified_no_more(
    extent: str, monitor: User, coordinator: User, critical: StudySetting, signs: VitalSigns
) -> None:
    verified(monitor, signs, extent=extent)
    mark_entered_in_error(actor=coordinator, record=signs, version=1, reason="wrong subject")
    assert "entered_in_error" in Verification.objects.get().ended_because


def test_a_verification_stays_where_only_values_that_the_server_derives_change(
    monitor: User, data_manager: User, man_of_59: Any, sample: Any
) -> None:
    taken: LabSample = sample(("ALT", "60", "U/L"))
    verified(monitor, taken)
    limits = ReferenceRange.objects.get(test__code="ALT")
    (changed,) = correct_range(
        actor=data_manager, reference_range=limits, version=1, changes={"high": "70"}, reason="certificate"
    )
    assert (changed.flag_before, changed.flag_after) == ("HIGH", "NORMAL")
    assert LabSample.objects.get().version == 2
    assert marks_of_record(taken).verified is State.WHOLE


def test_a_verification_is_withdrawn_with_a_reason(monitor: User, signs: VitalSigns) -> None:
    (given,) = verified(monitor, signs)
    with pytest.raises(ReasonRequired):
        withdraw_verification(actor=monitor, verification=given, version=1, reason=" ")
    withdraw_verification(actor=monitor, verification=given, version=1, reason="the wrong page was read")
    marks = marks_of_record(signs)
    assert (marks.verified, marks.lost) == (State.NO, None)
    with pytest.raises(WrongState):
        withdraw_verification(actor=monitor, verification=given, version=2, reason="again")


def test_what_is_locked_keeps_its_verification_and_takes_none(
    monitor: User, data_manager: User, signs: VitalSigns, agreement: InformedConsent
) -> None:
    (given,) = verified(monitor, signs)
    locked_forms(data_manager, signs, agreement)
    with pytest.raises(WrongState, match="locked"):
        withdraw_verification(actor=monitor, verification=given, version=1, reason="the wrong page")
    with pytest.raises(WrongState, match="IC of ZS-001, entry 1: The form is locked."):
        verified(monitor, agreement)


def test_the_same_form_chosen_twice_is_verified_once(monitor: User, signs: VitalSigns) -> None:
    verify(actor=monitor, seen=[Seen(signs, 1), Seen(signs, 1)], extent="WHOLE")
    assert Verification.objects.count() == 1
