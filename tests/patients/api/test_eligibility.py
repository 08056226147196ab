"""The criterion table over REST: what it holds, what a refusal holds, and as of when."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.ecrf.api.client import client_of
from tests.factories import make_list
from tests.screening import Clinic
from trials.audit import clock

pytestmark = pytest.mark.django_db
ONE = "/api/v1/subjects/ZS-001/"


@pytest.fixture
def house() -> SimpleNamespace:
    clinic = Clinic()
    return SimpleNamespace(clinic=clinic, client=client_of(clinic.coordinator))


def rules_of(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["rule"]: each for each in table["rules"]}


def test_each_rule_shows_question_answer_verdict_words_values_and_settings(house: SimpleNamespace) -> None:
    house.clinic.screened(results={"HGB": ("8.9", "g/dL")})
    table = house.client.get(f"{ONE}eligibility/").json()
    assert (table["eligible"], [each["criterion"] for each in table["findings"]]) == (False, ["I7.1c"])
    hemoglobin = rules_of(table)["I7.1c"]
    [value] = hemoglobin.pop("values")
    assert hemoglobin == {
        "rule": "I7.1c",
        "criterion": "Inclusion 7",
        "kind": "INCLUSION",
        "question": "Is the hemoglobin at least 9 g/dL (90 g/L)?",
        "note": "The record states no interval free of transfusion.",
        "evaluation": "AUTOMATIC",
        "wanted": "Y",
        "answer": "Y",
        "comment": None,
        "verdict": "NOT_MET",
        "answer_from_data": "N",
        "contradicts": True,
        "words": "HGB 8.9 g/dL is not at least 9 g/dL",
        "settings": [
            {"key": "eligibility_value", "value": "LAST"},
            {"key": "screening_laboratory_window_days", "value": 7},
            {"key": "support_before_value_days", "value": 14},
        ],
        "against": ["not met: HGB 8.9 g/dL is not at least 9 g/dL"],
    }
    assert (value["name"], value["value"], value["unit"]) == ("Hemoglobin (HGB)", "8.9", "g/dL")
    assert value["day"] == "2021-03-01"


def test_a_value_leads_to_the_form_on_which_it_stands(house: SimpleNamespace) -> None:
    house.clinic.screened()
    table = rules_of(house.client.get(f"{ONE}eligibility/").json())
    place = table["I3"]["values"][0]["place"]
    form = house.client.get(place["href"]).json()
    assert (place["form"], place["field"], form["grade"]) == ("ECOG", "grade", "1")
    reached = {value["place"]["form"] for rule in table.values() for value in rule["values"]}
    assert reached == {"IC", "DM", "VS", "ECOG", "PE", "LB", "TH", "TR"}
    for rule in table.values():
        for value in rule["values"]:
            assert house.client.get(value["place"]["href"]).status_code == 200


def test_a_rule_that_only_the_investigator_judges_has_no_verdict(house: SimpleNamespace) -> None:
    house.clinic.screened()
    rule = rules_of(house.client.get(f"{ONE}eligibility/").json())["E4"]
    assert (rule["evaluation"], rule["verdict"], rule["answer_from_data"], rule["answer"]) == (
        "HUMAN",
        None,
        None,
        "N",
    )


def test_a_refused_randomization_answers_with_the_reasons_and_the_whole_table(house: SimpleNamespace) -> None:
    make_list(house.clinic.study, "AB")
    house.clinic.screened(ecog="2", results={"PT": None})
    reply = house.client.post(f"{ONE}randomize/")
    body = reply.json()
    assert (reply.status_code, set(body)) == (409, {"errors", "request_id", "eligibility"})
    assert body["errors"] == {
        "I3": ["not met: ECOG performance status 2 is not 0 or 1"],
        "E6a": ["cannot be determined: no PT before randomization"],
    }
    assert body["eligibility"] == house.client.get(f"{ONE}eligibility/").json()
    assert len(body["eligibility"]["rules"]) == 41


def test_a_subject_whom_nothing_excludes_is_randomized(house: SimpleNamespace) -> None:
    make_list(house.clinic.study, "AB")
    house.clinic.screened()
    assert house.client.post(f"{ONE}randomize/").status_code == 201


def test_the_table_is_shown_as_of_an_instant_and_up_to_a_day(house: SimpleNamespace) -> None:
    subject = house.clinic.screened()
    before = clock.now().isoformat()
    house.clinic.sample(subject, {"PLAT": ("90", "10*9/L")}, on="2021-03-08")

    def platelets(**asked: str) -> str:
        return rules_of(house.client.get(f"{ONE}eligibility/", asked).json())["I7.1b"]["verdict"]

    assert platelets() == "NOT_MET"
    assert platelets(as_of=before) == "MET"
    assert platelets(cutoff="2021-03-07") == "MET"
    assert platelets(cutoff="2021-03-08") == "NOT_MET"
    assert platelets(cutoff="2021-02-28") == "UNDETERMINED"


@pytest.mark.parametrize(
    "asked", [{"cutoff": "2021-03"}, {"cutoff": ""}, {"as_of": "yesterday"}, {"day": "1"}]
)
def test_a_moment_that_is_none_is_refused_by_name(house: SimpleNamespace, asked: dict[str, str]) -> None:
    house.clinic.screened()
    reply = house.client.get(f"{ONE}eligibility/", asked)
    assert (reply.status_code, set(reply.json()["errors"])) == (400, set(asked))


def test_the_eligibility_form_tells_what_the_data_say_of_each_answer(house: SimpleNamespace) -> None:
    subject = house.clinic.screened(ecog="2")
    form = subject.eligibilityassessments.get()
    shown = house.client.get(f"/api/v1/eligibility-assessments/{form.pk}/").json()
    row = form.answers.get(rule__code="I3").repeat
    [told] = [each for each in shown["derivations"] if each["row"] == row]
    assert (told["about"], told["answer"]) == (
        "From the data",
        "not met: ECOG performance status 2 is not 0 or 1",
    )
    assert told["sources"][0]["form"] == "ECOG"
    assert len(shown["derivations"]) == 26
