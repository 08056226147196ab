"""The criterion table over REST: what it holds, what a refusal holds, and as of when."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.ecrf.api.client import client_of
from tests.factories import make_list
from tests.screening import Clinic
from trials.audit import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered_once")]
ONE = "/api/v1/subjects/ZS-001/"
LAST_COUNTS = (
    "Which of several screening values counts: LAST (before randomization), ANY (one that complies is enough)"
    " or WORST (all must comply). Set to LAST."
)
AT_MOST_7_DAYS_OLD = "Screening laboratory results are at most this old at the first dose. Set to 7 days."
SUPPORT_OF_14_DAYS = (
    "Transfusion, albumin or growth factor given in this time before a qualifying value is shown beside it."
    " The record states no interval. Set to 14 days."
)


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
        "verdict_in_words": "not met",
        "in_order": False,
        "answer_from_data": "N",
        "contradicts": True,
        "words": "Hemoglobin 8.9 g/dL is not at least 9 g/dL",
        "settings": [
            {"key": "eligibility_value", "value": "LAST", "words": LAST_COUNTS},
            {"key": "screening_laboratory_window_days", "value": 7, "words": AT_MOST_7_DAYS_OLD},
            {"key": "support_before_value_days", "value": 14, "words": SUPPORT_OF_14_DAYS},
        ],
        "against": ["not met: Hemoglobin 8.9 g/dL is not at least 9 g/dL"],
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
        "E6a": ["cannot be determined: no Prothrombin Time before randomization"],
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


@pytest.mark.parametrize(
    ("weight", "words", "in_order"),
    [
        ("66.2", "creatinine clearance 73.56 mL/min is at least 60 mL/min", True),
        ("53.9999", "creatinine clearance 59.9999 mL/min (rounded) is not at least 60 mL/min", False),
        ("54", "creatinine clearance 60 mL/min is at least 60 mL/min", True),
    ],
)
def test_a_computed_number_is_rounded_for_reading_but_never_onto_its_limit(
    house: SimpleNamespace, weight: str, words: str, in_order: bool
) -> None:
    """80 x kg / (72 x 1 mg/dL) at 60 years."""
    person = {"birth": "1960-05", "age": 60, "sex": "M"}
    house.clinic.screened(person=person, weight=weight, results={"CREAT": ("1", "mg/dL")})
    rule = rules_of(house.client.get(f"{ONE}eligibility/").json())["I7.4b"]
    assert (rule["words"], rule["in_order"]) == (words, in_order)


def test_an_exclusion_reads_absent_or_present_and_its_machine_value_is_that_of_the_criterion_as_worded(
    house: SimpleNamespace,
) -> None:
    house.clinic.screened(results={"PT": ("15", "s")})
    rules = rules_of(house.client.get(f"{ONE}eligibility/").json())
    said = {
        code: (rules[code]["verdict"], rules[code]["verdict_in_words"], rules[code]["in_order"])
        for code in ("I7.1a", "E6a", "E10", "I9a", "E4")
    }
    assert said == {
        "I7.1a": ("MET", "met", True),
        "E6a": ("MET", "exclusion present", False),
        "E10": ("NOT_MET", "exclusion absent", True),
        "I9a": ("NOT_APPLICABLE", "not applicable", True),
        "E4": (None, "", None),
    }
    assert rules["E6a"]["against"] == ["exclusion present: Prothrombin Time 15 s is above 14 s"]


def test_codes_and_units_are_for_machines_and_words_for_people(house: SimpleNamespace) -> None:
    house.clinic.screened()
    rules = rules_of(house.client.get(f"{ONE}eligibility/").json())
    [platelets] = rules["I7.1b"]["values"]
    assert (platelets["unit"], platelets["words"]) == ("10*9/L", "184 ×10⁹/L")
    [ecog] = rules["I3"]["values"]
    assert (ecog["value"], ecog["words"]) == ("1", "1: restricted in strenuous activity, ambulatory")
    assert rules["I2"]["words"] == "age at consent 59 years is between 18 and 75 years"
    [lookback] = rules["E2"]["settings"]
    assert (lookback["key"], lookback["value"]) == ("e2_lookback_years", None)
    assert lookback["words"].startswith("How far back another malignancy (exclusion 2) counts")
    assert lookback["words"].endswith("Set to empty.")
