"""One definition of a form, seen through everything the API says about it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from ecrf.api.documents import openapi_document
from patients.api.forms import form_resources
from patients.forms import definitions
from tests.ecrf.api.addresses import addresses
from tests.extra_form.models import ExtraForm
from tests.factories import UserFactory

EXTRA = {
    "subject": "ZS-001",
    "happened_on": "2021-03",
    "seen_on": "2021-03-14",
    "seen_at": "09:30",
    "amount": "12.5",
    "tally": 3,
    "agreed": "Y",
    "label": "a name",
    "story": "two\nlines",
    "drug": "LENVATINIB",
    "lines": [{"word": "one", "number": "1"}],
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def component(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def test_the_document_is_made_and_valid_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "openapi.yml"))


def test_the_document_is_for_people_who_are_logged_in(world: SimpleNamespace) -> None:
    reply = world.client.get("/api/schema/")
    assert reply.status_code == 200
    assert reply.json()["openapi"].startswith("3.1")


def test_a_form_that_nobody_told_the_api_about_is_a_resource_with_every_question(
    world: SimpleNamespace,
) -> None:
    """The form stands in an application that only the tests have: one definition is enough."""
    reply = world.client.post("/api/v1/extra-forms/", EXTRA, format="json")
    assert reply.status_code == 201, reply.content
    shown = reply.json()
    assert {name: shown[name] for name in EXTRA if name != "lines"} == {
        name: value for name, value in EXTRA.items() if name != "lines"
    }
    assert (shown["lines"][0]["word"], shown["lines"][0]["number"]) == ("one", "1")
    corrected = world.client.change(reply["Location"], 1, {"tally": 4, "change_reason": "counted again"})
    assert corrected.json()["tally"] == 4


@pytest.mark.requirement("R48")
def test_every_question_of_every_form_stands_in_messages_schema_and_definition(
    document: dict[str, Any], world: SimpleNamespace
) -> None:
    for form in definitions():
        name = form.model.__name__
        reply, entry = component(document, f"{name}Reply"), component(document, f"{name}EntryRequest")
        correction = component(document, f"{name}CorrectionRequest")
        told = world.client.get(f"/api/v1/forms/{form.oid}/").json()
        for item in form.items:
            assert item.name in reply["properties"], (form.oid, item.name)
            assert item.name in told["properties"], (form.oid, item.name)
            assert (item.name in entry["properties"]) is not item.derived, (form.oid, item.name)
            assert (item.name in correction["properties"]) is not item.derived, (form.oid, item.name)
        for rows, section in form.rows.items():
            inside = reply["properties"][rows]["items"]["properties"]
            assert {item.name for item in section.items} <= set(inside), (form.oid, rows)
            assert {item.name for item in section.asked} <= set(
                entry["properties"][rows]["items"]["properties"]
            )


def test_the_reply_of_a_form_holds_exactly_what_the_document_promises(
    document: dict[str, Any], world: SimpleNamespace
) -> None:
    shown = world.client.post("/api/v1/extra-forms/", EXTRA, format="json").json()
    promised = component(document, "ExtraFormReply")["properties"]
    assert set(shown) == set(promised)
    assert set(shown["lines"][0]) == set(promised["lines"]["items"]["properties"])


def test_the_document_tells_unit_limits_codes_and_that_nothing_else_is_accepted(
    document: dict[str, Any],
) -> None:
    entry = component(document, "ExtraFormEntryRequest")
    assert entry["additionalProperties"] is False
    assert entry["properties"]["lines"]["items"]["additionalProperties"] is False
    amount = entry["properties"]["amount"]
    assert (amount["x-unit"], amount["minimum"], amount["maximum"]) == ("mg", 0, 1000)
    assert amount["x-usual"] == [1, 100]
    assert entry["properties"]["agreed"]["enum"] == ["Y", "N", None]
    assert entry["properties"]["agreed"]["x-codelist"] == "YesNo"
    assert entry["properties"]["drug"]["x-codelist"] == "Drug"


def operation(document: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path][method]
    return found


def test_changes_document_if_match_etag_and_every_refusal(document: dict[str, Any]) -> None:
    patch = operation(document, "/api/v1/extra-forms/{id}/", "patch")
    assert {"If-Match"} <= {each["name"] for each in patch["parameters"] if each["required"]}
    assert {"400", "401", "403", "404", "409", "412", "413", "415", "423", "428", "429", "503"} <= set(
        patch["responses"]
    )
    assert "ETag" in patch["responses"]["200"]["headers"]
    create = operation(document, "/api/v1/extra-forms/", "post")
    assert "Idempotency-Key" in {each["name"] for each in create["parameters"]}
    assert {"422"} <= set(create["responses"])
    refusal = create["responses"]["400"]["content"]["application/json"]["schema"]
    assert refusal == {"$ref": "#/components/schemas/Errors"}


def test_no_member_that_fields_may_leave_out_is_documented_as_required(document: dict[str, Any]) -> None:
    for name in ("SubjectReply", "SiteReply", "CriterionReply", "VitalSignsReply"):
        assert "required" not in component(document, name), name
    assert component(document, "TokenReply")["required"] == ["expires_at", "token"]
    export = operation(document, "/api/v1/exports/csv/", "get")
    assert "fields" not in {each["name"] for each in export["parameters"]}


def test_the_reference_range_of_a_result_is_documented_as_its_key(document: dict[str, Any]) -> None:
    told = component(document, "LabResultReply")["properties"]
    assert told["reference_range"]["type"] == ["integer", "null"]
    assert told["test"]["type"] == ["string", "null"]


def test_every_address_of_a_form_is_documented(document: dict[str, Any]) -> None:
    for path in form_resources():
        for tail in ("", "{id}/", "{id}/void/", "{id}/history/"):
            assert f"/api/v1/{path}/{tail}" in document["paths"]


def test_every_address_answers_what_the_document_says_it_may(
    document: dict[str, Any], world: SimpleNamespace
) -> None:
    """No status that is not documented, for a plain GET and an empty POST of every address."""
    import re

    patterns = {
        re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z"): operations
        for path, operations in document["paths"].items()
    }
    for path in addresses():
        found = [operations for pattern, operations in patterns.items() if pattern.match(path)]
        if not found:
            assert path in ("/api/schema/", "/api/docs/"), path
            continue
        for method in ("get", "post"):
            if method in found[0] and path != "/api/v1/auth/logout/":
                reply = world.client.generic(method.upper(), path, b"{}", content_type="application/json")
                assert str(reply.status_code) in found[0][method]["responses"], (
                    method,
                    path,
                    reply.status_code,
                )


def test_the_document_is_english_whatever_the_language_of_the_reader(world: SimpleNamespace) -> None:
    chinese = world.client.get("/api/schema/", headers={"Accept-Language": "zh-hans"})
    assert chinese.json() == json.loads(json.dumps(openapi_document()))


def test_the_page_for_people_needs_a_login_and_runs_no_script(db: None) -> None:
    browser = Browser()
    reply = browser.get("/api/docs/")
    assert reply.status_code == 302
    assert "/admin/login/" in reply["Location"]
    browser.force_login(UserFactory(), backend="trials.authentication.RoleBackend")
    page = browser.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<script" not in text
    assert "style=" not in text
    assert "https://" not in text
    assert "/api/v1/extra-forms/{id}/void/" in text
    assert "unsafe" not in page["Content-Security-Policy"]


def test_the_form_definitions_are_listed_with_their_addresses(world: SimpleNamespace) -> None:
    listed = world.client.get("/api/v1/forms/").json()
    assert [each["oid"] for each in listed] == [form.oid for form in definitions()]
    extra = next(each for each in listed if each["oid"] == ExtraForm.form.oid)
    assert extra["path"] == "extra-forms"
    assert world.client.get(extra["definition"]).json()["x-oid"] == "XX"
    assert world.client.get("/api/v1/forms/NOPE/").status_code == 404
