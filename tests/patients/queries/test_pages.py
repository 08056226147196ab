"""Queries on pages: asked beside an answer, answered, closed; everybody finds what is theirs to do."""

from typing import Any

import pytest
from django.test import Client

from patients.actions.ask import answer_query
from patients.models import MessageKind, Query, QueryState, RaisedBy
from tests.ecrf.admin.test_number_of_queries import client_of, queries
from tests.factories import make_site, person
from tests.patients.queries.desk import Desk, desk, kinds, now, said
from trials.models import Role

__all__ = ["desk"]

ADD = "/admin/patients/query/add/"
STEPS = ("answer", "comment", "close", "reopen", "withdraw")


def form_page(desk: Desk) -> str:
    return f"/admin/patients/vitalsigns/{desk.form.pk}/change/"


def page(query: Query, name: str = "change") -> str:
    return f"/admin/patients/query/{query.pk}/{name}/"


def text_of(client: Client, path: str, status: int = 200) -> str:
    reply = client.get(path)
    assert reply.status_code == status, path
    return reply.content.decode()


def test_a_monitor_asks_beside_an_answer_and_the_site_answers_in_words(desk: Desk) -> None:
    monitor, site = client_of(desk.monitor), client_of(desk.coordinator)
    ask = f"{ADD}?form=VS&amp;record={desk.form.pk}&amp;field=weight"
    assert ask in text_of(monitor, form_page(desk))
    ask = ask.replace("&amp;", "&")
    shown = text_of(monitor, ask)
    assert "Weight" in shown
    assert "70 kg" in shown
    reply = monitor.post(ask, {"text": "Is it in the source?", "severity": "HARD"})
    [query] = Query.objects.filter(raised_by=RaisedBy.MONITOR)
    assert reply["Location"].endswith(f"#query-{query.pk}")
    assert (query.field, query.severity, query.message) == ("weight", "HARD", "Is it in the source?")

    form = text_of(site, form_page(desk))
    assert "Is it in the source?" in form
    assert page(query, "answer") in form
    assert page(query, "close") not in form
    sent = {"text": "The source confirms the value", "version": "1"}
    assert site.post(page(query, "answer"), sent)["Location"] == page(query)
    assert "The source confirms the value" in text_of(monitor, form_page(desk))
    closing = text_of(monitor, page(query, "close"))
    assert "The source confirms the value" in closing
    assert monitor.post(page(query, "close"), {"text": "Seen", "version": "2"}).status_code == 302
    assert said(query) == [("ANSWER", "The source confirms the value"), ("CLOSE", "Seen")]
    assert "Is it in the source?" not in text_of(site, form_page(desk))


def test_a_line_is_asked_about_by_its_number(desk: Desk) -> None:
    ask = f"{ADD}?form=VS&record={desk.form.pk}&rows=blood_pressures&repeat=2&field=systolic"
    monitor = client_of(desk.monitor)
    assert ask.replace("&", "&amp;") in text_of(monitor, form_page(desk))
    monitor.post(ask, {"text": "Is it in the source?"})
    [query] = Query.objects.filter(raised_by=RaisedBy.MONITOR)
    assert (query.row_id, query.severity) == (desk.form.blood_pressures.get(repeat=2).pk, "SOFT")


def test_a_visit_is_asked_about(desk: Desk) -> None:
    visit = desk.subject.visits.get(code="SCR")
    monitor = client_of(desk.monitor)
    ask = f"{ADD}?form=SV&record={visit.pk}"
    assert ask.replace("&", "&amp;") in text_of(monitor, f"/admin/patients/subject/{desk.subject.pk}/change/")
    monitor.post(ask, {"text": "Which day?"})
    [query] = Query.objects.filter(raised_by=RaisedBy.MONITOR)
    assert (query.form, query.record_id) == ("SV", visit.pk)
    assert "Which day?" in text_of(monitor, page(query))


@pytest.mark.parametrize(
    "asked",
    [
        "form=ZZ&record=1",
        "form=VS&record=0",
        "form=VS&record=x",
        "form=VS",
        "form=VS&record=99999999999999999999",
        "form=VS&record={form}&field=no_such",
        "form=VS&record={form}&rows=no_such&repeat=1",
        "form=VS&record={form}&rows=blood_pressures&repeat=9",
        "form=VS&record={form}&repeat=1",
    ],
)
def test_nobody_asks_about_what_does_not_exist(desk: Desk, asked: str) -> None:
    monitor, path = client_of(desk.monitor), f"{ADD}?{asked.format(form=desk.form.pk)}"
    assert monitor.get(path).status_code == 404
    assert monitor.post(path, {"text": "?"}).status_code == 404
    assert not Query.objects.exclude(raised_by=RaisedBy.CHECK).exists()


@pytest.mark.parametrize("role", Role.values)
def test_a_step_that_a_role_has_not_is_refused_on_its_page_too(desk: Desk, role: str) -> None:
    client = client_of(person(role, desk.study))
    asks = role in (Role.MONITOR, Role.DATA_MANAGER)
    answers = role in (Role.COORDINATOR, Role.INVESTIGATOR)
    ask = f"{ADD}?form=VS&record={desk.form.pk}&field=weight"
    assert (client.post(ask, {"text": "?"}).status_code == 302) is asks
    to_answer, to_close, to_withdraw = desk.ask(), desk.ask(), desk.ask()
    answer_query(actor=desk.coordinator, query=to_close, words="As in the source")
    of = {"answer": to_answer, "comment": to_answer, "withdraw": to_withdraw}
    allowed = {
        "comment": asks or answers,
        "answer": answers,
        "close": asks,
        "reopen": asks,
        "withdraw": asks,
    }
    for name in ("comment", "answer", "close", "reopen", "withdraw"):
        query = of.get(name, to_close)
        before = kinds(query)
        reply = client.post(page(query, name), {"text": "x", "version": str(now(query).version)})
        assert (reply.status_code == 302) is allowed[name], name
        if not allowed[name]:
            assert reply.status_code == 403
            assert kinds(query) == before


