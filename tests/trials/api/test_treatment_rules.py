"""The dose-modification table and prohibited medication over REST: read whole, approved elsewhere."""

from types import SimpleNamespace

import pytest

from tests.ecrf.api.client import Client, client_of, results
from tests.factories import PASSWORD, UserFactory, assign, make_study, person
from tests.reentry import typed
from tests.screening import registered_study
from trials.actions.dose_modifications import approve_dose_modifications
from trials.models import DoseModificationTable, ProhibitedMedication, Role, Site, Study, User

pytestmark = pytest.mark.django_db
TABLES = "/api/v1/dose-modification-tables/"
PROHIBITED = "/api/v1/prohibited-medications/"


@pytest.fixture
def study() -> Study:
    return registered_study()


@pytest.fixture
def coordinator(study: Study) -> Client:
    return client_of(person(Role.COORDINATOR, study, Site.objects.get(study=study)))


def test_a_version_comes_with_its_levels_groups_and_every_row(study: Study, coordinator: Client) -> None:
    [shown] = results(coordinator.get(TABLES))
    held = DoseModificationTable.objects.get(study=study)
    assert [row["code"] for row in shown["rows"]] == [row.code for row in held.rows.order_by("order")]
    rows = {row["code"]: row for row in shown["rows"]}
    for stored in held.rows.select_related("drug", "events", "other_than"):
        told = rows[stored.code]
        assert (told["drug"], told["action"], told["text"]) == (stored.drug.code, stored.action, stored.text)
        assert told["events"] == (stored.events.code if stored.events else None)
        assert told["other_than"] == (stored.other_than.code if stored.other_than else None)
    lenvatinib = [
        (each["starting_dose"], each["reductions"], each["dose"], each["frequency"])
        for each in shown["levels"]
        if each["drug"] == "LENVATINIB"
    ]
    assert lenvatinib == [
        ("12.000", 1, "8.000", "QD"),
        ("12.000", 2, "4.000", "QD"),
        ("12.000", 3, "4.000", "QOD"),
        ("8.000", 1, "4.000", "QD"),
        ("8.000", 2, "4.000", "QOD"),
    ]
    hypertension = next(each for each in shown["event_groups"] if each["code"] == "HYPERTENSION")
    assert hypertension["terms"] == ["Hypertension"]


def test_a_version_says_whether_by_whom_and_when_it_was_approved(study: Study, coordinator: Client) -> None:
    address = f"{TABLES}1/?fields=is_approved,approved_by,approved_on"
    assert coordinator.get(address).json() == {"is_approved": False, "approved_by": None, "approved_on": None}
    principal = person(Role.INVESTIGATOR, study, username="chief")
    table = DoseModificationTable.objects.get(study=study)
    approved = approve_dose_modifications(
        actor=principal, table=table, reason="Discussed with the pharmacist", reentry=typed(principal)
    )
    assert coordinator.get(address).json() == {
        "is_approved": True,
        "approved_by": "chief",
        "approved_on": approved.approved_on.isoformat(),
    }


def test_versions_are_found_by_their_approval(
    treatment_rules: DoseModificationTable, world: SimpleNamespace
) -> None:
    def codes(asked: str) -> list[str]:
        return [each["code"] for each in results(world.client.get(f"{TABLES}?approved={asked}"))]

    assert (codes("false"), codes("true")) == (["1"], [])
    principal = person(Role.INVESTIGATOR, world.study)
    approve_dose_modifications(
        actor=principal, table=treatment_rules, reason="Discussed", reentry=typed(principal)
    )
    assert (codes("false"), codes("true")) == ([], ["1"])
    assert set(world.client.get(f"{TABLES}?approved=maybe").json()["errors"]) == {"approved"}


def credentials(user: User, **more: str) -> dict[str, str]:
    return {"username": user.username, "password": PASSWORD, "change_reason": "Discussed"} | more


def test_the_principal_investigator_approves_a_version_with_the_password_entered_anew(study: Study) -> None:
    user = person(Role.INVESTIGATOR, study)
    principal = client_of(user)
    refused = {
        "no password": ({"username": user.username, "change_reason": "Discussed"}, 403),
        "wrong password": (credentials(user, password="wrong"), 403),
        "the name of another": (credentials(person(Role.INVESTIGATOR, study)), 403),
        "no reason": (credentials(user, change_reason=""), 400),
        "an unknown member": (credentials(user, force="yes"), 400),
    }
    for why, (body, status) in refused.items():
        reply = principal.post(f"{TABLES}1/approve/", body, format="json")
        assert reply.status_code == status, why
        assert PASSWORD not in reply.content.decode()
    assert not DoseModificationTable.objects.get(study=study).is_approved
    reply = principal.post(f"{TABLES}1/approve/", credentials(user), format="json")
    assert (reply.status_code, reply.json()["approved_by"]) == (200, user.username)
    assert principal.post(f"{TABLES}1/approve/", credentials(user), format="json").status_code == 409


def test_nobody_else_approves_a_version(study: Study) -> None:
    for role in set(Role) - {Role.INVESTIGATOR}:
        user = person(role, study)
        reply = client_of(user).post(f"{TABLES}1/approve/", credentials(user), format="json")
        assert reply.status_code == 403, role
    assert not DoseModificationTable.objects.get(study=study).is_approved


def test_a_version_is_neither_made_nor_changed_nor_removed_here(study: Study) -> None:
    principal = client_of(person(Role.INVESTIGATOR, study))
    for method in ("post", "put", "patch", "delete"):
        assert getattr(principal, method)(f"{TABLES}1/", {}, format="json").status_code == 405, method


def test_prohibited_medication_tells_its_names_and_when_it_applies(study: Study, coordinator: Client) -> None:
    shown = {each["code"]: each for each in results(coordinator.get(f"{PROHIBITED}?page_size=200"))}
    held = ProhibitedMedication.objects.filter(study=study)
    assert set(shown) == {each.code for each in held}
    for each in held:
        told = shown[each.code]
        assert told["names"] == each.names
        assert told["valid_from"] == each.valid_from.isoformat()
        assert told["days_before_first_dose"] == each.days_before_first_dose
    assert coordinator.get(f"{PROHIBITED}ANTICANCER/").json() == shown["ANTICANCER"]


@pytest.mark.usefixtures("treatment_rules")
def test_prohibitions_are_found_by_the_day_on_which_they_are_in_force(world: SimpleNamespace) -> None:
    def on(day: str) -> list[str]:
        return [each["code"] for each in results(world.client.get(f"{PROHIBITED}?valid_on={day}"))]

    assert (on("2020-03-05"), on("2020-03-06"), on("2030-01-01")) == ([], ["VKA"], ["VKA"])
    assert set(world.client.get(f"{PROHIBITED}?valid_on=soon").json()["errors"]) == {"valid_on"}


@pytest.mark.usefixtures("treatment_rules")
def test_the_rules_of_another_study_do_not_exist(world: SimpleNamespace) -> None:
    stranger = client_of(assign(UserFactory(), Role.DATA_MANAGER, make_study("TEST-2")))
    for noun, code in ((TABLES, "1"), (PROHIBITED, "VKA")):
        assert results(stranger.get(noun)) == []
        assert stranger.get(f"{noun}{code}/").status_code == 404
        assert client_of(UserFactory()).get(noun).status_code == 403
        assert results(world.outsider.get(noun)), "protocol data are of the study, not of a site"
