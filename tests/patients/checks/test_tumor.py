"""Checks of lesions, tumor assessments and resection: each asks in one case and is silent in another."""

from datetime import timedelta
from typing import Any

import pytest

from patients.actions.save_form import change_form
from patients.models import Procedure, Query, QueryState, TumorLesion
from tests.patients.checks.asking import asked
from tests.patients.clinic import BASELINE_ON, Clinic, after, both, clinic, liver

__all__ = ["clinic", "liver"]
CHECKS_TESTED_HERE = {
    "EC30a",
    "EC30b",
    "EC30c",
    "EC31a",
    "EC31b",
    "EC32",
    "EC33a",
    "EC33b",
    "EC33c",
    "EC33d",
    "EC34a",
    "EC34b",
    "EC40",
}


def lesion(clinic: Clinic, label: str) -> TumorLesion:
    return TumorLesion.objects.get(subject=clinic.subject, label=label)


def test_a_third_target_in_one_organ_is_questioned_and_two_are_not(liver: Clinic) -> None:
    assert asked(lesion(liver, "T2"), "EC30a") == 0
    third = liver.lesion("T3")
    assert asked(third, "EC30a") == 1
    assert asked(lesion(liver, "T2"), "EC30a") == 0


def test_a_target_below_10_mm_at_baseline_is_questioned_when_its_size_is_entered(clinic: Clinic) -> None:
    clinic.lesion("T1")
    clinic.scan(BASELINE_ON, {"T1": "9.9"})
    assert asked(lesion(clinic, "T1"), "EC30a") == 1


def test_a_target_that_an_assessment_passes_over_is_asked_for_and_one_not_evaluated_is_not(
    liver: Clinic,
) -> None:
    assert asked(liver.scan(after(6), {"T1": "40"}), "EC30b") == 1
    assert asked(liver.scan(after(12), {"T1": "40", "T2": "NOT EVALUATED"}), "EC30b") == 0


def test_a_lesion_seen_later_is_not_asked_for_at_an_earlier_assessment(liver: Clinic) -> None:
    early = liver.scan(after(6), both("60", "40"))
    liver.lesion("NT1", "NON-TARGET", on=after(12))
    assert asked(early, "EC30b") == 0


@pytest.mark.parametrize(("method", "asks"), [("MRI", 2), ("CT SCAN", 0)])
def test_a_lesion_measured_by_another_method_is_questioned(liver: Clinic, method: str, asks: int) -> None:
    assert asked(liver.scan(after(6), both("60", "40"), method=method), "EC30c") == asks


@pytest.mark.parametrize(
    ("rows", "asks"),
    [
        ({"state": "MEASURED", "diameter": "12"}, 0),
        ({"state": "MEASURED"}, 1),
        ({"state": "MEASURED", "diameter": "0"}, 1),
        ({"state": "ABSENT", "diameter": "3"}, 1),
        ({"state": "ABSENT"}, 0),
        ({"state": "TOO SMALL TO MEASURE", "diameter": "4"}, 1),
        ({"state": "TOO SMALL TO MEASURE", "diameter": "5"}, 0),
        ({"state": "TOO SMALL TO MEASURE"}, 0),
    ],
)
def test_state_and_diameter_of_a_target_must_agree(liver: Clinic, rows: dict[str, str], asks: int) -> None:
    form = liver.scan(after(6), {"T2": "40"})
    changed = change_form(
        actor=liver.coordinator,
        record=form,
        version=1,
        data={},
        rows={"measurements": [{"lesion": liver.number("T1"), **rows}]},
        reason="Added",
    )
    assert asked(changed, "EC31a") == asks


def test_a_lymph_node_is_never_recorded_as_gone_but_by_its_short_axis(clinic: Clinic) -> None:
    clinic.lesion("T1", organ="LYMPH NODE", lymph_node="Y")
    clinic.scan(BASELINE_ON, {"T1": "18"})
    assert asked(clinic.scan(after(6), {"T1": "ABSENT"}), "EC31a") == 1
    assert asked(clinic.scan(after(12), {"T1": "8"}), "EC31a") == 0


def test_a_lesion_not_evaluated_needs_a_reason(liver: Clinic) -> None:
    form = liver.scan(after(6), {"T1": "40", "T2": "NOT EVALUATED"})
    assert asked(form, "EC31b") == 1
    row = form.measurements.get(lesion__label="T2")  # type: ignore[attr-defined]
    mended = change_form(
        actor=liver.coordinator,
        record=form,
        version=1,
        data={},
        rows={"measurements": [{"repeat": row.repeat, "not_evaluated_reason": "Motion"}]},
        reason="Asked the radiologist",
    )
    assert asked(mended, "EC31b") == 0


