"""Pages on which forms are marked, and how closed forms look."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.actions.locks import ask_unlock
from patients.marks import marks_of_record
from patients.models import EcogAssessment, InformedConsent, Lock, Subject, Verification, Visit, VitalSigns
from tests.factories import coordinator_of, make_site, person, save, screened_subject
from tests.patients.conftest import correct
from tests.patients.marks.conftest import frozen, locked, locked_forms, verified
from trials.models import Role, Site, Study, StudySetting, User

Looking = Callable[[User], Client]


@pytest.fixture
def looking() -> Looking:
    def client(user: User) -> Client:
        made = Client()
        made.force_login(user)
        return made

    return client


def marks_url(subject: Subject) -> str:
    return reverse("admin:patients_subject_marks", args=[subject.pk])


def form_url(record: Any) -> str:
    return reverse(f"admin:patients_{record._meta.model_name}_change", args=[record.pk])


def ticked(record: Any) -> str:
    return f"{record.form.oid}:{record.pk}:{record.version}"


def test_a_monitor_verifies_chosen_forms_from_the_casebook(
    monitor: User, signs: VitalSigns, agreement: InformedConsent, looking: Looking
) -> None:
    reply = looking(monitor).post(marks_url(signs.subject), {"step": "WHOLE", "form": [ticked(signs)]})
    assert reply.status_code == 302
    assert Verification.objects.get().form == "VS"


@pytest.mark.parametrize("what", ["visit", "casebook"])
def test_a_visit_and_a_casebook_are_verified_form_by_form(
    what: str, monitor: User, visit: Visit, signs: VitalSigns, agreement: InformedConsent, looking: Looking
) -> None:
    sent = {"step": "WHOLE", "shown": [ticked(signs), ticked(agreement)], what: visit.pk}
    assert looking(monitor).post(marks_url(signs.subject), sent).status_code == 302
    assert Verification.objects.count() == (1 if what == "visit" else 2)


def test_a_page_that_was_overtaken_verifies_nothing_and_says_so(
    monitor: User, coordinator: User, signs: VitalSigns, looking: Looking
) -> None:
    stale = ticked(signs)
    correct(coordinator, signs, weight="61")
    reply = looking(monitor).post(marks_url(signs.subject), {"step": "WHOLE", "form": [stale]})
    assert reply.status_code == 412
    assert "it is now version 2" in reply.content.decode()
    assert not Verification.objects.exists()


@pytest.mark.parametrize(("what", "scope"), [("form", "FORM"), ("visit", "VISIT"), ("casebook", "SUBJECT")])
@pytest.mark.parametrize("step", ["FREEZE", "LOCK"])
def test_forms_visits_and_casebooks_are_closed_from_the_same_page(
    what: str, scope: str, step: str, data_manager: User, visit: Visit, signs: VitalSigns, looking: Looking
) -> None:
    values = {"form": ticked(signs), "visit": visit.pk, "casebook": "1"}
    sent = {"step": step, what: values[what], "change_reason": "clean"}
    assert looking(data_manager).post(marks_url(signs.subject), sent).status_code == 302
    lock = Lock.objects.get()
    assert (lock.scope, lock.kind) == (scope, step)


@pytest.mark.parametrize(
    "sent",
    [
        {"form": "VS:{foreign}:1"},
        {"form": "VS:999999:1"},
        {"form": "NOPE:1:1"},
        {"form": "VS:1:1; drop"},
        {"visit": "{visit}"},
    ],
    ids=str,
)
@pytest.mark.requirement("R21")
def test_forged_keys_of_another_site_are_as_missing(
    sent: dict[str, str], monitor: User, study: Study, signs: VitalSigns, looking: Looking
) -> None:
    elsewhere = make_site(study, "XX")
    other = screened_subject(coordinator_of(elsewhere), elsewhere)
    foreign, visit = VitalSigns.objects.get(subject=other).pk, Visit.objects.filter(subject=other).first()
    assert visit is not None
    told = {name: value.format(foreign=foreign, visit=visit.pk) for name, value in sent.items()}
    reply = looking(monitor).post(marks_url(signs.subject), {"step": "WHOLE", **told})
    assert reply.status_code == 404
    assert looking(monitor).get(marks_url(other)).status_code == 404
    assert not Verification.objects.exists()


def test_who_marks_nothing_does_not_reach_the_page_of_marks(
    coordinator: User, signs: VitalSigns, looking: Looking
) -> None:
    assert looking(coordinator).get(marks_url(signs.subject)).status_code == 403
    assert marks_url(signs.subject) not in looking(coordinator).get(form_url(signs)).content.decode()


def test_a_forged_step_of_another_role_is_refused(monitor: User, signs: VitalSigns, looking: Looking) -> None:
    sent = {"step": "LOCK", "form": ticked(signs), "change_reason": "clean"}
    assert looking(monitor).post(marks_url(signs.subject), sent).status_code == 200
    assert not Lock.objects.exists()


@pytest.mark.requirement("R15")
@pytest.mark.parametrize("close_it", [frozen, locked])
def test_the_page_of_a_closed_form_is_read_only_and_says_who_closed_it_when_and_why(
    close_it: Any, data_manager: User, coordinator: User, signs: VitalSigns, looking: Looking
) -> None:
    lock = close_it(data_manager, signs.subject)
    page = looking(coordinator).get(form_url(signs)).content.decode()
    assert 'name="_save"' not in page
    assert f"By {data_manager}" in page
    assert "Reason: clean" in page
    assert reverse("admin:patients_lock_change", args=[lock.pk]) in page


def test_marks_stand_beside_the_entry_state_in_form_and_casebook(
    monitor: User, data_manager: User, signs: VitalSigns, looking: Looking
) -> None:
    verified(monitor, signs)
    locked_forms(data_manager, signs)
    hub = reverse("admin:patients_subject_change", args=[signs.subject_id])
    for address in (form_url(signs), hub, marks_url(signs.subject)):
        page = looking(data_manager).get(address).content.decode()
        assert "ec-mark-VERIFIED" in page
        assert "ec-mark-LOCKED" in page


def test_a_lost_verification_says_what_changed_on_the_form_and_on_the_worklist(
    monitor: User, coordinator: User, signs: VitalSigns, looking: Looking
) -> None:
    verified(monitor, signs)
    correct(coordinator, signs, rows={"blood_pressures": [{"repeat": 2, "systolic": 131}]})
    for address in (form_url(signs), reverse("admin:patients_verification_worklist")):
        page = looking(monitor).get(address).content.decode()
        assert "line 2: Systolic" in page


def test_the_worklist_names_what_is_due_and_verifies_what_is_chosen(
    monitor: User, study: Study, critical: StudySetting, signs: VitalSigns, enter: Any, looking: Looking
) -> None:
    _share(study, 100)
    address = reverse("admin:patients_verification_worklist")
    page = looking(monitor).get(address).content.decode()
    assert ticked(signs) in page
    sent = {"form": ticked(signs), "extent": "CRITICAL"}
    assert looking(monitor).post(address, sent).status_code == 302
    assert ticked(signs) not in looking(monitor).get(address).content.decode()


def test_a_study_that_asks_for_no_verification_has_an_empty_worklist(
    monitor: User, study: Study, critical: StudySetting, signs: VitalSigns, looking: Looking
) -> None:
    _share(study, 0)
    page = looking(monitor).get(reverse("admin:patients_verification_worklist")).content.decode()
    assert "Nothing waits here." in page


def test_the_worklist_refuses_forged_keys(
    monitor: User, study: Study, signs: VitalSigns, looking: Looking
) -> None:
    elsewhere = make_site(study, "XX")
    other = screened_subject(coordinator_of(elsewhere), elsewhere)
    foreign = VitalSigns.objects.get(subject=other)
    sent = {"form": [ticked(signs), ticked(foreign)], "extent": "WHOLE"}
    address = reverse("admin:patients_verification_worklist")
    assert looking(monitor).post(address, sent).status_code == 404
    assert not Verification.objects.exists()


# ---------------------------------------------------------------- locks
def test_a_site_is_locked_and_unlocked_by_two_persons_on_pages(
    data_manager: User, second_data_manager: User, site: Site, signs: VitalSigns, looking: Looking
) -> None:
    add = reverse("admin:patients_lock_add")
    sent = {"noun": f"site-{site.pk}", "kind": "LOCK", "change_reason": "clean"}
    assert looking(data_manager).post(add, sent).status_code == 302
    lock = Lock.objects.get()
    for user, step, version in ((data_manager, "ask", 1), (second_data_manager, "approve", 2)):
        address = reverse("admin:patients_lock_step", args=[lock.pk, step])
        assert (
            address
            in looking(user).get(reverse("admin:patients_lock_change", args=[lock.pk])).content.decode()
        )
        assert looking(user).post(address, {"version": version, "change_reason": "why"}).status_code == 302
    assert marks_of_record(signs).locked is None


def test_who_asked_is_not_offered_to_agree_and_may_not(
    data_manager: User, subject: Subject, looking: Looking
) -> None:
    lock = locked(data_manager, subject)
    ask_unlock(actor=data_manager, lock=lock, version=1, reason="a source was found")
    approve = reverse("admin:patients_lock_step", args=[lock.pk, "approve"])
    page = looking(data_manager).get(reverse("admin:patients_lock_change", args=[lock.pk]))
    assert approve not in page.content.decode()
    assert looking(data_manager).post(approve, {"version": 2, "change_reason": "x"}).status_code == 403


def test_the_page_that_locks_a_study_lists_what_is_left_open(
    data_manager: User, study: Study, enter: Any, looking: Looking
) -> None:
    enter(InformedConsent, consented="Y")
    address = reverse("admin:patients_lock_add")
    page = looking(data_manager).get(f"{address}?noun=study-{study.pk}").content.decode()
    assert "Forms in progress: 1 (ZS-001 IC 1)" in page
    assert "refuses a lock" in page
    sent = {"noun": f"study-{study.pk}", "kind": "LOCK", "change_reason": "clean"}
    refused = looking(data_manager).post(address, sent)
    assert refused.status_code == 409
    assert "Forms in progress: 1 (ZS-001 IC 1)" in refused.content.decode()


def test_the_locks_of_another_site_are_not_known(
    data_manager: User, study: Study, subject: Subject, looking: Looking
) -> None:
    other = person(Role.COORDINATOR, study, make_site(study, "XX"))
    lock, whole = locked(data_manager, subject), frozen(data_manager, study)
    client = looking(other)
    assert client.get(reverse("admin:patients_lock_change", args=[lock.pk])).status_code == 404
    assert client.get(reverse("admin:patients_lock_change", args=[whole.pk])).status_code == 200
    page = client.get(reverse("admin:patients_lock_changelist")).content.decode()
    assert not re.search(r"\bZS-001\b", page)


def test_the_number_of_queries_does_not_grow_with_the_forms(
    monitor: User, data_manager: User, signs: VitalSigns, enter: Any, visit: Visit, looking: Looking
) -> None:
    client = looking(monitor)
    addresses = (marks_url(signs.subject), reverse("admin:patients_verification_worklist"))
    verified(monitor, signs)
    locked_forms(data_manager, signs)
    before = [_queries_of(client, address) for address in addresses]
    more = [enter(EcogAssessment, visit=visit, assessed_on="2021-03-01", grade="1") for _number in range(4)]
    verified(monitor, *more)
    locked_forms(data_manager, *more)
    assert [_queries_of(client, address) for address in addresses] == before


def _queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def _share(study: Study, percent: int) -> None:
    setting = StudySetting(
        study=study, key="sdv_critical_percent", value=percent, default=100, description="share"
    )
    save(study.chain, setting)
