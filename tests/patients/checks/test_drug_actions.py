"""Checks of the action with a drug against its doses, and of medication against the event it is for."""

from typing import Any

import pytest

from patients.actions.save_form import create_form
from patients.models import (
    AdverseEvent,
    ConcomitantMedication,
    DailyDosePeriod,
    Disposition,
    DoseAdministration,
    Subject,
    Withdrawal,
)
from tests.factories import opened
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import A_DAY_LATER, correct
from trials.models import User

CHECKS_TESTED_HERE = {"EC24", "EC25", "EC27a", "EC27b"}
EVENT = {"term": "Diarrhea", "ctcae_term": "Diarrhea", "grade": "3", "started": "2021-04-10"}
FIRST_DOSE = {"started": "2021-03-08", "dose": "12"}


def after(action: str, drug: str = "LENVATINIB", **event: Any) -> dict[str, Any]:
    line = {"drug": drug, "causality": "POSSIBLY RELATED", "action": action}
    return EVENT | event | {"rows": {"drugs": [line]}}


@pytest.fixture
def lenvatinib(fill: Any) -> Any:
    """`lenvatinib(started, dose, ended)`: a period of a dose in mg a day."""

    def run(started: str, dose: str, ended: str | None = None) -> DailyDosePeriod:
        period = {"drug": "LENVATINIB", "started": started, "dose": dose, "ended": ended, "frequency": "QD"}
        return fill(DailyDosePeriod, period)

    return run


@pytest.fixture
def end_of_lenvatinib(fill: Any) -> Any:
    def run(day: str, drug: str = "LENVATINIB") -> Disposition:
        ended = {"scope": "TREATMENT", "drug": drug, "ended_on": day, "reason": "ADVERSE EVENT"}
        return fill(Disposition, ended)

    return run


def test_a_drug_that_was_withdrawn_has_an_end_of_its_treatment(fill: Any, end_of_lenvatinib: Any) -> None:
    event = fill(AdverseEvent, after("DRUG WITHDRAWN"))
    assert fields_asked(event, "EC24") == {"action"}
    end_of_lenvatinib("2021-04-12", drug="TORIPALIMAB")
    assert asked(event, "EC24") == 1
    end_of_lenvatinib("2021-04-12")
    assert asked(event, "EC24") == 0


def test_withdrawal_from_the_drug_is_an_end_of_its_treatment_too(fill: Any) -> None:
    event = fill(AdverseEvent, after("DRUG WITHDRAWN"))
    assert asked(event, "EC24") == 1
    withdrawn = {"scope": "STUDY DRUG", "drug": "LENVATINIB", "withdrawn_by": "SUBJECT"}
    fill(Withdrawal, withdrawn | {"withdrawn_on": "2021-04-12"})
    assert asked(event, "EC24") == 0


@pytest.mark.parametrize(("last_day", "asks"), [(None, 1), ("2021-04-13", 1), ("2021-04-12", 0)])
def test_a_dose_after_the_end_of_a_withdrawn_drug_is_asked_about_at_that_end_alone(
    last_day: str | None, asks: int, fill: Any, lenvatinib: Any, end_of_lenvatinib: Any
) -> None:
    fill(Withdrawal, {"scope": "STUDY DRUG", "drug": "LENVATINIB", "withdrawn_on": "2021-04-01"})
    earlier, period = lenvatinib("2021-03-08", "12", "2021-03-31"), lenvatinib("2021-04-05", "12", last_day)
    event = fill(AdverseEvent, after("DRUG WITHDRAWN"))
    assert [asked(earlier, "WD02"), asked(period, "WD02"), asked(event, "EC24")] == [0, 1, 0]
    end = end_of_lenvatinib("2021-04-12")
    assert [asked(end, "DS03"), asked(event, "EC24"), asked(period, "WD02")] == [asks, 0, 1 - asks]


def test_an_event_without_change_of_a_dose_asks_for_none(fill: Any, lenvatinib: Any) -> None:
    lenvatinib("2021-03-08", "12")
    event = fill(AdverseEvent, after("DOSE NOT CHANGED"))
    assert (asked(event, "EC24"), asked(event, "EC25")) == (0, 0)


