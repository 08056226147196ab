"""Signing: who, with what credentials, which versions, and what must not stand against it."""

from typing import Any

import pytest

from patients.actions.locks import close
from patients.actions.save_form import mark_entered_in_error
from patients.actions.seen import Seen, SeenIsStale
from patients.actions.signatures import PolicyNotAcknowledged, acknowledge_policy, sign
from patients.forms import definition
from patients.models import (
    POLICY_VERSION,
    AdverseEvent,
    EcogAssessment,
    PolicyAcknowledgment,
    Signature,
    SignedForm,
    Subject,
    Verification,
    Visit,
    VitalSigns,
)
from patients.signatures import casebook_signature, forms_in_force, signatures_of, to_sign
from tests.ecrf.access.people import code_now, with_second_factor
from tests.factories import PASSWORD, UserFactory, assign, make_site, person, save, screened_subject
from tests.patients.conftest import correct, errors_of, events_of_casebook
from tests.patients.signing.conftest import signed, signing, who_signs
from tests.reentry import typed
from trials.actions.accounts import deactivate, set_password
from trials.actions.errors import LockedOut, PasswordMustChange, Refused, WrongCredentials, WrongState
from trials.models import AuditEvent, Role, Site, Study, User, system_chain
from trials.roles import NotPermitted

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("R27")
def test_a_signature_keeps_name_username_role_words_and_the_time_of_the_server(
    vital_signs: VitalSigns, investigator: User, put_signature: Any
) -> None:
    signature = put_signature(vital_signs)
    assert (signature.printed_name, signature.username) == ("Dr. Wang Fang", investigator.username)
    assert signature.role == Role.INVESTIGATOR
    assert "complete and accurate" in signature.statement
    event = events_of_casebook(vital_signs.subject)[-1]
    assert (event.action, event.actor, event.role) == ("sign", investigator, Role.INVESTIGATOR)
    assert 0 <= (event.recorded_at - signature.signed_at).total_seconds() < 5
    form = signed(vital_signs)
    assert (form.form, form.record_id, form.version, form.void) == ("VS", vital_signs.pk, 1, False)
    assert form.history_rows["form"] == [VitalSigns.history.get(id=vital_signs.pk).history_id]
    assert form.changed_in_id == VitalSigns.history.get(id=vital_signs.pk).event_id


def test_many_forms_are_signed_in_one_act_with_one_event(
    vital_signs: VitalSigns, man_of_59: Any, put_signature: Any
) -> None:
    before = len(events_of_casebook(vital_signs.subject))
    signature = put_signature(vital_signs, man_of_59)
    assert {each.form for each in signature.signed_forms.all()} == {"VS", "DM"}
    assert len(events_of_casebook(vital_signs.subject)) == before + 1


