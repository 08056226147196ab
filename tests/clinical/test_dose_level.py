from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.dose_level import Level, Rhythm, level_after, level_of

LENVATINIB = [
    Level(Decimal(12), Rhythm.DAILY),
    Level(Decimal(8), Rhythm.DAILY),
    Level(Decimal(4), Rhythm.DAILY),
    Level(Decimal(4), Rhythm.EVERY_OTHER_DAY),
]
OXALIPLATIN = [Level(Decimal(85), Rhythm.ONCE), Level(Decimal(65), Rhythm.ONCE)]

amounts = st.lists(st.integers(1, 500), min_size=1, max_size=6, unique=True)


@pytest.mark.parametrize(("reductions", "level"), [(0, 0), (1, 1), (3, 3)])
def test_each_reduction_goes_one_level_down(reductions, level):
    assert level_after(LENVATINIB, reductions) == LENVATINIB[level]


@pytest.mark.parametrize("reductions", [4, 5, 40])
def test_below_the_last_level_the_drug_is_stopped(reductions):
    assert level_after(LENVATINIB, reductions) is None


def test_the_same_amount_every_other_day_is_another_level():
    daily = level_of(LENVATINIB, Decimal(4), Rhythm.DAILY)
    other = level_of(LENVATINIB, Decimal(4), Rhythm.EVERY_OTHER_DAY)
    assert (daily, other) == (2, 3)


def test_a_dose_between_the_levels_is_none_of_them():
    assert level_of(LENVATINIB, Decimal(10), Rhythm.DAILY) is None
    assert level_of(OXALIPLATIN, Decimal(75), Rhythm.ONCE, Decimal(5)) is None


@pytest.mark.parametrize(("amount", "level"), [("80.75", 0), ("80.74", None), ("61.75", 1), ("68.25", 1)])
def test_a_dose_rounded_to_the_vial_is_the_level_it_was_rounded_from(amount, level):
    assert level_of(OXALIPLATIN, Decimal(amount), Rhythm.ONCE, Decimal(5)) == level


@pytest.mark.parametrize("levels", [[], [LENVATINIB[2], LENVATINIB[1]], [LENVATINIB[3], LENVATINIB[2]]])
def test_levels_that_do_not_descend_are_refused(levels):
    with pytest.raises(ValueError, match="level"):
        level_after(levels, 0)


def test_a_negative_number_of_reductions_is_refused():
    with pytest.raises(ValueError, match="reductions"):
        level_after(LENVATINIB, -1)


@given(amounts, st.integers(0, 8))
def test_one_more_reduction_never_gives_more(drawn, reductions):
    levels = [Level(Decimal(each), Rhythm.DAILY) for each in sorted(drawn, reverse=True)]
    now, then = level_after(levels, reductions), level_after(levels, reductions + 1)
    assert then is None or now.intensity > then.intensity


@given(amounts)
def test_every_level_is_found_again_from_its_dose(drawn):
    levels = [Level(Decimal(each), Rhythm.DAILY) for each in sorted(drawn, reverse=True)]
    assert [level_of(levels, each.amount, each.rhythm) for each in levels] == list(range(len(levels)))
