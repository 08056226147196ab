"""Signing on pages, as the investigator sees it; no script runs."""

import re
from typing import Any

import pytest
from django.test import Client

from patients.models import POLICY_VERSION, PolicyAcknowledgment, Signature, Visit, VitalSigns
from tests.factories import PASSWORD, make_site, person
from tests.patients.conftest import correct
from tests.patients.signing.conftest import signed, signing, who_signs
from trials.models import Role, Site, Study, User

pytestmark = pytest.mark.django_db

TO_SIGN, POLICY, SIGN = (f"/admin/patients/signature/{page}/" for page in ("to-sign", "policy", "sign"))


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def typed(user: User, *records: Any, **more: Any) -> dict[str, Any]:
    """What the page sends: the forms as it listed them, the meaning, username and password."""
    seen = [f"{each.form.oid}:{each.pk}:{each.version}" for each in records]
    return {"seen": seen, "meaning": "REVIEW", "username": user.username, "password": PASSWORD} | more


@pytest.fixture
def address(vital_signs: VitalSigns) -> str:
    return f"{SIGN}?subject={vital_signs.subject_id}"


@pytest.mark.requirement("R24")
def test_the_policy_is_read_and_acknowledged_before_the_first_signature(site: Site, address: str) -> None:
    newcomer = person(Role.INVESTIGATOR, site.study, site, full_name="Dr. Li Na")
    client = logged_in(newcomer)
    assert client.get(address)["Location"] == POLICY
    assert client.post(address, typed(newcomer))["Location"] == POLICY
    assert "legally binding equivalent" in text(client.get(POLICY))
    refused = client.post(POLICY, {"version": POLICY_VERSION})
    assert "This field is required" in text(refused)
    assert not PolicyAcknowledgment.objects.exists()
    assert client.post(POLICY, {"version": POLICY_VERSION, "read": "on"})["Location"] == TO_SIGN
    assert client.get(address).status_code == 200
    assert client.get(POLICY)["Location"] == TO_SIGN


@pytest.mark.requirement("R38")
def test_the_worklist_leads_to_the_forms_of_each_subject(
    vital_signs: VitalSigns, investigator: User, address: str
) -> None:
    client = logged_in(investigator)
    page = client.get(TO_SIGN)
    assert vital_signs.subject.code in text(page)
    assert address in page.content.decode()
    first = client.get("/admin/")
    assert "1 unsigned forms, 1 of them ready" in text(first)
    assert f'href="{TO_SIGN}"' in first.content.decode()


def test_each_form_is_listed_with_its_version_its_page_and_what_stands_against_it(
    vital_signs: VitalSigns, enter: Any, visit: Visit, investigator: User, address: str
) -> None:
    begun = enter(VitalSigns, visit=visit, weight="60")
    html = logged_in(investigator).get(address).content.decode()
    assert f'value="VS:{vital_signs.pk}:1"' in html
    assert f'value="VS:{begun.pk}:1"' not in html, "what cannot be signed is not offered"
    assert "a required question has neither answer nor reason" in html
    assert f"/admin/patients/vitalsigns/{begun.pk}/change/" in html
    assert "<script" not in html.partition("<main")[2].partition("</main")[0]
    assert re.search(r'<input type="password"[^>]*autocomplete="off"', html)


