"""Who had which role where on any day, on the page, over REST and on the command line."""

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from tests.ecrf.access.people import log_in
from tests.ecrf.api.client import client_of
from tests.factories import UserFactory, make_site, make_study, person, save
from trials.access import COLUMNS, Holder, holders_on, newest
from trials.actions import accounts
from trials.audit import clock
from trials.models import Assignment, AuditEvent, Role, Site, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def administrator(site: Site) -> User:
    return person(Role.ADMINISTRATOR, site.study, username="admin", full_name="=cmd()")


@pytest.fixture
def anna(site: Site, administrator: User) -> User:
    """A coordinator in 2021, trained in February; a monitor from 2022 on."""
    user = UserFactory(username="anna")
    given: dict[str, Any] = {"actor": administrator, "user": user, "study": site.study}
    dates = {"valid_from": date(2021, 1, 1), "valid_to": date(2021, 12, 31), "trained_on": date(2021, 2, 1)}
    accounts.assign(**given, site=site, role=Role.COORDINATOR, **dates)
    accounts.assign(**given, role=Role.MONITOR, valid_from=date(2022, 1, 1))
    return user


def held(site: Site, day: date, username: str = "anna", **options: Any) -> list[tuple[str, str]]:
    found = holders_on(day, [site.study], **options)
    return [(each.role, each.site) for each in found if each.username == username]


@pytest.mark.requirement("R40")
@pytest.mark.parametrize(
    ("day", "roles"),
    [
        (date(2020, 12, 31), []),
        (date(2021, 1, 1), [("COORDINATOR", "ZS")]),
        (date(2021, 12, 31), [("COORDINATOR", "ZS")]),
        (date(2022, 1, 1), [("MONITOR", "*")]),
    ],
)
def test_a_role_holds_from_its_first_day_through_its_last(
    site: Site, anna: User, day: date, roles: list[tuple[str, str]]
) -> None:
    assert held(site, day) == roles


@pytest.mark.requirement("R40")
def test_the_list_as_of_an_instant_is_the_one_that_was_recorded_then(
    site: Site, anna: User, administrator: User
) -> None:
    before = AuditEvent.objects.latest("recorded_at").recorded_at
    monitor = Assignment.objects.get(user=anna, role=Role.MONITOR)
    with time_machine.travel(before + timedelta(hours=1)):
        accounts.end_assignment(
            actor=administrator, assignment=monitor, last_day=date(2022, 3, 31), reason="never came"
        )
        assert held(site, date(2022, 6, 1)) == []
        assert held(site, date(2022, 6, 1), as_of=before) == [("MONITOR", "*")]
        assert held(site, date(2022, 6, 1), as_of=before - timedelta(days=1)) == []


def test_the_newest_rows_at_an_instant_are_the_live_rows_now(site: Site, anna: User) -> None:
    rows = {row.id: (row.role, row.valid_from, row.valid_to) for row in newest(Assignment, clock.now())}
    assert rows == {each.pk: (each.role, each.valid_from, each.valid_to) for each in Assignment.objects.all()}


@pytest.mark.requirement("R39")
def test_the_list_tells_whether_the_account_was_open(site: Site, anna: User, administrator: User) -> None:
    def state(day: date) -> str:
        return next(each.account for each in holders_on(day, [site.study]) if each.username == "anna")

    today = clock.now().date()
    assert state(today) == "open"
    assert state(date(2022, 1, 1)) == "not made yet"
    accounts.set_valid_until(actor=administrator, user=anna, valid_until=date(2022, 6, 30), reason="contract")
    assert state(today) == "expired"
    accounts.deactivate(actor=administrator, user=anna, reason="left")
    assert state(today + timedelta(days=1)) == "closed"


@pytest.mark.requirement("R33")
def test_the_list_tells_last_login_training_and_end_of_each_account(site: Site, anna: User) -> None:
    log_in("anna")
    (line,) = [each for each in holders_on(date(2021, 6, 1), [site.study]) if each.username == "anna"]
    assert line.trained_on == date(2021, 2, 1)
    assert line.last_login == AuditEvent.objects.filter(action="log in").get().recorded_at
    assert line.account_valid_until is None
    assert line.second_factor_now is False


