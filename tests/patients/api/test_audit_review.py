"""The audit trail for other systems: asked for, exported, marked as reviewed."""

import csv
import io
from types import SimpleNamespace
from typing import Any

import pytest

from patients.actions.save_form import change_form, create_form
from patients.models import AdverseEvent, AuditReview, VitalSigns
from tests.ecrf.api.client import client_of, results
from tests.factories import person
from trials.models import AuditEvent, Role

TRAIL, EXPORT = "/api/v1/audit-trail/", "/api/v1/audit-trail/export/"
REVIEWS, CASEBOOKS = "/api/v1/audit-reviews/", "/api/v1/audit-reviews/casebooks/"


def exported(client: Any, **query: str) -> list[dict[str, str]]:
    reply = client.get(EXPORT, query)
    assert reply.status_code == 200, reply.content
    text = b"".join(reply.streaming_content).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def monitor_of(world: SimpleNamespace) -> Any:
    return client_of(person(Role.MONITOR, world.study, world.site))


def correct_weight(world: SimpleNamespace, weight: str = "61.5", reason: str = "misread") -> VitalSigns:
    record = world.subject.vitalsignss.get()
    return change_form(
        actor=world.coordinator,
        record=record,
        version=record.version,
        reason=reason,
        data={"weight": weight},
    )


@pytest.mark.requirement("R10")
def test_an_act_is_told_with_who_when_why_from_where_and_what_changed(world: SimpleNamespace) -> None:
    record = world.client.change(
        f"/api/v1/vital-signs/{world.subject.vitalsignss.get().pk}/",
        1,
        {"weight": "61.5", "change_reason": "misread"},
    ).json()
    [told] = results(monitor_of(world).get(TRAIL, {"form": "VS", "kind": "CHANGE"}))
    event = AuditEvent.objects.get(pk=told["id"])
    assert told["actor"] == world.coordinator.username
    assert (told["role"], told["source"], told["reason"]) == ("COORDINATOR", "API", "misread")
    assert (told["subject"], told["site"], told["study"], told["area"]) == (
        "ZS-001",
        "ZS",
        "TEST-1",
        "CASEBOOK",
    )
    assert (told["time_zone"], told["number"]) == ("Asia/Shanghai", event.number)
    assert told["recorded_at"].endswith("Z")
    assert told["at_site"].endswith("+08:00")
    assert told["action_in_words"] == "Vital signs corrected"
    assert not told["reviewed"]
    [signs] = [each for each in told["records"] if each["form"] == "VS"]
    assert (signs["id"], signs["visit"], signs["kind"]) == (record["id"], "SCR", "CHANGE")
    assert {"field": "weight", "label": "Weight", "row": "", "before": "60 kg", "after": "61.5 kg"} in signs[
        "changes"
    ]


