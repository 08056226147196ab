"""The days on which a subject was certainly alive, whoever asks: reports and checks read the same."""

from patients.derivations.signs_of_life import signs_of_life
from patients.facts import Facts
from patients.models import AdverseEvent, Subject, SurvivalFollowUp, VitalSigns
from tests.patients.participation.life import Tell, visit_of


def days(subject: Subject, words: str) -> list[tuple[str, bool]]:
    found = signs_of_life(Facts([subject]), subject)
    return [(str(sign.day), sign.contact) for sign in found if sign.words == words]


def test_an_examination_is_a_contact_and_an_event_is_not(life: Subject, tell: Tell) -> None:
    tell(VitalSigns, visit=visit_of(life, "SCR"), measured_on="2021-05-02", weight="60")
    tell(AdverseEvent, term="Tired", grade="1", started="2021-05")
    assert ("2021-05-02", True) in days(life, "vital signs")
    assert days(life, "an adverse event") == [("2021-05", False)]


def test_who_was_reached_was_alive_on_the_day_of_the_contact(life: Subject, tell: Tell) -> None:
    tell(
        SurvivalFollowUp,
        visit=visit_of(life, "SCR"),
        contacted_on="2021-06-01",
        source="TELEPHONE",
        status="ALIVE",
    )
    assert days(life, "a contact") == [("2021-06-01", True)]


def test_of_a_contact_with_the_family_the_day_that_it_names_counts(life: Subject, tell: Tell) -> None:
    tell(
        SurvivalFollowUp,
        visit=visit_of(life, "SCR"),
        contacted_on="2021-06-01",
        last_known_alive_on="2021-05-20",
        source="FAMILY",
        status="ALIVE",
    )
    assert days(life, "a contact") == [("2021-05-20", True)]


def test_what_a_registry_tells_is_a_sign_of_life_but_no_contact(life: Subject, tell: Tell) -> None:
    tell(
        SurvivalFollowUp,
        visit=visit_of(life, "SCR"),
        contacted_on="2021-06-01",
        last_known_alive_on="2021-05-20",
        source="REGISTRY",
        status="ALIVE",
    )
    assert days(life, "a contact") == [("2021-05-20", False)]


def test_the_dead_were_not_reached(life: Subject, tell: Tell) -> None:
    tell(
        SurvivalFollowUp,
        visit=visit_of(life, "SCR"),
        contacted_on="2021-06-01",
        source="TELEPHONE",
        status="DEAD",
    )
    assert days(life, "a contact") == []
