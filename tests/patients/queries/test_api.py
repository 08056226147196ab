"""Queries over REST: rights, scope, versions, keys, filters."""

from typing import Any

import pytest

from patients.actions.ask import answer_query
from patients.models import MessageKind, Query, QueryMessage, QueryState, RaisedBy
from tests.ecrf.api.client import client_of
from tests.factories import coordinator_of, make_site, person, screened_subject
from tests.patients.queries.desk import Desk, desk, kinds, now
from trials.models import AuditEvent, Role

__all__ = ["desk"]
QUERIES = "/api/v1/queries/"
STEPS = ("answer", "comment", "close", "reopen", "withdraw")


def body(desk: Desk, **more: Any) -> dict[str, Any]:
    return {"form": "VS", "record_id": desk.form.pk, "field": "weight", "text": "Is it in the source?"} | more


def step(client: Any, query: Query, name: str, words: str = "As in the source", **headers: str) -> Any:
    sent = {"if_match": f'"{now(query).version}"'} | headers
    return client.post(f"{QUERIES}{query.pk}/{name}/", {"text": words}, format="json", headers=sent)


def test_a_query_goes_from_the_question_to_its_end_with_its_whole_thread(desk: Desk) -> None:
    monitor, site = client_of(desk.monitor), client_of(desk.coordinator)
    made = monitor.post(QUERIES, body(desk, severity="HARD"), format="json")
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    shown = made.json()
    assert {name: shown[name] for name in ("state", "raised_by", "check", "visit", "field", "severity")} == {
        "state": "OPEN",
        "raised_by": "MONITOR",
        "check": "",
        "visit": "SCR",
        "field": "weight",
        "severity": "HARD",
    }
    query = Query.objects.get(pk=shown["id"])
    assert step(site, query, "answer").json()["state"] == "ANSWERED"
    assert step(monitor, query, "reopen", "On which page?").json()["reopened"] == 1
    assert step(site, query, "comment", "We look it up").json()["state"] == "OPEN"
    assert step(site, query, "answer", "On page 3").status_code == 200
    closed = step(monitor, query, "close", "Seen").json()
    assert closed["state"] == "CLOSED"
    assert [(turn["kind"], turn["text"]) for turn in closed["thread"]] == [
        ("QUESTION", "Is it in the source?"),
        ("ANSWER", "As in the source"),
        ("REOPEN", "On which page?"),
        ("COMMENT", "We look it up"),
        ("ANSWER", "On page 3"),
        ("CLOSE", "Seen"),
    ]
    assert [turn["actor"] for turn in closed["thread"]][:2] == [str(desk.monitor), str(desk.coordinator)]
    assert [turn["role"] for turn in closed["thread"]][:2] == ["MONITOR", "COORDINATOR"]


def test_a_query_about_a_line_is_addressed_by_its_number(desk: Desk) -> None:
    monitor = client_of(desk.monitor)
    sent = body(desk, rows="blood_pressures", repeat=2, field="systolic")
    shown = monitor.post(QUERIES, sent, format="json").json()
    assert (shown["rows"], shown["repeat"]) == ("blood_pressures", 2)
    [listed] = monitor.get(f"{QUERIES}?field=systolic").json()["results"]
    assert (listed["rows"], listed["repeat"], "thread" in listed) == ("blood_pressures", 2, False)


def test_a_query_about_a_visit_leads_to_the_visit(desk: Desk) -> None:
    visit = desk.subject.visits.get(code="SCR")
    sent = {"form": "SV", "record_id": visit.pk, "text": "Which day?"}
    shown = client_of(desk.monitor).post(QUERIES, sent, format="json").json()
    assert (shown["href"], shown["visit"], shown["field"]) == (f"/api/v1/visits/{visit.pk}/", "SCR", "")


@pytest.mark.parametrize(
    ("wrong", "named", "status"),
    [
        ({"form": "ZZ"}, "form", 400),
        ({"form": None}, "form", 400),
        ({"record_id": "1"}, "record_id", 400),
        ({"record_id": True}, "record_id", 400),
        ({"record_id": 2**63}, "record_id", 400),
        ({"record_id": 999_999}, "record_id", 404),
        ({"field": "no_such"}, "field", 400),
        ({"field": "systolic"}, "field", 400),
        ({"rows": "no_such", "repeat": 1}, "rows", 400),
        ({"rows": "blood_pressures"}, "repeat", 400),
        ({"repeat": 1}, "rows", 400),
        ({"rows": "blood_pressures", "repeat": 9, "field": "systolic"}, "repeat", 400),
        ({"severity": "URGENT"}, "severity", 400),
        ({"text": ""}, "text", 400),
        ({"text": "  \n"}, "text", 400),
        ({"text": "\x00"}, "text", 400),
        ({"text": 3}, "text", 400),
        ({"text": "x" * 2001}, "text", 400),
        ({"state": "CLOSED"}, "state", 400),
        ({"raised_by": "DATA_MANAGER"}, "raised_by", 400),
    ],
)
def test_a_wrong_question_is_refused_by_field_and_leaves_nothing(
    desk: Desk, wrong: dict[str, Any], named: str, status: int
) -> None:
    events = AuditEvent.objects.count()
    reply = client_of(desk.monitor).post(QUERIES, body(desk, **wrong), format="json")
    assert (reply.status_code, named in reply.json()["errors"]) == (status, True)
    assert not Query.objects.exclude(raised_by=RaisedBy.CHECK).exists()
    assert AuditEvent.objects.count() == events


