"""A day of a coordinator, in a real browser."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from patients.models import AdverseEvent, DoseAdministration, LabResult, Subject, VitalSigns
from tests.factories import PASSWORD, coordinator_of, make_list, make_site, make_study
from trials.models import Site, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Desk:
    """The coordinator before the screen."""

    def __init__(self, page: Page, url: str, user: User) -> None:
        self.page, self.url, self.user = page, url, user

    def log_in(self) -> None:
        self.page.goto(f"{self.url}/admin/")
        self.page.get_by_label("Username").fill(self.user.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def answer(self, question: str, text: str) -> None:
        self.page.get_by_label(question, exact=True).first.fill(text)

    def choose(self, question: str, label: str) -> None:
        self.page.get_by_label(question, exact=True).first.select_option(label=label)

    def tick(self, question: str, answer: str) -> None:
        group = self.page.get_by_role("radiogroup", name=question, exact=True)
        group.get_by_label(answer, exact=True).check(force=True)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def add(self, form: str) -> None:
        self.follow(f"Add {form}")

    def at(self, visit: str) -> Locator:
        """The line of a visit in the casebook."""
        return self.page.get_by_role("row", name=re.compile(rf"^{visit} "))

    def add_at(self, visit: str, form: str) -> None:
        line = self.at(visit)
        line.get_by_text("+ Form").click()
        line.get_by_role("link", name=form, exact=True).click()

    def saved(self, said: str) -> None:
        expect(self.page.get_by_text(said).first).to_be_visible()


@pytest.fixture
def site() -> Site:
    site = make_site(make_study())
    make_list(site.study, "AB")
    return site


@pytest.fixture
def desk(page: Page, live_server: object, site: Site) -> Desk:
    desk = Desk(page, str(live_server), coordinator_of(site))
    desk.log_in()
    return desk


def enroll(desk: Desk) -> Subject:
    desk.follow("Enroll a subject")
    desk.answer("First day of screening", "2021-03-01")
    desk.press("Enroll")
    desk.saved("ZS-001 is enrolled.")
    return Subject.objects.get()


def test_a_coordinator_takes_a_subject_from_consent_to_treatment(desk: Desk) -> None:
    enroll(desk)

    desk.add("Informed consent")
    desk.tick("Did the subject sign the informed consent?*", "Yes")
    desk.answer("Date of the subject's signature*", "2021-03-01")
    desk.answer("Version of the consent document*", "1.0")
    desk.press("Save")
    desk.saved("Informed consent is saved.")

    desk.add("Demographics")
    desk.answer("Year and month of birth*", "1961-05")
    desk.answer("Age at consent, completed years*", "59")
    desk.tick("Sex*", "Female")
    desk.press("Save")
    desk.saved("Demographics is saved.")

    desk.at("SCR").get_by_role("link", name="Took place").click()
    desk.press("Save")
    desk.saved("The visit SCR took place.")

    desk.add_at("SCR", "Vital signs")
    desk.answer("Weight*", "61.5")
    desk.answer("Height", "165")
    desk.answer("Systolic blood pressure", "128")
    desk.answer("Diastolic blood pressure", "82")
    desk.press("Save")
    desk.saved("Vital signs is saved.")

    desk.add_at("SCR", "ECOG performance status")
    desk.answer("Date of assessment*", "2021-03-01")
    desk.choose("ECOG performance status*", "1: restricted in strenuous activity, ambulatory")
    desk.press("Save")
    desk.saved("ECOG performance status is saved.")

    desk.add("Eligibility")
    desk.answer("Date of assessment*", "2021-03-01")
    for rule, answer in (("I1", "Yes"), ("I3", "Yes"), ("E1", "No")):
        line = desk.at(rule)
        line.get_by_label(answer, exact=True).check(force=True)
    desk.press("Save")
    desk.saved("Eligibility is saved.")

    desk.follow("Randomize")
    desk.saved("Every inclusion criterion is met and no exclusion criterion is present.")
    expect(desk.at("I3").get_by_role("link", name="ECOG performance status")).to_be_visible()
    desk.page.get_by_role("checkbox").check()
    desk.press("Randomize now")
    desk.saved("ZS-001 is allocated to arm A")

    desk.at("C1D1").get_by_role("link", name="Took place").click()
    desk.press("Save")
    desk.add_at("C1D1", "Dose administration")
    desk.choose("Study drug*", "Toripalimab")
    desk.tick("Was the dose given?*", "Yes")
    desk.answer("Dose given", "240")
    desk.press("Save")
    desk.saved("Dose administration is saved.")
    assert DoseAdministration.objects.get().planned_dose == 240

    desk.add("Adverse event")
    desk.answer("Adverse event as reported*", "itching")
    desk.answer("CTCAE term*", "Pruritus")
    desk.choose("Highest CTCAE grade*", "1: mild")
    desk.answer("Start*", "2021-03")
    desk.tick("Ongoing?*", "Yes")
    desk.choose("Outcome*", "Not recovered")
    desk.tick("Serious?*", "No")
    desk.choose("Toripalimab Relation to the drug", "Possibly related")
    desk.choose("Toripalimab Action taken with the drug", "Dose not changed")
    desk.press("Save")
    desk.saved("Adverse event is saved.")
    assert AdverseEvent.objects.get().drugs.get().drug.code == "TORIPALIMAB"


def test_a_laboratory_panel_is_typed_down_the_column_with_enter(desk: Desk) -> None:
    enroll(desk)
    desk.at("SCR").get_by_role("link", name="Took place").click()
    desk.press("Save")
    desk.add_at("SCR", "Laboratory sample")
    desk.follow("Chemistry")
    first = desk.page.get_by_label("Alanine aminotransferase Result", exact=True)
    first.fill("51")
    first.press("Enter")
    desk.page.keyboard.type("<120")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("2+")
    desk.page.keyboard.press("Enter")
    assert LabResult.objects.count() == 0  # Enter moved on and did not save
    desk.press("Save and stay")
    expect(desk.page.get_by_role("row", name=re.compile("^Alanine")).get_by_text("High")).to_be_visible()
    stored = list(LabResult.objects.order_by("id").values_list("test__code", "value", "unit"))
    assert stored == [("ALT", "51", "U/L"), ("HGB", "<120", "g/L"), ("UPROT", "2+", None)]


def test_a_correction_asks_for_its_reason_and_the_history_tells_it(desk: Desk) -> None:
    enroll(desk)
    desk.at("SCR").get_by_role("link", name="Took place").click()
    desk.press("Save")
    desk.add_at("SCR", "Vital signs")
    desk.answer("Weight*", "16.5")
    desk.press("Save")
    desk.saved("must be between 20 and 250 kg")
    expect(desk.page.get_by_label("Weight*", exact=True)).to_have_value("16.5")
    desk.answer("Weight*", "65.1")
    desk.press("Save")
    desk.at("SCR").get_by_role("link", name="Vital signs").first.click()
    desk.answer("Weight*", "61.5")
    desk.press("Save and stay")
    desk.saved("A reason is required")
    desk.answer("Reason for change", "digits were swapped")
    desk.press("Save and stay")
    desk.follow("History")
    for told in ("digits were swapped", "65.1 kg", "61.5 kg"):
        desk.saved(told)
    assert VitalSigns.objects.get().version == 2


def test_every_page_of_the_navigation_opens_under_the_content_policy(desk: Desk) -> None:
    inside = desk.page.locator("#nav-sidebar a[href^='/admin/']")
    links = inside.evaluate_all("each => each.map(link => link.href)")
    assert len(links) > 20
    for link in links:
        reply = desk.page.goto(link)
        assert reply is not None
        assert reply.status == 200, link
