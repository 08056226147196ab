"""Imports: JSON, NDJSON and CSV; all lines or none."""

import json
from types import SimpleNamespace
from typing import Any

from patients.models import LabResult, LabSample, VitalSigns
from patients.trail import events_of

IMPORT = "/api/v1/imports/"
LINE: dict[str, Any] = {"subject": "ZS-001", "visit": "SCR", "measured_on": "2021-03-01"}
LINES = [{**LINE, "weight": f"{60 + number}", "external_id": f"his-{number}"} for number in range(3)]
WHY = "change_reason=transfer+of+2021-03"

CSV = (
    "subject,visit,measured_on,weight,external_id\r\n"
    "ZS-001,SCR,2021-03-01,60,his-0\r\n"
    'ZS-001,SCR,2021-03-01,"61",his-1\r\n'
    "ZS-001,SCR,2021-03-01,62,his-2\r\n"
)
FORMATS = {
    "application/json": json.dumps(LINES),
    "application/x-ndjson": "\n".join(json.dumps(line) for line in LINES) + "\n",
    "text/csv": CSV,
    "text/csv; charset=utf-8": "\ufeff" + CSV,
}


def send(
    world: SimpleNamespace,
    body: str | bytes,
    kind: str = "application/json",
    query: str = WHY,
    form: str = "VS",
) -> Any:
    sent = body.encode() if isinstance(body, str) else body
    return world.client.send(f"{IMPORT}{form}/?{query}", sent, content_type=kind)


def stored(world: SimpleNamespace) -> int:
    return VitalSigns.objects.filter(subject=world.subject).count() - 1


def test_the_same_lines_are_understood_in_every_format_and_known_ones_are_left_alone(
    world: SimpleNamespace,
) -> None:
    counts = []
    for kind, body in FORMATS.items():
        reply = send(world, body, kind)
        assert reply.status_code == 201, (kind, reply.content)
        counts.append((reply.json()["received"], reply.json()["stored"], reply.json()["unchanged"]))
    assert counts == [(3, 3, 0), (3, 0, 3), (3, 0, 3), (3, 0, 3)]
    assert stored(world) == 3


def test_an_import_is_one_event_of_the_casebook_with_its_source_and_reason(world: SimpleNamespace) -> None:
    before = events_of(world.subject).count()
    reply = send(world, json.dumps(LINES))
    event = events_of(world.subject).first()
    assert events_of(world.subject).count() == before + 1
    assert (event.source, event.reason) == ("IMPORT", "transfer of 2021-03")
    assert event.request_id == reply["X-Request-ID"]


def test_a_dry_run_says_what_would_happen_and_stores_nothing(world: SimpleNamespace) -> None:
    reply = send(world, json.dumps([*LINES, {**LINE, "weight": "heavy"}]), query=f"{WHY}&dry_run=true")
    report = reply.json()
    assert reply.status_code == 200
    assert report["dry_run"] is True
    assert report["rejected"] == [{"line": 4, "errors": report["rejected"][0]["errors"]}]
    assert "weight" in report["rejected"][0]["errors"]
    assert send(world, json.dumps(LINES), query=f"{WHY}&dry_run=true").json()["stored"] == 3
    assert stored(world) == 0


def test_one_line_that_cannot_be_stored_keeps_all_others_out(world: SimpleNamespace) -> None:
    foreign, unknown = {**LINE, "subject": "XH-001"}, {**LINE, "subject": "ZS-999"}
    reply = send(world, json.dumps([*LINES, foreign, unknown]))
    assert reply.status_code == 400
    report = reply.json()
    assert report["stored"] == 0
    assert [each["line"] for each in report["rejected"]] == [4, 5]
    assert report["rejected"][0]["errors"] == report["rejected"][1]["errors"]
    assert report["errors"]["detail"]
    assert stored(world) == 0


def test_rows_come_nested_in_json_and_as_following_lines_in_csv(world: SimpleNamespace) -> None:
    sample = {"subject": "ZS-001", "visit": "SCR", "collected_on": "2021-03-01", "laboratory": "ZS-LAB"}
    rows = [{"test": "ALT", "value": "60", "unit": "U/L"}, {"test": "HGB", "value": "140", "unit": "g/L"}]
    nested = [{**sample, "external_id": "lb-1", "results": rows}]
    assert send(world, json.dumps(nested), form="LB").json()["stored"] == 1
    flat = (
        "subject,visit,collected_on,laboratory,external_id,results.test,results.value,results.unit\n"
        "ZS-001,SCR,2021-03-01,ZS-LAB,lb-1,ALT,60,U/L\n"
        "ZS-001,SCR,2021-03-01,ZS-LAB,lb-1,HGB,140,g/L\n"
        "ZS-001,SCR,2021-03-01,ZS-LAB,lb-2,ALT,30,U/L\n"
    )
    reply = send(world, flat, "text/csv", form="LB")
    assert reply.status_code == 201, reply.content
    assert (reply.json()["received"], reply.json()["stored"], reply.json()["unchanged"]) == (2, 1, 1)
    assert LabSample.objects.count() == 2
    assert LabResult.objects.count() == 3