MAY_ASK = (Role.MONITOR, Role.DATA_MANAGER)
MAY_ANSWER = (Role.COORDINATOR, Role.INVESTIGATOR)


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("role", Role.values)
def test_each_role_does_to_a_query_what_is_its_own_and_nothing_else(desk: Desk, role: str) -> None:
    client = client_of(person(role, desk.study))
    reads = role not in (Role.RANDOMIZATION_KEEPER, Role.ADMINISTRATOR)
    asks, answers = role in MAY_ASK, role in MAY_ANSWER
    assert (client.post(QUERIES, body(desk), format="json").status_code == 201) is asks
    to_answer, to_close, to_withdraw = desk.ask(), desk.ask(), desk.ask()
    answer_query(actor=desk.coordinator, query=to_close, words="As in the source")
    events, said = AuditEvent.objects.count(), QueryMessage.objects.count()
    allowed = {
        "comment": asks or answers,
        "answer": answers,
        "close": asks,
        "reopen": asks,
        "withdraw": asks,
    }
    of = {"answer": to_answer, "comment": to_answer, "withdraw": to_withdraw}
    for name, may in allowed.items():
        reply = step(client, of.get(name, to_close), name)
        assert (reply.status_code == 200) is may, name
        assert reply.status_code in (200, 403), name
    done = sum(allowed.values())
    assert AuditEvent.objects.count() == events + done
    assert QueryMessage.objects.count() == said + done
    assert (client.get(f"{QUERIES}{to_answer.pk}/").status_code == 200) is reads


def test_a_data_managers_query_is_closed_by_data_managers_only(desk: Desk) -> None:
    query = desk.ask(desk.manager)
    answer_query(actor=desk.coordinator, query=query, words="As in the source")
    monitor, manager = client_of(desk.monitor), client_of(desk.manager)
    for name in ("close", "reopen", "withdraw"):
        assert step(monitor, query, name).status_code == 403
    assert now(query).state == QueryState.ANSWERED
    assert step(manager, query, "close").status_code == 200
    of_monitor = desk.ask()
    answer_query(actor=desk.coordinator, query=of_monitor, words="As in the source")
    assert step(manager, of_monitor, "close").status_code == 200


@pytest.mark.parametrize("name", ["close", "withdraw"])
def test_a_query_of_a_check_is_settled_or_mended_and_not_closed_by_hand(desk: Desk, name: str) -> None:
    form = desk.entered(weight="140")
    query = Query.objects.get(record_id=form.pk, field="weight", message__contains="140")
    answer_query(actor=desk.coordinator, query=query, words="As in the source")
    assert step(client_of(desk.monitor), query, name).status_code == 409
    assert now(query).state == QueryState.ANSWERED
    assert step(client_of(desk.monitor), query, "reopen").status_code == 200


def test_a_persons_query_is_not_settled_as_one_of_a_check(desk: Desk) -> None:
    query = desk.ask()
    reply = client_of(desk.monitor).post(
        f"{QUERIES}{query.pk}/accept/", {"change_reason": "x"}, format="json", headers={"if_match": '"1"'}
    )
    assert (reply.status_code, now(query).state) == (409, QueryState.OPEN)


@pytest.mark.requirement("R04")
def test_another_sites_query_does_not_exist_in_any_list_count_filter_or_step(desk: Desk) -> None:
    query = desk.ask(severity="HARD")
    other = make_site(desk.study, "XH")
    abroad = coordinator_of(other)
    screened_subject(abroad, other)
    for client in (client_of(abroad), client_of(person(Role.MONITOR, desk.study, other))):
        assert client.get(f"{QUERIES}{query.pk}/").status_code == 404
        for name in STEPS:
            assert step(client, query, name).status_code == 404
        for asked in (f"subject={desk.subject.code}", f"record_id={desk.form.pk}", "worklist=to_answer"):
            found = client.get(f"{QUERIES}?{asked}").json()["results"]
            assert query.pk not in {each["id"] for each in found}
        refused = client.post(QUERIES, body(desk), format="json")
        assert refused.status_code == 404
        assert refused.json()["errors"] == {"record_id": ["is not a known form or visit"]}
    assert kinds(query) == []


