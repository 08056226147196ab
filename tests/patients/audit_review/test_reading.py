"""A reviewer asks the audit trail, and gets exactly what was asked for, in words."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.actions.enroll import enroll
from patients.actions.import_forms import import_forms
from patients.actions.queries import run_checks
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.audit_review.asked import asked
from patients.audit_review.changes import ROWS_TOLD
from patients.audit_review.events import Told, page_of
from patients.audit_review.reach import Reach
from patients.models import AdverseEvent, Demographics, MedicalHistory, Subject, Visit, VitalSigns
from tests.ecrf.api.client import client_of
from tests.factories import (
    CONSENT_DAY,
    coordinator_of,
    make_list,
    make_site,
    opened,
    person,
    save,
    screened_subject,
)
from tests.patients.conftest import correct
from trials.actions.errors import Refused
from trials.audit import clock
from trials.audit.origin import origin
from trials.models import Role, Site, Study, StudySetting, User

Read = Callable[..., list[Told]]


@pytest.fixture
def monitor(site: Site) -> User:
    return person(Role.MONITOR, site.study, site, username="monitor")


@pytest.fixture
def read(monitor: User) -> Read:
    """`read(form="VS", as_user=somebody)`: what the monitor of the site (or somebody) finds."""

    def found(as_user: User | None = None, **sent: str) -> list[Told]:
        reach = Reach(as_user or monitor)
        return page_of(reach, asked(reach, {name.rstrip("_"): text for name, text in sent.items()})).told

    return found


def acts(told: list[Told]) -> list[str]:
    return [each.event.action for each in told]


def values(told: Told) -> list[tuple[str, str, str, str]]:
    return [
        (change.row, change.label, change.before, change.after)
        for record in told.records
        for change in record.changes
    ]


@pytest.mark.requirement("R10")
def test_a_correction_is_told_by_its_question_both_values_unit_and_reason(
    read: Read, vital_signs: VitalSigns, coordinator: User
) -> None:
    correct(coordinator, vital_signs, weight="61.5", reason="misread")
    told = read(form="VS")[0]
    assert (told.action, told.kind.label, told.reason) == ("Vital signs corrected", "Change", "misread")
    assert (told.place.words, told.event.actor.username) == ("ZS-001", coordinator.username)
    [record] = [each for each in told.records if each.key == "VS"]
    assert (record.title, record.where.visit, record.row) == ("Vital signs", "SCR", "")
    assert ("", "Weight", "60 kg", "61.5 kg") in values(told)


def test_rows_codes_visits_and_what_a_check_asks_are_told_in_words(
    read: Read, man_of_59: Demographics, sample: Any, coordinator: User
) -> None:
    form = sample(("ALT", "20", "U/L"))
    correct(coordinator, form, rows={"results": [{"repeat": 1, "value": "80"}]})
    told = read(form="LB", row="results 1", field="value")
    assert acts(told) == ["correct LB", "enter LB"]
    assert ("results 1", "Flag", "NORMAL (Normal)", "HIGH (High)") in values(told[0])
    [day] = read(form="SV", action="open visit")
    assert ("", "status", "Planned", "Took place") in values(day)
    assert day.action == "Day of a visit entered"
    assert day.records[0].where.visit == "SCR"


@pytest.mark.requirement("R10")
def test_each_filter_leaves_exactly_its_acts(
    read: Read, subject: Subject, site: Site, coordinator: User, enter: Any, visit: Visit, consent: Any
) -> None:
    """Acts through admin, API, import and command, by three people."""
    other = coordinator_of(site)
    with origin("ADMIN"):
        vital_signs = enter(VitalSigns, visit=visit, measured_on="2021-03-01", weight="60")
    with origin("API"):
        correct(other, vital_signs, weight="62")
    lines = [{"subject": subject.code, "term": "rash", "started": "2021-03-02", "external_id": "x1"}]
    with origin("IMPORT"):
        import_forms(actor=other, study=site.study, form=AdverseEvent, lines=lines, reason="from the diary")
    event = AdverseEvent.objects.get()
    mark_entered_in_error(actor=coordinator, record=event, version=1, reason="wrong subject")
    run_checks(actor=User.objects.system_user(), subjects=[subject])
    mine, theirs = coordinator.username, other.username
    for question, wanted in (
        ({"user": theirs}, ["import AE", "correct VS"]),
        ({"user": theirs.upper(), "source": "API"}, ["correct VS"]),
        ({"user": "nobody"}, []),
        ({"source": "IMPORT"}, ["import AE"]),
        ({"form": "AE"}, ["enter AE in error", "import AE"]),
        ({"form": "AE", "record": str(event.pk), "user": mine}, ["enter AE in error"]),
        ({"form": "AE", "record": str(event.pk + 1)}, []),
        ({"field": "weight"}, ["correct VS", "enter VS"]),
        ({"field": "weight", "form": "VS", "record": str(vital_signs.pk)}, ["correct VS", "enter VS"]),
        ({"field": "height"}, []),
        ({"field": "term"}, ["import AE"]),
        ({"visit": "SCR", "user": mine}, ["enter VS", "open visit", "enroll"]),
        ({"visit": "IMG"}, []),
        ({"kind": "FIRST_ENTRY"}, ["import AE", "enter VS", "enter IC", "open visit", "enroll"]),
        ({"kind": "CHANGE"}, ["correct VS"]),
        ({"kind": "IN_ERROR"}, ["enter AE in error"]),
        ({"role": "COORDINATOR", "action": "correct"}, ["correct VS"]),
        ({"action": "enter VS"}, ["enter VS"]),
        ({"subject": subject.code, "site": site.code, "kind": "CHANGE"}, ["correct VS"]),
    ):
        assert sorted(acts(read(**question))) == sorted(wanted), question


def test_time_is_asked_for_by_day_of_the_installation_or_by_instant(
    read: Read, settings: Any, coordinator: User, site: Site
) -> None:
    settings.DEMO = True
    for hour in (15, 17):  # 23:00 of the 1st, and 01:00 of the 2nd in Shanghai
        with clock.simulated(datetime(2021, 3, 1, hour, tzinfo=UTC)):
            enroll(actor=coordinator, site=site, screened_on=date(2021, 3, 1))
    assert [told.place.words for told in read(from_="2021-03-02", to="2021-03-02")] == ["ZS-002"]
    assert [told.place.words for told in read(to="2021-03-01")] == ["ZS-001"]
    assert len(read(from_="2021-03-01T15:00:00Z", to="2021-03-01T17:00:00Z")) == 1
    [told] = read(to="2021-03-01")
    assert (told.at_site.isoformat(), told.zone) == ("2021-03-01T23:00:00+08:00", "Asia/Shanghai")


def test_a_correction_that_takes_a_row_out_is_an_entry_in_error(
    read: Read, sample: Any, coordinator: User
) -> None:
    form = sample(("ALT", "20", "U/L"), ("HGB", "140", "g/L"))
    correct(coordinator, form, rows={"results": [{"repeat": 2, "entered_in_error": True}]})
    assert acts(read(kind="IN_ERROR")) == ["correct LB"]
    assert acts(read(kind="CHANGE")) == []
    [told] = read(kind="IN_ERROR")
    assert told.kind == "IN_ERROR"


@pytest.mark.requirement("R49")
def test_an_entry_long_after_its_visit_day_is_found_in_the_zone_of_the_site(
    read: Read, settings: Any, coordinator: User, site: Site, study: Study
) -> None:
    settings.DEMO = True
    save(study.chain, StudySetting(study=study, key="late_entry_after_days", value=5, description="late"))
    with clock.simulated(datetime(2021, 3, 1, 3, tzinfo=UTC)):
        subject = enroll(actor=coordinator, site=site, screened_on=date(2021, 3, 1))
    for moment in (datetime(2021, 3, 6, 15, tzinfo=UTC), datetime(2021, 3, 6, 17, tzinfo=UTC)):
        with clock.simulated(moment):  # the 6th, then the 7th at the site: 5 and 6 days after
            if not Visit.objects.filter(subject=subject, occurred_on__isnull=False).exists():
                opened(coordinator, subject, "SCR", date(2021, 3, 1))
            visit = Visit.objects.get(subject=subject, code="SCR")
            if moment.hour == 15:
                create_form(
                    actor=coordinator,
                    form=VitalSigns,
                    subject=subject,
                    visit=visit,
                    data={"weight": "60", "measured_on": "2021-03-01"},
                )
            else:
                for started in ("2021-02", "2021-03", "2021-03-02", "2021"):
                    create_form(
                        actor=coordinator,
                        form=MedicalHistory,
                        subject=subject,
                        data={"term": "gout", "started": started},
                    )
                create_form(
                    actor=coordinator,
                    form=AdverseEvent,
                    subject=subject,
                    data={"term": "rash", "started": "2021-03-01"},
                )
    late = read(risk="LATE")
    assert acts(late) == ["enter AE", "enter MH"]
    assert all("LATE" in told.risks for told in late)
    assert {told.event.pk for told in read() if "LATE" in told.risks} == {told.event.pk for told in late}
    [adverse_event] = [told for told in late if told.event.action == "enter AE"]
    [record] = [each for each in adverse_event.records if each.key == "AE"]
    assert record.days_late(adverse_event.event.recorded_at, adverse_event.place.zone) == 6


def test_acts_outside_working_hours_are_found_by_the_clock_of_the_site(
    read: Read, settings: Any, coordinator: User, site: Site, study: Study
) -> None:
    settings.DEMO = True
    rules = {"working_hours_from": 7, "working_hours_to": 20, "working_days": [1, 2, 3, 4, 5]}
    save(
        study.chain,
        *[StudySetting(study=study, key=key, value=value, description=key) for key, value in rules.items()],
    )
    moments = (
        (datetime(2021, 2, 28, 22, 59, tzinfo=UTC), True),  # Monday 06:59 in Shanghai
        (datetime(2021, 2, 28, 23, 0, tzinfo=UTC), False),  # Monday 07:00
        (datetime(2021, 3, 1, 11, 59, tzinfo=UTC), False),  # Monday 19:59
        (datetime(2021, 3, 1, 12, 0, tzinfo=UTC), True),  # Monday 20:00
        (datetime(2021, 3, 6, 3, 0, tzinfo=UTC), True),  # Saturday 11:00
    )
    for moment, _outside in moments:
        with clock.simulated(moment):
            enroll(actor=coordinator, site=site, screened_on=date(2021, 2, 28))
    outside = {told.place.words for told in read(risk="OUTSIDE_HOURS")}
    assert outside == {
        f"ZS-{number:03}" for number, (_moment, is_outside) in enumerate(moments, 1) if is_outside
    }
    assert {told.place.words for told in read() if "OUTSIDE_HOURS" in told.risks} == outside


def test_a_risk_that_the_study_does_not_define_is_refused(read: Read, subject: Subject) -> None:
    with pytest.raises(Refused, match="risk: .*settings of the study"):
        read(risk="LATE")


def test_an_event_of_very_many_rows_is_not_taken_apart(
    read: Read, subject: Subject, coordinator: User, enter: Any
) -> None:
    lines = [{"systolic": 100 + number % 50, "diastolic": 70} for number in range(ROWS_TOLD)]
    visit = opened(coordinator, subject, "SCR", CONSENT_DAY)
    enter(VitalSigns, visit=visit, measured_on="2021-03-01", rows={"blood_pressures": lines})
    [told] = read(form="VS")
    assert told.records == []
    assert told.left_out > ROWS_TOLD


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"sight": "ZS"}, "sight"),
        ({"from_": "yesterday"}, "from"),
        ({"to": "2021-02-30"}, "to"),
        ({"from_": "2021-03-01T10:00:00"}, "from"),
        ({"from_": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"form": "NOPE"}, "form"),
        ({"form": "VS' OR 1=1"}, "form"),
        ({"record": "1"}, "record"),
        ({"form": "VS", "record": "-1"}, "record"),
        ({"form": "VS", "record": "9" * 19}, "record"),
        ({"form": "VS", "record": "١"}, "record"),
        ({"form": "LB", "row": "results"}, "row"),
        ({"form": "LB", "row": "result 1"}, "row"),
        ({"form": "LB", "row": f"results {'9' * 10}"}, "row"),
        ({"field": "password"}, "field"),
        ({"form": "VS", "field": "term"}, "field"),
        ({"field": "event__actor__password"}, "field"),
        ({"risk": "ALL"}, "risk"),
        ({"kind": "x"}, "kind"),
        ({"source": "admin"}, "source"),
        ({"user": "a\x00b"}, "user"),
        ({"user": "\ud800"}, "user"),
        ({"visit": "x" * 101}, "visit"),
        ({"site": "NO"}, "site"),
        ({"subject": "ZS-999"}, "subject"),
        ({"study": "%"}, "study"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(read: Read, sent: dict[str, str], named: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(**sent)
    assert list(refusal.value.errors) == [named]


# ---------------------------------------------------------------- who reads what
@pytest.mark.requirement("R37")
def test_somebody_of_another_site_reads_nothing_and_is_told_nothing(
    read: Read, study: Study, subject: Subject, vital_signs: VitalSigns
) -> None:
    other = make_site(study, "HZ")
    outsider = person(Role.INVESTIGATOR, study, other)
    own = screened_subject(coordinator_of(other), other)
    assert {told.place.words for told in read(outsider)} == {own.code, "HZ"}
    assert read(outsider, form="VS", record=str(vital_signs.pk)) == []
    refusals = []
    for name, foreign, unknown in (("site", "ZS", "NO"), ("subject", subject.code, "ZS-999")):
        for value in (foreign, unknown):
            with pytest.raises(Refused) as refusal:
                read(outsider, **{name: value})
            refusals.append(str(refusal.value))
    assert refusals[0] == refusals[1]
    assert refusals[2] == refusals[3]


@pytest.mark.requirement("R39")
def test_an_administrator_reads_accounts_and_the_study_but_no_casebook(
    read: Read, study: Study, vital_signs: VitalSigns, monitor: User
) -> None:
    administrator = person(Role.ADMINISTRATOR, study)
    told = read(administrator)
    assert {each.event.chain.kind for each in told} == {"STUDY", "SYSTEM"}
    [made] = [
        each
        for each in read(administrator, action="create user", field="username")
        if "monitor" in str(values(each))
    ]
    assert ("", "username", "", "monitor") in values(made)
    assert "pbkdf2" not in str([values(each) for each in told])
    with pytest.raises(Refused):
        read(administrator, subject=vital_signs.subject.code)
    assert read(administrator, form="VS") == []


def test_a_role_at_a_site_does_not_read_the_chain_of_the_study(
    read: Read, study: Study, site: Site, subject: Subject
) -> None:
    assert {each.event.chain.kind for each in read()} == {"CASEBOOK", "SITE"}
    manager = person(Role.DATA_MANAGER, study)
    assert {each.event.chain.kind for each in read(manager)} == {"CASEBOOK", "SITE", "STUDY"}


def test_nobody_reads_the_places_of_a_randomization_list(read: Read, study: Study, site: Site) -> None:
    make_list(study, "AABB")
    manager = person(Role.DATA_MANAGER, study)
    [told] = read(manager, form="RANDOMIZATIONSLOT")
    told_arms = [change for change in values(told) if change[1] == "arm"]
    assert told_arms == [("", "arm", "", "withheld")] * 4


def test_a_statistician_reads_numbers_and_codes_but_neither_free_text_nor_the_birth(
    read: Read, study: Study, man_of_59: Demographics, vital_signs: VitalSigns, enter: Any, coordinator: User
) -> None:
    event = enter(AdverseEvent, term="rash", started="2021-03-02", other_action="cream for Mr Li")
    correct(coordinator, event, other_action="cream", reason="his name was typed: Li")
    statistician = person(Role.STATISTICIAN, study)
    told = read(statistician, subject="ZS-001")
    everything = str([(each.reason, each.note, values(each)) for each in told])
    assert "Li" not in everything
    assert "1961-05" not in everything
    assert "60 kg" in everything
    assert "M (Male)" in everything
    [correction] = read(statistician, action="correct AE")
    assert correction.reason == "withheld"
    assert ("withheld", "withheld") in [(before, after) for _row, _label, before, after in values(correction)]
    assert "rash" in everything
    assert "cream for Mr Li" in str([values(each) for each in read(subject="ZS-001")])


def test_no_history_shows_a_statistician_free_text_or_a_birth(
    study: Study, man_of_59: Demographics, enter: Any, coordinator: User
) -> None:
    event = enter(AdverseEvent, term="rash", started="2021-03-02", other_action="cream for Mr Li")
    correct(coordinator, event, other_action="cream", reason="his name was typed: Li")
    statistician = person(Role.STATISTICIAN, study)
    page, client = Client(), client_of(statistician)
    page.force_login(statistician, backend="trials.authentication.RoleBackend")
    for path in (
        f"/admin/patients/adverseevent/{event.pk}/history/",
        f"/admin/patients/demographics/{man_of_59.pk}/history/",
        f"/admin/patients/subject/{event.subject_id}/history/",
    ):
        told = page.get(path).content.decode()
        assert " Li" not in told, path
        assert "1961-05" not in told, path
    for path in (
        f"/api/v1/adverse-events/{event.pk}/history/",
        f"/api/v1/demographics/{man_of_59.pk}/history/",
        f"/api/v1/subjects/{event.subject.code}/history/",
    ):
        reply = client.get(path)
        assert reply.status_code == 200, path
        assert " Li" not in reply.content.decode(), path
        assert "1961-05" not in reply.content.decode(), path
    own = client_of(coordinator).get(f"/api/v1/adverse-events/{event.pk}/history/").content.decode()
    assert "cream for Mr Li" in own
    assert "his name was typed" in own


# ---------------------------------------------------------------- pages
def test_pages_tell_every_event_once_while_others_arrive(monitor: User, subject: Subject, enter: Any) -> None:
    for number in range(12):
        enter(AdverseEvent, term=f"rash {number}")
    reach = Reach(monitor)
    everything = asked(reach, {"subject": subject.code})
    wanted = [told.event.pk for told in page_of(reach, everything).told]
    found: list[int] = []
    cursor = ""
    while True:
        page = page_of(reach, everything, cursor, 5)
        found += [told.event.pk for told in page.told]
        enter(AdverseEvent, term="meanwhile")
        if not page.older:
            break
        cursor = page.older
    assert found == wanted
    back = page_of(reach, everything, page.newer, 5)
    assert [told.event.pk for told in back.told] == wanted[-len(page.told) - 5 : -len(page.told)]


@pytest.mark.parametrize(
    "cursor", ["x", "o", "o1", "o1.", "o.1", "o1.2.3", "o-1.1", f"o{'9' * 18}.1", "o1.١", "p1.1"]
)
def test_what_is_no_cursor_is_refused(monitor: User, cursor: str) -> None:
    reach = Reach(monitor)
    with pytest.raises(Refused, match="cursor"):
        page_of(reach, asked(reach, {}), cursor)


def test_a_page_asks_no_more_queries_with_more_events(
    monitor: User, subject: Subject, enter: Any, coordinator: User
) -> None:
    def entered(number: int) -> None:
        for _each in range(number):
            event = enter(AdverseEvent, term="rash", started="2021-03-02")
            correct(coordinator, event, term="itch")

    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            page_of(Reach(User.objects.get(pk=monitor.pk)), asked(Reach(monitor), {"form": "AE"}))
        return len(counted)

    entered(2)
    few = queries()
    entered(15)
    assert queries() <= few
    assert few < 30
