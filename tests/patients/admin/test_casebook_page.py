"""From enrollment to treatment through the pages of a subject."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from patients.actions.enroll import enroll
from patients.actions.save_form import create_form
from patients.models import Allocation, Cycle, Death, Disposition, Subject, Visit, VisitStatus
from tests.factories import (
    coordinator_of,
    make_list,
    make_site,
    make_study,
    opened,
    person,
    randomized_subject,
    save,
    screened_subject,
)
from trials.models import AuditEvent, Role, ScheduledForm, Site, VisitDefinition

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return make_site(make_study())


@pytest.fixture
def client(site: Site) -> Client:
    return client_of(coordinator_of(site))


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="trials.authentication.RoleBackend")
    return client


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", reply.content.decode())


def hub(subject: Subject) -> str:
    return f"/admin/patients/subject/{subject.pk}/"


def test_enrolling_leads_to_the_new_casebook(site: Site, client: Client) -> None:
    reply = client.post("/admin/patients/subject/add/", {"site": site.pk, "screened_on": "2021-03-01"})
    subject = Subject.objects.get()
    assert reply["Location"] == hub(subject) + "change/"
    page = text(client.get(reply["Location"]))
    assert "ZS-001" in page
    assert "no signed informed consent is recorded" in page


def test_a_day_of_screening_in_the_future_is_refused_at_its_field(site: Site, client: Client) -> None:
    reply = client.post("/admin/patients/subject/add/", {"site": site.pk, "screened_on": "2099-03-01"})
    assert reply.context["form"].errors["screened_on"] == ["lies in the future"]
    assert not Subject.objects.exists()


def test_a_day_of_screening_in_another_order_is_refused_and_says_how_to_write_it(
    site: Site, client: Client
) -> None:
    reply = client.post("/admin/patients/subject/add/", {"site": site.pk, "screened_on": "13/02/2021"})
    told = reply.context["form"].errors["screened_on"]
    assert told == ["This is no day of the calendar written as YYYY-MM-DD."]
    assert not Subject.objects.exists()


def test_a_screening_failure_can_be_screened_again_and_the_casebooks_are_linked(
    site: Site, client: Client
) -> None:

    coordinator = coordinator_of(site)
    first = enroll(actor=coordinator, site=site, screened_on=date(2021, 1, 1))
    failed = {"scope": "SCREENING", "ended_on": "2021-01-05", "reason": "SCREEN FAILURE"}
    create_form(actor=coordinator, form=Disposition, subject=first, data=failed)
    typed = {"site": site.pk, "screened_on": "2021-03-01", "previous": first.pk}
    reply = client.post("/admin/patients/subject/add/", typed)
    assert reply.status_code == 302
    assert Subject.objects.latest("id").previous == first
    assert first.code in text(client.get(reply["Location"]))


def test_a_visit_is_opened_and_its_day_corrected_with_a_reason(site: Site, client: Client) -> None:
    subject = enroll(actor=coordinator_of(site), site=site, screened_on=date(2021, 3, 1))
    visit = subject.visits.get(code="SCR")
    page = f"{hub(subject)}visits/{visit.pk}/open/"
    assert client.post(page, {"occurred_on": "2021-03-02", "version": "1"}).status_code == 302
    assert Visit.objects.get(pk=visit.pk).occurred_on == date(2021, 3, 2)
    again = client.post(page, {"occurred_on": "2021-03-03", "version": "2"})
    assert "A reason is required" in text(again)
    stale = client.post(page, {"occurred_on": "2021-03-03", "version": "1", "change_reason": "typo"})
    assert stale.status_code == 412
    done = client.post(page, {"occurred_on": "2021-03-03", "version": "2", "change_reason": "typo"})
    assert done.status_code == 302
    assert Visit.objects.get(pk=visit.pk).occurred_on == date(2021, 3, 3)


def test_a_missed_visit_says_why(site: Site, client: Client) -> None:
    subject = enroll(actor=coordinator_of(site), site=site, screened_on=date(2021, 3, 1))
    visit = subject.visits.get(code="SCR")
    page = f"{hub(subject)}visits/{visit.pk}/missed/"
    assert client.post(page, {"missed_reason": "", "version": "1"}).status_code == 200
    assert client.post(page, {"missed_reason": "quarantine", "version": "1"}).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.missed_reason) == (VisitStatus.MISSED, "quarantine")


def test_an_unscheduled_visit_is_added(site: Site, client: Client) -> None:
    subject = enroll(actor=coordinator_of(site), site=site, screened_on=date(2021, 3, 1))
    typed = {"occurred_on": "2021-03-05", "unscheduled_reason": "fever"}
    assert client.post(f"{hub(subject)}visits/unscheduled/", typed).status_code == 302
    assert subject.visits.get(code="UNS1").unscheduled_reason == "fever"


def test_a_visit_of_another_subject_is_not_found_under_this_one(site: Site, client: Client) -> None:
    coordinator = coordinator_of(site)
    one, two = (enroll(actor=coordinator, site=site, screened_on=date(2021, 3, 1)) for _ in range(2))
    visit = two.visits.get(code="SCR")
    assert client.get(f"{hub(one)}visits/{visit.pk}/open/").status_code == 404


def test_randomizing_names_every_criterion_that_blocks_and_uses_no_slot(site: Site, client: Client) -> None:
    make_list(site.study, "AB")
    subject = enroll(actor=coordinator_of(site), site=site, screened_on=date(2021, 3, 1))
    reply = client.post(f"{hub(subject)}randomize/", {"confirmed": "on"})
    assert reply.status_code == 409
    assert "no signed informed consent is recorded" in text(reply)
    assert text(reply).count("the eligibility form is not filled") == 1
    assert not Allocation.objects.exists()


def test_randomizing_asks_first_and_tells_the_arm(site: Site, client: Client) -> None:
    make_list(site.study, "BA")
    subject = screened_subject(coordinator_of(site), site)
    page = f"{hub(subject)}randomize/"
    assert client.get(page).status_code == 200
    assert not Allocation.objects.exists()
    assert client.post(page, {}).status_code == 200  # not confirmed
    assert not Allocation.objects.exists()
    reply = client.post(page, {"confirmed": "on"}, follow=True)
    assert "is allocated to arm B" in text(reply)
    assert client.post(page, {"confirmed": "on"}).status_code == 409
    assert Allocation.objects.count() == 1


@pytest.mark.parametrize("role", [Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN])
def test_who_only_reads_can_neither_enroll_nor_randomize_nor_open_a_visit(role: str, site: Site) -> None:
    make_list(site.study, "AB")
    subject = screened_subject(coordinator_of(site), site)
    reader = client_of(person(role, site.study))
    visit = subject.visits.get(code="SCR")
    events = AuditEvent.objects.count()
    assert reader.get(f"{hub(subject)}change/").status_code == 200
    for page in ("randomize/", f"visits/{visit.pk}/open/", "visits/unscheduled/", "cycles/next/"):
        assert reader.get(hub(subject) + page).status_code == 403
        assert reader.post(hub(subject) + page, {"confirmed": "on", "version": "2"}).status_code == 403
    typed = {"site": site.pk, "screened_on": "2021-03-01"}
    assert reader.post("/admin/patients/subject/add/", typed).status_code == 403
    assert AuditEvent.objects.count() == events


def test_the_next_cycle_is_planned_from_the_start_of_the_last(site: Site, client: Client) -> None:
    make_list(site.study, "A")
    coordinator = coordinator_of(site)
    subject = randomized_subject(coordinator, site)
    page = f"{hub(subject)}cycles/next/"
    assert client.post(page, {}).status_code == 409
    opened(coordinator, subject, "C1D1", date(2021, 3, 8))
    assert client.post(page, {}).status_code == 302
    assert Cycle.objects.get(subject=subject, number=2).planned_on == date(2021, 3, 29)


def test_the_casebook_shows_what_is_due_filled_and_asked(site: Site, client: Client) -> None:
    screening = VisitDefinition.objects.get(study=site.study, code="SCR")
    save(
        site.study.chain,
        ScheduledForm(study=site.study, visit=screening, form="ECOG"),
        ScheduledForm(study=site.study, visit=screening, form="LB", panel="CHEMISTRY"),
        ScheduledForm(study=site.study, visit=screening, form="VS"),
        ScheduledForm(study=site.study, visit=screening, form="DM"),
    )
    subject = screened_subject(coordinator_of(site), site)
    line = client.get(f"{hub(subject)}change/").context["overview"].visits[0]
    found = {(chip.title, chip.state) for chip in line.chips}
    assert found == {
        ("Vital signs", "COMPLETE"),
        ("ECOG performance status", "COMPLETE"),
        ("Chemistry", "NOT_STARTED"),
    }


def test_a_visit_whose_window_has_closed_is_overdue(site: Site, client: Client) -> None:
    subject = enroll(actor=coordinator_of(site), site=site, screened_on=date(2021, 3, 1))
    assert client.get(f"{hub(subject)}change/").context["overview"].visits[0].status == "OVERDUE"
    assert subject.code in text(client.get("/admin/"))


def test_the_trail_of_a_subject_lists_every_act_newest_first(site: Site, client: Client) -> None:
    subject = screened_subject(coordinator_of(site), site)
    events = client.get(f"{hub(subject)}history/").context["events"]
    assert [event.number for event, _words in events] == list(range(len(events), 0, -1))
    assert events[-1][1] == "Subject enrolled"
    assert "Vital signs entered" in [words for _event, words in events]


def test_a_form_that_only_the_tests_have_appears_and_is_entered_like_any_other(
    site: Site, client: Client
) -> None:
    from tests.extra_form.models import ExtraForm

    subject = enroll(actor=coordinator_of(site), site=site, screened_on=date(2021, 3, 1))
    assert "Extra form" in text(client.get(f"{hub(subject)}change/"))
    page = f"/admin/extra_form/extraform/add/?subject={subject.pk}"
    asked = text(client.get(page))
    for question in ("Day of the event", "Amount", "How many?", "What happened?", "Study drug"):
        assert question in asked
    sent = {
        "seen_on": "2021-03-01",
        "happened_on": "2021",
        "amount": "2.5",
        "story": "one\r\ntwo",
        "drug": "LENVATINIB",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-word": "first",
    }
    assert client.post(page, sent).status_code == 302
    stored = ExtraForm.objects.get()
    assert (stored.happened_on, stored.story, stored.drug.code) == ("2021", "one\ntwo", "LENVATINIB")
    assert stored.lines.get().word == "first"


def test_the_forms_of_the_whole_casebook_stand_in_its_parts(site: Site, client: Client) -> None:
    subject = screened_subject(coordinator_of(site), site)
    lines = client.get(f"{hub(subject)}change/").context["overview"].forms
    groups = list(dict.fromkeys(line.group for line in lines))
    assert groups[:5] == ["Screening", "Treatment", "Safety", "Tumor", "End of treatment and follow-up"]
    titles = [line.title for line in lines]
    assert titles[:3] == ["Informed consent", "Demographics", "Medical history"]
    assert titles.index("Adverse event") < titles.index("Tumor lesion") < titles.index("Death")


def test_a_visit_outside_its_window_and_one_no_longer_due_say_so_on_the_page(
    site: Site, client: Client
) -> None:
    coordinator = coordinator_of(site)
    make_list(site.study, "B")
    subject = randomized_subject(coordinator, site)
    visit = subject.visits.get(code="C1D8")
    today = subject.allocation.randomized_on
    opened(coordinator, subject, "C1D1", today - timedelta(days=5))
    died = {"died_on": today.isoformat()}
    create_form(actor=coordinator, form=Death, subject=subject, data=died)
    page = text(client.get(f"{hub(subject)}change/"))
    assert "2 days before its window" in page
    assert f"The subject died ({today})." in page
    assert f"visits/{visit.pk}/missed/" not in page
    opening = f"{hub(subject)}visits/{visit.pk}/open/"
    assert "change_reason" not in client.get(opening).context["form"].fields
