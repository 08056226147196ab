"""A query: raised once, closed when the data are mended, settled by an accepted reason."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from patients.actions.queries import accept_reason, run_checks
from patients.actions.save_form import change_form, create_form
from patients.actions.visits import add_unscheduled_visit
from patients.models import Query, QueryState, Visit, VitalSigns
from tests.ecrf.api.client import client_of
from tests.ecrf.api.world import world
from tests.factories import CONSENT_DAY, person
from trials.actions.errors import ReasonRequired, WrongState
from trials.models import Role, User
from trials.roles import NotPermitted

__all__ = ["world"]
HEAVY = {"weight": "140", "measured_on": "2021-03-01"}


@pytest.fixture
def heavy(world: SimpleNamespace) -> VitalSigns:
    """A weight that is unusual."""
    form: VitalSigns = create_form(
        actor=world.coordinator,
        form=VitalSigns,
        subject=world.subject,
        visit=world.subject.visits.get(code="SCR"),
        data=HEAVY,
    )
    return form


@pytest.fixture
def monitor(world: SimpleNamespace) -> User:
    return person(Role.MONITOR, world.study, world.site)


def asked() -> Query:
    return Query.objects.get(field="weight", message__contains="140")


def corrected(world: SimpleNamespace, form: VitalSigns, **data: str) -> VitalSigns:
    form.refresh_from_db()
    saved: VitalSigns = change_form(
        actor=world.coordinator, record=form, version=form.version, data=data, reason="read again"
    )
    return saved


def test_a_settled_query_is_not_asked_again_while_the_value_stands(
    world: SimpleNamespace, heavy: VitalSigns, monitor: User
) -> None:
    accept_reason(actor=monitor, query=asked(), reason="Confirmed on the chart")
    corrected(world, heavy, height="180")
    run_checks(actor=User.objects.system_user(), subjects=[world.subject])
    query = asked()
    assert (query.state, query.accepted_reason) == (QueryState.ACCEPTED, "Confirmed on the chart")


def test_another_value_is_asked_about_anew_although_the_former_was_settled(
    world: SimpleNamespace, heavy: VitalSigns, monitor: User
) -> None:
    accept_reason(actor=monitor, query=asked(), reason="Confirmed on the chart")
    corrected(world, heavy, weight="145")
    states = Query.objects.filter(record_id=heavy.pk, field="weight", form="VS").values_list(
        "state", flat=True
    )
    assert sorted(states) == [QueryState.CLOSED, QueryState.OPEN]


def test_mended_data_close_the_query_and_a_second_fault_raises_a_new_one(
    world: SimpleNamespace, heavy: VitalSigns
) -> None:
    first = asked().pk
    corrected(world, heavy, weight="70")
    assert Query.objects.get(pk=first).state == QueryState.CLOSED
    corrected(world, heavy, weight="140")
    assert Query.objects.get(field="weight", state=QueryState.OPEN, form="VS").pk != first


def test_only_an_open_query_is_settled_and_only_with_a_reason(
    heavy: VitalSigns, monitor: User, world: SimpleNamespace
) -> None:
    with pytest.raises(ReasonRequired):
        accept_reason(actor=monitor, query=asked(), reason="  ")
    accept_reason(actor=monitor, query=asked(), reason="Confirmed")
    with pytest.raises(WrongState):
        accept_reason(actor=monitor, query=asked(), reason="Confirmed")


@pytest.mark.parametrize(
    ("role", "allowed"), [(role, role in (Role.MONITOR, Role.DATA_MANAGER)) for role in Role.values]
)
def test_a_monitor_or_data_manager_settles_a_query_and_nobody_else(
    world: SimpleNamespace, heavy: VitalSigns, role: str, allowed: bool
) -> None:
    actor = person(role, world.study)
    if allowed:
        assert accept_reason(actor=actor, query=asked(), reason="Confirmed").state == QueryState.ACCEPTED
    else:
        with pytest.raises(NotPermitted):
            accept_reason(actor=actor, query=asked(), reason="Confirmed")


def test_the_api_lists_queries_by_check_and_settles_one(world: SimpleNamespace, heavy: VitalSigns) -> None:
    monitor = world.roles[Role.MONITOR]
    query = asked()
    found = monitor.get(f"/api/v1/queries/?subject=ZS-001&check={query.check_id}&state=OPEN").json()[
        "results"
    ]
    [shown] = [each for each in found if each["id"] == query.pk]
    assert (shown["href"], shown["field"]) == (f"/api/v1/vital-signs/{heavy.pk}/", "weight")
    assert monitor.get(shown["href"]).status_code == 200
    accept = f"/api/v1/queries/{query.pk}/accept/"
    seen = {"if_match": f'"{query.version}"'}
    reply = monitor.post(accept, {"change_reason": "Checked"}, format="json", headers=seen)
    assert (reply.status_code, reply.json()["state"]) == (200, "ACCEPTED")
    seen = {"if_match": reply["ETag"]}
    again = monitor.post(accept, {"change_reason": "Checked"}, format="json", headers=seen)
    assert again.status_code == 409


def test_another_sites_query_does_not_exist(world: SimpleNamespace, heavy: VitalSigns) -> None:
    address = f"/api/v1/queries/{asked().pk}/"
    assert world.outsider.get(address).status_code == 404
    assert world.outsider.get("/api/v1/queries/?subject=ZS-001").json()["results"] == []
    abroad = client_of(person(Role.MONITOR, world.study, world.other_site))
    assert abroad.post(f"{address}accept/", {"change_reason": "x"}, format="json").status_code == 404


def test_a_monitor_settles_a_query_on_the_form_where_it_stands(
    heavy: VitalSigns, monitor: User, world: SimpleNamespace
) -> None:
    client = Client()
    client.force_login(monitor, backend="trials.authentication.RoleBackend")
    address = f"/admin/patients/query/{asked().pk}/accept/"
    form = f"/admin/patients/vitalsigns/{heavy.pk}/change/"
    assert address in client.get(form).content.decode()
    refused = client.post(address, {"change_reason": ""})
    assert refused.status_code == 200
    assert asked().state == QueryState.OPEN
    sent = {"change_reason": "Confirmed", "version": str(asked().version)}
    assert client.post(address, sent, follow=True).redirect_chain[-1][0] == form
    assert asked().state == QueryState.ACCEPTED


def test_the_command_counts_queries_by_check_and_raises_none_twice(
    world: SimpleNamespace, heavy: VitalSigns, capsys: Any
) -> None:
    call_command("run_checks")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["check", "kind", "open"]
    assert any(line.split()[0] == asked().check_id for line in lines)
    call_command("run_checks", study=world.study.code)
    assert capsys.readouterr().out.splitlines()[-1] == "0 new"


@pytest.fixture
def late_visit(world: SimpleNamespace) -> Visit:
    """An unscheduled visit on the day of screening: a question about a visit, which has no form."""
    return add_unscheduled_visit(
        actor=world.coordinator, subject=world.subject, occurred_on=CONSENT_DAY, why="pain"
    )


def about_the_visit(visit: Visit) -> Query:
    return Query.objects.get(form="SV", record_id=visit.pk)


def test_the_api_leads_from_a_query_to_the_visit_it_is_about(
    world: SimpleNamespace, late_visit: Visit
) -> None:
    monitor = world.roles[Role.MONITOR]
    [shown] = monitor.get("/api/v1/queries/?form=SV").json()["results"]
    assert (shown["id"], shown["href"]) == (
        about_the_visit(late_visit).pk,
        f"/api/v1/visits/{late_visit.pk}/",
    )
    assert monitor.get(shown["href"]).json()["code"] == "UNS1"


def test_a_monitor_settles_a_query_about_a_visit_on_the_page_of_the_casebook(
    world: SimpleNamespace, late_visit: Visit, monitor: User
) -> None:
    client = Client()
    client.force_login(monitor, backend="trials.authentication.RoleBackend")
    query = about_the_visit(late_visit)
    casebook = f"/admin/patients/subject/{world.subject.pk}/change/"
    accept = f"/admin/patients/query/{query.pk}/accept/"
    page = client.get(casebook).content.decode()
    assert query.message in page
    assert accept in page
    assert casebook in client.get("/admin/patients/query/").content.decode()
    sent = {"change_reason": "Came twice that day", "version": str(query.version)}
    reply = client.post(accept, sent, follow=True)
    assert reply.redirect_chain[-1][0] == casebook
    assert about_the_visit(late_visit).state == QueryState.ACCEPTED
