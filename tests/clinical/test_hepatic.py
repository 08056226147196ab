from decimal import Decimal

import pytest

from tests.clinical.reference import rows
from trials.clinical.hepatic import Ascites, ChildPugh, child_pugh
from trials.clinical.undetermined import Undetermined

BEST = {
    "bilirubin": Decimal("0.8"),
    "bilirubin_unit": "mg/dL",
    "albumin": Decimal("4.2"),
    "albumin_unit": "g/dL",
    "inr": Decimal("1.0"),
    "ascites": Ascites.NONE,
    "encephalopathy_grade": 0,
}
GRADES = {"none": (0,), "1-2": (1, 2), "3-4": (3, 4)}


def points(item: str, **changes: object) -> int:
    return getattr(child_pugh(**BEST | changes), item)


@pytest.mark.parametrize("row", rows("child_pugh_expected.csv"))
def test_child_pugh_agrees_with_the_published_table(row):
    for grade in GRADES[row["encephalopathy"]]:
        score = child_pugh(
            bilirubin=Decimal(row["bilirubin_mg_dl"]),
            bilirubin_unit="mg/dL",
            albumin=Decimal(row["albumin_g_dl"]),
            albumin_unit="g/dL",
            inr=Decimal(row["inr"]),
            ascites=Ascites(row["ascites"].upper()),
            encephalopathy_grade=grade,
        )
        assert (score.points, score.child_class) == (int(row["expected_points"]), row["expected_class"])


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("mg/dL", "1.99", 1),
        ("mg/dL", "2", 2),
        ("mg/dL", "3", 2),
        ("mg/dL", "3.01", 3),
        ("umol/L", "33.9", 1),
        ("umol/L", "34", 2),
        ("umol/L", "51", 2),
        ("umol/L", "51.1", 3),
    ],
)
def test_bilirubin_is_compared_in_the_unit_it_was_reported_in(unit, value, expected):
    assert points("bilirubin", bilirubin=Decimal(value), bilirubin_unit=unit) == expected


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("g/dL", "3.51", 1),
        ("g/dL", "3.5", 2),
        ("g/dL", "2.8", 2),
        ("g/dL", "2.79", 3),
        ("g/L", "35.1", 1),
        ("g/L", "27.9", 3),
    ],
)
def test_low_albumin_costs_points(unit, value, expected):
    assert points("albumin", albumin=Decimal(value), albumin_unit=unit) == expected


@pytest.mark.parametrize(("value", "expected"), [("1.69", 1), ("1.7", 2), ("2.3", 2), ("2.31", 3)])
def test_inr_costs_points(value, expected):
    assert points("coagulation", inr=Decimal(value)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [("-1", 1), ("0", 1), ("3.9", 1), ("4", 2), ("6", 2), ("6.1", 3)]
)
def test_without_an_inr_the_prolongation_of_the_prothrombin_time_counts(seconds, expected):
    assert points("coagulation", inr=None, prothrombin_prolongation_s=Decimal(seconds)) == expected


def test_the_inr_counts_when_both_are_known():
    assert points("coagulation", inr=Decimal(1), prothrombin_prolongation_s=Decimal(10)) == 1


@pytest.mark.parametrize(("grade", "expected"), [(0, 1), (1, 2), (2, 2), (3, 3), (4, 3)])
def test_encephalopathy_costs_points_by_grade(grade, expected):
    assert points("encephalopathy", encephalopathy_grade=grade) == expected


@pytest.mark.parametrize(("ascites", "expected"), [("NONE", 1), ("SLIGHT", 2), ("MODERATE", 3)])
def test_ascites_costs_points(ascites, expected):
    assert points("ascites", ascites=ascites) == expected


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (ChildPugh(1, 1, 1, 1, 1), "A"),
        (ChildPugh(2, 1, 1, 1, 1), "A"),
        (ChildPugh(2, 2, 1, 1, 1), "B"),
        (ChildPugh(2, 2, 2, 2, 1), "B"),
        (ChildPugh(2, 2, 2, 2, 2), "C"),
        (ChildPugh(3, 3, 3, 3, 3), "C"),
    ],
)
def test_the_class_follows_the_total(score, expected):
    assert score.child_class == expected


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("bilirubin", "bilirubin"),
        ("albumin", "albumin"),
        ("inr", "INR"),
        ("ascites", "ascites"),
        ("encephalopathy_grade", "encephalopathy"),
    ],
)
def test_a_missing_item_leaves_the_score_undetermined_and_is_not_counted_as_normal(name, missing):
    assert child_pugh(**BEST | {name: None}) == Undetermined((missing,))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bilirubin_unit", "mmol/L"),
        ("albumin_unit", ""),
        ("bilirubin", Decimal(-1)),
        ("albumin", Decimal("NaN")),
        ("inr", Decimal(0)),
        ("encephalopathy_grade", 5),
        ("encephalopathy_grade", -1),
    ],
)
def test_an_impossible_item_of_the_score_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        child_pugh(**BEST | {name: value})


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("mg/dL", "3.99", 1),
        ("mg/dL", "4", 2),
        ("mg/dL", "10", 2),
        ("mg/dL", "10.01", 3),
        ("umol/L", "67.9", 1),
        ("umol/L", "68", 2),
        ("umol/L", "170", 2),
        ("umol/L", "170.1", 3),
    ],
)
def test_in_primary_cholangitis_bilirubin_has_wider_limits(unit, value, expected):
    values = {"bilirubin": Decimal(value), "bilirubin_unit": unit}
    assert points("bilirubin", primary_cholangitis=True, **values) == expected


def test_primary_cholangitis_changes_no_other_item():
    other = {"albumin": Decimal("2.9"), "ascites": Ascites.SLIGHT, "encephalopathy_grade": 3}
    plain, wide = (child_pugh(**BEST | other, primary_cholangitis=each) for each in (False, True))
    assert plain == wide