# ---------------------------------------------------------------- credentials
@pytest.mark.requirement("R30")
def test_a_wrong_password_signs_nothing_is_counted_and_locks_in_the_end(
    vital_signs: VitalSigns, investigator: User, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    seen = [Seen(vital_signs, 1)]
    refusals = []
    for _attempt in range(3):
        with pytest.raises((WrongCredentials, LockedOut)) as refusal:
            sign(actor=investigator, reentry=typed(investigator, "wrong"), seen=seen, meaning="REVIEW")
        refusals.append(type(refusal.value))
    assert refusals[:2] == [WrongCredentials, WrongCredentials]
    with pytest.raises(LockedOut):
        sign(actor=investigator, reentry=typed(investigator), seen=seen, meaning="REVIEW")
    assert not Signature.objects.exists()


@pytest.mark.requirement("R30")
def test_the_credentials_of_another_person_sign_nothing(
    vital_signs: VitalSigns, investigator: User, site: Site
) -> None:
    other = who_signs(site)
    with pytest.raises(WrongCredentials):
        sign(actor=investigator, reentry=typed(other), seen=[Seen(vital_signs, 1)], meaning="REVIEW")
    assert not Signature.objects.exists()


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(("username", "password"), [("", ""), ("", PASSWORD), (None, "")])
def test_a_session_without_username_and_password_signs_nothing(
    vital_signs: VitalSigns, investigator: User, username: str | None, password: str
) -> None:
    reentry = typed(investigator, password, username=investigator.username if username is None else username)
    with pytest.raises(WrongCredentials):
        sign(actor=investigator, reentry=reentry, seen=[Seen(vital_signs, 1)], meaning="REVIEW")
    assert not Signature.objects.exists()


@pytest.mark.requirement("R31")
def test_after_an_administrator_has_set_the_password_nobody_signs_with_it_until_it_is_changed(
    vital_signs: VitalSigns, investigator: User, study: Study
) -> None:
    administrator = person(Role.ADMINISTRATOR, study)
    new, own = "handed over on paper 7", "known to nobody else 9"
    set_password(actor=administrator, user=investigator, password=new, reason="forgotten")
    investigator = User.objects.get(pk=investigator.pk)
    seen = [Seen(vital_signs, 1)]
    with pytest.raises(PasswordMustChange):
        sign(actor=investigator, reentry=typed(investigator, new), seen=seen, meaning="REVIEW")
    set_password(actor=investigator, user=investigator, password=own, reason="own password")
    investigator = User.objects.get(pk=investigator.pk)
    assert sign(actor=investigator, reentry=typed(investigator, own), seen=seen, meaning="REVIEW").pk


# ---------------------------------------------------------------- policy and name
@pytest.mark.requirement("R24")
def test_nobody_signs_before_acknowledging_the_policy_which_is_asked_once(
    vital_signs: VitalSigns, site: Site
) -> None:
    newcomer = person(Role.INVESTIGATOR, site.study, site, full_name="Dr. Li Na")
    with pytest.raises(PolicyNotAcknowledged):
        signing(newcomer, vital_signs)
    acknowledge_policy(actor=newcomer, version=POLICY_VERSION)
    event = AuditEvent.objects.filter(chain=system_chain()).latest("number")
    assert (event.action, event.actor) == ("acknowledge signature policy", newcomer)
    assert "legally binding" in PolicyAcknowledgment.objects.get(user=newcomer).text
    with pytest.raises(WrongState):
        acknowledge_policy(actor=newcomer, version=POLICY_VERSION)
    assert signing(newcomer, vital_signs).pk


def test_another_version_of_the_policy_than_the_one_in_force_is_not_acknowledged(site: Site) -> None:
    newcomer = person(Role.INVESTIGATOR, site.study, site, full_name="Dr. Li Na")
    with pytest.raises(Refused):
        acknowledge_policy(actor=newcomer, version="0")
    assert not PolicyAcknowledgment.objects.filter(user=newcomer).exists()


def test_an_account_without_a_full_name_does_not_sign_since_nothing_could_be_printed(
    vital_signs: VitalSigns, site: Site
) -> None:
    with pytest.raises(WrongState, match="full name"):
        signing(who_signs(site, full_name=""), vital_signs)


def test_a_later_change_of_the_name_does_not_alter_what_is_printed(
    vital_signs: VitalSigns, investigator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    investigator = User.objects.get(pk=investigator.pk)
    investigator.full_name = "Dr. Wang Fang-Chen"
    save(system_chain(), investigator)
    assert signatures_of(vital_signs)[0].signature.printed_name == "Dr. Wang Fang"


def test_the_signature_of_a_deactivated_account_stays(
    vital_signs: VitalSigns, investigator: User, put_signature: Any, study: Study
) -> None:
    put_signature(vital_signs)
    deactivate(actor=person(Role.ADMINISTRATOR, study), user=investigator, reason="left the hospital")
    [form] = signatures_of(vital_signs)
    assert (form.void, form.signature.username) == (False, investigator.username)
    with pytest.raises((NotPermitted, WrongCredentials)):
        signing(User.objects.get(pk=investigator.pk), vital_signs, meaning="AUTHORSHIP")


# ---------------------------------------------------------------- roles
@pytest.mark.requirement("R38")
@pytest.mark.parametrize(
    "role",
    [
        Role.COORDINATOR,
        Role.MONITOR,
        Role.DATA_MANAGER,
        Role.ADMINISTRATOR,
        Role.STATISTICIAN,
        Role.RANDOMIZATION_KEEPER,
    ],
)
def test_only_investigators_sign(vital_signs: VitalSigns, study: Study, role: str) -> None:
    with pytest.raises(NotPermitted):
        signing(person(role, study, full_name="Somebody"), vital_signs)


def test_neither_a_superuser_nor_a_command_signs(vital_signs: VitalSigns) -> None:
    for user in (UserFactory(is_superuser=True, full_name="Root"), User.objects.system_user()):
        with pytest.raises(NotPermitted):
            signing(user, vital_signs)


@pytest.mark.requirement("R38")
def test_the_investigator_of_another_site_signs_nothing_here(vital_signs: VitalSigns, study: Study) -> None:
    with pytest.raises(NotPermitted):
        signing(who_signs(make_site(study, "XH")), vital_signs)


@pytest.mark.requirement("R23")
def test_an_investigator_without_a_recorded_training_does_not_sign(
    vital_signs: VitalSigns, site: Site
) -> None:
    untrained = UserFactory(full_name="Dr. New")
    assign(untrained, Role.INVESTIGATOR, site.study, site, trained_on=None)
    with pytest.raises(NotPermitted, match="training"):
        signing(User.objects.get(pk=untrained.pk), vital_signs)


def test_the_principal_investigator_signs_at_every_site(vital_signs: VitalSigns, study: Study) -> None:
    principal = person(Role.INVESTIGATOR, study, full_name="Prof. Zhou")
    acknowledge_policy(actor=principal, version=POLICY_VERSION)
    assert signing(principal, vital_signs).role == Role.INVESTIGATOR


# ---------------------------------------------------------------- what may be signed
def test_a_form_in_progress_is_not_signed_and_is_named(enter: Any, visit: Visit, put_signature: Any) -> None:
    begun = enter(VitalSigns, visit=visit, weight="60")
    with pytest.raises(WrongState) as refusal:
        put_signature(begun)
    assert "VS of ZS-001, SCR, entry 1" in errors_of(refusal)["forms"][0]
    assert "in progress" in errors_of(refusal)["forms"][0]


def test_a_form_that_was_not_done_is_signed(enter: Any, visit: Visit, put_signature: Any) -> None:
    assert put_signature(enter(VitalSigns, visit=visit, not_done_reason="the scale was broken")).pk


def test_a_form_entered_in_error_is_not_signed(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    mark_entered_in_error(actor=coordinator, record=vital_signs, version=1, reason="of another person")
    with pytest.raises(WrongState, match="entered in error"):
        put_signature(vital_signs)


def test_a_form_with_an_open_hard_query_is_not_signed_until_it_is_resolved(
    enter: Any, visit: Visit, coordinator: User, put_signature: Any
) -> None:
    lines = [{"systolic": 80, "diastolic": 120}]
    form = enter(
        VitalSigns, visit=visit, measured_on="2021-03-01", weight="60", rows={"blood_pressures": lines}
    )
    with pytest.raises(WrongState, match="hard query"):
        put_signature(form)
    exchanged = [{"repeat": 1, "systolic": 120, "diastolic": 80}]
    assert put_signature(correct(coordinator, form, rows={"blood_pressures": exchanged})).pk


def test_what_was_changed_since_it_was_shown_is_not_signed_and_nothing_else_either(
    vital_signs: VitalSigns, man_of_59: Any, coordinator: User, investigator: User
) -> None:
    correct(coordinator, vital_signs, weight="61")
    seen = [Seen(vital_signs, 1), Seen(man_of_59, 1)]
    with pytest.raises(SeenIsStale) as refusal:
        sign(actor=investigator, reentry=typed(investigator), seen=seen, meaning="REVIEW")
    assert refusal.value.status == 412
    assert errors_of(refusal)["forms"] == [
        "VS of ZS-001, SCR, entry 1 was changed by somebody else; it is now version 2."
    ]
    assert not SignedForm.objects.exists()


def test_of_several_forms_all_are_signed_or_none(
    vital_signs: VitalSigns, enter: Any, put_signature: Any
) -> None:
    with pytest.raises(WrongState):
        put_signature(vital_signs, enter(AdverseEvent, term="rash"))
    assert not SignedForm.objects.exists()


def test_the_same_person_does_not_sign_a_form_twice_but_another_one_countersigns(
    vital_signs: VitalSigns, put_signature: Any, site: Site
) -> None:
    put_signature(vital_signs)
    with pytest.raises(WrongState):
        put_signature(vital_signs)
    signing(who_signs(site, full_name="Dr. Second"), vital_signs)
    names = [each.signature.printed_name for each in signatures_of(vital_signs)]
    assert names == ["Dr. Second", "Dr. Wang Fang"]


def test_a_meaning_belongs_to_what_is_signed(vital_signs: VitalSigns, put_signature: Any) -> None:
    for meaning in ("CASEBOOK", "", "anything"):
        with pytest.raises(Refused):
            put_signature(vital_signs, meaning=meaning)


def test_forms_of_two_subjects_are_not_signed_at_once(
    vital_signs: VitalSigns, coordinator: User, site: Site, put_signature: Any
) -> None:
    other = VitalSigns.objects.get(subject=screened_subject(coordinator, site))
    with pytest.raises(Refused, match="several subjects"):
        put_signature(vital_signs, other)


# ---------------------------------------------------------------- milestones
@pytest.mark.requirement("R38")
def test_a_visit_is_signed_whole(
    vital_signs: VitalSigns, visit: Visit, enter: Any, put_signature: Any
) -> None:
    ecog = enter(EcogAssessment, visit=visit, assessed_on="2021-03-01", grade="1")
    with pytest.raises(SeenIsStale, match="ECOG"):
        put_signature(vital_signs, meaning="VISIT", scope="VISIT", visit=visit)
    signature = put_signature(vital_signs, ecog, meaning="VISIT", scope="VISIT", visit=visit)
    assert signature.visit == visit
    assert signature.signed_forms.count() == 2


def whole(subject: Subject) -> list[Any]:
    """Every form of the casebook in force."""
    return [
        definition(each.oid).model._default_manager.get(pk=each.record_id)
        for each in forms_in_force([subject])
    ]


@pytest.mark.requirement("R38")
def test_the_casebook_is_signed_off_and_shows_what_came_after(
    vital_signs: VitalSigns,
    man_of_59: Any,
    enter: Any,
    coordinator: User,
    subject: Subject,
    put_signature: Any,
) -> None:
    put_signature(vital_signs)
    signature = put_signature(*whole(subject), meaning="CASEBOOK", scope="CASEBOOK")
    standing = casebook_signature(subject, forms_in_force([subject]))
    assert standing is not None
    assert (standing.signature, standing.is_whole) == (signature, True)
    correct(coordinator, vital_signs, weight="61")
    enter(AdverseEvent, term="rash")
    standing = casebook_signature(subject, forms_in_force([subject]))
    assert standing is not None
    assert (standing.is_whole, standing.void, standing.new) == (False, 1, 1)
    assert not signed(man_of_59).void
    assert signed(vital_signs).void


def test_a_casebook_with_an_unready_form_is_not_signed_off(
    vital_signs: VitalSigns, enter: Any, subject: Subject, put_signature: Any
) -> None:
    enter(AdverseEvent, term="rash")
    with pytest.raises(WrongState) as refusal:
        put_signature(*whole(subject), meaning="CASEBOOK", scope="CASEBOOK")
    assert len(errors_of(refusal)["forms"]) == 1


# ---------------------------------------------------------------- what waits
def test_the_worklist_counts_unsigned_forms_at_the_own_sites(
    vital_signs: VitalSigns,
    enter: Any,
    man_of_59: Any,
    investigator: User,
    put_signature: Any,
    study: Study,
    coordinator: User,
) -> None:
    enter(AdverseEvent, term="rash")
    [waiting] = to_sign(investigator)
    assert (waiting.unsigned, waiting.ready) == (3, 2)
    put_signature(vital_signs)
    [waiting] = to_sign(investigator)
    assert (waiting.unsigned, waiting.ready) == (2, 1)
    correct(coordinator, vital_signs, weight="61")
    [waiting] = to_sign(investigator)
    assert (waiting.unsigned, waiting.ready) == (3, 2)
    assert to_sign(who_signs(make_site(study, "XH"))) == []
    assert to_sign(coordinator) == []


# ---------------------------------------------------------------- beside other marks
@pytest.mark.parametrize("kind", ["FREEZE", "LOCK"])
def test_a_frozen_or_locked_form_is_signed_since_a_signature_changes_no_answer(
    kind: str, vital_signs: VitalSigns, study: Study, subject: Subject, put_signature: Any
) -> None:
    close(actor=person(Role.DATA_MANAGER, study), kind=kind, noun=subject, reason="before the analysis")
    put_signature(vital_signs)
    assert not signed(vital_signs).void


def test_verification_is_not_needed_for_a_signature(vital_signs: VitalSigns, put_signature: Any) -> None:
    assert not Verification.objects.exists()
    assert put_signature(vital_signs).pk


@pytest.mark.requirement("R30")
def test_where_the_second_factor_is_on_a_signature_needs_its_code(
    vital_signs: VitalSigns, investigator: User
) -> None:
    with_second_factor(investigator)
    user = User.objects.get(pk=investigator.pk)
    seen = [Seen(vital_signs, 1)]
    for code in ("", "000000"):
        with pytest.raises(Refused):
            sign(actor=user, reentry=typed(user, code=code), seen=seen, meaning="REVIEW")
    assert not Signature.objects.exists()
    assert sign(actor=user, reentry=typed(user, code=code_now(user)), seen=seen, meaning="REVIEW").pk
