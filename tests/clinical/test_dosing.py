from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clinical.reference import rows
from trials.clinical.body_surface_area import Formula, body_surface_area
from trials.clinical.dose_level import Level, Rhythm, level_after
from trials.clinical.dosing import WeightBand, dose_by_body_surface, dose_by_weight
from trials.clinical.undetermined import Undetermined

LENVATINIB = (
    WeightBand(Decimal(0), Decimal(60), Decimal(8)),
    WeightBand(Decimal(60), None, Decimal(12)),
)

# REFLECT: 12, 8, 4 mg a day, 4 mg every other day; who starts with 8 mg is one step further on.
_DESCENT = [
    Level(Decimal(12), Rhythm.DAILY),
    Level(Decimal(8), Rhythm.DAILY),
    Level(Decimal(4), Rhythm.DAILY),
    Level(Decimal(4), Rhythm.EVERY_OTHER_DAY),
]
LEVELS = {12: _DESCENT, 8: _DESCENT[1:]}


@pytest.mark.parametrize("row", rows("lenvatinib_dose_levels.csv"))
def test_lenvatinib_follows_the_baseline_weight_and_the_reductions_so_far(row):
    first = dose_by_weight(LENVATINIB, Decimal(row["baseline_weight_kg"]))
    level = level_after(LEVELS[int(first)], int(row["reductions_so_far"]))
    stopped = row["dose_mg"] == "discontinue"
    expected = None if stopped else Level(Decimal(row["dose_mg"]), Rhythm(row["frequency"]))
    assert level == expected


def test_a_weight_of_exactly_60_kg_plans_12_mg_of_lenvatinib():
    assert dose_by_weight(LENVATINIB, Decimal("60.0")) == 12


def test_a_weight_just_below_60_kg_is_not_rounded_up_to_it():
    assert dose_by_weight(LENVATINIB, Decimal("59.999")) == 8


def test_the_order_in_which_weight_bands_are_listed_does_not_matter():
    assert dose_by_weight(LENVATINIB[::-1], Decimal(60)) == 12


def test_without_a_weight_the_dose_is_undetermined_and_not_the_lower_one():
    assert dose_by_weight(LENVATINIB, None) == Undetermined(("weight",))


@pytest.mark.parametrize("weight", ["58", "60", None])
@pytest.mark.parametrize(
    ("from_kg", "reason"), [("61", "leave a gap from 60 to 61 kg"), ("59", "overlap at 59 kg")]
)
def test_bands_with_a_gap_or_an_overlap_are_refused_whatever_the_weight(weight, from_kg, reason):
    bands = [LENVATINIB[0], WeightBand(Decimal(from_kg), None, Decimal(12))]
    with pytest.raises(ValueError, match=reason):
        dose_by_weight(bands, weight and Decimal(weight))


def test_two_bands_without_an_upper_end_overlap():
    with pytest.raises(ValueError, match="overlap"):
        dose_by_weight([WeightBand(Decimal(0), None, Decimal(8)), LENVATINIB[1]], Decimal(50))


def test_no_bands_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        dose_by_weight([], Decimal(60))


@pytest.mark.parametrize("weight", ["39.9", "100"])
def test_a_weight_outside_all_bands_is_refused(weight):
    with pytest.raises(ValueError, match="none of the weight bands"):
        dose_by_weight([WeightBand(Decimal(40), Decimal(100), Decimal(8))], Decimal(weight))


@pytest.mark.parametrize("weight", ["0", "-60", "NaN", "Infinity"])
def test_an_impossible_weight_is_refused(weight):
    with pytest.raises(ValueError, match="weight_kg"):
        dose_by_weight(LENVATINIB, Decimal(weight))