@pytest.mark.requirement("R27")
def test_a_signature_is_shown_on_the_form_in_its_history_in_the_casebook_and_on_its_own_page(
    vital_signs: VitalSigns, investigator: User, coordinator: User, address: str
) -> None:
    client = logged_in(investigator)
    assert client.post(address, typed(investigator, vital_signs)).status_code == 302
    signature = Signature.objects.get()
    reader = logged_in(coordinator)
    form = f"/admin/patients/vitalsigns/{vital_signs.pk}/"
    pages = [
        f"{form}change/",
        f"{form}history/",
        f"/admin/patients/subject/{vital_signs.subject_id}/change/",
        f"/admin/patients/signature/{signature.pk}/change/",
        "/admin/patients/signature/",
    ]
    for page in pages:
        shown = text(reader.get(page))
        for words in ("Dr. Wang Fang", investigator.username, "data are complete and accurate"):
            assert words in shown, (page, words)
    assert re.search(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+\d{4} (Asia/|\( ?Asia/|\(UTC)", text(reader.get(pages[0]))
    )
    correct(coordinator, vital_signs, weight="61")
    for page in pages[:4]:
        assert "VOID" in text(reader.get(page)), page
    for page in (pages[0], pages[1], pages[3]):
        assert "Weight changed" in text(reader.get(page)), page


@pytest.mark.requirement("R30")
def test_a_session_alone_a_wrong_password_and_the_credentials_of_another_sign_nothing(
    vital_signs: VitalSigns, investigator: User, site: Site, address: str
) -> None:
    client, other = logged_in(investigator), who_signs(site)
    alone = client.post(address, typed(investigator, vital_signs, username="", password=""))
    assert "This field is required" in text(alone)
    for wrong in ({"password": "mistyped secret"}, {"username": other.username}):
        reply = client.post(address, typed(investigator, vital_signs, **wrong))
        assert reply.status_code == 403
        assert "Nothing is signed" in text(reply)
        assert "mistyped secret" not in reply.content.decode()
        assert PASSWORD not in reply.content.decode()
        assert "checked" in reply.content.decode(), "what was chosen stays chosen"
    assert not Signature.objects.exists()


@pytest.mark.requirement("R35")
def test_too_many_failures_lock_the_signing_and_a_right_password_does_not_help(
    vital_signs: VitalSigns, investigator: User, address: str, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    client = logged_in(investigator)
    for _attempt in range(3):
        client.post(address, typed(investigator, vital_signs, password="wrong"))
    locked = client.post(address, typed(investigator, vital_signs))
    assert locked.status_code == 429
    assert "Too many failed attempts" in text(locked)
    assert not Signature.objects.exists()


def test_a_form_that_was_changed_since_the_page_was_made_is_named_and_nothing_is_signed(
    vital_signs: VitalSigns, investigator: User, coordinator: User, address: str
) -> None:
    sent = typed(investigator, vital_signs)
    correct(coordinator, vital_signs, weight="61")
    reply = logged_in(investigator).post(address, sent)
    assert reply.status_code == 412
    assert "VS of ZS-001, SCR, entry 1 was changed by somebody else; it is now version 2." in text(reply)
    assert not Signature.objects.exists()


@pytest.mark.requirement("R38")
def test_a_visit_and_the_casebook_are_signed_on_their_pages(
    vital_signs: VitalSigns, man_of_59: Any, visit: Visit, investigator: User, address: str
) -> None:
    client = logged_in(investigator)
    at_visit = f"{address}&scope=VISIT&visit={visit.pk}"
    assert f'type="hidden" name="seen" value="VS:{vital_signs.pk}:1"' in client.get(at_visit).content.decode()
    assert client.post(at_visit, typed(investigator, vital_signs, meaning="VISIT")).status_code == 302
    whole = f"{address}&scope=CASEBOOK"
    incomplete = client.post(whole, typed(investigator, vital_signs, meaning="CASEBOOK"))
    assert incomplete.status_code == 412
    sent = typed(investigator, vital_signs, man_of_59, meaning="CASEBOOK")
    assert client.post(whole, sent).status_code == 302
    hub = text(client.get(f"/admin/patients/subject/{vital_signs.subject_id}/change/"))
    assert "The whole casebook is signed." in hub
    assert [each.scope for each in Signature.objects.order_by("id")] == ["VISIT", "CASEBOOK"]


def test_a_casebook_that_changed_after_sign_off_says_so(
    vital_signs: VitalSigns, man_of_59: Any, investigator: User, coordinator: User
) -> None:
    signing(investigator, vital_signs, man_of_59, meaning="CASEBOOK", scope="CASEBOOK")
    correct(coordinator, vital_signs, weight="61")
    hub = text(logged_in(coordinator).get(f"/admin/patients/subject/{vital_signs.subject_id}/change/"))
    assert "signed in part since: 1 forms changed, 0 forms are new" in hub


@pytest.mark.requirement("R38")
@pytest.mark.parametrize("role", [each for each in Role if each != Role.INVESTIGATOR])
def test_nobody_else_reaches_the_pages_on_which_one_signs(
    role: str, vital_signs: VitalSigns, study: Study, address: str
) -> None:
    user = person(role, study, full_name="Somebody")
    client = logged_in(user)
    for page in (TO_SIGN, POLICY, address):
        assert client.get(page).status_code in (403, 404), page
        assert client.post(page, typed(user, vital_signs)).status_code in (403, 404), page
    assert not Signature.objects.exists()


def test_the_investigator_of_another_site_does_not_learn_of_the_subject(
    vital_signs: VitalSigns, study: Study, address: str
) -> None:
    outsider = who_signs(make_site(study, "XH"))
    client = logged_in(outsider)
    assert client.get(address).status_code == 404
    assert client.post(address, typed(outsider, vital_signs)).status_code == 404
    assert vital_signs.subject.code not in text(client.get(TO_SIGN))


@pytest.mark.parametrize(
    "seen", ["VS", "VS::", "VS:1:x", "XX:1:1", "VS:999999:1", "VS:-1:1", "VS:1:99999999999999999999"]
)
def test_a_form_that_the_page_never_listed_signs_nothing(
    seen: str, vital_signs: VitalSigns, investigator: User, address: str
) -> None:
    sent = typed(investigator, vital_signs) | {"seen": [seen]}
    reply = logged_in(investigator).post(address, sent)
    assert reply.status_code in (200, 412)
    assert "Nothing is signed" in text(reply)
    assert not Signature.objects.exists()


@pytest.mark.parametrize("query", ["&scope=ALL", "&scope=VISIT", "&visit=x", "&visit=999999"])
def test_an_address_that_names_nothing_is_not_found(query: str, investigator: User, address: str) -> None:
    assert logged_in(investigator).get(f"{address}{query}").status_code == 404


def test_the_audit_trail_of_a_signature_and_of_the_casebook_tells_it_in_words(
    vital_signs: VitalSigns, investigator: User, coordinator: User
) -> None:
    signature = signing(investigator, vital_signs)
    client = logged_in(coordinator)
    shown = text(client.get(f"/admin/patients/signature/{signature.pk}/history/"))
    for words in ("Printed name", "Dr. Wang Fang", "Signed at", "What was signed"):
        assert words.lower() in shown.lower(), words
    correct(coordinator, vital_signs, weight="61")
    assert signed(vital_signs).void
    timeline = text(client.get(f"/admin/patients/subject/{vital_signs.subject_id}/history/"))
    assert "Signature of Dr. Wang Fang" in timeline