def test_a_step_needs_the_version_that_was_read(desk: Desk) -> None:
    query, site = desk.ask(), client_of(desk.coordinator)
    address = f"{QUERIES}{query.pk}/answer/"
    assert site.post(address, {"text": "x"}, format="json").status_code == 428
    stale = site.post(address, {"text": "x"}, format="json", headers={"if_match": '"7"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 1)
    assert stale.json()["current"]["state"] == "OPEN"
    assert now(query).state == QueryState.OPEN


@pytest.mark.parametrize("words", ["", " \t", None, 4, "x" * 2001])
@pytest.mark.parametrize("name", STEPS)
def test_a_step_without_fit_words_is_refused(desk: Desk, name: str, words: Any) -> None:
    query = desk.ask()
    client = client_of(desk.coordinator if name in ("answer", "comment") else desk.monitor)
    reply = step(client, query, name, words)
    assert reply.status_code == 400
    assert "text" in reply.json()["errors"]
    assert (now(query).version, kinds(query)) == (1, [])


def test_a_key_sent_twice_asks_and_answers_once(desk: Desk) -> None:
    monitor, site = client_of(desk.monitor), client_of(desk.coordinator)
    key = {"idempotency_key": "one"}
    first = monitor.post(QUERIES, body(desk), format="json", headers=key)
    again = monitor.post(QUERIES, body(desk), format="json", headers=key)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert monitor.post(QUERIES, body(desk, text="?"), format="json", headers=key).status_code == 422
    [query] = Query.objects.filter(raised_by=RaisedBy.MONITOR)
    sent = {"if_match": '"1"', "idempotency_key": "two"}
    assert step(site, query, "answer", **sent).status_code == 200
    repeated = step(site, query, "answer", **sent)
    assert (repeated.status_code, repeated["Idempotency-Replayed"]) == (200, "true")
    assert kinds(query) == [MessageKind.ANSWER]


def test_a_reader_of_coded_data_sees_states_and_no_words_of_people(desk: Desk) -> None:
    query = desk.ask(words="A planted question")
    answer_query(actor=desk.coordinator, query=query, words="A planted answer")
    desk.correct(weight="71")
    form = desk.entered(weight="140")
    of_check = Query.objects.get(record_id=form.pk, field="weight", message__contains="140")
    client = client_of(desk.statistician)
    shown = client.get(f"{QUERIES}{query.pk}/")
    assert "planted" not in shown.content.decode()
    assert [turn["text"] for turn in shown.json()["thread"]] == ["withheld", "withheld", ""]
    assert [turn["changes"] for turn in shown.json()["thread"]] == [[], [], []]
    assert shown.json()["state"] == "ANSWERED"
    listed = {each["id"]: each for each in client.get(QUERIES).json()["results"]}
    assert listed[query.pk]["message"] == "withheld"
    assert "140" not in listed[of_check.pk]["message"]


def test_lists_are_asked_for_by_what_a_query_is_about(desk: Desk) -> None:
    asked = desk.ask(severity="HARD")
    desk.ask(field="pulse")
    desk.ask(desk.manager, field="pulse")
    client = client_of(desk.monitor)

    def found(query: str) -> set[int]:
        return {each["id"] for each in client.get(f"{QUERIES}?{query}").json()["results"]}

    own = {
        "form=VS&field=weight&raised_by=MONITOR",
        f"record_id={desk.form.pk}&severity=HARD&raised_by=MONITOR",
    }
    for query in own:
        assert found(query) == {asked.pk}
    assert len(found("raised_by=DATA_MANAGER")) == 1
    assert asked.pk in found("visit=SCR")
    assert found("visit=C1D1") == set()
    assert found("raised_from=2100-01-01") == set()
    assert asked.pk in found("raised_to=2100-01-01")
    assert asked.pk in found("worklist=mine")
    assert found("worklist=to_answer") == set()
    assert client.get(f"{QUERIES}?worklist=all").status_code == 400
    assert client.get(f"{QUERIES}?whose=1").status_code == 400


@pytest.mark.requirement("R13")
def test_a_correction_by_patch_names_the_query_that_it_answers_and_its_history_shows_it(desk: Desk) -> None:
    query = desk.ask(record=desk.sample(), field="collected_on")
    client, address = client_of(desk.coordinator), f"/api/v1/vital-signs/{desk.form.pk}/"
    sent = {"pulse": "80", "change_reason": "read again", "answers_queries": [query.pk]}
    reply = client.patch(address, sent, format="json", headers={"if_match": '"1"'})
    assert reply.status_code == 200, reply.json()
    assert now(query).state == QueryState.ANSWERED
    history = client.get(f"{address}history/").json()
    assert [each["queries"] for each in history] == [[], [query.pk]]


def test_a_patch_that_names_a_foreign_query_stores_nothing(desk: Desk) -> None:
    client, address = client_of(desk.coordinator), f"/api/v1/vital-signs/{desk.form.pk}/"
    sent = {"pulse": "80", "change_reason": "read again", "answers_queries": [999_999]}
    reply = client.patch(address, sent, format="json", headers={"if_match": '"1"'})
    assert (reply.status_code, list(reply.json()["errors"])) == (400, ["answers_queries"])
    desk.form.refresh_from_db()
    assert desk.form.version == 1
