"""Planned doses come from the regimen and from what was measured; what they rest on stands beside them."""

from decimal import Decimal
from typing import Any

import pytest

from patients.actions.save_form import change_form, create_form
from patients.models import (
    DailyDosePeriod,
    DoseAdministration,
    Query,
    QueryState,
    Subject,
    Visit,
    VitalSigns,
)
from tests.factories import CONSENT_DAY, make_list, opened, randomized_subject, save
from trials.models import DoseBand, Site, Study, StudySetting, User


def given(actor: User, subject: Subject, drug: str, **data: Any) -> Any:
    visit = Visit.objects.get(subject=subject, code="C1D1")
    if visit.occurred_on is None:
        visit = opened(actor, subject, "C1D1", CONSENT_DAY)
    sent = {"drug": drug, "given": "Y", "given_on": "2021-03-08", "dose": "100"} | data
    return create_form(actor=actor, form=DoseAdministration, subject=subject, visit=visit, data=sent)


def taken(actor: User, subject: Subject, **data: Any) -> Any:
    sent = {"drug": "LENVATINIB", "started": "2021-03-08", "dose": "12", "frequency": "QD"} | data
    return create_form(actor=actor, form=DailyDosePeriod, subject=subject, data=sent)


def weigh(actor: User, subject: Subject, day: str, **measured: str) -> None:
    visit = Visit.objects.get(subject=subject, code="SCR")
    create_form(
        actor=actor, form=VitalSigns, subject=subject, visit=visit, data={"measured_on": day} | measured
    )


def open_checks(form: str) -> set[str]:
    """What is asked about doses; the subject of a test is randomized today, which is asked elsewhere."""
    found = Query.objects.filter(form=form, state=QueryState.OPEN).exclude(check_id="EC04b")
    return set(found.values_list("check_id", flat=True))


@pytest.mark.parametrize(
    ("weight", "dose"),
    [("59.9", "8"), ("59.9999", "8"), ("60", "12"), ("60.0", "12"), ("95", "12"), ("20", "8")],
)
def test_the_starting_dose_of_lenvatinib_follows_the_weight_band(
    coordinator: User, site: Site, study: Study, weight: str, dose: str
) -> None:
    make_list(study, "A")
    subject = randomized_subject(coordinator, site, weight=weight)
    period = taken(coordinator, subject, dose=dose)
    assert (period.planned_dose, period.weight_used) == (Decimal(dose), Decimal(weight))
    assert weight.rstrip("0").rstrip(".") in period.planned_dose_note or weight in period.planned_dose_note
    assert open_checks("ECD") == set()


def test_a_weight_measured_after_the_start_does_not_move_the_starting_dose(
    coordinator: User, in_arm_a: Subject
) -> None:
    taken(coordinator, in_arm_a, ended="2021-03-20")
    weigh(coordinator, in_arm_a, "2021-03-15", weight="55")
    later = taken(coordinator, in_arm_a, started="2021-03-21")
    assert (later.planned_dose, later.weight_used) == (12, 60)


def test_another_weight_of_the_same_day_is_told_beside_the_one_that_counts(
    coordinator: User, in_arm_a: Subject
) -> None:
    weigh(coordinator, in_arm_a, "2021-03-05", weight="59.9")
    weigh(coordinator, in_arm_a, "2021-03-05", weight="60.1")
    period = taken(coordinator, in_arm_a)
    assert (period.planned_dose, period.weight_used) == (12, Decimal("60.1"))
    assert period.planned_dose_note.endswith("gives 12 mg; also measured on 2021-03-05: 59.9 kg")


def test_a_dose_by_surface_keeps_weight_height_formula_and_surface(
    coordinator: User, in_arm_b: Subject
) -> None:
    dose = given(coordinator, in_arm_b, "OXALIPLATIN", dose="143.08")
    assert dose.planned_dose == Decimal("143.08")  # 85 mg/m2 x 1.6833 m2
    assert (dose.weight_used, dose.height_used, dose.surface_formula) == (60, 170, "MOSTELLER")
    assert dose.surface_used == Decimal("1.6833")
    assert "85 mg/m2 x 1.6833 m2" in dose.planned_dose_note
    assert open_checks("EC") == set()


