"""The audit trail on pages: a reviewer filters, reads, marks as reviewed, and takes it away."""

import csv
import html
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.actions.save_form import change_form, create_form
from patients.models import AdverseEvent, AuditReview, Subject, VitalSigns
from tests.factories import coordinator_of, make_site, make_study, person, screened_subject
from trials.models import AuditEvent, Role, Site, User

pytestmark = pytest.mark.django_db

TRAIL = "/admin/patients/auditreview/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def subject(site: Site) -> Subject:
    return screened_subject(coordinator_of(site), site)


@pytest.fixture
def monitor(site: Site) -> User:
    return person(Role.MONITOR, site.study, site, username="monitor")


@pytest.fixture
def client(monitor: User) -> Client:
    return client_of(monitor)


def corrected(subject: Subject, reason: str = "misread") -> VitalSigns:
    record = subject.vitalsignss.get()
    return change_form(
        actor=coordinator_of(subject.site),
        record=record,
        version=record.version,
        reason=reason,
        data={"weight": "61.5"},
    )


def text(reply: Any, status: int = 200) -> str:
    assert reply.status_code == status, reply.content
    words = re.sub(r"<(script|style)\b.*?</\1>", " ", reply.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", words)))


def acts(reply: Any) -> list[str]:
    return [line["told"].event.action for line in reply.context["lines"]]


@pytest.mark.requirement("R10")
def test_a_correction_stands_in_the_trail_in_words_with_the_ways_to_its_form_and_history(
    subject: Subject, client: Client
) -> None:
    record = corrected(subject)
    reply = client.get(TRAIL, {"subject": subject.code, "form": "VS", "kind": "CHANGE"})
    words = text(reply)
    assert acts(reply) == ["correct VS"]
    for told in (
        "Vital signs corrected",
        "Weight: 60 kg → 61.5 kg",
        "misread",
        "Coordinator",
        "Asia/Shanghai",
        "UTC",
    ):
        assert told in words
    page = reply.content.decode()
    assert f"/admin/patients/vitalsigns/{record.pk}/change/" in page
    assert f"/admin/patients/vitalsigns/{record.pk}/history/" in page
    assert f"/admin/patients/subject/{subject.pk}/change/" in page
    assert client.get(f"/admin/patients/vitalsigns/{record.pk}/history/").status_code == 200


@pytest.mark.requirement("R10")
def test_the_filters_of_the_address_stand_in_their_controls_and_leave_exactly_their_acts(
    subject: Subject, client: Client
) -> None:
    corrected(subject)
    reply = client.get(TRAIL, {"subject": subject.code, "form": "VS", "field": "weight", "source": "COMMAND"})
    assert acts(reply) == ["correct VS", "enter VS"]
    chosen = {each["name"]: each["value"] for each in reply.context["controls"] if each["value"]}
    assert chosen == {"subject": subject.code, "form": "VS", "field": "weight", "source": "COMMAND"}
    assert '<option value="weight" selected>Weight</option>' in reply.content.decode()
    assert acts(client.get(TRAIL, {"form": "VS", "user": "nobody"})) == []
    assert "Nothing that was recorded" in text(client.get(TRAIL, {"user": "nobody"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("site", "NO"),
        ("subject", "XX-001"),
        ("from", "soon"),
        ("form", "<script>"),
        ("cursor", "x"),
        ("sight", "1"),
        ("user", "\x00"),
    ],
)
def test_a_filter_that_is_wrong_is_named_and_nothing_is_shown(
    subject: Subject, client: Client, name: str, value: str
) -> None:
    reply = client.get(TRAIL, {name: value})
    assert name in text(reply, 400)
    assert "lines" not in reply.context
    assert "<script>1" not in reply.content.decode()


def test_a_term_that_is_markup_is_shown_as_text(subject: Subject, client: Client) -> None:
    term = "<img src=x onerror=alert(1)>"
    create_form(actor=coordinator_of(subject.site), form=AdverseEvent, subject=subject, data={"term": term})
    page = client.get(TRAIL, {"form": "AE"}).content.decode()
    assert term not in page
    assert html.escape(term) in page


@pytest.mark.requirement("R12")
def test_a_reviewer_marks_what_the_page_showed_and_what_arrived_meanwhile_waits(
    subject: Subject, client: Client, monitor: User
) -> None:
    question = {"subject": subject.code, "reviewed": "false", "order": "oldest"}
    page = client.get(TRAIL, question)
    [up_to] = page.context["up_to"]
    corrected(subject)
    reply = client.post(
        f"{TRAIL}review/", {"up_to": [str(up_to)], "comment": "source seen", **question}, follow=True
    )
    assert "1 trail is marked as reviewed" in text(reply)
    assert acts(reply) == ["correct VS"]
    mark = AuditReview.objects.get()
    assert (mark.up_to_id, mark.reviewer, mark.comment, mark.subject) == (
        up_to,
        monitor,
        "source seen",
        subject,
    )
    waiting = client.get(f"{TRAIL}casebooks/").context["found"]
    assert [(each.subject.code, each.unreviewed) for each, _at, _url in waiting] == [(subject.code, 1)]
    assert acts(client.get(waiting[0][2])) == ["correct VS"]
    [rest] = client.get(waiting[0][2]).context["up_to"]
    client.post(f"{TRAIL}review/", {"up_to": [str(rest)]})
    assert "No casebook waits." in text(client.get(f"{TRAIL}casebooks/"))
    assert "monitor" in text(client.get(f"{TRAIL}casebooks/?waiting=no"))


def test_nothing_is_marked_where_filters_leave_acts_out_or_older_ones_come_first(
    subject: Subject, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    filtered = client.get(TRAIL, {"subject": subject.code, "form": "VS"})
    assert filtered.context["up_to"] == []
    assert "leave acts out" in text(filtered)
    monkeypatch.setattr("patients.audit_review.events.page_of.__defaults__", ("", 3))
    newest = client.get(TRAIL, {"subject": subject.code})
    assert len(newest.context["lines"]) == 3
    assert newest.context["up_to"] == []
    assert "Older acts are unreviewed" in text(newest)
    oldest = client.get(TRAIL + newest.context["waiting_url"])
    shown = [line["told"].event.pk for line in oldest.context["lines"]]
    assert oldest.context["up_to"] == [max(shown)]


@pytest.mark.parametrize("keys", [[], ["x"], ["-1"], ["9" * 19], ["1"], ["١"]])
def test_a_forged_mark_marks_nothing(subject: Subject, client: Client, keys: list[str]) -> None:
    events = AuditEvent.objects.count()
    assert client.post(f"{TRAIL}review/", {"up_to": keys}).status_code == 302
    assert not AuditReview.objects.exists()
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.COORDINATOR, Role.STATISTICIAN])
def test_who_may_not_review_reads_and_marks_nothing(subject: Subject, role: str) -> None:
    client = client_of(person(role, subject.study, subject.site))
    page = client.get(TRAIL, {"subject": subject.code})
    assert "Mark as reviewed" not in text(page)
    newest = AuditEvent.objects.filter(chain=subject.chain).latest("id").pk
    assert client.post(f"{TRAIL}review/", {"up_to": [str(newest)]}).status_code == 403
    assert not AuditReview.objects.exists()


@pytest.mark.requirement("R37")
def test_somebody_of_another_site_finds_nothing_of_this_one(subject: Subject) -> None:
    other = make_site(subject.study, "HZ")
    client = client_of(person(Role.MONITOR, subject.study, other))
    assert subject.code not in text(client.get(TRAIL))
    foreign, unknown = (text(client.get(TRAIL, {"subject": code}), 400) for code in (subject.code, "ZZ-999"))
    assert foreign.replace(subject.code, "") == unknown.replace("ZZ-999", "")
    newest = AuditEvent.objects.filter(chain=subject.chain).latest("id").pk
    client.post(f"{TRAIL}review/", {"up_to": [str(newest)]})
    assert not AuditReview.objects.exists()
    assert client.get(f"/admin/patients/subject/{subject.pk}/history/").status_code == 404
    lines = downloaded(client.post(f"{TRAIL}export/"))
    assert {line["site"] for line in lines} <= {"HZ"}


def downloaded(reply: Any) -> list[dict[str, str]]:
    assert reply.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(reply.streaming_content).decode(), newline="")))


