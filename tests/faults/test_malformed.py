"""Whatever is sent to any address is refused below 500, in the shape of all refusals, and stores nothing."""

import csv
import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser
from openpyxl import Workbook

from ecrf.api.documents import openapi_document
from tests.ecrf.api.client import Client
from tests.ecrf.api.world import world  # noqa: F401  a fixture
from trials.csv_cells import cell
from trials.models import AuditEvent

BODIES = {
    "NUL": b'{"change_reason": "a\\u0000b", "subject": "\\u0000"}',
    "lone surrogate": b'{"subject": "\\ud800", "change_reason": "\\udfff"}',
    "NaN": b'{"subject": NaN}',
    "Infinity": b'{"version": -Infinity}',
    "ten to the 400": b'{"subject": 1%s}' % (b"0" * 400),
    "ten to the 400, short": b'{"subject": 1e400}',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "doubled key": b'{"subject": "ZS-001", "subject": "XH-001"}',
    "many keys": b"{%s}" % b",".join(b'"k%d":1' % number for number in range(20_000)),
    "no UTF-8": b'{"subject": "\xff\xfe"}',
    "a list": b"[]",
    "no object": b'"ZS-001"',
    "not JSON": b"<subject>ZS-001</subject>",
    "lists for texts": b'{"subject": ["ZS-001"], "change_reason": [], "username": {}, "password": []}',
    "objects for texts": b'{"subject": {"code": "ZS-001"}, "change_reason": {}, "site": {}, "code": {}}',
    "numbers for texts": b'{"subject": 1, "change_reason": 2, "site": 3, "occurred_on": 4, "username": 5}',
}
BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY c SYSTEM "file:///etc/passwd">]><lolz>&b;&c;</lolz>"""
OTHERS = {
    "application/xml": BILLION_LAUGHS,
    "text/xml": BILLION_LAUGHS,
    "application/zip": b"PK\x05\x06" + bytes(18),
    "application/gzip": b"\x1f\x8b\x08\x00",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK\x03\x04",
    "application/x-tar": bytes(1024),
    "application/octet-stream": b"\x00",
    "application/yaml": b"&a [*a, *a]",
}


def writing_addresses() -> list[tuple[str, str]]:
    """Method and address of every operation that takes a body, its places filled with what exists."""
    found = []
    for path, operations in openapi_document()["paths"].items():
        filled = re.sub(r"\{(\w+)\}", lambda place: FILLED.get(place[1], "1"), path)
        found += [(method, filled) for method in ("post", "patch", "put") if method in operations]
    return found


FILLED = {"code": "ZS-001", "oid": "VS"}


def sent(client: Client, method: str, path: str, body: bytes, content_type: str = "application/json") -> Any:
    headers = {"If-Match": '"1"', "Idempotency-Key": "malformed"}
    return client.generic(method.upper(), path, body, content_type=content_type, headers=headers)


def assert_refused(reply: Any, what: object) -> None:
    assert 400 <= reply.status_code < 500, (what, reply.status_code, reply.content[:300])
    assert set(reply.json()) >= {"errors", "request_id"}, what


# Logging out needs no body and is not undone by one that nobody asked for.
ENDS_THE_TOKEN = ("/api/v1/auth/logout/",)


@pytest.fixture
def writers(world: SimpleNamespace) -> list[Client]:  # noqa: F811
    """Whoever may write anything at all, so that the body is looked at and not only the role."""
    return [world.client, world.roles["DATA_MANAGER"], world.roles["INVESTIGATOR"], world.roles["MONITOR"]]


def test_every_address_that_takes_a_body_refuses_a_malformed_one(
    world: SimpleNamespace,  # noqa: F811
    writers: list[Client],
) -> None:
    addresses = [each for each in writing_addresses() if each[1] not in ENDS_THE_TOKEN]
    assert len(addresses) > 60
    before = AuditEvent.objects.filter(chain=world.subject.chain).count()
    for number, (method, path) in enumerate(addresses):
        for name, body in BODIES.items():
            assert_refused(sent(writers[number % len(writers)], method, path, body), (method, path, name))
    assert AuditEvent.objects.filter(chain=world.subject.chain).count() == before


def test_no_address_takes_xml_or_an_archive(
    world: SimpleNamespace,  # noqa: F811
    writers: list[Client],
) -> None:
    for number, (method, path) in enumerate(writing_addresses()):
        if path in ENDS_THE_TOKEN:
            continue
        content_type, body = list(OTHERS.items())[number % len(OTHERS)]
        for client in writers:
            reply = sent(client, method, path, body, content_type)
            assert_refused(reply, (method, path, content_type))
            assert reply.status_code in (403, 404, 415), (method, path, content_type, reply.content)


@pytest.mark.parametrize("size", [2_700_000, 50_000_000])
def test_a_giant_body_is_answered_413_on_pages_and_rest_alike(
    size: int,
    world: SimpleNamespace,  # noqa: F811
) -> None:
    giant = b'{"term": "' + b"x" * size + b'"}'
    assert sent(world.client, "post", "/api/v1/medical-histories/", giant).status_code == 413
    browser = Browser(raise_request_exception=False)
    browser.force_login(world.coordinator, backend="trials.authentication.RoleBackend")
    form = b"term=" + b"x" * size
    reply = browser.generic(
        "POST", "/admin/patients/medicalhistory/add/", form, "application/x-www-form-urlencoded"
    )
    assert reply.status_code == 413


URLENCODED = "application/x-www-form-urlencoded"
PAGES = (
    "/admin/patients/vitalsigns/add/",
    "/admin/patients/subject/add/",
    "/admin/login/",
)
FORMS = {
    "no UTF-8": b"term=%ff%fe&weight=%ff&username=%ff",
    "half a character": b"term=%ed%a0%80&username=%ed%a0%80",
    "NUL": b"subject=%00&weight=%00&username=%00&csrfmiddlewaretoken=%00",
    "many fields": b"&".join(b"k%d=1" % number for number in range(5_000)),
    "many rows": b"blood_pressures-TOTAL_FORMS=999999999&blood_pressures-INITIAL_FORMS=-5",
    "huge number": b"subject=" + b"9" * 5_000 + b"&version=" + b"9" * 5_000,
    "broken escapes": b"%=%zz&%u1234=1&a=%",
    "nothing": b"",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_bears_any_form_that_is_posted_to_it(
    page: str,
    world: SimpleNamespace,  # noqa: F811
) -> None:
    browser = Browser(raise_request_exception=False)
    browser.force_login(world.coordinator, backend="trials.authentication.RoleBackend")
    for name, body in FORMS.items():
        reply = browser.generic("POST", page, body, URLENCODED)
        assert reply.status_code < 500, (page, name)
        files = {
            "boundary missing": "multipart/form-data",
            "boundary wrong": "multipart/form-data; boundary=x",
        }
        for kind in files.values():
            assert browser.generic("POST", page, body, kind).status_code < 500, (page, name, kind)


@pytest.mark.parametrize(
    "query", ["a=%00", "%ff=%ff", "cursor=%00", "cursor=" + "x" * 5000, "page_size=1e400"]
)
def test_a_query_that_means_nothing_is_refused(query: str, world: SimpleNamespace) -> None:  # noqa: F811
    for path in ("subjects", "vital-signs", "queries", "exports/csv", "reports/efficacy"):
        assert 400 <= world.client.get(f"/api/v1/{path}/?{query}").status_code < 500, (path, query)


# ---------------------------------------------------------------- exports
TEXTS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '"=1+1',
    "＝1+1",
    '=HYPERLINK("http://x")',
    " ",
    "Gout",
)
NUMBERS = ("-5", "0.10", "+3", "70.5", "-0.5")


def test_a_spreadsheet_takes_no_cell_of_an_export_for_a_formula_and_numbers_stay_numbers() -> None:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([[cell(text), cell(number)] for text, number in zip(TEXTS, NUMBERS * 3, strict=False)])
    sheet = Workbook().active
    for row in csv.reader(io.StringIO(written.getvalue(), newline="")):
        sheet.append(row)
    kinds = {each.data_type for row in sheet.iter_rows() for each in row}
    assert "f" not in kinds
    assert [row[1].value for row in sheet.iter_rows()] == list(NUMBERS * 3)[: len(TEXTS)]


@pytest.mark.parametrize("key", ["[1, 2]", "x", "1.0", "-1", "٣", "9" * 40, "1 or 1=1", " "])
def test_a_key_that_is_none_leads_nowhere(key: str, world: SimpleNamespace) -> None:  # noqa: F811
    for path in openapi_document()["paths"]:
        if path.endswith(("/{id}/", "/{pk}/")):
            address = re.sub(r"\{(id|pk)\}", key, path)
            assert world.roles["DATA_MANAGER"].get(address).status_code in (403, 404), address