@pytest.mark.parametrize(
    ("from_kg", "below_kg", "dose_mg", "name"),
    [
        ("-1", "60", "8", "from_kg"),
        ("60", "60", "8", "below_kg"),
        ("60", "50", "8", "below_kg"),
        ("0", "60", "0", "dose_mg"),
    ],
)
def test_a_band_that_holds_no_weight_or_no_dose_is_refused(from_kg, below_kg, dose_mg, name):
    with pytest.raises(ValueError, match=name):
        WeightBand(Decimal(from_kg), Decimal(below_kg), Decimal(dose_mg))


@pytest.mark.parametrize(
    ("mg_per_m2", "bsa", "cap", "step", "dose"),
    [
        ("85", "1.70", None, None, "144.50"),
        ("85", "1.8819", None, None, "159.96"),
        ("1000", "1.8819", None, "10", "1880"),
        ("1000", "1.8850", None, "10", "1890"),
        ("1000", "1.8849999", None, "10", "1880"),
        ("1000", "2.13", "2.0", "200", "2000"),
        ("1000", "1.99", "2.0", None, "1990.00"),
        ("85", "1.5", None, "0.1", "127.5"),
        ("1", "0.005", None, None, "0.01"),
    ],
)
def test_a_dose_by_surface_is_capped_and_then_rounded_half_up(mg_per_m2, bsa, cap, step, dose):
    planned = dose_by_body_surface(
        mg_per_m2=Decimal(mg_per_m2),
        bsa=Decimal(bsa),
        cap_m2=cap and Decimal(cap),
        round_to_mg=step and Decimal(step),
    )
    assert planned == Decimal(dose)


def test_a_dose_without_a_step_is_written_to_a_hundredth_of_a_milligram():
    dose = dose_by_body_surface(mg_per_m2=Decimal(85), bsa=Decimal(2), cap_m2=None, round_to_mg=None)
    assert str(dose) == "170.00"


@given(st.decimals("0.3", "3.5", places=25), st.sampled_from(["0.01", "1", "5", "50"]))
def test_a_rounded_dose_is_a_multiple_of_the_step_and_at_most_half_a_step_away(bsa, step):
    dose = dose_by_body_surface(mg_per_m2=Decimal(1000), bsa=bsa, cap_m2=None, round_to_mg=Decimal(step))
    with localcontext(prec=60):
        assert dose % Decimal(step) == 0
        assert -Decimal(step) / 2 < dose - 1000 * bsa <= Decimal(step) / 2


def test_a_dose_a_hair_below_the_half_is_rounded_down():
    bsa = Decimal("1.884" + "9" * 40)
    assert (
        dose_by_body_surface(mg_per_m2=Decimal(1000), bsa=bsa, cap_m2=None, round_to_mg=Decimal(10)) == 1880
    )


def test_without_a_surface_the_dose_is_undetermined():
    unknown = dose_by_body_surface(mg_per_m2=Decimal(85), bsa=None, cap_m2=Decimal(2), round_to_mg=None)
    assert unknown == Undetermined(("body surface area",))


def test_an_undetermined_surface_hands_its_reason_on_to_the_dose():
    area = body_surface_area(height_cm=None, weight_kg=Decimal(60), formula=Formula.MOSTELLER)
    dose = dose_by_body_surface(mg_per_m2=Decimal(85), bsa=area, cap_m2=None, round_to_mg=None)
    assert dose == Undetermined(("height",))


@pytest.mark.parametrize("name", ["mg_per_m2", "bsa", "cap_m2", "round_to_mg"])
def test_a_dose_setting_of_zero_is_refused_by_name(name):
    arguments = {"mg_per_m2": Decimal(85), "bsa": Decimal(2), "cap_m2": None, "round_to_mg": None}
    with pytest.raises(ValueError, match=name):
        dose_by_body_surface(**arguments | {name: Decimal(0)})


def test_a_dose_is_never_rounded_to_nothing():
    with pytest.raises(ValueError, match="rounded to zero"):
        dose_by_body_surface(mg_per_m2=Decimal(1), bsa=Decimal(2), cap_m2=None, round_to_mg=Decimal(50))
