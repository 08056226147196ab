"""Entering, correcting and voiding a form over REST."""

from types import SimpleNamespace
from typing import Any

from patients.actions.enroll import enroll
from patients.forms import definitions
from patients.models import AdverseEvent, Query, Visit, VitalSigns
from patients.trail import events_of
from tests.factories import CONSENT_DAY

VS = "/api/v1/vital-signs/"
AE = "/api/v1/adverse-events/"
READINGS = [{"systolic": 120, "diastolic": 80, "read_at": "08:30"}, {"systolic": 124, "diastolic": 82}]
GOOD: dict[str, Any] = {
    "subject": "ZS-001",
    "visit": "SCR",
    "measured_on": "2021-03-01",
    "weight": "70.5",
    "blood_pressures": READINGS,
}


def entered(world: SimpleNamespace, **values: Any) -> dict[str, Any]:
    reply = world.client.post(VS, {**GOOD, **values}, format="json")
    assert reply.status_code == 201, reply.content
    shown: dict[str, Any] = reply.json()
    return shown


def at(form: dict[str, Any]) -> str:
    return f"{VS}{form['id']}/"


def test_a_form_is_entered_with_its_rows_in_one_request_and_shown_as_it_was_sent(
    world: SimpleNamespace,
) -> None:
    reply = world.client.post(VS, GOOD, format="json")
    shown = reply.json()
    assert reply["ETag"] == '"1"'
    assert reply["Location"] == at(shown)
    assert world.client.get(reply["Location"]).json() == shown
    assert (shown["subject"], shown["visit"], shown["repeat"], shown["version"]) == ("ZS-001", "SCR", 2, 1)
    assert (shown["weight"], shown["measured_on"], shown["entry_state"]) == ("70.5", "2021-03-01", "COMPLETE")
    first, second = shown["blood_pressures"]
    assert (first["repeat"], first["systolic"], first["read_at"]) == (1, 120, "08:30")
    assert (second["repeat"], second["read_at"]) == (2, None)


def test_every_form_there_is_can_be_listed_and_has_its_own_address(world: SimpleNamespace) -> None:
    for form in definitions():
        reply = world.client.get(f"/api/v1/{form.path}/")
        assert reply.status_code == 200, form.path
        assert set(reply.json()) == {"next", "previous", "results"}


def test_a_correction_changes_only_what_is_sent(world: SimpleNamespace) -> None:
    form = entered(world, height="170")
    reply = world.client.change(at(form), 1, {"weight": "71", "change_reason": "misread"})
    assert reply.status_code == 200
    assert reply["ETag"] == '"2"'
    assert reply.json() == {**form, "weight": "71", "version": 2}


def test_a_row_is_corrected_by_its_number_and_a_row_without_number_is_new(world: SimpleNamespace) -> None:
    form = entered(world)
    rows = [{"repeat": 2, "systolic": 130}, {"systolic": 118, "diastolic": 79}]
    changed = {"blood_pressures": rows, "change_reason": "third reading"}
    shown = world.client.change(at(form), 1, changed).json()["blood_pressures"]
    assert [(row["repeat"], row["systolic"], row["diastolic"]) for row in shown] == [
        (1, 120, 80),
        (2, 130, 82),
        (3, 118, 79),
    ]


def test_an_answer_is_taken_back_with_null_and_a_reason_can_stand_in_its_place(
    world: SimpleNamespace,
) -> None:
    form = entered(world)
    reasons = {"weight": None, "missing_reasons": {"weight": "NOT_DONE"}, "change_reason": "scale broken"}
    shown = world.client.change(at(form), 1, reasons).json()
    assert shown["weight"] is None
    assert shown["missing_reasons"] == {"weight": "NOT_DONE"}
    assert shown["entry_state"] == "COMPLETE"


def test_a_form_can_be_stated_as_not_done_with_its_reason(world: SimpleNamespace) -> None:
    blank = {"subject": "ZS-001", "visit": "SCR", "not_done_reason": "subject left early"}
    shown = world.client.post(VS, blank, format="json").json()
    assert (shown["entry_state"], shown["not_done_reason"]) == ("NOT_DONE", "subject left early")


def test_without_if_match_a_correction_is_answered_428(world: SimpleNamespace) -> None:
    form = entered(world)
    reply = world.client.patch(at(form), {"weight": "71", "change_reason": "misread"}, format="json")
    assert reply.status_code == 428
    assert "If-Match" in reply.json()["errors"]["detail"][0]