@pytest.mark.requirement("R04")
def test_another_sites_query_has_no_page_and_stands_in_no_list_or_number(desk: Desk) -> None:
    query = desk.ask(words="A planted question")
    abroad = client_of(person(Role.MONITOR, desk.study, make_site(desk.study, "XH")))
    for path in (page(query), *(page(query, name) for name in STEPS), page(query, "history")):
        assert abroad.get(path).status_code == 404, path
        assert abroad.post(path, {"text": "x", "version": "1"}).status_code in (403, 404), path
    ask = f"{ADD}?form=VS&record={desk.form.pk}&field=weight"
    assert abroad.get(ask).status_code == 404
    for path in ("/admin/", "/admin/patients/query/", f"/admin/patients/query/?q={desk.subject.code}"):
        assert "planted" not in text_of(abroad, path)
    assert "<strong>0</strong> Asked by me" in text_of(abroad, "/admin/")
    assert kinds(query) == []


def test_a_stale_step_shows_what_was_said_in_between_and_keeps_what_was_typed(desk: Desk) -> None:
    query = desk.ask()
    answer_query(actor=desk.investigator, query=query, words="Said by the investigator")
    reply = client_of(desk.coordinator).post(
        page(query, "comment"), {"text": "Typed by the coordinator", "version": "1"}
    )
    shown = reply.content.decode()
    assert reply.status_code == 412
    assert "Said by the investigator" in shown
    assert "Typed by the coordinator" in shown
    assert 'name="version" value="2"' in shown
    assert kinds(query) == [MessageKind.ANSWER]


def test_a_step_without_words_or_version_stores_nothing(desk: Desk) -> None:
    query, site = desk.ask(), client_of(desk.coordinator)
    assert site.post(page(query, "answer"), {"text": " ", "version": "1"}).status_code == 200
    assert site.post(page(query, "answer"), {"text": "x"}).status_code == 412
    assert (now(query).state, kinds(query)) == (QueryState.OPEN, [])


@pytest.mark.requirement("R13")
def test_the_page_of_a_query_shows_the_correction_and_the_history_of_the_form_the_query(desk: Desk) -> None:
    query = desk.ask()
    desk.correct(weight="71")
    shown = text_of(client_of(desk.monitor), page(query))
    assert "<del>70 kg</del>" in shown
    assert "<ins>71 kg</ins>" in shown
    history = text_of(client_of(desk.monitor), f"/admin/patients/vitalsigns/{desk.form.pk}/history/")
    assert f'<a href="{page(query)}">query {query.pk}</a>' in history


def test_a_correction_on_the_page_answers_the_query_that_is_ticked(desk: Desk) -> None:
    query = desk.ask(record=desk.sample(), field="collected_on")
    site = client_of(desk.coordinator)
    shown = text_of(site, form_page(desk))
    assert f'name="answers_queries" value="{query.pk}"' in shown
    sent: dict[str, Any] = {
        "version": "1",
        "change_reason": "read again",
        "measured_on": "2021-03-01",
        "weight": "70",
        "pulse": "80",
        "answers_queries": str(query.pk),
        "blood_pressures-TOTAL_FORMS": "0",
        "blood_pressures-INITIAL_FORMS": "0",
    }
    wrong = site.post(form_page(desk), sent | {"answers_queries": "x"})
    assert wrong.status_code == 200
    assert "must be a list of ids of queries" in wrong.content.decode()
    reply = site.post(form_page(desk), sent)
    assert reply.status_code == 302, reply.content.decode()[-3000:]
    assert now(query).state == QueryState.ANSWERED


@pytest.mark.parametrize("where", ["form", "query", "list", "casebook", "overview", "history"])
def test_a_reader_of_coded_data_finds_no_words_of_people_on_any_page(desk: Desk, where: str) -> None:
    query = desk.ask(words="A planted question")
    answer_query(actor=desk.coordinator, query=query, words="A planted answer")
    desk.ask(field="pulse", words="A planted question")
    paths = {
        "form": form_page(desk),
        "query": page(query),
        "list": "/admin/patients/query/",
        "casebook": f"/admin/patients/subject/{desk.subject.pk}/change/",
        "overview": "/admin/",
        "history": page(query, "history"),
    }
    client = client_of(desk.statistician)
    shown = text_of(client, paths[where], 403 if where == "history" else 200)
    assert "planted" not in shown
    if where in ("form", "query", "list"):
        assert "withheld" in shown
    assert "planted" in text_of(client_of(desk.monitor), paths[where])


def test_a_page_costs_no_more_for_a_longer_thread_or_more_queries(desk: Desk) -> None:
    monitor = client_of(desk.monitor)
    first = desk.ask()
    paths = [form_page(desk), page(first), "/admin/patients/query/", "/admin/"]
    few = {path: queries(monitor, path) for path in paths}
    for number in range(5):
        query = desk.ask(field="pulse")
        answer_query(actor=desk.coordinator, query=query, words=str(number))
    answer_query(actor=desk.coordinator, query=first, words="one")
    answer_query_again(desk, first)
    assert {path: number for path in paths if (number := queries(monitor, path)) > few[path]} == {}


def answer_query_again(desk: Desk, query: Query) -> None:
    from patients.actions.ask import reopen_query

    for _each in range(3):
        reopen_query(actor=desk.monitor, query=query, words="Where?")
        answer_query(actor=desk.coordinator, query=query, words="There")