def test_pages_of_the_api_hold_every_act_once_in_both_directions(world: SimpleNamespace) -> None:
    client = monitor_of(world)
    wanted = [each["id"] for each in results(client.get(TRAIL, {"page_size": "100"}))]
    assert (
        wanted
        == [
            each["id"] for each in results(client.get(TRAIL, {"page_size": "100", "ordering": "recorded_at"}))
        ][::-1]
    )
    found, reply = [], client.get(TRAIL, {"page_size": "3"}).json()
    assert reply["previous"] is None
    while True:
        found += [each["id"] for each in reply["results"]]
        if reply["next"] is None:
            break
        reply = client.get(reply["next"]).json()
    assert found == wanted
    back = client.get(reply["previous"]).json()
    assert [each["id"] for each in back["results"]] == wanted[
        -len(reply["results"]) - 3 : -len(reply["results"])
    ]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"sight": "ZS"}, "sight"),
        ({"site": "XH"}, "site"),
        ({"subject": "XH-001"}, "subject"),
        ({"from": "soon"}, "from"),
        ({"form": "NOPE"}, "form"),
        ({"kind": "ALL"}, "kind"),
        ({"cursor": "x"}, "cursor"),
        ({"page_size": "101"}, "page_size"),
        ({"page_size": "-1"}, "page_size"),
        ({"ordering": "actor"}, "ordering"),
        ({"fields": "hash"}, "fields"),
        ({"user": "\x00"}, "user"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(
    world: SimpleNamespace, query: dict[str, str], named: str
) -> None:
    reply = monitor_of(world).get(TRAIL, query)
    assert (reply.status_code, list(reply.json()["errors"])) == (400, [named])


def test_who_may_not_read_audit_trails_is_told_so(world: SimpleNamespace) -> None:
    for path in (TRAIL, EXPORT):
        for role, client in world.roles.items():
            wanted = 403 if role == Role.RANDOMIZATION_KEEPER else 200
            assert client.get(path).status_code == wanted, (role, path)
    assert {each["area"] for each in results(world.roles["ADMINISTRATOR"].get(TRAIL))} <= {"STUDY", "SYSTEM"}
    areas = {each["area"] for each in results(world.roles["DATA_MANAGER"].get(TRAIL, {"page_size": "100"}))}
    assert "SYSTEM" not in areas
    assert {"STUDY", "SITE", "CASEBOOK"} <= areas


# ---------------------------------------------------------------- export
@pytest.mark.requirement("R37")
def test_an_investigator_downloads_the_trail_of_the_own_site_and_of_no_other(world: SimpleNamespace) -> None:
    correct_weight(world)
    lines = exported(client_of(person(Role.INVESTIGATOR, world.study, world.site)))
    assert {line["site"] for line in lines} == {"ZS"}
    [corrected] = [line for line in lines if line["action"] == "correct VS" and line["form"] == "VS"]
    assert (corrected["question"], corrected["before"], corrected["after"]) == ("Weight", "60 kg", "61.5 kg")
    assert (corrected["reason"], corrected["visit"], corrected["field"]) == ("misread", "SCR", "weight")


def test_the_export_holds_every_change_of_the_list(world: SimpleNamespace) -> None:
    correct_weight(world)
    client = monitor_of(world)
    told = results(client.get(TRAIL, {"page_size": "100", "subject": "ZS-001", "ordering": "recorded_at"}))
    wanted = [
        (str(event["id"]), record["form"], record["row"], change["field"], change["before"], change["after"])
        for event in told
        for record in event["records"]
        for change in record["changes"]
    ]
    names = ("event", "form", "row", "field", "before", "after")
    lines = exported(client, subject="ZS-001")
    assert [tuple(line[name] for name in names) for line in lines] == wanted


def test_an_export_is_recorded_and_stands_in_the_trail(world: SimpleNamespace) -> None:
    exported(monitor_of(world), subject="ZS-001", form="VS")
    event = AuditEvent.objects.filter(chain=world.study.chain).latest("id")
    assert (event.action, event.role, event.source) == ("export audit trail", "MONITOR", "API")
    assert event.note == "CSV; form=VS; subject=ZS-001"
    [line] = exported(world.roles["DATA_MANAGER"], action="export audit trail")
    assert (line["action_in_words"], line["field"], line["kind"]) == ("Audit trail exported", "", "WORKFLOW")


def test_a_formula_in_an_answer_or_a_reason_arrives_as_text(world: SimpleNamespace) -> None:
    create_form(actor=world.coordinator, form=AdverseEvent, subject=world.subject, data={"term": "=1+1"})
    correct_weight(world, reason="@SUM(A1)")
    lines = exported(monitor_of(world))
    assert "'=1+1" in {line["after"] for line in lines}
    assert "'@SUM(A1)" in {line["reason"] for line in lines}


def test_an_act_of_very_many_rows_is_exported_whole(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.audit_review.changes.ROWS_TOLD", 3)
    monkeypatch.setattr("patients.audit_review.lines.ROWS", 2)
    lines = [{"systolic": 100 + number, "diastolic": 70} for number in range(8)]
    change_form(
        actor=world.coordinator,
        record=world.subject.vitalsignss.get(),
        version=1,
        reason="left out",
        data={},
        rows={"blood_pressures": lines},
    )
    [told] = results(monitor_of(world).get(TRAIL, {"action": "correct VS"}))
    assert told["records"] == []
    assert told["left_out"] == told["rows"] >= 9
    found = [
        line["after"]
        for line in exported(monitor_of(world), action="correct VS")
        if line["field"] == "systolic"
    ]
    assert found == [f"{100 + number} mmHg" for number in range(8)]


def test_an_export_reads_in_parts_whatever_its_length(
    world: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for _number in range(60):
        create_form(actor=world.coordinator, form=AdverseEvent, subject=world.subject, data={"term": "rash"})
    client = monitor_of(world)
    with django_assert_max_num_queries(40):
        assert len(exported(client, form="AE", field="term")) >= 60


# ---------------------------------------------------------------- reviews
@pytest.mark.requirement("R12")
def test_what_is_recorded_after_a_review_is_unreviewed(world: SimpleNamespace) -> None:
    monitor = monitor_of(world)
    newest = results(monitor.get(TRAIL, {"subject": "ZS-001"}))[0]["id"]
    # Arrived meanwhile: not shown, so not marked.
    correct_weight(world)
    reply = monitor.post(REVIEWS, {"up_to": [newest], "comment": "visit 3"}, format="json")
    assert reply.status_code == 201, reply.content
    [mark] = reply.json()
    assert (mark["subject"], mark["up_to"], mark["comment"]) == ("ZS-001", newest, "visit 3")
    event = AuditEvent.objects.filter(chain=world.subject.chain).latest("id")
    assert (event.action, event.role, event.actor.username) == (
        "review audit trail",
        "MONITOR",
        mark["reviewer"],
    )
    unreviewed = results(monitor.get(TRAIL, {"subject": "ZS-001", "reviewed": "false"}))
    assert [each["action"] for each in unreviewed] == ["correct VS"]
    seen = results(monitor.get(TRAIL, {"subject": "ZS-001", "reviewed": "true"}))
    assert seen[0]["id"] == newest
    assert all(each["reviewed"] for each in seen)
    [line] = monitor.get(CASEBOOKS).json()
    assert line == {
        "subject": "ZS-001",
        "site": "ZS",
        "unreviewed": 1,
        "reviewed_up_to": newest,
        "reviewer": mark["reviewer"],
    }
    assert [each["id"] for each in results(monitor.get(REVIEWS))] == [mark["id"]]
    assert monitor.get(f"{REVIEWS}{mark['id']}/").json() == mark


def test_the_worklist_counts_of_each_casebook_what_waits(world: SimpleNamespace) -> None:
    manager = world.roles["DATA_MANAGER"]
    both = manager.get(CASEBOOKS).json()
    assert [each["subject"] for each in both] == ["XH-001", "ZS-001"]
    events = AuditEvent.objects.filter(chain=world.subject.chain)
    assert both[1]["unreviewed"] == events.count()
    assert manager.post(REVIEWS, {"up_to": [events.latest("id").pk]}, format="json").status_code == 201
    assert [each["subject"] for each in manager.get(CASEBOOKS, {"waiting": "true"}).json()] == ["XH-001"]
    assert [each["subject"] for each in manager.get(CASEBOOKS, {"after": "XH-001"}).json()] == ["ZS-001"]
    assert [each["subject"] for each in manager.get(CASEBOOKS, {"site": "ZS"}).json()] == ["ZS-001"]
    assert manager.get(CASEBOOKS, {"site": "NO"}).status_code == 400


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"up_to": []},
        {"up_to": 1},
        {"up_to": ["1"]},
        {"up_to": [True]},
        {"up_to": [0]},
        {"up_to": [2**63]},
        {"up_to": [1.5]},
        {"up_to": [None]},
    ],
)
def test_what_is_no_event_is_refused(world: SimpleNamespace, sent: dict[str, Any]) -> None:
    reply = monitor_of(world).post(REVIEWS, sent, format="json")
    assert (reply.status_code, list(reply.json()["errors"])) == (400, ["up_to"])
    assert not AuditReview.objects.exists()


