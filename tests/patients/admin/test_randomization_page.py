"""The page of randomization: the criterion table before the button and after a refused attempt."""

import re

import pytest
from django.test import Client

from patients.models import Allocation, LabSample, Subject
from tests.factories import make_list
from tests.patients.admin.test_casebook_page import client_of, hub, text
from tests.screening import Clinic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered_once")]


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    return client_of(clinic.coordinator)


def rows_of(desk: Client, subject: Subject) -> dict[str, str]:
    """The lines of the criterion table by code."""
    page = text(desk.get(f"{hub(subject)}randomize/"))
    table = page.split('class="ec-table ec-criteria"')[1].split("</table>")[0]
    lines = table.split('<th scope="row"><code>')[1:]
    return {line.split("</code>")[0]: line for line in lines}


def test_the_table_stands_before_the_button_with_every_rule(clinic: Clinic, desk: Client) -> None:
    subject = clinic.screened()
    page = text(desk.get(f"{hub(subject)}randomize/"))
    assert page.index("ec-criteria") < page.index("Randomize now")
    assert "Every inclusion criterion is met and no exclusion criterion is present" in page
    assert len(rows_of(desk, subject)) == 41


def notes_of(desk: Client, subject: Subject, line: str) -> list[str]:
    """The settings told below the table that a line refers to by number."""
    page = text(desk.get(f"{hub(subject)}randomize/"))
    told = dict(re.findall(r'<li id="setting-(\d+)">(.*?)</li>', page))
    return [told[number] for number in re.findall(r'href="#setting-(\d+)"', line)]


def test_a_line_shows_answer_verdict_words_settings_and_values_with_a_link(
    clinic: Clinic, desk: Client
) -> None:
    subject = clinic.screened(results={"PT": ("14.1", "s")})
    line = rows_of(desk, subject)["E6a"]
    sample = LabSample.objects.get(subject=subject)
    assert "Is the prothrombin time longer than 14 s?" in line
    assert '<span class="ec-badge ec-NOT_MET">Exclusion present</span>' in line
    assert "<p>Prothrombin Time 14.1 s is above 14 s</p>" in line
    assert "differs from the data" in line
    assert (
        "Exclusion 6, PT &gt; 14 s: ABSOLUTE seconds, or PROLONGATION over the control. Set to ABSOLUTE."
        in notes_of(desk, subject, line)
    )
    assert f'<a href="/admin/patients/labsample/{sample.pk}/change/">Prothrombin Time (PT)</a>' in line
    assert "<strong>14.1 s</strong>" in line
    assert "2021-03-01" in line
    assert desk.get(f"/admin/patients/labsample/{sample.pk}/change/").status_code == 200


def test_a_setting_that_many_lines_rest_on_is_told_once_below_the_table(clinic: Clinic, desk: Client) -> None:
    subject = clinic.screened()
    page = text(desk.get(f"{hub(subject)}randomize/"))
    assert page.count("Which of several screening values counts") == 1
    lines = rows_of(desk, subject).values()
    assert sum("Which of several" in " ".join(notes_of(desk, subject, line)) for line in lines) > 10


def test_a_refusal_stands_on_top_with_its_number_of_reasons_and_leads_to_them(
    clinic: Clinic, desk: Client
) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened(ecog="2")
    before = text(desk.get(f"{hub(subject)}randomize/"))
    page = text(desk.post(f"{hub(subject)}randomize/", {"confirmed": "on"}))
    top = page.split("ec-criteria")[0]
    assert f"{subject.code} is not randomized." in top
    assert "1 reason stands against it:" in top
    assert '<a href="#decision">see the reason</a>' in top
    assert (
        page.index("ec-criteria")
        < page.index('id="decision"')
        < page.index("not met: ECOG performance s", page.index('id="decision"'))
    )
    assert "is not randomized." not in before


def test_after_a_refused_attempt_the_table_and_the_reasons_stay(clinic: Clinic, desk: Client) -> None:
    make_list(clinic.study, "AB")
    subject = clinic.screened(ecog="2")
    reply = desk.post(f"{hub(subject)}randomize/", {"confirmed": "on"})
    assert reply.status_code == 409
    page = text(reply)
    assert page.count("<code>I3</code> not met: ECOG performance status 2 is not 0 or 1") == 1
    assert "ec-criteria" in page
    assert not Allocation.objects.exists()


def test_a_rule_that_is_only_asked_shows_no_verdict(clinic: Clinic, desk: Client) -> None:
    line = rows_of(desk, clinic.screened())["E4"]
    assert "ec-badge" not in line
    assert "Judged by the investigator" in line


def test_the_eligibility_form_shows_what_the_data_say_next_to_each_answer(
    clinic: Clinic, desk: Client
) -> None:
    subject = clinic.screened(ecog="2")
    form = subject.eligibilityassessments.get()
    page = text(desk.get(f"/admin/patients/eligibilityassessment/{form.pk}/change/"))
    assert "From the data: <strong>not met: ECOG performance status 2 is not 0 or 1</strong>" in page


def test_an_empty_eligibility_form_shows_what_the_data_say_and_answers_nothing(
    clinic: Clinic, desk: Client
) -> None:
    subject = clinic.enroll()
    page = text(desk.get(f"/admin/patients/eligibilityassessment/add/?subject={subject.pk}"))
    assert "I7.1b Are the platelets at least 100" in page
    assert "cannot be determined: no Platelets before randomization" in page
    assert "checked" not in page.split('data-rows="answers"')[1].split("</section>")[0]


def test_the_table_speaks_in_words_without_codes_of_units_or_names_of_settings(
    clinic: Clinic, desk: Client
) -> None:
    subject = clinic.screened()
    rows = rows_of(desk, subject)
    assert "Exclusion absent" in rows["E10"]
    assert "59 years is between 18 and 75 years" in rows["I2"]
    assert "Platelets 184 ×10⁹/L is at least 100 ×10⁹/L" in rows["I7.1b"]
    assert "<strong>184 ×10⁹/L</strong>" in rows["I7.1b"]
    assert "(normal 125 to 350 ×10⁹/L)" in rows["I7.1b"]
    notes = {code: " ".join(notes_of(desk, subject, line)) for code, line in rows.items()}
    assert "How far back another malignancy (exclusion 2) counts" in notes["E2"]
    for line in [*rows.values(), *notes.values()]:
        for code in ("10*9", "{copies}", "[IU]", "_lookback_", "eligibility_value", " a</p>"):
            assert code not in line


def test_the_page_of_a_sample_shows_each_range_with_its_unit(clinic: Clinic, desk: Client) -> None:
    clinic.screened()
    sample = LabSample.objects.get()
    page = text(desk.get(f"/admin/patients/labsample/{sample.pk}/change/"))
    assert "125 to 350 ×10⁹/L" in page
    assert "9 to 50 U/L" in page
