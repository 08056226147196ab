"""CSV exports: complete, scoped, recorded, and harmless for a spreadsheet."""

import csv
import io
from types import SimpleNamespace
from typing import Any

import pytest

from patients.actions.save_form import create_form, mark_entered_in_error
from patients.forms import definitions
from patients.models import AdverseEvent, LabSample, Visit
from trials.csv_cells import cell
from trials.models import AuditEvent

EXPORT = "/api/v1/exports/csv/"


def exported(client: Any, **query: str) -> list[dict[str, str]]:
    reply = client.get(EXPORT, query)
    assert reply.status_code == 200, reply.content
    text = b"".join(reply.streaming_content).decode("utf-8")
    assert "\n" not in text.replace("\r\n", "") or '"' in text
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.requirement("R02")
def test_every_form_is_exported_with_every_field_of_its_definition(world: SimpleNamespace) -> None:
    client = world.roles["STATISTICIAN"]
    for form in definitions():
        reply = client.get(EXPORT, {"form": form.oid})
        header = next(csv.reader(io.StringIO(b"".join(reply.streaming_content).decode())))
        wanted = {item.name for item in form.items}
        wanted |= {f"{name}.{item.name}" for name, section in form.rows.items() for item in section.items}
        assert wanted <= set(header), form.oid
        assert len(header) == len(set(header)), form.oid


def test_a_form_without_rows_is_one_line(world: SimpleNamespace) -> None:
    lines = exported(world.roles["STATISTICIAN"], form="VS")
    assert [line["subject"] for line in lines] == ["XH-001", "ZS-001"]
    ours = lines[1]
    assert (ours["weight"], ours["visit"], ours["site"], ours["study"]) == ("60", "SCR", "ZS", "TEST-1")
    assert (ours["temperature"], ours["blood_pressures.systolic"]) == ("", "")


def test_a_form_with_rows_is_one_line_for_each_row(world: SimpleNamespace) -> None:
    create_form(
        actor=world.coordinator,
        form=LabSample,
        subject=world.subject,
        visit=Visit.objects.get(subject=world.subject, code="SCR"),
        data={"collected_on": "2021-03-01", "laboratory": "ZS-LAB"},
        rows={
            "results": [
                {"test": "ALT", "value": "60", "unit": "U/L"},
                {"test": "HGB", "value": "-5", "unit": "g/L"},
            ]
        },
    )
    lines = exported(world.roles["STATISTICIAN"], form="LB")
    assert [(each["results.test"], each["results.value"], each["results.flag"]) for each in lines] == [
        ("ALT", "60", "HIGH"),
        ("HGB", "-5", lines[1]["results.flag"]),
    ]
    assert {each["laboratory"] for each in lines} == {"ZS-LAB"}


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "＝1+1",
        "－1+1",
        '"=1+1',
        "'=1+1",
        " =1+1",
        "“=1+1",
        "\t=1",
        "-",
        "=cmd|' /C calc'!A0",
    ],
)
def test_text_that_a_spreadsheet_could_calculate_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-5", "+5", "-5.25", "5", "nausea", "a=b", "<20", "2+", "10-20", "", "皮疹"]
)
def test_numbers_and_ordinary_words_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_a_formula_typed_as_a_term_arrives_as_text(world: SimpleNamespace) -> None:
    term = '=HYPERLINK("http://x","y")'
    create_form(actor=world.coordinator, form=AdverseEvent, subject=world.subject, data={"term": term})
    (line,) = exported(world.roles["STATISTICIAN"], form="AE")
    assert line["term"] == f"'{term}"


@pytest.mark.requirement("R37")
def test_an_export_holds_the_sites_of_the_user_only(world: SimpleNamespace) -> None:
    from tests.ecrf.api.client import client_of
    from tests.factories import person
    from trials.models import Role

    investigator = client_of(person(Role.INVESTIGATOR, world.study, world.site))
    assert {line["site"] for line in exported(investigator, form="VS")} == {"ZS"}
    assert exported(investigator, form="VS", site="XH") == []


@pytest.mark.requirement("R09")
def test_an_export_is_recorded_with_what_was_asked_for(world: SimpleNamespace) -> None:
    exported(world.roles["STATISTICIAN"], form="VS", site="ZS")
    event = AuditEvent.objects.filter(chain=world.study.chain).latest("id")
    assert (event.action, event.role, event.source, event.rows) == ("export VS", "STATISTICIAN", "API", 0)
    assert event.note == "CSV; form=VS; site=ZS"


def test_records_entered_in_error_are_exported_only_when_asked_for(world: SimpleNamespace) -> None:
    record = world.subject.vitalsignss.get()
    mark_entered_in_error(actor=world.coordinator, record=record, version=1, reason="wrong subject")
    client = world.roles["STATISTICIAN"]
    assert len(exported(client, form="VS")) == 1
    lines = exported(client, form="VS", entered_in_error="include")
    assert [line["entered_in_error"] for line in lines] == ["false", "true"]


def test_what_is_asked_for_must_be_clear(world: SimpleNamespace) -> None:
    client = world.roles["STATISTICIAN"]
    before = AuditEvent.objects.count()
    for query, status, name in (
        ({}, 400, "form"),
        ({"form": "NOPE"}, 404, "detail"),
        ({"form": "VS", "date_from": "x"}, 400, "date_from"),
        ({"form": "VS", "sight": "ZS"}, 400, "sight"),
        ({"form": "VS", "fields": "weight"}, 400, "fields"),
    ):
        reply = client.get(EXPORT, query)
        assert (reply.status_code, list(reply.json()["errors"])) == (status, [name]), query
    assert AuditEvent.objects.count() == before


def test_an_export_reads_in_batches_whatever_its_length(
    world: SimpleNamespace, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.api.exports.CHUNK", 100)
    for _number in range(60):
        create_form(actor=world.coordinator, form=AdverseEvent, subject=world.subject, data={"term": "rash"})
    with django_assert_max_num_queries(40):
        assert len(exported(world.roles["STATISTICIAN"], form="AE")) == 60