def test_a_foreign_event_is_refused_as_one_that_does_not_exist(world: SimpleNamespace) -> None:
    monitor = monitor_of(world)
    foreign = AuditEvent.objects.filter(chain=world.foreign.chain).latest("id").pk
    replies = [monitor.post(REVIEWS, {"up_to": [key]}, format="json") for key in (foreign, foreign + 999)]
    told = [reply.json()["errors"]["up_to"][0].split(":")[1] for reply in replies]
    assert [reply.status_code for reply in replies] == [400, 400]
    assert told[0] == told[1]


def test_nothing_is_reviewed_twice_and_one_wrong_event_takes_the_whole_act_back(
    world: SimpleNamespace,
) -> None:
    manager = world.roles["DATA_MANAGER"]
    ours = AuditEvent.objects.filter(chain=world.subject.chain).latest("id").pk
    theirs = AuditEvent.objects.filter(chain=world.foreign.chain).latest("id").pk
    assert manager.post(REVIEWS, {"up_to": [ours]}, format="json").status_code == 201
    assert manager.post(REVIEWS, {"up_to": [theirs, ours - 1]}, format="json").status_code == 409
    assert AuditReview.objects.count() == 1
    assert manager.post(REVIEWS, {"up_to": [theirs, theirs - 1]}, format="json").status_code == 400


def test_only_a_monitor_and_a_data_manager_review(world: SimpleNamespace) -> None:
    newest = AuditEvent.objects.filter(chain=world.subject.chain).latest("id").pk
    allowed = {
        role
        for role, client in world.roles.items()
        if client.post(REVIEWS, {"up_to": [newest]}, format="json").status_code not in (400, 403)
    }
    assert allowed == {Role.MONITOR, Role.DATA_MANAGER}
    assert AuditReview.objects.count() == 1
