"""The page of an adverse event in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from patients.actions.enroll import enroll
from patients.models import AdverseEvent
from tests.browser.test_coordinator import Desk
from tests.factories import CONSENT_DAY, coordinator_of, make_site, make_study, save
from trials.actions.dictionary import load_shipped_ctcae
from trials.models import StudySetting, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_questions_after_an_answer_open_with_it_and_close_while_they_are_empty(
    page: Page, live_server: object
) -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    desk = Desk(page, str(live_server), coordinator)
    desk.log_in()

    page.goto(f"{live_server}/admin/patients/adverseevent/add/?subject={subject.pk}")
    steroid = page.get_by_label("Start of steroid", exact=True)
    expect(steroid).to_be_hidden()
    desk.tick("Immune-related?", "Yes")
    expect(steroid).to_be_visible()
    desk.tick("Immune-related?", "No")
    expect(steroid).to_be_hidden()
    desk.tick("Immune-related?", "Yes")
    steroid.fill("2021-03")
    desk.tick("Immune-related?", "No")
    expect(steroid).to_be_visible()


def test_terms_of_ctcae_are_proposed_while_one_is_typed(page: Page, live_server: object) -> None:
    site = make_site(make_study())
    grading = {"key": "ctcae_version", "value": "5.0", "default": "5.0", "description": "CTCAE"}
    save(site.study.chain, StudySetting(study=site.study, **grading))
    load_shipped_ctcae(actor=User.objects.system_user(), versions=["5.0"])
    coordinator = coordinator_of(site)
    subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    desk = Desk(page, str(live_server), coordinator)
    desk.log_in()

    page.goto(f"{live_server}/admin/patients/adverseevent/add/?subject={subject.pk}")
    desk.answer("Adverse event as reported*", "Bleeding gums")
    question = page.get_by_label("CTCAE term*", exact=True)
    question.press_sequentially("periodo")
    # A browser draws the proposals outside the page: what it was given to draw is looked at.
    proposal = page.locator("datalist option")
    expect(proposal).to_have_count(1)
    assert proposal.get_attribute("value") == "Periodontal disease"
    question.fill("periodontal disease")
    desk.press("Save")
    desk.saved("Adverse event is saved")
    assert AdverseEvent.objects.get().ctcae_term == "Periodontal disease"


@pytest.mark.parametrize("form", ["adverseevent", "disposition", "death", "tumorassessment", "labsample"])
def test_no_page_of_a_form_is_wider_than_a_telephone(page: Page, live_server: object, form: str) -> None:
    site = make_site(make_study())
    coordinator = coordinator_of(site)
    subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    visit = subject.visits.get(code="SCR")
    page.set_viewport_size({"width": 400, "height": 800})
    desk = Desk(page, str(live_server), coordinator)
    desk.log_in()

    asked = f"subject={subject.pk}&visit={visit.pk}&panel=HEMATOLOGY"
    page.goto(f"{live_server}/admin/patients/{form}/add/?{asked}")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
