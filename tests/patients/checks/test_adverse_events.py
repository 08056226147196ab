"""Checks of one adverse event: dates, outcome, death, seriousness, relation to the drugs."""

from typing import Any

import pytest

from patients.models import AdverseEvent, Death
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.laboratory_work import set_study
from tests.patients.conftest import correct
from trials.actions.dictionary import load_shipped_ctcae
from trials.audit import clock
from trials.models import Study, User

CHECKS_TESTED_HERE = {"CT01", "EC21f", "EC22b", "EC22c", "EC23b", "EC26b"}
EVENT = {"term": "Rash", "ctcae_term": "Rash maculo-papular", "grade": "2", "started": "2021-03-10"}
FATAL = EVENT | {"grade": "5", "outcome": "FATAL", "results_in_death": "Y", "serious": "Y"}
DEATH = {
    "died_on": "2021-04-02",
    "cause": "ADVERSE EVENT",
    "cause_in_words": "Colitis",
    "source": "FAMILY",
    "known_on": "2021-04-03",
}
SINCE_RANDOMIZATION = str(clock.today("Asia/Shanghai").year)


def relation(drug: str, causality: str) -> dict[str, Any]:
    return {"rows": {"drugs": [{"drug": drug, "causality": causality, "action": "DOSE NOT CHANGED"}]}}


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"outcome": "RECOVERED/RESOLVED", "ongoing": "N"}, {"ended"}),
        ({"outcome": "FATAL"}, {"ended"}),
        ({"outcome": "RECOVERED/RESOLVED", "ongoing": "Y", "ended": "2021-03-20"}, {"outcome"}),
        ({"outcome": "RECOVERING/RESOLVING", "ongoing": "N"}, {"outcome"}),
        ({"outcome": "RECOVERED/RESOLVED", "ongoing": "N", "ended": "2021-03"}, set()),
        ({"outcome": "RECOVERED/RESOLVED", "missing_reasons": {"ended": "UNKNOWN"}}, set()),
        ({"outcome": "NOT RECOVERED/NOT RESOLVED", "ongoing": "Y"}, set()),
        ({"outcome": "UNKNOWN", "ongoing": "N"}, set()),
    ],
)
def test_an_event_that_is_over_has_an_end_and_one_that_is_not_has_none(
    answers: dict[str, Any], fields: set[str], fill: Any
) -> None:
    assert fields_asked(fill(AdverseEvent, EVENT | answers), "EC21f") == fields


def test_a_fatal_event_asks_for_the_page_of_the_death_until_it_is_entered(fill: Any) -> None:
    event = fill(AdverseEvent, FATAL | {"ended": "2021-04-02"})
    assert fields_asked(event, "EC22b") == {"outcome"}
    fill(Death, DEATH)
    assert fields_asked(event, "EC22b") == set()


@pytest.mark.parametrize(
    ("ended", "fields"), [("2021-04-01", {"ended"}), ("2021-04", set()), ("2021", set())]
)
def test_a_fatal_event_ends_on_the_day_of_the_death(ended: str, fields: set[str], fill: Any) -> None:
    fill(Death, DEATH)
    assert fields_asked(fill(AdverseEvent, FATAL | {"ended": ended}), "EC22b") == fields


def test_an_event_that_is_not_fatal_asks_for_no_death(fill: Any) -> None:
    assert asked(fill(AdverseEvent, EVENT), "EC22b") == 0


def test_a_death_from_an_adverse_event_names_an_event_that_is_fatal(fill: Any, coordinator: User) -> None:
    event = fill(AdverseEvent, EVENT)
    death = fill(Death, DEATH)
    assert fields_asked(death, "EC22c") == {"adverse_event"}
    death = correct(coordinator, death, adverse_event=1)
    assert fields_asked(death, "EC22c") == {"adverse_event"}
    correct(coordinator, event, outcome="FATAL")
    assert asked(death, "EC22c") == 0


def test_a_death_from_the_tumor_names_no_event(fill: Any) -> None:
    assert asked(fill(Death, DEATH | {"cause": "DISEASE PROGRESSION"}), "EC22c") == 0


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"hospitalization": "Y"}, {"admitted_on"}),
        ({"hospitalization": "N", "admitted_on": "2021-03-11"}, {"hospitalization"}),
        (
            {"hospitalization": "Y", "admitted_on": "2021-03-11", "discharged_on": "2021-03-10"},
            {"discharged_on"},
        ),
        ({"hospitalization": "Y", "admitted_on": "2021-03-11", "discharged_on": "2021-03"}, set()),
        ({"hospitalization": "Y", "missing_reasons": {"admitted_on": "UNKNOWN"}}, set()),
        ({"hospitalization": "N"}, set()),
    ],
)
def test_a_hospitalization_has_its_dates(answers: dict[str, Any], fields: set[str], fill: Any) -> None:
    assert fields_asked(fill(AdverseEvent, EVENT | answers), "EC23b") == fields


@pytest.mark.parametrize(
    ("drug", "causality", "asks"),
    [
        ("GEMCITABINE", "POSSIBLY RELATED", 1),
        ("GEMCITABINE", "NOT APPLICABLE", 0),
        ("LENVATINIB", "NOT APPLICABLE", 1),
        ("LENVATINIB", "UNRELATED", 0),
    ],
)
def test_the_relation_is_judged_for_the_drugs_of_the_arm_only(
    drug: str, causality: str, asks: int, fill: Any
) -> None:
    event = EVENT | {"started": SINCE_RANDOMIZATION}
    assert asked(fill(AdverseEvent, event | relation(drug, causality)), "EC26b") == asks


def test_before_randomization_there_is_no_arm_to_judge_by(enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, **relation("GEMCITABINE", "NOT APPLICABLE"))
    assert asked(event, "EC26b") == 0


@pytest.mark.parametrize(
    ("term", "grade", "fields"),
    [
        ("Fatigue", "4", {"grade"}),
        ("Fatigue", "3", set()),
        ("Lymphocyte count increased", "1", {"grade"}),
        ("Anemia", "5", set()),
        (None, "5", set()),
    ],
)
def test_a_grade_that_ctcae_does_not_have_for_the_term_is_questioned(
    term: str | None, grade: str, fields: set[str], study: Study, enter: Any
) -> None:
    load_shipped_ctcae(actor=User.objects.system_user(), versions=["5.0"])
    set_study(study, ctcae_version="5.0")
    event = enter(AdverseEvent, **EVENT | {"ctcae_term": term, "grade": grade})
    assert fields_asked(event, "CT01") == fields


def test_without_the_dictionary_nothing_is_said_of_a_grade(study: Study, enter: Any) -> None:
    set_study(study, ctcae_version="5.0")
    assert asked(enter(AdverseEvent, **EVENT | {"ctcae_term": "Fatigue", "grade": "5"}), "CT01") == 0
