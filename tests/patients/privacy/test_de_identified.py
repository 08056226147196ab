"""A de-identified reader sees no word of a person's own and no month of birth, through no door there is."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from patients.actions.ask import Asked, answer_query, raise_query
from patients.actions.locks import close, lift_freeze
from patients.actions.save_form import change_form, create_form
from patients.actions.visits import add_unscheduled_visit, miss_visit
from patients.fields import PartialDateField
from patients.forms import FormDefinition, Item, Section, definitions
from patients.models import Demographics, LockKind, Subject, Visit
from patients.selectors import choosable
from patients.withheld import as_read_by, readable_by
from tests.ecrf.admin.doors import doors
from tests.ecrf.admin.test_reach import keys_of
from tests.ecrf.api.addresses import addresses
from tests.factories import (
    coordinator_of,
    make_list,
    make_site,
    make_study,
    opened,
    person,
    randomized_subject,
)
from trials.models import Role, User

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R57", "R59")]

MARKER = "Xiaoming"
BIRTH = "1961-05"
SECRETS = (MARKER, BIRTH)
NOT_READ = ("/logout/", "/password_change/")


def marked(item: Item, where: str) -> str:
    """A text that tells in which question it stands, short enough for every one."""
    return f"{MARKER} {where}"[: item.field.max_length or 200]


def in_words(item: Item) -> bool:
    return item.identifying and not isinstance(item.field, PartialDateField)


def said(section: Section) -> dict[str, Any]:
    """Words in every question that takes them."""
    return {item.name: marked(item, item.name) for item in section.asked if in_words(item)}


def a_row(section: Section, subject: Subject) -> dict[str, Any]:
    """A row with words in every question that takes them, about the first thing that it may be about."""
    row = said(section)
    for item in section.asked:
        if item.protocol_noun is not None:
            row[item.name] = choosable(item.protocol_noun, subject.site).order_by("pk").first().code
        elif item.record_form is not None:
            row[item.name] = 1
        elif item.codelist and item.required:
            row[item.name] = item.codelist[0][0]
    return row


def has_rows(record: Any, name: str) -> bool:
    return record is not None and getattr(record, name).exists()


def enter_words(coordinator: User, subject: Subject, visit: Visit, form: FormDefinition) -> None:
    """A form of one kind with words in all its questions and rows, and with other words before these."""
    place = visit if form.at_visit else None
    found = form.model._default_manager.filter(subject=subject, visit=place, entered_in_error=False)
    record, words = found.first(), said(form)
    rows = {
        name: [said(section) | {"repeat": 1} if has_rows(record, name) else a_row(section, subject)]
        for name, section in form.rows.items()
        if any(map(in_words, section.asked))
    }
    if record is None:
        unknown = {item.name: "UNKNOWN" for item in form.asked if item.name not in words}
        data = {**words, "missing_reasons": dict(list(unknown.items())[:1])}
        record = create_form(
            actor=coordinator, form=form.model, subject=subject, visit=place, data=data, rows=rows
        )
        record.refresh_from_db()
        rows, words = {}, dict.fromkeys(list(words)[:1], f"{MARKER} again")
    if words or rows:
        change_form(
            actor=coordinator,
            record=record,
            version=record.version,
            reason=f"{MARKER} said so",
            data=words,
            rows=rows,
        )


@pytest.fixture
def marked_subject() -> Subject:
    """A subject with a marker in every question in words, in reasons, messages, visits and history."""
    study = make_study()
    site = make_site(study)
    make_list(study, "ABAB")
    coordinator = coordinator_of(site)
    subject = randomized_subject(coordinator, site)
    visit = opened(coordinator, subject, "C1D1", date(2021, 3, 8))
    for form in sorted(definitions(), key=lambda each: len(each.rows)):
        enter_words(coordinator, subject, visit, form)
    not_done = next(form for form in definitions() if form.repeats and form.at_visit)
    create_form(
        actor=coordinator,
        form=not_done.model,
        subject=subject,
        visit=visit,
        data={"external_id": f"{MARKER}-7"},
        not_done_reason=f"{MARKER} was away",
    )
    add_unscheduled_visit(
        actor=coordinator, subject=subject, occurred_on=date(2021, 3, 12), why=f"{MARKER} asked for it"
    )
    planned = subject.visits.filter(occurred_on__isnull=True).order_by("planned_on").first()
    assert planned is not None
    miss_visit(actor=coordinator, visit=planned, why=f"{MARKER} was away", version=planned.version)
    ask_and_answer(subject, coordinator)
    manager = person(Role.DATA_MANAGER, study)
    lock = close(actor=manager, kind=LockKind.FREEZE, noun=subject, reason=f"{MARKER} is complete")
    lift_freeze(actor=manager, lock=lock, version=lock.version, reason=f"{MARKER} is not")
    return subject


def ask_and_answer(subject: Subject, coordinator: User) -> None:
    monitor = person(Role.MONITOR, subject.study, subject.site)
    demographics = Demographics.objects.get(subject=subject)
    words = f"{MARKER}: born {BIRTH}?"
    query = raise_query(actor=monitor, asked=Asked(demographics, None, "birth"), words=words)
    answer_query(actor=coordinator, query=query, words=f"Yes, {MARKER}")


def test_the_marker_stands_in_every_question_in_words(marked_subject: Subject) -> None:
    missing = [
        f"{form.oid} {section.name} {item.name}"
        for form in definitions()
        for section in (form, *form.rows.values())
        for item in section.asked
        if in_words(item)
        and not section.model.history.filter(**{f"{item.attname}__startswith": MARKER}).exists()
    ]
    assert missing == []


def session_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def api_of(user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


def body_of(reply: Any) -> str:
    whole = b"".join(reply.streaming_content) if reply.streaming else reply.content
    return str(whole.decode(errors="replace"))


def pages(user: User, subject: Subject) -> Iterator[tuple[str, str]]:
    """Address and content of every page that this user gets to see."""
    client = session_of(user)
    visit = subject.visits.get(code="C1D1")
    for door in doors(keys_of(subject), visit.pk):
        if door.path.endswith(NOT_READ) or "/account/sessions/" in door.path:
            continue
        reply = client.get(door.path)
        assert reply.status_code < 500, door.path
        if reply.status_code == 200:
            yield door.path, body_of(reply)
    yield from ((path, body_of(client.get(path))) for path in more_pages(subject))


def more_pages(subject: Subject) -> Iterator[str]:
    yield f"/admin/subjects/{subject.pk}/endpoints/"
    yield "/admin/reports/efficacy/"
    for form in definitions():
        name = form.model._meta.model_name
        for key in form.model._default_manager.filter(subject=subject).values_list("pk", flat=True):
            yield f"/admin/patients/{name}/{key}/change/"
            yield f"/admin/patients/{name}/{key}/history/"
    for visit in subject.visits.values_list("pk", flat=True):
        yield f"/admin/patients/visit/{visit}/history/"


def replies(user: User, subject: Subject) -> Iterator[tuple[str, str]]:
    """Address and content of every reply of the API that this user gets."""
    client = api_of(user)
    paths = [path for path in addresses() if path != "/api/"]
    paths += list(more_replies(subject))
    for path in dict.fromkeys(paths):
        reply = client.get(path)
        assert reply.status_code < 500, path
        if reply.status_code == 200:
            yield path, body_of(reply)


def more_replies(subject: Subject) -> Iterator[str]:
    own = f"/api/v1/subjects/{subject.code}/"
    now = "2100-01-01T00:00:00Z"
    yield from (own, f"{own}history/", f"{own}casebook/", f"{own}casebook/?as_of={now}", f"{own}eligibility/")
    yield from (f"{own}derivations/{name}/" for name in ("pfs", "os", "dor", "response"))
    for form in definitions():
        yield f"/api/v1/{form.path}/?entered_in_error=include"
        yield f"/api/v1/exports/csv/?form={form.oid}"
        names = ",".join(["id", *(item.name for item in form.asked)])
        for record in form.model._default_manager.filter(subject=subject):
            yield f"/api/v1/{form.path}/{record.pk}/"
            yield f"/api/v1/{form.path}/{record.pk}/?fields={names}"
            yield f"/api/v1/{form.path}/{record.pk}/history/"
    for visit in subject.visits.values_list("pk", flat=True):
        yield f"/api/v1/visits/{visit}/"
    for query in subject.queries.values_list("pk", flat=True):
        yield f"/api/v1/queries/{query}/"


def tellers(found: Iterator[tuple[str, str]]) -> dict[str, set[str]]:
    """The addresses that tell a secret, by secret."""
    told: dict[str, set[str]] = {secret: set() for secret in SECRETS}
    for path, body in found:
        for secret in SECRETS:
            if secret in body:
                told[secret].add(path)
    return told


@pytest.fixture
def statistician(marked_subject: Subject) -> User:
    return person(Role.STATISTICIAN, marked_subject.study)


@pytest.fixture
def monitor(marked_subject: Subject) -> User:
    return person(Role.MONITOR, marked_subject.study, marked_subject.site)


@pytest.mark.parametrize("walk", [pytest.param(pages, marks=pytest.mark.heavy), replies])
def test_no_door_tells_a_de_identified_reader_words_or_the_month_of_birth(
    walk: Any, marked_subject: Subject, statistician: User, monitor: User
) -> None:
    assert tellers(walk(statistician, marked_subject)) == dict.fromkeys(SECRETS, set())
    # The same walk finds them where they may be read, so that it is known to look in the right places.
    assert all(len(found) >= 3 for found in tellers(walk(monitor, marked_subject)).values())


def test_a_de_identified_reader_still_reads_ages_codes_terms_and_the_year_of_birth(
    marked_subject: Subject, statistician: User
) -> None:
    demographics = Demographics.objects.get(subject=marked_subject)
    told = api_of(statistician).get(f"/api/v1/{Demographics.form.path}/{demographics.pk}/").json()
    assert (told["birth"], told["age"], told["sex"]) == ("1961", 59, "M")
    page = body_of(session_of(statistician).get(f"/admin/patients/demographics/{demographics.pk}/change/"))
    assert "59" in page
    assert "1961" in page
    lines = body_of(api_of(statistician).get("/api/v1/exports/csv/?form=DM"))
    assert ",1961,59," in lines


def test_a_list_is_not_asked_by_what_is_withheld(
    marked_subject: Subject, statistician: User, monitor: User
) -> None:
    form = next(form for form in definitions() if form.repeats and form.at_visit)
    path = f"/api/v1/{form.path}/?external_id={MARKER}-7"
    assert api_of(statistician).get(path).json()["results"] == []
    assert len(api_of(monitor).get(path).json()["results"]) == 1
    born = [
        api_of(statistician).get(f"/api/v1/{Demographics.form.path}/?date={day}").json()["results"]
        for day in ("1961-05-15", "1961-06-15")
    ]
    assert born == [[], []]


def test_what_is_shown_to_a_de_identified_reader_cannot_be_saved(
    marked_subject: Subject, statistician: User
) -> None:
    shown = as_read_by(Demographics.objects.get(subject=marked_subject), readable_by(statistician))
    with pytest.raises(TypeError, match="never saved"):
        shown.save()


def test_every_question_in_words_is_withheld_unless_it_says_that_it_is_a_term() -> None:
    """Somebody who adds a comment need not think of it; who adds a term says so."""
    for form in definitions():
        for section in (form, *form.rows.values()):
            for item in section.asked:
                if item.kind == "narrative":
                    assert item.identifying, f"{form.oid} {item.name}"
                if item.identifying:
                    assert item.kind in ("text", "narrative", "partial date"), f"{form.oid} {item.name}"