def test_many_weights_of_one_day_are_told_no_further_than_the_note_reaches(
    coordinator: User, in_arm_b: Subject
) -> None:
    for weight in range(50, 90):
        weigh(coordinator, in_arm_b, "2021-03-05", weight=f"{weight}.123", height="170.5")
    dose = given(coordinator, in_arm_b, "OXALIPLATIN", dose="143.08")
    assert "also measured on 2021-03-05: 50.123 kg and 51.123 kg and 52.123 kg" in dose.planned_dose_note


def test_the_last_measurement_up_to_the_day_counts(coordinator: User, in_arm_b: Subject) -> None:
    weigh(coordinator, in_arm_b, "2021-03-08", weight="66")
    weigh(coordinator, in_arm_b, "2021-03-09", weight="90")
    assert given(coordinator, in_arm_b, "GEMCITABINE").weight_used == 66
    assert given(coordinator, in_arm_b, "GEMCITABINE").height_used == 170


@pytest.mark.parametrize(
    ("settings", "planned"),
    [
        ({"body_surface_round_to_mg": "10"}, "1680"),
        ({"body_surface_cap_m2": "1.5"}, "1500"),
        ({"body_surface_formula": "DUBOIS"}, "1695.36"),
    ],
)
def test_the_study_decides_about_formula_cap_and_rounding(
    coordinator: User, in_arm_b: Subject, study: Study, settings: dict[str, str], planned: str
) -> None:
    for key, value in settings.items():
        setting = StudySetting.objects.get(study=study, key=key)
        setting.value = value
        save(study.chain, setting)
    found = given(coordinator, in_arm_b, "GEMCITABINE").planned_dose
    assert abs(found - Decimal(planned)) < Decimal("0.5")


def test_a_fixed_dose_rests_on_nothing(coordinator: User, in_arm_a: Subject) -> None:
    dose = given(coordinator, in_arm_a, "TORIPALIMAB", dose="240")
    assert (dose.planned_dose, dose.weight_used, dose.planned_dose_note) == (
        240,
        None,
        "fixed dose of 240 mg",
    )


def test_without_a_weight_the_dose_cannot_be_determined_and_is_never_assumed(
    coordinator: User, in_arm_b: Subject
) -> None:
    dose = given(coordinator, in_arm_b, "OXALIPLATIN", given_on="2021-02-28")
    assert dose.planned_dose is None
    assert "weight on or before 2021-02-28" in dose.planned_dose_note
    assert "height on or before 2021-02-28" in dose.planned_dose_note


def test_before_randomization_there_is_no_planned_dose(
    coordinator: User, subject: Subject, visit: Visit, enter: Any
) -> None:
    dose = enter(DoseAdministration, visit=visit, drug="OXALIPLATIN", given="Y", given_on="2021-03-01")
    assert dose.planned_dose is None
    assert "allocation" in dose.planned_dose_note


def test_a_drug_of_the_other_arm_is_recorded_has_no_plan_and_is_questioned(
    coordinator: User, in_arm_a: Subject
) -> None:
    dose = given(coordinator, in_arm_a, "OXALIPLATIN")
    assert dose.planned_dose is None
    assert dose.planned_dose_note == "no planned dose: the drug is not part of arm A"
    assert open_checks("EC") == {"EC15a"}


def test_a_protocol_without_a_band_for_the_weight_plans_nothing_and_breaks_nothing(
    coordinator: User, in_arm_a: Subject, study: Study
) -> None:
    for band in DoseBand.objects.filter(below_kg__isnull=True):
        band.from_kg = Decimal(70)
        save(study.chain, band)
    period = taken(coordinator, in_arm_a)
    assert period.planned_dose is None
    assert "dose band" in period.planned_dose_note