def test_the_export_button_takes_the_filters_along_and_is_recorded(subject: Subject, client: Client) -> None:
    corrected(subject)
    page = client.get(TRAIL, {"subject": subject.code, "kind": "CHANGE"}).content.decode()
    assert '<input type="hidden" name="kind" value="CHANGE">' in page
    reply = client.post(f"{TRAIL}export/", {"subject": subject.code, "kind": "CHANGE"})
    assert ("Weight", "60 kg", "61.5 kg") in [
        (line["question"], line["before"], line["after"]) for line in downloaded(reply)
    ]
    event = AuditEvent.objects.filter(chain=subject.study.chain).latest("id")
    assert event.action == "export audit trail"
    assert client.get(f"{TRAIL}export/").status_code == 403


def test_the_trail_runs_without_a_script_of_its_own_and_every_column_has_a_head(
    subject: Subject, client: Client
) -> None:
    page = client.get(TRAIL).content.decode()
    main = page[page.index('class="ec"') :]
    table = main[main.index("<table") : main.index("</table>")]
    assert "onclick" not in main
    assert "style=" not in table
    assert table.count('scope="col"') == 7


def test_a_page_of_the_trail_asks_no_more_queries_with_more_subjects(
    site: Site, subject: Subject, client: Client
) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert client.get(path).status_code == 200
        return len(counted)

    few = {path: queries(path) for path in (TRAIL, f"{TRAIL}casebooks/")}
    for _number in range(3):
        screened_subject(coordinator_of(site), site)
    assert {path: queries(path) for path in few} == few