def test_administrators_of_the_installation_stand_in_the_list_of_every_study(site: Site, anna: User) -> None:
    UserFactory(username="root", is_superuser=True)
    (root,) = [each for each in holders_on(clock.now().date(), [site.study]) if each.username == "root"]
    assert (root.role, root.study, root.site) == ("ADMINISTRATOR", "*", "*")


def test_roles_in_a_study_that_is_not_asked_about_are_not_told(site: Site, anna: User) -> None:
    other = make_study("OTHER")
    assert [each.username for each in holders_on(date(2021, 6, 1), [other])] == []


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    site: Site, anna: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        person(Role.MONITOR, site.study, username=f"monitor{number}")
    with django_assert_max_num_queries(8):
        assert len(holders_on(date(2022, 6, 1), [site.study])) >= 20


# ---------------------------------------------------------------- faces
def test_rest_tells_administrators_the_roles_of_a_day(site: Site, anna: User, administrator: User) -> None:
    reply = client_of(administrator).get("/api/v1/access/?on=2021-06-01")
    assert reply.status_code == 200
    lines = reply.json()["results"]
    assert set(lines[0]) == set(COLUMNS) == set(Holder.__dataclass_fields__)
    assert {each["username"]: each["role"] for each in lines} == {
        "anna": "COORDINATOR",
        "admin": "ADMINISTRATOR",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("on=2021-02-30", "on"),
        ("on=2021", "on"),
        ("as_of=yesterday", "as_of"),
        ("study=OTHER", "study"),
        ("x=1", "x"),
    ],
)
def test_a_day_that_is_none_is_refused_by_name(administrator: User, query: str, field: str) -> None:
    make_study("OTHER")
    reply = client_of(administrator).get(f"/api/v1/access/?{query}")
    assert reply.status_code == 400
    assert list(reply.json()["errors"]) == [field]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_else_learns_who_has_which_role(site: Site, role: Role) -> None:
    user = person(role, site.study)
    assert client_of(user).get("/api/v1/access/").status_code == 403
    browser, _reply = log_in(user.username)
    assert browser.get("/admin/trials/assignment/on/").status_code == 404


def test_the_page_and_its_file_tell_the_same_and_no_spreadsheet_calculates_it(
    site: Site, anna: User, administrator: User
) -> None:
    browser, _reply = log_in("admin")
    page = browser.get("/admin/trials/assignment/on/?on=2021-06-01")
    assert "Coordinator" in page.content.decode()
    reply = browser.get("/admin/trials/assignment/on/?on=2021-06-01&format=csv")
    assert reply["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(reply.content.decode())))
    assert {(each["username"], each["role"]) for each in lines} == {
        ("anna", "COORDINATOR"),
        ("admin", "ADMINISTRATOR"),
    }
    assert {each["full_name"] for each in lines} == {"", "'=cmd()"}
    wrong = browser.get("/admin/trials/assignment/on/?on=2021-02-30&format=csv")
    assert "is not a date" in wrong.content.decode()


def test_the_command_prints_the_list_as_text_json_and_csv(site: Site, anna: User) -> None:
    def printed(**options: Any) -> str:
        out = io.StringIO()
        call_command("report", "access", on="2021-06-01", stdout=out, **options)
        return out.getvalue()

    assert "anna" in printed()
    assert printed().startswith("Roles on 2021-06-01\n")
    names = {each["username"] for each in json.loads(printed(format="json"))["results"]}
    assert names == {each["username"] for each in csv.DictReader(io.StringIO(printed(format="csv")))}
    for wrong in ({"on": "2021"}, {"as_of": "yesterday"}, {"cutoff": "2021-01-01"}):
        with pytest.raises(CommandError):
            call_command("report", "access", **wrong)
    with pytest.raises(CommandError, match="of the report access"):
        call_command("report", "efficacy", on="2021-06-01")


def test_a_role_that_was_corrected_stands_as_it_is_known_now(site: Site, anna: User) -> None:
    wrong = Assignment.objects.get(user=anna, role=Role.COORDINATOR)
    wrong.valid_to = date(2021, 5, 31)
    save(site.study.chain, wrong)
    assert held(site, date(2021, 6, 1)) == []
    assert held(site, date(2021, 5, 31)) == [("COORDINATOR", "ZS")]
