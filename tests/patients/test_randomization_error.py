"""A randomization that should not have been stays; a deviation says so; nothing undoes it."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from rest_framework.test import APIClient

from patients.actions.randomization_error import record_randomization_error
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import (
    Allocation,
    DeviationStatus,
    Disposition,
    EligibilityAssessment,
    EntryState,
    InformedConsent,
    ProtocolDeviation,
    Subject,
    SubjectStatus,
)
from tests.factories import make_list, person, save
from tests.patients.admin.test_casebook_page import client_of, hub
from tests.patients.conftest import events_of_casebook
from trials.actions.errors import ReasonRequired, Refused, WrongState
from trials.audit.context import NotRecording
from trials.models import Role, Site, Study, User
from trials.roles import NotPermitted

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R43")]


@pytest.fixture
def investigator(site: Site) -> User:
    return person(Role.INVESTIGATOR, site.study, site)


def record(actor: User, subject: Subject, **given: Any) -> ProtocolDeviation:
    asked = {"kind": "INELIGIBLE", "reason": "The bilirubin was misread"} | given
    return record_randomization_error(actor=actor, subject=subject, **asked)


@pytest.mark.parametrize(
    ("kind", "category"),
    [("INELIGIBLE", "ELIGIBILITY"), ("MISTAKEN", "RANDOMIZATION"), ("STRATUM", "RANDOMIZATION")],
)
def test_an_error_is_a_confirmed_deviation_and_the_allocation_stays(
    investigator: User, in_arm_b: Subject, kind: str, category: str
) -> None:
    before = Allocation.objects.values().get(subject=in_arm_b)
    made = record(investigator, in_arm_b, kind=kind)
    assert (made.category, made.status, made.important) == (category, DeviationStatus.CONFIRMED, "Y")
    assert made.entry_state == EntryState.COMPLETE
    assert made.description.endswith(": The bilirubin was misread")
    assert made.occurred_on == str(before["randomized_on"])
    assert Allocation.objects.values().get(subject=in_arm_b) == before
    event = events_of_casebook(in_arm_b)[-1]
    assert (event.action, event.reason) == ("record randomization error", "The bilirubin was misread")
    in_arm_b.refresh_from_db()
    assert in_arm_b.status == SubjectStatus.RANDOMIZED


def test_a_data_manager_records_it_and_others_do_not(study: Study, in_arm_b: Subject) -> None:
    assert record(person(Role.DATA_MANAGER, study), in_arm_b).pk
    may = (Role.DATA_MANAGER, Role.INVESTIGATOR)
    for role in [role for role in Role if role not in may]:
        with pytest.raises(NotPermitted):
            record(person(role, study), in_arm_b)
    assert ProtocolDeviation.objects.count() == 1


def test_what_is_missing_or_unknown_is_refused_by_field(
    investigator: User, in_arm_b: Subject, coordinator: User, site: Site
) -> None:
    with pytest.raises(ReasonRequired):
        record(investigator, in_arm_b, reason="")
    for field in ("kind", "important"):
        with pytest.raises(Refused) as refusal:
            record(investigator, in_arm_b, **{field: "PERHAPS"})
        assert set(refusal.value.errors) == {field}
    assert not ProtocolDeviation.objects.exists()


def test_who_is_not_randomized_has_no_error_of_randomization(investigator: User, subject: Subject) -> None:
    with pytest.raises(WrongState, match="not randomized"):
        record(investigator, subject)


def test_the_page_records_it_for_who_may(study: Study, investigator: User, in_arm_b: Subject) -> None:
    typed = {"kind": "MISTAKEN", "important": "N", "change_reason": "Wrong person"}
    address = f"{hub(in_arm_b)}randomization-error/"
    for role, status in ((Role.COORDINATOR, 403), (Role.MONITOR, 403), (Role.RANDOMIZATION_KEEPER, 403)):
        assert client_of(person(role, study)).post(address, typed).status_code in (status, 404)
    assert not ProtocolDeviation.objects.exists()
    client = client_of(investigator)
    assert "never undone" in client.get(address).content.decode()
    assert client.post(address, typed).status_code == 302
    made = ProtocolDeviation.objects.get()
    assert (made.category, made.important) == ("RANDOMIZATION", "N")


# ---------------------------------------------------------------- nothing undoes a randomization
def untouched(subject: Subject, before: dict[str, Any]) -> None:
    assert Allocation.objects.values().get(subject=subject) == before
    assert Allocation.history.filter(subject=subject).count() == 1


def test_no_model_and_no_query_set_undoes_or_changes_an_allocation(study: Study, in_arm_b: Subject) -> None:
    allocation = Allocation.objects.get(subject=in_arm_b)
    before = Allocation.objects.values().get(subject=in_arm_b)
    allocation.arm = study.arms.get(code="A")
    for act in (
        lambda: save(in_arm_b.chain, allocation),
        allocation.delete,
        in_arm_b.delete,
        lambda: Allocation.objects.filter(subject=in_arm_b).delete(),
        lambda: Allocation.objects.filter(subject=in_arm_b).update(arm=allocation.arm),
    ):
        with pytest.raises(NotRecording):
            act()
    untouched(in_arm_b, before)


def test_the_database_holds_a_used_slot(in_arm_b: Subject) -> None:
    allocation = Allocation.objects.get(subject=in_arm_b)

    def remove_the_slot() -> None:
        with transaction.atomic():
            QuerySet(type(allocation.slot)).filter(pk=allocation.slot_id)._raw_delete("default")
            connection.check_constraints()  # deferred to the end of the transaction, which is here

    with pytest.raises(DatabaseError):
        remove_the_slot()
    assert Allocation.objects.filter(subject=in_arm_b).exists()


def test_voiding_what_randomization_rests_on_leaves_the_allocation(
    coordinator: User, in_arm_b: Subject
) -> None:
    before = Allocation.objects.values().get(subject=in_arm_b)
    for form in (EligibilityAssessment, InformedConsent):
        found = form.objects.get(subject=in_arm_b)
        mark_entered_in_error(actor=coordinator, record=found, version=found.version, reason="wrong person")
    data = {"scope": "TREATMENT", "ended_on": "2021-03-05", "reason": "OTHER"}
    create_form(actor=coordinator, form=Disposition, subject=in_arm_b, data=data)
    untouched(in_arm_b, before)
    in_arm_b.refresh_from_db()
    assert in_arm_b.status != SubjectStatus.SCREENING


def test_no_request_undoes_an_allocation(site: Site, study: Study, in_arm_b: Subject) -> None:
    make_list(study, "AA", "list 2")
    before = Allocation.objects.values().get(subject=in_arm_b)
    everybody = [person(role, study) for role in Role]
    everybody.append(User.objects.create_superuser("root", "a long enough pass-phrase"))
    code = in_arm_b.code
    for user in everybody:
        api = APIClient()
        api.force_authenticate(user)
        for method in ("delete", "put", "patch", "post"):
            for address in (
                f"/api/v1/subjects/{code}/",
                f"/api/v1/subjects/{code}/randomize/",
                f"/api/v1/subjects/{code}/allocation/",
            ):
                body = {"arm": "A", "stratum": "", "status": "SCREENING"}
                assert getattr(api, method)(address, body, format="json").status_code >= 400
        page = client_of(user)
        for address in ("delete/", "change/", "randomize/"):
            page.post(f"{hub(in_arm_b)}{address}", {"confirmed": "on", "post": "yes", "arm": "A"})
        marked = {"action": "delete_selected", "_selected_action": [in_arm_b.pk], "post": "yes"}
        page.post("/admin/patients/subject/", marked)
        assert page.post(f"/admin/patients/allocation/{before['id']}/delete/").status_code == 404
    untouched(in_arm_b, before)
