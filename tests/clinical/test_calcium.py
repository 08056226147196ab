from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.calcium import corrected_calcium
from trials.clinical.undetermined import Undetermined


@pytest.mark.parametrize(
    ("calcium", "albumin", "expected"),
    [("2.10", "30", "2.30"), ("2.40", "40", "2.40"), ("2.40", "45", "2.30"), ("1.95", "22.5", "2.30")],
)
def test_each_gram_of_albumin_below_40_adds_0_02_mmol(calcium, albumin, expected):
    found = corrected_calcium(calcium_mmol_l=Decimal(calcium), albumin_g_l=Decimal(albumin))
    assert found == Decimal(expected)


@pytest.mark.parametrize(
    ("calcium", "albumin", "missing"),
    [(None, "40", ("calcium",)), ("2", None, ("albumin",)), (None, None, ("calcium", "albumin"))],
)
def test_a_missing_albumin_is_not_taken_for_normal(calcium, albumin, missing):
    given = {"calcium_mmol_l": calcium and Decimal(calcium), "albumin_g_l": albumin and Decimal(albumin)}
    assert corrected_calcium(**given) == Undetermined(missing)


@pytest.mark.parametrize("name", ["calcium_mmol_l", "albumin_g_l"])
def test_a_value_of_zero_is_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        corrected_calcium(**{"calcium_mmol_l": Decimal(2), "albumin_g_l": Decimal(40), name: Decimal(0)})


@given(st.decimals("1", "4", places=2), st.decimals("10", "60", places=1), st.decimals("10", "60", places=1))
def test_lower_albumin_never_lowers_the_corrected_calcium(calcium, one, other):
    low, high = sorted((one, other))
    assert corrected_calcium(calcium_mmol_l=calcium, albumin_g_l=low) >= corrected_calcium(
        calcium_mmol_l=calcium, albumin_g_l=high
    )
