from decimal import Decimal, localcontext

import pytest

from tests.clinical.reference import rows
from trials.clinical.renal import cockcroft_gault
from trials.clinical.sex import Sex
from trials.clinical.undetermined import Undetermined

PERSON = {"age": 60, "weight_kg": Decimal(60), "creatinine_umol_l": Decimal("88.4"), "sex": Sex.MALE}


@pytest.mark.parametrize("row", rows("cockcroft_gault_expected.csv"))
def test_creatinine_clearance_agrees_with_the_reference_to_its_last_digit(row):
    clearance = cockcroft_gault(
        age=int(row["age_y"]),
        weight_kg=Decimal(row["weight_kg"]),
        creatinine_umol_l=Decimal(row["creatinine"]),
        sex=Sex(row["sex"]),
    )
    expected = Decimal(row["crcl_ml_min(mg/dL form, 88.4)"])
    assert clearance.quantize(expected) == expected
    assert (clearance >= 60) is (row["eligible_ge60"] == "Y")


def test_a_clearance_of_exactly_60_is_exactly_60():
    # 140 - 68 cancels the 72, so the clearance is weight x 88.4 / creatinine.
    clearance = cockcroft_gault(
        age=68, weight_kg=Decimal("61.2"), creatinine_umol_l=Decimal("90.168"), sex=Sex.MALE
    )
    assert clearance == 60


def test_the_clearance_of_a_woman_is_0_85_of_that_of_a_man():
    woman = cockcroft_gault(**PERSON | {"sex": Sex.FEMALE})
    assert round(woman / cockcroft_gault(**PERSON), 20) == Decimal("0.85")


def test_the_study_may_divide_creatinine_by_another_constant():
    usual, other = cockcroft_gault(**PERSON), cockcroft_gault(**PERSON, umol_per_mg_dl=Decimal("88.42"))
    assert round(other / usual, 20) == round(Decimal("88.42") / Decimal("88.4"), 20)


def test_clearance_does_not_depend_on_the_callers_precision():
    expected = cockcroft_gault(**PERSON)
    with localcontext(prec=5):
        assert cockcroft_gault(**PERSON) == expected


@pytest.mark.parametrize(
    ("name", "missing"),
    [("age", "age"), ("weight_kg", "weight"), ("creatinine_umol_l", "creatinine"), ("sex", "sex")],
)
def test_clearance_without_an_input_says_which_one_is_missing(name, missing):
    assert cockcroft_gault(**PERSON | {name: None}) == Undetermined((missing,))


def test_clearance_without_any_input_names_them_all():
    unknown = cockcroft_gault(age=None, weight_kg=None, creatinine_umol_l=None, sex=None)
    assert unknown == Undetermined(("age", "weight", "creatinine", "sex"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", -1),
        ("age", 131),
        ("weight_kg", Decimal(0)),
        ("creatinine_umol_l", Decimal(0)),
        ("creatinine_umol_l", Decimal("NaN")),
    ],
)
def test_an_impossible_input_of_the_clearance_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        cockcroft_gault(**PERSON | {name: value})


def test_an_unknown_sex_is_not_counted_as_either():
    with pytest.raises(ValueError, match="U"):
        cockcroft_gault(**PERSON | {"sex": "U"})