def test_an_interruption_asks_for_a_period_without_the_drug_until_it_is_entered(
    fill: Any, lenvatinib: Any, coordinator: User
) -> None:
    period = lenvatinib("2021-03-08", "12")
    event = fill(AdverseEvent, after("DRUG INTERRUPTED", ended="2021-04-20"))
    assert fields_asked(event, "EC25") == {"action"}
    correct(coordinator, period, ended="2021-04-10")
    lenvatinib("2021-04-11", "0", "2021-04-15")
    assert asked(event, "EC25") == 0


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        (("2021-04-12", "8"), 0),
        (("2021-04-12", "12"), 1),
        (("2021-04-21", "8"), 0),
        (("2021-04-05", "8", "2021-04-08"), 1),
    ],
)
def test_a_reduction_asks_for_a_lower_dose_during_the_event_or_right_after_it(
    changed: tuple[str, ...], asks: int, fill: Any, lenvatinib: Any
) -> None:
    lenvatinib("2021-03-08", "12", "2021-04-04")
    lenvatinib(*changed)
    event = fill(AdverseEvent, after("DOSE REDUCED", ended="2021-04-20"))
    assert asked(event, "EC25") == asks


def test_an_infusion_that_was_left_out_is_an_interruption(
    fill: Any, casebook: Subject, coordinator: User
) -> None:
    visit = opened(coordinator, casebook, "C1D1", A_DAY_LATER)
    event = fill(AdverseEvent, after("DRUG INTERRUPTED", drug="TORIPALIMAB", started="2021-03"))
    assert asked(event, "EC25") == 1
    left_out = {"drug": "TORIPALIMAB", "given": "N", "given_on": "2021-03-10", "dose": "0"}
    create_form(
        actor=coordinator, form=DoseAdministration, subject=casebook, data=left_out, rows=None, visit=visit
    )
    assert asked(event, "EC25") == 0


def test_an_event_without_a_start_is_compared_with_no_dose(fill: Any) -> None:
    assert asked(fill(AdverseEvent, after("DOSE REDUCED", started=None)), "EC25") == 0


def test_medication_given_for_an_event_stands_on_a_page_that_names_it(enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, medication_given="Y")
    assert fields_asked(event, "EC27a") == {"medication_given"}
    enter(ConcomitantMedication, medication="Loperamide", started="2021-04-10")
    assert asked(event, "EC27a") == 1
    enter(ConcomitantMedication, medication="Loperamide", started="2021-04-10", adverse_event=1)
    assert asked(event, "EC27a") == 0


def test_medication_that_names_an_event_contradicts_that_none_was_given(enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, medication_given="N")
    assert asked(event, "EC27a") == 0
    enter(ConcomitantMedication, medication="Loperamide", started="2021-04-10", adverse_event=1)
    assert fields_asked(event, "EC27a") == {"medication_given"}


def test_a_steroid_for_an_immune_related_event_is_a_medication_of_that_kind(enter: Any) -> None:
    event = enter(AdverseEvent, **EVENT, steroid_given="Y", hormone_replacement="N")
    assert fields_asked(event, "EC27a") == {"steroid_given"}
    enter(
        ConcomitantMedication,
        medication="Prednisone",
        category="STEROID",
        started="2021-04-10",
        adverse_event=1,
    )
    assert asked(event, "EC27a") == 0


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"indication_kind": "ADVERSE EVENT"}, {"adverse_event"}),
        ({"indication_kind": "MEDICAL HISTORY"}, {"medical_history"}),
        ({"indication_kind": "ADVERSE EVENT", "adverse_event": 1}, set()),
        ({"indication_kind": "PROPHYLAXIS"}, set()),
    ],
)
def test_medication_for_an_event_or_a_condition_names_it(
    answers: dict[str, Any], fields: set[str], enter: Any
) -> None:
    enter(AdverseEvent, **EVENT)
    given = enter(ConcomitantMedication, medication="Loperamide", started="2021-04-10", **answers)
    assert fields_asked(given, "EC27b") == fields
