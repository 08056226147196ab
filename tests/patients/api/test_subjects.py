"""Subjects over REST: enrolled, read, judged, randomized."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from patients.actions.save_form import create_form
from patients.models import Allocation, Disposition, Subject
from tests.ecrf.api.client import results
from tests.factories import make_list
from trials.audit import clock

SUBJECTS = "/api/v1/subjects/"
ONE = f"{SUBJECTS}ZS-001/"


def test_a_subject_is_enrolled_with_the_next_code_of_the_site(world: SimpleNamespace) -> None:
    body = {"site": "ZS", "screened_on": "2021-03-01", "external_id": "his-7"}
    reply = world.client.post(SUBJECTS, body, format="json")
    assert reply.status_code == 201
    shown = reply.json()
    assert (shown["code"], shown["site"], shown["status"]) == ("ZS-002", "ZS", "SCREENING")
    assert (shown["arm"], shown["randomized_on"], shown["previous"]) == (None, None, None)
    assert shown["is_synthetic"] is False
    assert reply["Location"] == f"{SUBJECTS}ZS-002/"
    assert world.client.get(reply["Location"]).json() == shown


@pytest.mark.parametrize(
    "field", ["code", "status", "number", "arm", "is_synthetic", "randomized_on", "version", "chain", "id"]
)
def test_what_the_server_gives_cannot_be_sent(world: SimpleNamespace, field: str) -> None:
    body = {"site": "ZS", "screened_on": "2021-03-01", field: "1"}
    reply = world.client.post(SUBJECTS, body, format="json")
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {field})


def test_each_field_of_an_enrollment_is_judged_by_name(world: SimpleNamespace) -> None:
    good = {"site": "ZS", "screened_on": "2021-03-01"}
    for field, value, status in (
        ("site", None, 400),
        ("site", 5, 400),
        ("site", "NO", 404),
        ("screened_on", None, 400),
        ("screened_on", "2021-13-01", 400),
        ("screened_on", 20210301, 400),
        ("screened_on", "2021-W09-1", 400),
        ("screened_on", "2021-03", 400),
        ("screened_on", "2999-01-01", 400),
        ("previous", "ZS-999", 404),
        ("previous", "XH-001", 404),
        ("previous", 5, 400),
        ("previous", "ZS-001", 409),
        ("external_id", 5, 400),
        ("external_id", "x" * 101, 400),
    ):
        reply = world.client.post(SUBJECTS, {**good, field: value}, format="json")
        assert reply.status_code == status, (field, value, reply.content)
        assert field in reply.json()["errors"], (field, value)
    assert Subject.objects.filter(site=world.site).count() == 1


def test_a_screening_failure_is_screened_again_as_a_new_subject(world: SimpleNamespace) -> None:
    end = {"scope": "SCREENING", "ended_on": "2021-03-05", "reason": "SCREEN FAILURE"}
    create_form(actor=world.coordinator, form=Disposition, subject=world.subject, data=end)
    body = {"site": "ZS", "screened_on": "2021-04-01", "previous": "ZS-001"}
    shown = world.client.post(SUBJECTS, body, format="json").json()
    assert (shown["code"], shown["previous"]) == ("ZS-002", "ZS-001")


def test_randomization_needs_no_body_and_answers_with_the_arm(world: SimpleNamespace) -> None:
    make_list(world.study, "BA")
    reply = world.client.post(f"{ONE}randomize/")
    assert reply.status_code == 201
    shown = reply.json()
    assert (shown["status"], shown["arm"]) == ("RANDOMIZED", "B")
    assert shown["randomized_on"]
    assert world.client.get(ONE).json() == shown


def test_an_arm_cannot_be_asked_for(world: SimpleNamespace) -> None:
    make_list(world.study, "BA")
    reply = world.client.post(f"{ONE}randomize/", {"arm": "A"}, format="json")
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {"arm"})
    assert not Allocation.objects.exists()


def test_a_subject_is_randomized_once(world: SimpleNamespace) -> None:
    make_list(world.study, "BA")
    world.client.post(f"{ONE}randomize/")
    assert world.client.post(f"{ONE}randomize/").status_code == 409
    assert Allocation.objects.count() == 1


def test_a_subject_that_is_not_eligible_is_refused_with_each_criterion_by_name(
    world: SimpleNamespace,
) -> None:
    make_list(world.study, "BA")
    body = {"site": "ZS", "screened_on": "2021-03-01"}
    code = world.client.post(SUBJECTS, body, format="json").json()["code"]
    reply = world.client.post(f"{SUBJECTS}{code}/randomize/")
    assert reply.status_code == 409
    assert {"CONSENT", "IE", "I1", "I3", "E1"} <= set(reply.json()["errors"])
    judged = world.client.get(f"{SUBJECTS}{code}/eligibility/").json()
    assert judged["eligible"] is False
    assert {each["criterion"] for each in judged["findings"]} == set(reply.json()["errors"])


def test_an_empty_list_is_said_to_be_empty(world: SimpleNamespace) -> None:
    reply = world.client.post(f"{ONE}randomize/")
    assert reply.status_code == 409
    assert "no free slot" in reply.json()["errors"]["detail"][0]


def test_eligibility_shows_every_rule_with_its_answer(world: SimpleNamespace) -> None:
    judged = world.client.get(f"{ONE}eligibility/").json()
    assert judged["eligible"] is True
    assert {each["rule"]: each["answer"] for each in judged["rules"]} == {"I1": "Y", "I3": "Y", "E1": "N"}


def test_subjects_are_found_by_site_status_arm_and_part_of_the_code(world: SimpleNamespace) -> None:
    make_list(world.study, "BA")
    world.client.post(f"{ONE}randomize/")
    world.client.post(SUBJECTS, {"site": "ZS", "screened_on": "2021-03-02"}, format="json")
    found = {
        query: [each["code"] for each in results(world.client.get(f"{SUBJECTS}?{query}"))]
        for query in (
            "randomized=true",
            "randomized=false",
            "arm=B",
            "arm=A",
            "status=SCREENING",
            "search=zs-00",
            "search=002",
            "ordering=-code",
            "ordering=-screened_on",
        )
    }
    assert found == {
        "randomized=true": ["ZS-001"],
        "randomized=false": ["ZS-002"],
        "arm=B": ["ZS-001"],
        "arm=A": [],
        "status=SCREENING": ["ZS-002"],
        "search=zs-00": ["ZS-001", "ZS-002"],
        "search=002": ["ZS-002"],
        "ordering=-code": ["ZS-002", "ZS-001"],
        "ordering=-screened_on": ["ZS-002", "ZS-001"],
    }
    assert world.client.get(f"{SUBJECTS}?randomized=perhaps").status_code == 400
    assert world.client.get(f"{SUBJECTS}?randomized=true").json()["count"] == 1


def test_the_casebook_is_shown_now_and_as_of_any_instant(world: SimpleNamespace) -> None:
    now = world.client.get(f"{ONE}casebook/").json()
    assert now["subject"] == "ZS-001"
    (vital_signs,) = now["forms"]["vital-signs"]
    assert (vital_signs["weight"], vital_signs["visit"]) == ("60", "SCR")
    events = world.client.get(f"{ONE}history/").json()
    enrolled = next(each for each in events if each["action"] == "enroll")
    before = world.client.get(f"{ONE}casebook/?as_of=2020-01-01T00:00:00Z").json()
    assert before["status"] is None
    assert not any(before["forms"].values())
    early = world.client.get(f"{ONE}casebook/", {"as_of": enrolled["recorded_at"]}).json()
    assert early["status"] == "SCREENING"


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(
    "instant",
    [
        "yesterday",
        "2021-03-01",
        "2021-03-01T10:00:00",
        "2021-13-01T10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_an_instant_needs_a_day_a_time_and_a_zone(world: SimpleNamespace, instant: str) -> None:
    reply = world.client.get(f"{ONE}casebook/", {"as_of": instant})
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {"as_of"})


def test_a_zone_east_of_greenwich_is_understood_with_and_without_escaping(world: SimpleNamespace) -> None:
    for text in ("2031-03-01T10:00:00%2B08:00", "2031-03-01T10:00:00+08:00"):
        assert world.client.get(f"{ONE}casebook/?as_of={text}").status_code == 200


def test_the_casebook_costs_the_same_queries_for_a_long_history(
    world: SimpleNamespace, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        world.client.get(f"{ONE}casebook/")


def test_the_history_of_a_subject_names_each_act_newest_first(world: SimpleNamespace) -> None:
    events = world.client.get(f"{ONE}history/").json()
    numbers = [each["number"] for each in events]
    assert numbers == sorted(numbers, reverse=True)
    assert events[-1]["action"] == "enroll"


def test_the_visits_of_a_subject_take_place_are_missed_and_are_added(world: SimpleNamespace) -> None:
    make_list(world.study, "BA")
    world.client.post(f"{ONE}randomize/")
    visits = {each["code"]: each for each in results(world.client.get("/api/v1/visits/?subject=ZS-001"))}
    first, eighth = visits["C1D1"], visits["C1D8"]
    today = first["planned_on"]

    opened = world.client.act(f"/api/v1/visits/{first['id']}/open/", 1, {"occurred_on": today})
    assert (opened.status_code, opened["ETag"]) == (200, '"2"')
    assert (opened.json()["status"], opened.json()["occurred_on"]) == ("OCCURRED", today)
    stale = world.client.act(
        f"/api/v1/visits/{first['id']}/open/", 1, {"occurred_on": today, "change_reason": "x"}
    )
    assert stale.status_code == 412
    assert stale.json()["current"]["status"] == "OCCURRED"
    again = world.client.act(f"/api/v1/visits/{first['id']}/open/", 2, {"occurred_on": today})
    assert "change_reason" in again.json()["errors"]

    missed = world.client.act(f"/api/v1/visits/{eighth['id']}/miss/", 1, {"missed_reason": "fever"})
    assert (missed.json()["status"], missed.json()["missed_reason"]) == ("MISSED", "fever")
    assert world.client.act(f"/api/v1/visits/{eighth['id']}/miss/", 2, {}).status_code == 400
    without = world.client.post(f"/api/v1/visits/{first['id']}/open/", {"occurred_on": today}, format="json")
    assert without.status_code == 428

    body = {"subject": "ZS-001", "occurred_on": today, "unscheduled_reason": "rash"}
    added = world.client.post("/api/v1/visits/", body, format="json")
    assert (added.status_code, added.json()["code"], added.json()["definition"]) == (201, "UNS1", None)
    assert results(world.client.get(f"/api/v1/visits/?date_from={today}&status=OCCURRED"))

    cycle = world.client.post("/api/v1/cycles/", {"subject": "ZS-001"}, format="json").json()
    assert cycle["number"] == 2
    assert [each["number"] for each in results(world.client.get("/api/v1/cycles/?subject=ZS-001"))] == [1, 2]


def test_a_visit_in_the_future_did_not_take_place(world: SimpleNamespace) -> None:
    visit = results(world.client.get("/api/v1/visits/?code=SCR"))[0]
    ahead = (world.subject.screened_on + timedelta(days=40_000)).isoformat()
    reply = world.client.act(
        f"/api/v1/visits/{visit['id']}/open/", visit["version"], {"occurred_on": ahead, "change_reason": "x"}
    )
    assert (reply.status_code, set(reply.json()["errors"])) == (400, {"occurred_on"})


def test_a_visit_says_where_it_stands_against_its_window_and_why_it_is_no_longer_due(
    world: SimpleNamespace,
) -> None:
    def visits() -> dict[str, Any]:
        return {each["code"]: each for each in results(world.client.get("/api/v1/visits/?subject=ZS-001"))}

    def timings(*codes: str) -> list[tuple[str, int]]:
        found = visits()
        return [(found[code]["timing"], found[code]["days_off"]) for code in codes]

    make_list(world.study, "B")
    world.client.post(f"{ONE}randomize/")
    assert timings("C1D1", "C1D8", "IMG1") == [("DUE", 0), ("NOT_YET_DUE", 0), ("NOT_YET_DUE", 0)]
    early = {"occurred_on": str(clock.today("Asia/Shanghai") - timedelta(days=5))}
    world.client.act(f"/api/v1/visits/{visits()['C1D1']['id']}/open/", 1, early)
    assert timings("C1D1") == [("OUT_OF_WINDOW", -2)]
    day = str(clock.today("Asia/Shanghai"))
    died = {"subject": "ZS-001", "died_on": day, "cause": "UNKNOWN"}
    assert world.client.post("/api/v1/deaths/", died, format="json").status_code == 201
    imaging = visits()["IMG1"]
    assert (imaging["status"], imaging["timing"]) == ("NOT_DUE", "NOT_DUE")
    assert imaging["missed_reason"] == f"The subject died ({day})."
    assert world.client.get("/api/v1/subjects/ZS-001/").json()["status"] == "DIED"
