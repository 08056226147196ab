"""Critical questions and shares of verification are study data, held to the forms when they are loaded."""

from pathlib import Path

import pytest

from patients.critical_fields import due_extent
from patients.models import Subject, VerificationExtent
from tests.trials.protocol.paths import REGISTRY, copied, edited, faults

WHERE = "settings.yaml: settings"


LAST = "LF: [last_contact_on]"
IN_VALUE, IN_DEFAULT = "\n    default:", "\n    is_assumption:"


@pytest.mark.parametrize(
    ("new", "after", "said"),
    [
        ("LX: [last_contact_on]", IN_VALUE, "value: “LX” is not a form"),
        ("LF: [contact]", IN_VALUE, "value: LF: “contact” is not a question of the form"),
        ("LF: last_contact_on", IN_VALUE, "value: LF: must be a list of questions, each once"),
        ("LF: [last_contact_on, last_contact_on]", IN_VALUE, "value: LF: must be a list of questions, each"),
        ("LB: [results.verdict]", IN_VALUE, "value: LB: “results.verdict” is not a question"),
        ("LF: [contact]", IN_DEFAULT, "default: LF: “contact” is not a question of the form"),
    ],
)
def test_a_critical_question_that_does_not_exist_is_named(
    new: str, after: str, said: str, tmp_path: Path
) -> None:
    study = copied(REGISTRY, tmp_path)
    edited(study / "settings.yaml", LAST + after, new + after)
    (line,) = faults(study)
    assert line.startswith(WHERE)
    assert "(critical_fields)" in line
    assert said in line


def test_critical_questions_that_are_not_told_by_form_are_refused(tmp_path: Path) -> None:
    study = copied(REGISTRY, tmp_path)
    file = study / "settings.yaml"
    text = file.read_text(encoding="utf-8")
    mapping = text[text.index("    default:\n      IC:") : text.index("LF:", text.index(LAST + IN_DEFAULT))]
    edited(file, mapping + LAST, "    default: [DD]")
    (line,) = faults(study)
    assert "(critical_fields): default: must name the critical questions by form" in line


@pytest.mark.parametrize("share", ["101", "-1", '"all"', "true", "null"])
def test_a_share_that_is_no_percentage_is_refused(share: str, tmp_path: Path) -> None:
    study = copied(REGISTRY, tmp_path)
    edited(
        study / "settings.yaml", 'value: 0\n    default: 0\n    unit: "%"', f"value: {share}\n    default: 0"
    )
    (line,) = faults(study)
    assert "(sdv_whole_percent): value: must be a whole number from 0 to 100" in line


def test_every_critical_question_of_the_study_exists() -> None:
    assert faults(REGISTRY) == []


def test_a_share_of_100_percent_asks_for_everybody_and_of_none_for_nobody() -> None:
    people = [Subject(code=f"ZS-{number:03d}") for number in range(200)]
    everybody, nobody = {"sdv_critical_percent": 100}, {"sdv_critical_percent": 0, "sdv_whole_percent": 0}
    assert {due_extent(each, everybody) for each in people} == {VerificationExtent.CRITICAL}
    assert {due_extent(each, nobody) for each in people} == {None}


def test_a_share_of_20_percent_is_met_about_and_always_by_the_same_subjects() -> None:
    people = [Subject(code=f"ZS-{number:03d}") for number in range(1000)]
    settings = {"sdv_critical_percent": 100, "sdv_whole_percent": 20}
    whole = [each for each in people if due_extent(each, settings) is VerificationExtent.WHOLE]
    assert 150 < len(whole) < 250
    assert whole == [each for each in people if due_extent(each, settings) is VerificationExtent.WHOLE]