def test_if_match_must_name_one_version(world: SimpleNamespace) -> None:
    form = entered(world)
    change = {"weight": "71", "change_reason": "misread"}
    statuses = {
        tag: world.client.patch(at(form), change, format="json", headers={"If-Match": tag}).status_code
        for tag in (
            "*",
            "1",
            '"1", "2"',
            "'1'",
            'W/"1"',
            '"0"',
            '"01"',
            '"x"',
            '"1 "',
            '""',
            '"9999999999"',
            '"١"',
        )
    }
    assert {tag for tag, status in statuses.items() if status == 400} == {"*", "1", '"1", "2"', "'1'"}
    assert set(statuses.values()) == {400, 412}
    assert VitalSigns.objects.get(pk=form["id"]).version == 1


def test_a_stale_correction_is_answered_412_with_what_is_stored_now(world: SimpleNamespace) -> None:
    form = entered(world)
    world.client.change(at(form), 1, {"weight": "71", "change_reason": "misread"})
    reply = world.client.change(at(form), 1, {"weight": "72", "change_reason": "misread again"})
    assert reply.status_code == 412
    assert reply["ETag"] == '"2"'
    assert reply.json()["current_version"] == 2
    assert reply.json()["current"]["weight"] == "71"
    assert world.client.get(at(form)).json()["weight"] == "71"


def test_a_correction_without_a_reason_is_refused_on_the_field(world: SimpleNamespace) -> None:
    form = entered(world)
    for reason in ({}, {"change_reason": ""}, {"change_reason": "  "}, {"change_reason": None}):
        reply = world.client.change(at(form), 1, {"weight": "71", **reason})
        assert reply.status_code == 400
        assert "change_reason" in reply.json()["errors"]


def test_the_subject_and_visit_of_a_form_cannot_be_changed(world: SimpleNamespace) -> None:
    form = entered(world)
    for field, value in (("subject", "ZS-001"), ("visit", "SCR"), ("repeat", 5), ("entered_in_error", True)):
        reply = world.client.change(at(form), 1, {field: value, "change_reason": "moved"})
        assert reply.status_code == 400, field
        assert field in reply.json()["errors"]


def test_the_same_values_again_make_no_new_version(world: SimpleNamespace) -> None:
    form = entered(world)
    before = events_of(world.subject).count()
    reply = world.client.change(at(form), 1, {"weight": 70.5, "change_reason": "nothing"})
    assert (reply.status_code, reply["ETag"]) == (200, '"1"')
    assert events_of(world.subject).count() == before


def test_a_form_entered_in_error_stays_readable_and_leaves_the_lists(world: SimpleNamespace) -> None:
    form = entered(world)
    reply = world.client.act(f"{at(form)}void/", 1, {"change_reason": "wrong subject"})
    assert reply.status_code == 200
    assert reply.json()["entered_in_error"] is True
    assert world.client.get(at(form)).json()["entered_in_error"] is True
    listed = {
        query: ids(world, query) for query in ("", "?entered_in_error=true", "?entered_in_error=include")
    }
    assert form["id"] not in listed[""]
    assert listed["?entered_in_error=true"] == [form["id"]]
    assert listed["?entered_in_error=include"] == [*listed[""], form["id"]]


def ids(world: SimpleNamespace, query: str) -> list[int]:
    return [each["id"] for each in world.client.get(f"{VS}{query}").json()["results"]]


def test_a_form_entered_in_error_is_not_corrected_any_more(world: SimpleNamespace) -> None:
    form = entered(world)
    world.client.act(f"{at(form)}void/", 1, {"change_reason": "wrong subject"})
    reply = world.client.change(at(form), 2, {"weight": "71", "change_reason": "misread"})
    assert reply.status_code == 409


def test_voiding_needs_a_version_and_a_reason(world: SimpleNamespace) -> None:
    form = entered(world)
    without_version = world.client.post(f"{at(form)}void/", {"change_reason": "x"}, format="json")
    assert without_version.status_code == 428
    assert world.client.act(f"{at(form)}void/", 1, {}).status_code == 400
    assert world.client.act(f"{at(form)}void/", 9, {"change_reason": "x"}).status_code == 412


def test_delete_is_refused_with_the_way_that_there_is(world: SimpleNamespace) -> None:
    form = entered(world)
    reply = world.client.delete(at(form))
    assert reply.status_code == 405
    assert "void/" in reply.json()["errors"]["detail"][0]
    assert VitalSigns.objects.filter(pk=form["id"]).exists()


def test_put_is_refused(world: SimpleNamespace) -> None:
    form = entered(world)
    assert world.client.put(at(form), GOOD, format="json").status_code == 405


