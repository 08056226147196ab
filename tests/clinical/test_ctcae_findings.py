"""Blood pressure, QTc, body weight, temperature and proteinuria."""

from decimal import Decimal

import pytest

from trials.clinical.ctcae import grade
from trials.clinical.ctcae.findings import fever, hypertension, proteinuria, qtc, weight_loss

D = Decimal


@pytest.mark.parametrize(
    ("systolic", "diastolic", "version_5", "version_6"),
    [
        (119, 79, 0, 0),
        (120, 79, 1, 0),
        (119, 80, 1, 0),
        (139, 89, 1, 0),
        (140, 89, 2, 2),
        (139, 90, 2, 2),
        (159, 99, 2, 2),
        (160, 60, 3, 3),
        (110, 100, 3, 3),
        (179, 109, 3, 3),
        (180, 80, 3, 4),
        (150, 110, 3, 4),
    ],
)
def test_a_blood_pressure_has_the_higher_grade_of_its_two_numbers(systolic, diastolic, version_5, version_6):
    numbers = {"systolic": D(systolic), "diastolic": D(diastolic)}
    assert hypertension(**numbers, version="5.0").grade == version_5
    assert hypertension(**numbers, version="6.0").grade == version_6


def test_a_missing_number_of_a_blood_pressure_is_named_unless_it_cannot_matter():
    open_ = hypertension(systolic=D(145), diastolic=None, version="5.0")
    assert open_.cannot.missing == ("diastolic: result",)
    assert open_.possible == (2, 3)
    assert hypertension(systolic=D(165), diastolic=None, version="5.0").grade == 3
    assert hypertension(systolic=D(165), diastolic=None, version="6.0").possible == (3, 4)


def test_the_number_that_decided_is_named():
    assert hypertension(systolic=D(120), diastolic=D(95), version="5.0").rule == (
        "diastolic at or above 90 mmHg"
    )


@pytest.mark.parametrize(
    ("interval", "baseline", "expected"),
    [
        ("449", "440", 0),
        ("450", "440", 1),
        ("480", "440", 1),
        ("480.5", "440", 2),
        ("500", "450", 2),
        ("500.5", "450", 3),
        ("501", None, 3),
        ("460", "400", 1),
        ("460", "399", 3),
        ("440", "379", 3),
        ("470", None, 1),
    ],
)
@pytest.mark.parametrize("version", ["5.0", "6.0"])
def test_qtc_is_graded_by_its_length_and_by_more_than_60_ms_over_baseline(
    interval, baseline, expected, version
):
    found = qtc(qtc_ms=D(interval), baseline_ms=D(baseline) if baseline else None, version=version)
    assert found.grade == expected


def test_a_missing_qtc_is_not_graded():
    assert qtc(qtc_ms=None, baseline_ms=D(400), version="5.0").cannot.missing == ("result",)


@pytest.mark.parametrize(
    ("percent", "expected"), [("4.9", 0), ("5", 1), ("9.9", 1), ("10", 2), ("19.9", 2), ("20", 3), ("45", 3)]
)
@pytest.mark.parametrize("version", ["5.0", "6.0"])
def test_a_change_of_weight_is_graded_in_percent_of_baseline(percent, expected, version):
    change = D(60) * D(percent) / 100
    lost = weight_loss(weight_kg=60 - change, baseline_kg=D(60), version=version)
    gained = grade("Weight gain", 60 + change, version=version, unit="kg", baseline=D(60))
    kept = grade("Weight gain", 60 - change, version=version, unit="kg", baseline=D(60))
    assert (lost.grade, gained.grade, kept.grade) == (expected, expected, 0)
    assert weight_loss(weight_kg=60 + change, baseline_kg=D(60), version=version).grade == 0


def test_a_change_of_weight_needs_a_baseline():
    found = weight_loss(weight_kg=D(60), baseline_kg=None, version="5.0")
    assert (found.grade, found.cannot.missing) == (None, ("baseline value",))


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [("37.9", 0), ("38.0", 1), ("39.0", 1), ("39.1", 2), ("39.5", 2), ("40.0", 2)],
)
def test_a_temperature_of_38_and_more_is_fever_and_above_39_of_grade_2(temperature, expected):
    assert fever(temperature_celsius=D(temperature), version="5.0").grade == expected


def test_above_40_degrees_24_hours_part_grade_3_from_grade_4():
    found = fever(temperature_celsius=D("40.1"), version="5.0")
    assert (found.grade, found.possible) == (None, (3, 4))
    assert found.cannot.missing == ("duration above 40 °C: up to 24 hours is grade 3, longer is grade 4",)


def test_a_missing_temperature_is_not_graded():
    assert fever(temperature_celsius=None, version="5.0").cannot.missing == ("result",)


def test_a_version_whose_numbers_of_fever_are_not_at_hand_gives_no_grade():
    found = fever(temperature_celsius=D("39.5"), version="6.0")
    assert (found.grade, found.cannot.missing) == (None, ("numbers of CTCAE 6.0 for fever",))


@pytest.mark.parametrize(
    ("strip", "expected"), [("NEGATIVE", 0), ("TRACE", 0), ("1+", 1), ("2+", 2), ("3+", 2), ("4+", 3)]
)
@pytest.mark.parametrize("version", ["5.0", "6.0"])
def test_proteinuria_is_graded_by_the_strip(strip, expected, version):
    assert proteinuria(strip=strip, excretion=None, version=version).grade == expected


@pytest.mark.parametrize(
    ("excretion", "expected"),
    [("0.14", 0), ("0.15", 1), ("0.99", 1), ("1.0", 2), ("3.49", 2), ("3.5", 3)],
)
@pytest.mark.parametrize("version", ["5.0", "6.0"])
def test_proteinuria_is_graded_by_the_excretion_in_24_hours(excretion, expected, version):
    found = proteinuria(strip=None, excretion=D(excretion), high=D("0.15"), version=version)
    assert found.grade == expected
    milligrams = D(excretion) * 1000
    again = proteinuria(strip=None, excretion=milligrams, unit="mg/(24.h)", high=D(150), version=version)
    assert again.grade == expected


def test_strip_and_collection_together_give_the_higher_grade_in_version_5_and_the_collection_in_6():
    both = {"strip": "3+", "excretion": D("0.4"), "high": D("0.15")}
    assert proteinuria(**both, version="5.0").grade == 2
    assert proteinuria(**both, version="6.0").grade == 1


def test_a_strip_may_settle_what_a_missing_limit_leaves_open():
    assert proteinuria(strip=None, excretion=D("0.4"), version="5.0").possible == (0, 1)
    assert proteinuria(strip="1+", excretion=D("0.4"), version="5.0").grade == 1


def test_a_positive_strip_without_its_degree_is_not_graded():
    found = proteinuria(strip="POSITIVE", excretion=None, version="5.0")
    assert found.cannot.missing == ("strip: degree of protein on the strip",)


def test_no_urine_at_all_is_not_graded():
    found = proteinuria(strip=None, excretion=None, version="5.0")
    assert found.cannot.missing == ("protein in the urine",)


def test_an_unknown_version_is_an_error():
    with pytest.raises(ValueError, match="version must be one of"):
        proteinuria(strip="1+", excretion=None, version="4.0")
