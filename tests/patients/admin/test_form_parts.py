"""Long forms are asked part by part; what is asked after an answer is folded away until then."""

import re

import pytest
from django.test import Client

from patients.actions.save_form import create_form
from patients.models import AdverseEvent, TumorAssessment
from tests.patients.admin.house import House, house, page_of, rows, shown
from tests.patients.clinic import Clinic, after, both, clinic, liver
from trials.models import Role

__all__ = ["clinic", "house", "liver"]

pytestmark = pytest.mark.django_db

PARTS = [
    "What happened",
    "When",
    "How bad",
    "Why it is serious",
    "Related to what",
    "Relations to study drugs",
    "Treatment and outcome",
    "Special interest",
    "Immune-related event",
    "Reaction to an infusion",
    "Coding",
]


def event(house: House, **answers: str) -> AdverseEvent:
    made: AdverseEvent = create_form(
        actor=house.coordinator,
        form=AdverseEvent,
        subject=house.subject,
        data={"term": "Rash", "grade": "2", "started": "2021-03-04", **answers},
    )
    return made


def folded(page: str, question: str) -> bool:
    """Whether the part that is asked after this question is folded away."""
    found = re.search(rf'<details [^>]*data-asked-after="{question}"[^>]*>', page)
    assert found is not None
    return not found[0].endswith(" open>")


def test_an_adverse_event_is_asked_in_the_order_of_the_work(house: House) -> None:
    page = shown(house.client.get(house.add("adverseevent")))
    headings = re.findall(r'<h3 class="ec-sub">([^<]+)</h3>', page)
    assert headings == PARTS
    assert "only where “Immune-related?” is answered Yes" in page


def test_a_part_is_folded_until_its_answer_is_given(house: House) -> None:
    blank = shown(house.client.get(house.add("adverseevent")))
    assert folded(blank, "serious")
    assert folded(blank, "immune_related")
    immune = shown(house.client.get(page_of(event(house, immune_related="Y"))))
    assert not folded(immune, "immune_related")
    assert folded(immune, "infusion_reaction")


def test_an_answer_in_a_part_that_does_not_apply_is_never_folded_away(house: House) -> None:
    record = event(house, immune_related="N", steroid_given="Y")
    assert not folded(shown(house.client.get(page_of(record))), "immune_related")
    read = shown(house.as_(Role.MONITOR).get(page_of(record)))
    assert not folded(read, "immune_related")
    assert folded(read, "serious")


def test_a_refused_answer_in_a_folded_part_opens_it(house: House) -> None:
    typed = {"term": "Rash", "steroid_started": "2021-02-30", "serious": "N", **rows("drugs")}
    page = shown(house.client.post(house.add("adverseevent"), typed))
    assert "Nothing is saved yet" in page
    assert not folded(page, "immune_related")
    assert folded(page, "infusion_reaction")


def test_a_picker_of_records_shows_what_tells_two_apart(house: House) -> None:
    event(house)
    event(house, grade="3", started="2021-05-02")
    page = shown(house.client.get(house.add("concomitantmedication")))
    assert "1: Rash, grade 2: moderate, from 2021-03-04</option>" in page
    assert "2: Rash, grade 3: severe, from 2021-05-02</option>" in page


def test_what_the_rules_say_of_a_scan_leads_to_the_forms_it_rests_on(liver: Clinic) -> None:
    first = liver.scan(after(6), both("40", "30"))
    second = liver.scan(after(12), both("45", "35"))
    client = Client()
    client.force_login(liver.coordinator, backend="trials.authentication.RoleBackend")
    page = shown(client.get(page_of(second)))
    nadir = page[page.index("Nadir before") : page.index("Change from baseline")]
    assert f'<a href="{page_of(first)}">Diameter: 40 (TR UNS1 #1 measurements 1)</a>' in nadir


def test_a_page_on_which_nothing_was_answered_is_not_stored(house: House) -> None:
    page = shown(house.client.post(house.add("adverseevent"), {"term": " ", **rows("drugs")}))
    assert "Nothing is answered" in page
    assert not AdverseEvent.objects.exists()
    said = {"not_done_reason": "Not asked at this site", **rows("drugs")}
    assert house.client.post(house.add("adverseevent"), said).status_code == 302


def test_the_page_of_an_event_leads_to_the_forms_that_name_it(house: House) -> None:
    event(house)
    page = shown(house.client.get(page_of(event(house, serious="Y"))))
    for model in ("concomitantmedication", "procedure", "seriousadverseeventreport", "medicationerror"):
        address = f"/admin/patients/{model}/add/?subject={house.subject.pk}&amp;adverse_event=2"
        assert address in page
        opened = shown(house.client.get(address.replace("&amp;", "&")))
        assert '<option value="2" selected>2: Rash, grade 2' in opened
    assert "Goes with it" not in shown(house.as_(Role.MONITOR).get(page_of(event(house))))


def test_the_casebook_tells_the_entries_of_a_form_apart(house: House) -> None:
    event(house)
    event(house, term="Fever")
    page = shown(house.client.get(f"/admin/patients/subject/{house.subject.pk}/change/"))
    assert "#1 Rash" in page
    assert "#2 Fever" in page


def test_an_assessment_starts_with_a_line_for_every_lesion_that_is_followed(liver: Clinic) -> None:
    liver.lesion("NT1", "NON-TARGET")
    visit = liver.visit(after(6))
    client = Client()
    client.force_login(liver.coordinator, backend="trials.authentication.RoleBackend")
    add = f"/admin/patients/tumorassessment/add/?subject={liver.subject.pk}&visit={visit.pk}"
    first = client.get(add)
    tables = {
        table.rows.section.name: table.lines for part in first.context["parts"] for table in part.tables
    }
    assert [line.key.partition(",")[0] for line in tables["measurements"]] == ["1: T1", "2: T2"]
    assert [line.key.partition(",")[0] for line in tables["non_targets"]] == ["3: NT1"]
    assert f'value="{after(6).isoformat()}"' in shown(first)

    measured = {"lesion": 1, "state": "MEASURED", "diameter": "40"}
    sent = rows("measurements", measured, {"lesion": 2}) | rows("non_targets", {"lesion": 3})
    done = client.post(add, {"first_scan_on": after(6).isoformat(), "method": "CT SCAN", **sent})
    assert done.status_code == 302, shown(done)
    saved = TumorAssessment.objects.latest("id")
    assert [row.lesion.label for row in saved.measurements.all()] == ["T1"]
    assert not saved.non_targets.exists()
    left = client.get(page_of(saved)).context["sheet"].row_sets[0]
    assert [line.key.partition(",")[0] for line in left.lines((), False)] == ["1: T1", "2: T2"]
