from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.clinical.cardiac import qtcf
from trials.clinical.undetermined import Undetermined

interval = st.decimals("300", "2000", places=0)


@pytest.mark.parametrize(
    ("qt", "rr", "expected"),
    [
        ("400", "1000", "400"),
        ("400", "800", "430.887"),
        ("450", "640", "522.179"),
        ("380", "1200", "357.594"),
    ],
)
def test_qtcf_is_qt_over_the_cube_root_of_rr_in_seconds(qt, rr, expected):
    assert round(qtcf(qt_ms=Decimal(qt), rr_ms=Decimal(rr)), 3) == Decimal(expected)


def test_without_rr_the_heart_rate_gives_it():
    assert qtcf(qt_ms=Decimal(400), heart_rate=Decimal(75)) == qtcf(qt_ms=Decimal(400), rr_ms=Decimal(800))


def test_rr_counts_where_both_are_known_and_agree():
    both = qtcf(qt_ms=Decimal(400), rr_ms=Decimal(800), heart_rate=Decimal(72))
    assert both == qtcf(qt_ms=Decimal(400), rr_ms=Decimal(800))


def test_an_rr_and_a_heart_rate_that_contradict_each_other_determine_nothing():
    found = qtcf(qt_ms=Decimal(400), rr_ms=Decimal(800), heart_rate=Decimal(110))
    assert found == Undetermined(("agreement between the RR interval and the heart rate",))


def test_what_is_missing_is_named():
    assert qtcf(qt_ms=None, heart_rate=Decimal(70)) == Undetermined(("QT interval",))
    assert qtcf(qt_ms=Decimal(400)) == Undetermined(("RR interval or heart rate",))
    assert qtcf(qt_ms=None).missing == ("QT interval", "RR interval or heart rate")


@pytest.mark.parametrize("name", ["qt_ms", "rr_ms", "heart_rate"])
@pytest.mark.parametrize("value", ["0", "-400", "NaN"])
def test_an_impossible_value_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        qtcf(**{"qt_ms": Decimal(400), "rr_ms": Decimal(800)} | {name: Decimal(value)})


@given(interval, interval)
def test_the_cube_of_the_correction_gives_rr_back(qt, rr):
    corrected = qtcf(qt_ms=qt, rr_ms=rr)
    assert abs((qt / corrected) ** 3 * 1000 - rr) < Decimal("1e-18")


@given(interval, interval, interval)
def test_a_faster_heart_never_lowers_qtcf(qt, rr, other):
    fast, slow = sorted((rr, other))
    assert qtcf(qt_ms=qt, rr_ms=fast) >= qtcf(qt_ms=qt, rr_ms=slow)
