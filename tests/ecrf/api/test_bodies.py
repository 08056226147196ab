"""What is no acceptable body: always a 4xx that names the reason, never an error of the server."""

import json
from types import SimpleNamespace

import pytest

from patients.models import VitalSigns
from tests.ecrf.api.client import client_of
from trials.api.strict_json import strict_json

VS = "/api/v1/vital-signs/"
GOOD = {"subject": "ZS-001", "visit": "SCR", "measured_on": "2021-03-01", "weight": "70"}


def with_(**values: object) -> bytes:
    return json.dumps({**GOOD, **values}).encode()


def raw(text: str) -> bytes:
    """The good body with a piece of JSON in the place of the weight."""
    return with_(weight="HERE").replace(b'"HERE"', text.encode())


BODIES = {
    "NUL": (with_(comment="a\x00b"), "NUL"),
    "NUL in a key": (with_(**{"a\x00b": 1}), "character"),
    "lone surrogate": (raw('"\\ud800"'), "surrogate"),
    "lone surrogate in a key": (with_().replace(b'"weight"', b'"\\udfff"'), "character"),
    "NaN": (raw("NaN"), "NaN"),
    "Infinity": (raw("Infinity"), "Infinity"),
    "minus Infinity": (raw("-Infinity"), "Infinity"),
    "duplicate key": (raw('1, "weight": 2'), "weight"),
    "duplicate key in a row": (
        with_(blood_pressures="X").replace(b'"X"', b'[{"systolic":1,"systolic":2}]'),
        "twice",
    ),
    "an object without end": (b"{%s}" % b",".join(b'"k%d":0' % each for each in range(200_000)), "members"),
    "10 to the 400": (raw("1" + "0" * 400), "digits"),
    "10 to the 400 as a float": (raw("1e400"), "range"),
    "10 to the 999999999": (raw("1e999999999"), "range"),
    "a number of 10,000 digits": (raw("1" * 10_000), "digits"),
    "a fraction of 10,000 digits": (raw("0." + "1" * 10_000), "range"),
    "deep list": (raw("[" * 5_000 + "]" * 5_000), "deep"),
    "very deep list": (raw("[" * 200_000 + "]" * 200_000), "deep"),
    "deep object": (raw('{"a":' * 50 + "1" + "}" * 50), "deep"),
    "list": (b"[1, 2]", "object"),
    "text": (b'"abc"', "object"),
    "number": (b"5", "object"),
    "null": (b"null", "object"),
    "broken": (b'{"subject": ', "JSON"),
    "trailing text": (b"{} {}", "JSON"),
    "single quotes": (b"{'subject': 'ZS-001'}", "JSON"),
    "broken UTF-8": (b'{"subject": "\xff\xfe"}', "UTF-8"),
    "UTF-16": ('{"subject": "ZS-001"}'.encode("utf-16"), "UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf" + with_(), "JSON"),
    "empty": (b"", "subject"),
    "blanks": (b"   ", "JSON"),
}


def test_a_body_that_is_not_acceptable_is_refused_with_the_reason(world: SimpleNamespace) -> None:
    for name, (body, reason) in BODIES.items():
        reply = world.client.send(VS, body)
        assert reply.status_code == 400, (name, reply.content)
        assert set(reply.json()) == {"errors", "request_id"}, name
        assert reason.lower() in json.dumps(reply.json()["errors"]).lower(), (name, reply.content)
    assert VitalSigns.objects.filter(subject=world.subject).count() == 1


VALUES = {
    # field: (value, the field that the refusal names)
    "text for a number": ("weight", "heavy"),
    "NaN as text": ("weight", "NaN"),
    "Infinity as text": ("weight", "Infinity"),
    "Arabic digits": ("weight", "٧٠"),
    "five decimals": ("weight", "70.12345"),
    "true for a number": ("weight", True),
    "list for a number": ("weight", [70]),
    "object for a number": ("weight", {"value": 70}),
    "outside the limits": ("weight", 2000),
    "below the limits": ("weight", -1),
    "half of a count": ("pulse", 70.5),
    "huge count": ("pulse", 10**20),
    "text for a count": ("pulse", "seventy"),
    "number for a date": ("measured_on", 20210301),
    "true for a date": ("measured_on", True),
    "day that does not exist": ("measured_on", "2021-02-30"),
    "year of five digits": ("measured_on", "12021-03-01"),
    "date with a time": ("measured_on", "2021-03-01T10:00:00Z"),
    "week date": ("measured_on", "2021-W09-1"),
    "future": ("measured_on", "2999-01-01"),
    "unknown field": ("hieght", 170),
    "computed by nobody": ("version", 7),
    "mass assignment: site": ("site", "XH"),
    "mass assignment: status": ("entry_state", "COMPLETE"),
    "mass assignment: id": ("id", 1),
    "mass assignment: event": ("event", 1),
    "mass assignment: repeat": ("subject_id", 1),
    "text for rows": ("blood_pressures", "120/80"),
    "object for rows": ("blood_pressures", {"systolic": 120}),
    "text in rows": ("blood_pressures", ["120/80"]),
    "null for rows": ("blood_pressures", None),
    "unknown field in a row": ("blood_pressures", [{"sistolic": 120}]),
    "unknown row": ("blood_pressures", [{"repeat": 99, "systolic": 120}]),
    "true for a row number": ("blood_pressures", [{"repeat": True, "systolic": 120}]),
    "number for a time": ("blood_pressures", [{"read_at": 5}]),
    "no time": ("blood_pressures", [{"read_at": "25:00"}]),
    "reasons that are no object": ("missing_reasons", ["height"]),
    "reason for an unknown field": ("missing_reasons", {"length": "NOT_DONE"}),
    "unknown reason": ("missing_reasons", {"height": "FORGOTTEN"}),
    "list as a reason": ("missing_reasons", {"height": ["NOT_DONE"]}),
    "reason and value": ("missing_reasons", {"weight": "NOT_DONE"}),
    "number for the external id": ("external_id", 7),
    "long external id": ("external_id", "x" * 101),
    "line break in the external id": ("external_id", "a\nb"),
    "number for the reason of not done": ("not_done_reason", 7),
    "long reason of not done": ("not_done_reason", "x" * 201),
    "number for the visit": ("visit", 7),
    "visit of nobody": ("visit", "C99D1"),
    "no visit": ("visit", None),
    "list for the subject": ("subject", ["ZS-001"]),
}


