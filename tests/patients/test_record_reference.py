"""A question whose answer is another record of the same subject."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.actions.enroll import enroll
from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.casebook import casebook
from patients.facts import Facts
from patients.forms import definition, headline, json_schema
from patients.models import AdverseEvent, ConcomitantMedication, DailyDosePeriod, Subject, TumorLesion
from patients.trail import versions_of
from tests.factories import CONSENT_DAY
from trials.actions.errors import Refused
from trials.models import Site, User

RASH = {"term": "Rash", "ctcae_term": "Rash maculo-papular", "grade": "2", "started": "2021-03"}
CREAM = {"medication": "Hydrocortisone", "indication": "Rash", "started": "2021-03", "ongoing": "Y"}


@pytest.fixture
def rash(enter: Callable[..., Any]) -> AdverseEvent:
    event: AdverseEvent = enter(AdverseEvent, **RASH)
    return event


def test_a_record_is_named_by_its_number_and_found_again_in_history_casebook_and_facts(
    enter: Callable[..., Any], rash: AdverseEvent, subject: Subject
) -> None:
    cream = enter(ConcomitantMedication, adverse_event=1, **CREAM)
    assert cream.adverse_event_id == rash.pk
    assert casebook(subject)["forms"]["CM"][0]["answers"]["adverse_event"] == 1
    changes = {change.field: change.after for change in versions_of(cream)[0].changes}
    assert changes["adverse_event"].startswith("1: Rash")
    [read] = Facts([subject]).forms(ConcomitantMedication, subject)
    assert read.adverse_event.term == "Rash"


def test_two_records_that_are_alike_are_told_apart_by_their_headlines(enter: Callable[..., Any]) -> None:
    first = enter(AdverseEvent, **RASH)
    again = enter(AdverseEvent, **RASH | {"grade": "3", "started": "2021-05-02"})
    assert headline(first) == "1: Rash, grade 2: moderate, from 2021-03"
    assert headline(again) == "2: Rash, grade 3: severe, from 2021-05-02"
    cream = enter(ConcomitantMedication, **CREAM | {"ongoing": "N", "ended": "2021-04"})
    assert headline(cream) == "1: Hydrocortisone, from 2021-03, to 2021-04"
    lesion = {"label": "T1", "organ": "LIVER", "location": "Segment IV", "method": "CT SCAN"}
    assert headline(enter(TumorLesion, **lesion)) == "1: T1, Liver, Segment IV, CT"


def test_a_dose_is_named_by_drug_and_day(
    enter: Callable[..., Any], in_arm_a: Subject, coordinator: User
) -> None:
    period = create_form(
        actor=coordinator,
        form=DailyDosePeriod,
        subject=in_arm_a,
        data={"drug": "LENVATINIB", "started": "2021-03-10", "dose": "8", "frequency": "QD"},
    )
    assert headline(period) == "1: Lenvatinib, from 2021-03-10, 8 mg"


def test_a_record_without_answers_is_named_by_its_number(enter: Callable[..., Any]) -> None:
    assert headline(enter(AdverseEvent, missing_reasons={"term": "UNKNOWN"})) == "1"


@pytest.mark.parametrize("number", [2, 0, -1, "x", 1.5, True, "2021"])
def test_a_number_that_names_no_record_of_this_subject_is_refused_by_its_field(
    enter: Callable[..., Any], rash: AdverseEvent, number: Any
) -> None:
    with pytest.raises(Refused) as refusal:
        enter(ConcomitantMedication, adverse_event=number, **CREAM)
    assert list(refusal.value.errors) == ["adverse_event"]
    assert not ConcomitantMedication.objects.exists()


def test_a_record_of_another_subject_cannot_be_named(
    coordinator: User, site: Site, rash: AdverseEvent
) -> None:
    other = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    with pytest.raises(Refused):
        create_form(
            actor=coordinator,
            form=ConcomitantMedication,
            subject=other,
            data={**CREAM, "adverse_event": rash.repeat},
        )


def test_a_record_entered_in_error_cannot_be_named_and_reads_as_nothing_where_it_was(
    enter: Callable[..., Any], rash: AdverseEvent, coordinator: User, subject: Subject
) -> None:
    cream = enter(ConcomitantMedication, adverse_event="1", **CREAM)
    mark_entered_in_error(actor=coordinator, record=rash, version=1, reason="Wrong subject")
    [read] = Facts([subject]).forms(ConcomitantMedication, subject)
    assert read.adverse_event is None
    with pytest.raises(Refused):
        enter(ConcomitantMedication, adverse_event=1, **CREAM)
    mended = change_form(
        actor=coordinator, record=cream, version=1, data={"adverse_event": None}, reason="Event was taken out"
    )
    assert mended.adverse_event_id is None


def test_the_schema_says_of_which_form_a_record_is_named() -> None:
    schema = json_schema(definition("CM"))["properties"]["adverse_event"]
    assert schema["x-record"] == "AE"
    assert schema["type"] == "integer"
