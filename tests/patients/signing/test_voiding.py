"""A change of what was signed voids the signature, whichever path the change takes."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from patients.actions.correct_range import correct_range
from patients.actions.import_forms import import_forms
from patients.actions.queries import accept_reason, reviews_held
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.actions.visits import open_visit
from patients.models import (
    Demographics,
    ProtocolDeviation,
    Query,
    Signature,
    Subject,
    Visit,
    VitalSigns,
)
from patients.signatures import to_sign
from tests.ecrf.api.client import client_of
from tests.factories import CONSENT_DAY, opened, person
from tests.patients.conftest import correct, events_of_casebook
from tests.patients.signing.conftest import signed
from trials.actions.errors import Refused
from trials.models import ReferenceRange, Role, Site, Study, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R28")]


def is_void_because(record: Any, cause: str) -> None:
    """The signature is void with this cause, the event says so, and the form waits to be signed again."""
    form = signed(record)
    assert form.void
    assert form.void_cause == cause
    assert form.void_at is not None
    event = events_of_casebook(record.subject)[-1]
    signature = form.signature
    assert f"Signature of {signature.printed_name} ({signature.username}) of " in event.note
    assert event.note.endswith(f"is void: {cause}.")
    assert form.history.first().event_id == event.pk
    [waiting] = to_sign(signature.signer)
    assert waiting.unsigned >= 1


def as_coordinator(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


# ---------------------------------------------------------------- actions
def test_a_corrected_answer(vital_signs: VitalSigns, coordinator: User, put_signature: Any) -> None:
    put_signature(vital_signs)
    correct(coordinator, vital_signs, weight="61")
    is_void_because(vital_signs, "Weight changed")
    assert "61" not in events_of_casebook(vital_signs.subject)[-1].note


def test_the_history_keeps_the_signature_as_it_was(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    correct(coordinator, vital_signs, weight="61")
    assert [row.void for row in signed(vital_signs).history.order_by("history_id")] == [False, True]


def test_a_correction_back_to_what_was_signed_does_not_make_it_valid_again(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    changed = correct(coordinator, vital_signs, weight="61")
    correct(coordinator, changed, weight="60")
    assert signed(vital_signs).void


def test_a_save_that_changes_nothing_leaves_it_in_force(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    correct(coordinator, vital_signs, weight="60.0")
    assert not signed(vital_signs).void


def test_a_line_that_is_added_changed_or_taken_out(
    pressures: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    for line, cause in (
        ({"systolic": 125, "diastolic": 82}, "blood_pressures 3 (added) changed"),
        ({"repeat": 1, "systolic": 121}, "blood_pressures 1: Systolic blood pressure changed"),
        ({"repeat": 2, "entered_in_error": True}, "blood_pressures 2 (entered in error) changed"),
    ):
        put_signature(pressures)
        pressures = correct(coordinator, pressures, rows={"blood_pressures": [line]})
        is_void_because(pressures, cause)


def test_a_reason_for_absence(vital_signs: VitalSigns, coordinator: User, put_signature: Any) -> None:
    put_signature(vital_signs)
    correct(coordinator, vital_signs, missing_reasons={"temperature": "NOT_DONE"})
    is_void_because(vital_signs, "reasons for absence changed")


def test_a_form_that_turns_out_not_to_be_done(
    enter: Any, visit: Visit, coordinator: User, put_signature: Any
) -> None:
    form = enter(VitalSigns, visit=visit, not_done_reason="the scale was broken")
    put_signature(form)
    correct(coordinator, form, not_done_reason="the subject was asleep")
    is_void_because(form, "reason for not done changed")


def test_a_form_entered_in_error(vital_signs: VitalSigns, coordinator: User, put_signature: Any) -> None:
    put_signature(vital_signs)
    mark_entered_in_error(actor=coordinator, record=vital_signs, version=1, reason="of another person")
    form = signed(vital_signs)
    assert (form.void, form.void_cause) == (True, "the form was marked as entered in error")


def test_the_day_of_a_visit_voids_what_was_signed_at_it(
    vital_signs: VitalSigns, visit: Visit, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    visit.refresh_from_db()
    open_visit(
        actor=coordinator,
        visit=visit,
        occurred_on=date(2021, 3, 2),
        version=visit.version,
        reason="mistyped",
    )
    is_void_because(vital_signs, "day of the visit changed")


def test_another_form_of_the_subject_keeps_its_signature(
    vital_signs: VitalSigns, man_of_59: Demographics, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs, man_of_59)
    correct(coordinator, vital_signs, weight="61")
    assert not signed(man_of_59).void


def test_queries_are_no_content_neither_raised_nor_settled(
    vital_signs: VitalSigns, enter: Any, study: Study, put_signature: Any
) -> None:
    put_signature(vital_signs)
    enter(Demographics, birth="1961-05", age=40, sex="M")
    for query in Query.objects.filter(subject=vital_signs.subject, state="OPEN"):
        accept_reason(actor=person(Role.DATA_MANAGER, study), query=query, reason="seen in the source")
    assert not signed(vital_signs).void


# ---------------------------------------------------------------- what the server derives
def test_a_flag_that_follows_a_corrected_reference_range(
    sample: Any, man_of_59: Demographics, study: Study, put_signature: Any
) -> None:
    form = sample(("ALT", "45", "U/L"))
    put_signature(form)
    limits = ReferenceRange.objects.get(test__code="ALT")
    change = {"actor": person(Role.DATA_MANAGER, study), "reference_range": limits, "version": limits.version}
    correct_range(**change, changes={"high": Decimal("40")}, dry_run=True)
    assert not signed(form).void, "a preview changes nothing"
    correct_range(**change, changes={"high": Decimal("40")}, reason="printed wrongly")
    form.refresh_from_db()
    assert signed(form).void
    assert re.search(r"results 1: .*(Range|limit|Flag)", signed(form).void_cause, re.I)


def test_a_flag_that_follows_a_corrected_sex(
    sample: Any, man_of_59: Demographics, coordinator: User, put_signature: Any
) -> None:
    form = sample(("HGB", "125", "g/L"))
    put_signature(form, man_of_59)
    correct(coordinator, man_of_59, sex="F")
    assert signed(form).void
    assert signed(man_of_59).void
    note = events_of_casebook(form.subject)[-1].note
    assert note.count("is void") == 2


@pytest.fixture
def completed_draft(subject: Subject, coordinator: User) -> ProtocolDeviation:
    """A deviation that a rule drafted for a visit far outside its window, filled in and not yet decided."""
    opened(coordinator, subject, "SCR", date(2021, 6, 1))
    draft = ProtocolDeviation.objects.get(subject=subject, rule="EC38a")
    draft = correct(coordinator, draft, important="N", category=draft.category)
    assert draft.entry_state == "COMPLETE"
    return draft


def back_into_the_window(actor: User, subject: Subject) -> None:
    visit = Visit.objects.select_related("subject__site", "definition", "cycle").get(
        subject=subject, code="SCR"
    )
    open_visit(actor=actor, visit=visit, occurred_on=CONSENT_DAY, version=visit.version, reason="wrong month")


def test_a_drafted_deviation_that_is_withdrawn_since_its_ground_has_gone(
    completed_draft: ProtocolDeviation, coordinator: User, put_signature: Any
) -> None:
    put_signature(completed_draft)
    back_into_the_window(coordinator, completed_draft.subject)
    is_void_because(completed_draft, "Status, Why it is no deviation changed")


def test_the_command_that_runs_the_checks_voids_what_it_changes(
    completed_draft: ProtocolDeviation, coordinator: User, put_signature: Any
) -> None:
    put_signature(completed_draft)
    with reviews_held():
        back_into_the_window(coordinator, completed_draft.subject)
    assert not signed(completed_draft).void
    call_command("run_checks")
    is_void_because(completed_draft, "Status, Why it is no deviation changed")
    event = events_of_casebook(completed_draft.subject)[-1]
    assert (event.action, event.actor.is_system) == ("run edit checks", True)


# ---------------------------------------------------------------- faces
def test_the_page_of_the_form(vital_signs: VitalSigns, coordinator: User, put_signature: Any) -> None:
    put_signature(vital_signs)
    path = f"/admin/patients/vitalsigns/{vital_signs.pk}/change/"
    sent = {
        "subject": vital_signs.subject_id,
        "version": 1,
        "measured_on": "2021-03-01",
        "weight": "62",
        "height": "170",
        "change_reason": "mistyped",
        "blood_pressures-TOTAL_FORMS": "0",
        "blood_pressures-INITIAL_FORMS": "0",
    }
    assert as_coordinator(coordinator).post(path, sent).status_code == 302
    is_void_because(vital_signs, "Weight changed")


def test_the_page_that_takes_a_form_out(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    path = f"/admin/patients/vitalsigns/{vital_signs.pk}/void/"
    sent = {"version": 1, "change_reason": "of another person"}
    assert as_coordinator(coordinator).post(path, sent).status_code == 302
    assert signed(vital_signs).void


def test_the_laboratory_page(
    sample: Any, coordinator: User, put_signature: Any, man_of_59: Demographics
) -> None:
    form = sample(("ALT", "45", "U/L"))
    put_signature(form)
    result = form.results.get()
    sent = {
        "subject": form.subject_id,
        "version": 1,
        "collected_on": "2021-03-01",
        "laboratory": "ZS-LAB",
        "change_reason": "mistyped",
        "results-TOTAL_FORMS": "1",
        "results-INITIAL_FORMS": "1",
        "results-0-repeat": result.repeat,
        "results-0-test": "ALT",
        "results-0-value": "46",
        "results-0-unit": "U/L",
    }
    reply = as_coordinator(coordinator).post(f"/admin/patients/labsample/{form.pk}/change/", sent)
    assert reply.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", reply.content.decode())[-3000:]
    assert signed(form).void
    assert "results 1: " in signed(form).void_cause


def test_a_correction_and_a_void_over_rest(
    vital_signs: VitalSigns, man_of_59: Demographics, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs, man_of_59)
    client = client_of(coordinator)
    address = f"/api/v1/vital-signs/{vital_signs.pk}/"
    assert client.change(address, 1, {"weight": "63", "change_reason": "mistyped"}).status_code == 200
    is_void_because(vital_signs, "Weight changed")
    voided = client.act(f"/api/v1/demographics/{man_of_59.pk}/void/", 1, {"change_reason": "doubled"})
    assert voided.status_code == 200
    assert signed(man_of_59).void


def test_a_single_laboratory_result_over_rest(
    sample: Any, coordinator: User, man_of_59: Demographics, put_signature: Any
) -> None:
    form = sample(("ALT", "45", "U/L"))
    put_signature(form)
    address = f"/api/v1/lab-results/{form.results.get().pk}/"
    reply = client_of(coordinator).change(address, 1, {"value": "46", "change_reason": "mistyped"})
    assert reply.status_code == 200, reply.content
    assert signed(form).void


def test_an_import_changes_no_stored_form_so_it_voids_nothing(
    enter: Any, visit: Visit, coordinator: User, study: Study, put_signature: Any
) -> None:
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01", weight="60", external_id="VS-1")
    put_signature(form)
    line = {"subject": form.subject.code, "visit": "SCR", "measured_on": "2021-03-01", "external_id": "VS-1"}
    report = import_forms(
        actor=coordinator,
        study=study,
        form=VitalSigns,
        lines=[line | {"weight": "99"}],
        reason="second delivery",
    )
    assert (report.stored, len(report.rejected)) == (0, 1)
    assert not signed(form).void


def test_a_command_that_checks_everything_leaves_what_was_signed(
    vital_signs: VitalSigns, put_signature: Any
) -> None:
    put_signature(vital_signs)
    call_command("run_checks")
    assert not signed(vital_signs).void


def test_a_casebook_signature_is_void_for_the_changed_form_only(
    vital_signs: VitalSigns, man_of_59: Demographics, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    signature = put_signature(vital_signs, man_of_59, meaning="CASEBOOK", scope="CASEBOOK")
    correct(coordinator, vital_signs, weight="61")
    assert {each.form: each.void for each in signature.signed_forms.all()} == {"VS": True, "DM": False}
    assert Signature.objects.filter(signed_forms__void=True).count() == 2, "the earlier one as well"
    assert events_of_casebook(vital_signs.subject)[-1].note.count("is void") == 2


def test_a_refused_change_leaves_the_signature(
    vital_signs: VitalSigns, coordinator: User, put_signature: Any
) -> None:
    put_signature(vital_signs)
    with pytest.raises(Refused):
        correct(coordinator, vital_signs, weight="heavy")
    assert not signed(vital_signs).void


def test_a_new_form_waits_to_be_signed_and_voids_nothing(
    vital_signs: VitalSigns, investigator: User, coordinator: User, put_signature: Any, site: Site
) -> None:
    put_signature(vital_signs)
    create_form(
        actor=coordinator,
        form=VitalSigns,
        subject=vital_signs.subject,
        visit=vital_signs.visit,
        data={"measured_on": "2021-03-01", "weight": "60"},
    )
    assert not signed(vital_signs).void
    [waiting] = to_sign(investigator)
    assert waiting.unsigned == 1