def test_a_study_without_a_formula_plans_nothing_by_surface(
    coordinator: User, in_arm_b: Subject, study: Study
) -> None:
    setting = StudySetting.objects.get(study=study, key="body_surface_formula")
    setting.value = None
    save(study.chain, setting)
    dose = given(coordinator, in_arm_b, "OXALIPLATIN")
    assert dose.planned_dose is None
    assert "formula" in dose.planned_dose_note


def test_a_weight_corrected_later_leaves_the_plan_and_asks_about_it(
    coordinator: User, in_arm_a: Subject
) -> None:
    period = taken(coordinator, in_arm_a)
    signs = VitalSigns.objects.get(subject=in_arm_a)
    change_form(actor=coordinator, record=signs, version=1, reason="misread", data={"weight": "59"})
    period.refresh_from_db()
    assert (period.planned_dose, period.weight_used) == (12, 60)
    assert open_checks("ECD") == {"EC12d"}


def test_a_daily_period_that_lacks_its_start_has_no_plan(coordinator: User, in_arm_a: Subject) -> None:
    period = taken(coordinator, in_arm_a, started=None)
    assert period.planned_dose is None
    assert period.planned_dose_note == "cannot be determined: no date"


def recalculated_from(study: Study, percent: int) -> None:
    value = {"value": percent, "default": percent, "description": "weight_change_percent"}
    save(study.chain, StudySetting(study=study, key="weight_change_percent", **value))


@pytest.mark.parametrize(
    ("weights", "counts"),
    [
        ((), "60"),
        (("54.1",), "60"),
        (("54",), "54"),
        (("66",), "66"),
        (("65.9",), "60"),
        (("55", "49"), "49"),
        (("53", "58"), "53"),
        (("53", "58.3"), "58.3"),
    ],
)
def test_a_dose_by_surface_is_calculated_anew_once_the_weight_has_changed_by_a_tenth(
    coordinator: User, in_arm_b: Subject, study: Study, weights: tuple[str, ...], counts: str
) -> None:
    recalculated_from(study, 10)
    given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-08")
    for number, weight in enumerate(weights, 9):
        weigh(coordinator, in_arm_b, f"2021-03-{number:02}", weight=weight)
    later = given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-29")
    assert later.weight_used == Decimal(counts)


def test_a_weight_that_does_not_count_yet_is_told_beside_the_dose(
    coordinator: User, in_arm_b: Subject, study: Study
) -> None:
    recalculated_from(study, 10)
    given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-08")
    weigh(coordinator, in_arm_b, "2021-03-20", weight="57")
    later = given(coordinator, in_arm_b, "OXALIPLATIN", given_on="2021-03-29")
    assert later.planned_dose_note.endswith("; 57 kg on 2021-03-20 differs by 5 %, calculated anew from 10 %")


def test_the_weight_up_to_the_first_dose_counts_however_it_changed_before(
    coordinator: User, in_arm_b: Subject, study: Study
) -> None:
    recalculated_from(study, 10)
    weigh(coordinator, in_arm_b, "2021-03-08", weight="58")
    first = given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-08")
    assert first.weight_used == 58


def test_an_infusion_of_nothing_is_no_first_dose_whose_weight_counts(
    coordinator: User, in_arm_b: Subject, study: Study
) -> None:
    recalculated_from(study, 10)
    given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-08", dose="0")
    weigh(coordinator, in_arm_b, "2021-03-09", weight="58")
    first = given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-10")
    assert first.weight_used == 58


def test_correcting_the_day_of_the_first_dose_takes_the_weight_of_the_right_day(
    coordinator: User, in_arm_b: Subject, study: Study
) -> None:
    recalculated_from(study, 10)
    weigh(coordinator, in_arm_b, "2021-03-09", weight="58")
    first = given(coordinator, in_arm_b, "GEMCITABINE", given_on="2021-03-08")
    assert first.weight_used == 60
    corrected = change_form(
        actor=coordinator, record=first, version=1, reason="misread", data={"given_on": "2021-03-10"}
    )
    assert corrected.weight_used == 58