def test_the_history_tells_who_changed_what_when_why_and_from_where(world: SimpleNamespace) -> None:
    form = entered(world)
    reply = world.client.change(at(form), 1, {"weight": "71", "change_reason": "misread"})
    first, second = world.client.get(f"{at(form)}history/").json()
    assert (first["action"], first["reason"], first["version"]) == ("enter VS", "", 1)
    assert (second["actor"], second["role"]) == (world.coordinator.username, "COORDINATOR")
    assert (second["source"], second["reason"], second["version"]) == ("API", "misread", 2)
    assert second["request_id"] == reply["X-Request-ID"]
    assert second["changes"] == [
        {"field": "weight", "label": "Weight", "row": "", "before": "70.5 kg", "after": "71 kg"}
    ]


def test_a_form_shows_how_many_queries_are_open_on_it(world: SimpleNamespace) -> None:
    event = {"subject": "ZS-001", "term": "rash", "started": "2021-03-20", "ended": "2021-03-10"}
    shown = world.client.post(AE, event, format="json").json()
    assert shown["queries"] == Query.objects.filter(form="AE", record_id=shown["id"], state="OPEN").count()


def test_what_the_server_computes_is_shown_and_cannot_be_sent(world: SimpleNamespace) -> None:
    dose = {
        "subject": "ZS-001",
        "visit": "SCR",
        "drug": "TORIPALIMAB",
        "given": "Y",
        "given_on": "2021-03-01",
    }
    refused = world.client.post("/api/v1/doses/", {**dose, "planned_dose": "240"}, format="json")
    assert refused.status_code == 400
    assert "server" in refused.json()["errors"]["planned_dose"][0]
    shown = world.client.post("/api/v1/doses/", {**dose, "dose": 240}, format="json").json()
    assert "planned_dose" in shown
    assert (shown["drug"], shown["dose"]) == ("TORIPALIMAB", "240")


def test_a_form_that_does_not_repeat_is_entered_once(world: SimpleNamespace) -> None:
    again = {"subject": "ZS-001", "birth": "1961-05", "age": 59, "sex": "M"}
    reply = world.client.post("/api/v1/demographics/", again, format="json")
    assert reply.status_code == 409


def test_protocol_items_are_their_codes(world: SimpleNamespace) -> None:
    event = {
        "subject": "ZS-001",
        "term": "rash",
        "drugs": [{"drug": "LENVATINIB", "causality": "PROBABLY RELATED", "action": "DOSE REDUCED"}],
    }
    shown = world.client.post(AE, event, format="json").json()
    assert shown["drugs"][0]["drug"] == "LENVATINIB"
    assert AdverseEvent.objects.get(pk=shown["id"]).drugs.get().drug.code == "LENVATINIB"
    wrong = {**event, "drugs": [{"drug": "ASPIRIN"}]}
    errors = world.client.post(AE, wrong, format="json").json()["errors"]
    assert errors["drugs"][0]["drug"] == ["is not a known code"]


def test_partial_dates_stay_as_known(world: SimpleNamespace) -> None:
    for started in ("2021", "2021-03", "2021-03-01"):
        event = {"subject": "ZS-001", "term": "rash", "started": started}
        assert world.client.post(AE, event, format="json").json()["started"] == started


def test_an_external_id_is_used_once_for_a_subject(world: SimpleNamespace) -> None:
    entered(world, external_id="his-1")
    reply = world.client.post(VS, {**GOOD, "external_id": "his-1"}, format="json")
    assert reply.status_code == 409
    assert "external_id" in reply.json()["errors"]


def test_the_visit_is_named_by_its_code_within_the_subject(world: SimpleNamespace) -> None:
    other = enroll(actor=world.coordinator, site=world.site, screened_on=CONSENT_DAY)
    form = entered(world, subject=other.code)
    assert VitalSigns.objects.get(pk=form["id"]).visit == Visit.objects.get(subject=other, code="SCR")


def test_the_keys_of_a_form_and_of_its_envelope_are_never_the_same() -> None:
    from patients.api.shapes import ADDRESS, CHANGE_REASON, ENVELOPE, ROW_ENVELOPE, STATED

    own = {*ENVELOPE, *STATED, *ADDRESS, *CHANGE_REASON}
    for form in definitions():
        assert not own & {*(item.name for item in form.items), *form.rows}, form.oid
        for section in form.rows.values():
            assert not {*ROW_ENVELOPE, "entered_in_error"} & {item.name for item in section.items}, form.oid