def test_a_response_that_differs_from_the_rules_needs_a_comment(liver: Clinic) -> None:
    form = liver.scan(after(6), both("60", "40"), overall_response="PR")
    assert asked(form, "EC32") == 1
    assert asked(liver.scan(after(12), both("60", "40"), overall_response="SD"), "EC32") == 0
    mended = change_form(
        actor=liver.coordinator, record=form, version=1, data={"comment": "Necrosis"}, reason="Explained"
    )
    assert asked(mended, "EC32") == 0


def test_a_corrected_baseline_asks_again_about_the_responses_that_rest_on_it(liver: Clinic) -> None:
    form = liver.scan(after(6), both("40", "30"), overall_response="PR")
    assert asked(form, "EC32") == 0
    baseline = liver.subject.tumorassessments.order_by("id").first()
    row = baseline.measurements.get(lesion__label="T1")
    change_form(
        actor=liver.coordinator,
        record=baseline,
        version=1,
        data={},
        rows={"measurements": [{"repeat": row.repeat, "diameter": "42"}]},
        reason="Misread",
    )
    assert asked(form, "EC32") == 1


def test_new_lesions_need_a_record_and_mean_progression(liver: Clinic) -> None:
    form = liver.scan(after(6), both("60", "40"), new_lesions="Y", overall_response="SD")
    assert (asked(form, "EC33a"), asked(form, "EC33b")) == (1, 1)
    liver.lesion("N1", "NEW", on=after(6), certain="UNEQUIVOCAL", organ="LUNG")
    mended = change_form(
        actor=liver.coordinator, record=form, version=1, data={"overall_response": "PD"}, reason="Mended"
    )
    assert (asked(mended, "EC33a"), asked(mended, "EC33b")) == (0, 0)


def test_a_new_lesion_without_its_certainty_is_asked_about(liver: Clinic) -> None:
    assert asked(liver.lesion("N1", "NEW", on=after(6), organ="LUNG"), "EC33c") == 1
    whole = liver.lesion("N2", "NEW", on=after(6), organ="LUNG", certain="EQUIVOCAL")
    assert asked(whole, "EC33c") == 0


@pytest.mark.parametrize(("answer", "asks"), [("N", 1), ("Y", 0)])
def test_a_new_lesion_is_answered_for_at_the_assessment_of_its_scan(
    liver: Clinic, answer: str, asks: int
) -> None:
    liver.scan(after(6), both("60", "40"), new_lesions=answer)
    found = liver.lesion("N1", "NEW", on=after(6), organ="LUNG", certain="UNEQUIVOCAL")
    assert asked(found, "EC33d") == asks


@pytest.mark.parametrize(("late", "asks"), [(0, 0), (60, 1)])
def test_imaging_outside_the_window_of_its_visit_is_questioned(liver: Clinic, late: int, asks: int) -> None:
    planned = liver.subject.visits.filter(definition__every_days__isnull=False).first()
    assert planned is not None, "the study of the tests plans imaging"
    day = planned.planned_on + timedelta(days=late)
    liver.visit = lambda on: planned  # type: ignore[method-assign]
    assert asked(liver.scan(day, both("60", "40")), "EC34a") == asks


@pytest.mark.parametrize(("apart", "asks"), [(14, 0), (15, 1)])
def test_scans_of_one_assessment_more_than_14_days_apart_are_questioned(
    liver: Clinic, apart: int, asks: int
) -> None:
    last = (after(6) + timedelta(days=apart)).isoformat()
    assert asked(liver.scan(after(6), both("60", "40"), last_scan_on=last), "EC34b") == asks


RESECTION: dict[str, Any] = {
    "kind": "RESECTION",
    "name": "Right hemihepatectomy",
    "performed_on": "2021-09-01",
    "indication": "Downstaged",
    "intent": "CURATIVE",
    "survival_handling": "IGNORE",
}


def test_a_resection_needs_pathology_and_residual_tumor(clinic: Clinic) -> None:
    bare = clinic.enter(Procedure, **RESECTION)
    assert asked(bare, "EC40") == 2
    whole = clinic.enter(Procedure, **RESECTION, pathology="Adenocarcinoma, 30 % viable", residual="R0")
    assert asked(whole, "EC40") == 0
    biopsy = clinic.enter(
        Procedure,
        kind="BIOPSY",
        name="Biopsy",
        performed_on="2021-09-01",
        indication="x",
        intent="DIAGNOSTIC",
    )
    assert asked(biopsy, "EC40") == 0


def test_a_target_chosen_wrongly_is_no_longer_asked_about_once_it_is_no_target(clinic: Clinic) -> None:
    clinic.lesion("T1")
    clinic.scan(BASELINE_ON, {"T1": "9"})
    record = lesion(clinic, "T1")
    assert asked(record, "EC30a") == 1
    change_form(
        actor=clinic.coordinator, record=record, version=1, data={"role": "NON-TARGET"}, reason="Too small"
    )
    assert not Query.objects.filter(check_id="EC30a", state=QueryState.OPEN).exists()
