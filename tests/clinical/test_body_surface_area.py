from decimal import Decimal, localcontext

import pytest

from tests.clinical.reference import rows
from trials.clinical.body_surface_area import Formula, body_surface_area
from trials.clinical.undetermined import Undetermined

COLUMNS = {
    Formula.MOSTELLER: "mosteller_m2",
    Formula.DUBOIS: "dubois_m2",
    Formula.STEVENSON: "stevenson_m2(0.0061H+0.0128W-0.1529)",
}


@pytest.mark.parametrize("formula", COLUMNS)
@pytest.mark.parametrize("row", rows("bsa_expected.csv"))
def test_body_surface_area_agrees_with_the_published_formula(row, formula):
    area = body_surface_area(
        height_cm=Decimal(row["height_cm"]), weight_kg=Decimal(row["weight_kg"]), formula=formula
    )
    assert round(area, 4) == Decimal(row[COLUMNS[formula]])


@pytest.mark.parametrize(("formula", "expected"), [(Formula.MOSTELLER, "2.151"), (Formula.DUBOIS, "2.141")])
def test_body_surface_area_of_a_person_of_185_cm_and_90_kg_is_known(formula, expected):
    area = body_surface_area(height_cm=Decimal(185), weight_kg=Decimal(90), formula=formula)
    assert round(area, 3) == Decimal(expected)


def test_the_xu_formula_gives_1_6831_m2_for_165_cm_and_60_kg():
    area = body_surface_area(height_cm=Decimal(165), weight_kg=Decimal(60), formula=Formula.XU)
    assert area == Decimal("1.68305")


def test_body_surface_area_does_not_depend_on_the_callers_precision():
    arguments = {"height_cm": Decimal(171), "weight_kg": Decimal("63.4"), "formula": Formula.DUBOIS}
    expected = body_surface_area(**arguments)
    with localcontext(prec=5):
        assert body_surface_area(**arguments) == expected


def test_body_surface_area_without_height_or_weight_says_what_is_missing():
    unknown = body_surface_area(height_cm=None, weight_kg=None, formula=Formula.MOSTELLER)
    assert unknown == Undetermined(("height", "weight"))


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "1e400"])
@pytest.mark.parametrize("name", ["height_cm", "weight_kg"])
def test_an_impossible_height_or_weight_is_refused_by_name(name, value):
    arguments = {"height_cm": Decimal(170), "weight_kg": Decimal(60), name: Decimal(value)}
    with pytest.raises(ValueError, match=name):
        body_surface_area(**arguments, formula=Formula.MOSTELLER)


def test_a_float_is_refused_because_it_may_decide_a_threshold():
    with pytest.raises(TypeError, match="weight_kg must be a Decimal"):
        body_surface_area(height_cm=Decimal(170), weight_kg=60.0, formula=Formula.MOSTELLER)


def test_a_linear_formula_that_leaves_no_surface_is_refused():
    with pytest.raises(ValueError, match="too small"):
        body_surface_area(height_cm=Decimal(1), weight_kg=Decimal(1), formula=Formula.STEVENSON)