def test_reasons_for_absence_stand_in_one_cell(world: SimpleNamespace) -> None:
    flat = (
        "subject,visit,measured_on,missing_reasons\nZS-001,SCR,2021-03-01,weight=NOT_DONE; height=UNKNOWN\n"
    )
    assert send(world, flat, "text/csv").status_code == 201
    newest = VitalSigns.objects.latest("pk")
    assert newest.missing_reasons == {"weight": "NOT_DONE", "height": "UNKNOWN"}


BROKEN = {
    "no array": ("application/json", '{"subject": "ZS-001"}', "array"),
    "no objects": ("application/json", "[1, 2]", "Line 1"),
    "rows that are no list": (
        "application/json",
        json.dumps([{**LINE, "blood_pressures": "120/80"}]),
        "blood_pressures",
    ),
    "rows that are no objects": (
        "application/json",
        json.dumps([{**LINE, "blood_pressures": ["x"]}]),
        "blood_pressures",
    ),
    "NaN": ("application/json", '[{"weight": NaN}]', "NaN"),
    "broken second line": ("application/x-ndjson", '{"subject": "ZS-001"}\n{"subject": \n', "Line 2"),
    "duplicate key on a line": ("application/x-ndjson", '{"a": 1, "a": 2}\n', "Line 1"),
    "two lines in one": ("application/x-ndjson", "{} {}\n", "Line 1"),
    "nothing": ("text/csv", "", "must hold the lines"),
    "no header": ("text/csv", "\n", "first line"),
    "a column twice": ("text/csv", "subject,subject\nZS-001,ZS-001\n", "first line"),
    "a nameless column": ("text/csv", "subject,\nZS-001,x\n", "first line"),
    "columns without end": ("text/csv", ",".join(f"c{each}" for each in range(501)) + "\n", "columns"),
    "rows in a column of their own": (
        "text/csv",
        "subject,visit,blood_pressures,blood_pressures.systolic\nZS-001,SCR,120/80,120\n",
        "line 1",
    ),
    "a cell too many": ("text/csv", "subject,visit\nZS-001,SCR,x\n", "Line 1"),
    "a cell too few": ("text/csv", "subject,visit\nZS-001\n", "Line 1"),
    "an open quote": ("text/csv", 'subject,visit\n"ZS-001,SCR\n', "CSV"),
    "NUL": ("text/csv", "subject,visit\nZS\x00-001,SCR\n", "NUL"),
    "a huge cell": ("text/csv", f"subject,visit\n{'x' * 200_000},SCR\n", "CSV"),
    "Latin-1": ("text/csv", b"subject,visit\nZS-001,\xe9\n", "UTF-8"),
    "reasons without equals": ("text/csv", "subject,missing_reasons\nZS-001,weight\n", "Line 1"),
}


def test_a_file_that_is_broken_is_refused_with_the_place(world: SimpleNamespace) -> None:
    for name, (kind, body, reason) in BROKEN.items():
        reply = send(world, body, kind)
        assert reply.status_code == 400, (name, reply.content)
        assert reason.lower() in reply.content.decode().lower(), (name, reply.content)
    assert stored(world) == 0


def test_what_is_asked_for_must_be_clear(world: SimpleNamespace) -> None:
    body = json.dumps(LINES)
    assert "change_reason" in send(world, body, query="").json()["errors"]
    assert "dry_run" in send(world, body, query=f"{WHY}&dry_run=perhaps").json()["errors"]
    assert "dryrun" in send(world, body, query=f"{WHY}&dryrun=true").json()["errors"]
    assert "study" in send(world, body, query=f"{WHY}&study=OTHER").json()["errors"]
    assert send(world, body, form="NOPE").status_code == 404
    assert send(world, body, kind="application/pdf").status_code == 415
    assert stored(world) == 0


def test_more_lines_than_an_import_may_have_are_refused(world: SimpleNamespace) -> None:
    reply = send(world, "subject\n" + "ZS-001\n" * 20_001, "text/csv")
    assert reply.status_code == 400
    assert "20000" in reply.content.decode()


def test_of_lines_that_are_all_wrong_the_first_thousand_are_told(world: SimpleNamespace) -> None:
    told = send(world, "subject,visit\n" + "ZS-999,SCR\n" * 1_200, "text/csv").json()
    assert (told["received"], told["stored"], len(told["rejected"])) == (1_200, 0, 1_000)
    assert "not looked at" in told["errors"]["detail"][0]


def test_an_import_of_nothing_stores_nothing(world: SimpleNamespace) -> None:
    assert send(world, "[]").json()["received"] == 0
    assert send(world, "subject,visit\n", "text/csv").json()["received"] == 0
