"""The entry state of a form, and reasons for answers that are not there."""

from typing import Any

import pytest

from patients.models import (
    DoseAdministration,
    EntryState,
    MedicalHistory,
    Visit,
    VitalSigns,
)
from tests.patients.conftest import correct, errors_of
from trials.actions.errors import Refused
from trials.models import User


def test_a_form_is_complete_when_every_required_question_has_an_answer(
    coordinator: User, enter: Any, visit: Visit
) -> None:
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01")
    assert form.entry_state == EntryState.IN_PROGRESS
    assert correct(coordinator, form, weight="60").entry_state == EntryState.COMPLETE
    assert correct(coordinator, form, weight=None, version=2).entry_state == EntryState.IN_PROGRESS


def test_a_form_is_complete_when_a_reason_stands_for_a_missing_answer(enter: Any, visit: Visit) -> None:
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01", missing_reasons={"weight": "NOT_DONE"})
    assert form.entry_state == EntryState.COMPLETE


def test_a_row_that_lacks_an_answer_keeps_its_form_in_progress(enter: Any, visit: Visit) -> None:
    form = enter(
        VitalSigns,
        visit=visit,
        measured_on="2021-03-01",
        weight="60",
        rows={"blood_pressures": [{"systolic": 120}]},
    )
    assert form.entry_state == EntryState.IN_PROGRESS


def test_a_value_and_a_reason_for_its_absence_are_refused_together(enter: Any, visit: Visit) -> None:
    with pytest.raises(Refused, match="only one can be true"):
        enter(VitalSigns, visit=visit, weight="60", missing_reasons={"weight": "NOT_DONE"})


def test_a_reason_for_absence_is_refused_where_a_value_is_stored_already(
    coordinator: User, vital_signs: VitalSigns
) -> None:
    with pytest.raises(Refused) as refusal:
        correct(coordinator, vital_signs, missing_reasons={"weight": "UNKNOWN"})
    assert list(errors_of(refusal)) == ["weight"]


def test_the_same_holds_for_a_row(coordinator: User, pressures: VitalSigns) -> None:
    rows = [{"repeat": 1, "missing_reasons": {"systolic": "UNKNOWN"}}]
    with pytest.raises(Refused) as refusal:
        correct(coordinator, pressures, rows={"blood_pressures": rows})
    assert list(errors_of(refusal)["blood_pressures"][0]) == ["systolic"]


def test_a_value_that_arrives_takes_the_place_of_the_reason(
    coordinator: User, enter: Any, visit: Visit
) -> None:
    form = enter(VitalSigns, visit=visit, measured_on="2021-03-01", missing_reasons={"weight": "UNKNOWN"})
    changed = correct(coordinator, form, weight="60")
    assert changed.missing_reasons == {}


@pytest.mark.parametrize(
    "reasons",
    [
        {"weight": "LATER"},
        {"weight": None},
        {"weight": ["UNKNOWN"]},
        {"nothing": "UNKNOWN"},
        {"id": "UNKNOWN"},
        ["weight"],
        "UNKNOWN",
        False,
        7,
    ],
)
def test_reasons_for_absence_that_name_no_question_or_no_reason_are_refused(
    enter: Any, visit: Visit, reasons: Any
) -> None:
    with pytest.raises(Refused) as refusal:
        enter(VitalSigns, visit=visit, missing_reasons=reasons)
    assert list(errors_of(refusal)) == ["missing_reasons"]


@pytest.mark.requirement("R51")
def test_a_derived_field_is_never_missing_for_a_reason(enter: Any, visit: Visit) -> None:
    with pytest.raises(Refused, match="missing_reasons"):
        enter(DoseAdministration, visit=visit, missing_reasons={"planned_dose": "UNKNOWN"})


def test_a_form_that_was_not_done_says_why(coordinator: User, enter: Any, visit: Visit) -> None:
    form = enter(VitalSigns, visit=visit, not_done_reason=" scales broken ")
    assert (form.entry_state, form.not_done_reason) == (EntryState.NOT_DONE, "scales broken")
    done = correct(coordinator, form, measured_on="2021-03-01", weight="60", not_done_reason="")
    assert (done.entry_state, done.not_done_reason) == (EntryState.COMPLETE, "")


@pytest.mark.parametrize("why", [5, ["x"], {"a": 1}, True, "x" * 201, "a\x00b", "\ud800"])
def test_a_reason_for_not_done_that_cannot_be_kept_is_refused_by_name(
    coordinator: User, enter: Any, visit: Visit, vital_signs: VitalSigns, why: Any
) -> None:
    for act in (
        lambda: enter(VitalSigns, visit=visit, not_done_reason=why),
        lambda: correct(coordinator, vital_signs, not_done_reason=why),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert list(errors_of(refusal)) == ["not_done_reason"]


def test_a_form_that_was_not_done_holds_no_answers(enter: Any) -> None:
    with pytest.raises(Refused) as refusal:
        enter(MedicalHistory, term="Gout", ongoing="Y", not_done_reason="not asked")
    assert list(errors_of(refusal)) == ["not_done_reason"]