def test_a_value_that_cannot_be_a_fact_is_refused_and_nothing_of_the_body_is_stored(
    world: SimpleNamespace,
) -> None:
    for name, (field, value) in VALUES.items():
        reply = world.client.post(VS, {**GOOD, field: value}, format="json")
        assert reply.status_code == 400, (name, reply.content)
        named = "weight" if name == "reason and value" else field
        assert named in reply.json()["errors"], (name, reply.content)
    assert VitalSigns.objects.filter(subject=world.subject).count() == 1


def test_every_error_of_a_body_is_named_at_once(world: SimpleNamespace) -> None:
    wrong = {**GOOD, "weight": "heavy", "pulse": "x", "blood_pressures": [{}, {"systolic": "x"}]}
    errors = world.client.post(VS, wrong, format="json").json()["errors"]
    assert set(errors) == {"weight", "pulse", "blood_pressures"}
    assert errors["blood_pressures"][0] == {}
    assert "systolic" in errors["blood_pressures"][1]


OTHER_CONTENT = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json; charset=latin-1",
    "application/json; charset=utf-7",
    "nonsense",
)


def test_another_content_type_is_answered_415(world: SimpleNamespace) -> None:
    for content_type in OTHER_CONTENT:
        reply = world.client.send(VS, with_(), content_type=content_type)
        assert reply.status_code == 415, content_type
        assert reply.json()["errors"]["detail"]


def test_a_reply_in_html_is_answered_406(world: SimpleNamespace) -> None:
    reply = world.client.get(VS, headers={"Accept": "text/html"})
    assert reply.status_code == 406
    assert reply.json()["errors"]["detail"]


def test_decimals_arrive_as_they_were_written() -> None:
    assert str(strict_json(b"[0.1, 70.50]")[0]) == "0.1"
    assert str(strict_json(b"[0.1, 70.50]")[1]) == "70.50"


def test_the_usual_ways_to_write_a_number_are_understood(world: SimpleNamespace) -> None:
    for weight in (70.5, "70.5", " 70.5 ", "70.5000", "7.05e1"):
        reply = world.client.post(VS, {**GOOD, "weight": weight}, format="json")
        assert reply.status_code == 201, (weight, reply.content)
        assert reply.json()["weight"] == "70.5"


def test_an_unexpected_error_is_answered_500_without_its_words(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("weight 70 of ZS-001")

    monkeypatch.setattr("patients.api.forms.create_form", fail)
    reply = world.client.post(VS, GOOD, format="json")
    assert reply.status_code == 500
    assert "ZS-001" not in reply.content.decode()
    assert reply.json()["request_id"] == reply["X-Request-ID"]
    assert "ZS-001" not in " ".join(record.getMessage() for record in caplog.records)


def test_a_database_that_is_away_is_answered_503_with_the_time_to_try_again(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def fail(**_: object) -> None:
        raise OperationalError("server closed the connection at 10.0.0.1")

    monkeypatch.setattr("patients.api.forms.create_form", fail)
    reply = world.client.post(VS, GOOD, format="json")
    assert reply.status_code == 503
    assert reply["Retry-After"] == "5"
    assert "10.0.0.1" not in reply.content.decode()


def test_no_value_of_a_refused_body_stands_in_the_log(
    world: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        world.client.post(VS, {**GOOD, "weight": "canary-4711"}, format="json")
        world.client.send(VS, b'{"weight": "canary-4711", ')
        client_of(world.coordinator).get(VS, {"subject": "canary-4711", "unknown": "canary-4711"})
    told = " ".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    assert "canary-4711" not in told
