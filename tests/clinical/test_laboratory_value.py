from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trials.clinical.laboratory_value import LaboratoryValue, LaboratoryValueError, flag, parse_result

COMPARATORS = ("", "<", "<=", ">", ">=")


@pytest.mark.parametrize(
    ("text", "comparator", "number"),
    [
        ("5.1", "", "5.1"),
        (" 5.10 ", "", "5.10"),
        ("0", "", "0"),
        ("-2.3", "", "-2.3"),
        ("\u22122.3", "", "-2.3"),
        ("<20", "<", "20"),
        ("< 0.01", "<", "0.01"),
        (">= 1000", ">=", "1000"),
        ("≤5", "<=", "5"),
        ("≥5", ">=", "5"),
        ("＜５．１", "<", "5.1"),
        ("1.2e3", "", "1200"),
        ("<1.00E+02", "<", "100"),
        ("1.2×10^3", "", "1200"),
        ("5e-3", "", "0.005"),
        ("123456789012345", "", "123456789012345"),
        ("0.00123456789012345", "", "0.00123456789012345"),
    ],
)
def test_a_number_is_read_with_its_comparator(text, comparator, number):
    assert parse_result(text) == LaboratoryValue(text.strip(), comparator, Decimal(number), "")


def test_trailing_zeros_are_kept_because_they_tell_the_precision():
    assert str(parse_result("5.10").number) == "5.10"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("negative", "NEGATIVE"),
        ("Neg", "NEGATIVE"),
        ("阴性", "NEGATIVE"),
        ("POSITIVE", "POSITIVE"),
        ("阳性", "POSITIVE"),
        ("trace", "TRACE"),
        ("±", "TRACE"),
        ("1+", "1+"),
        ("2+", "2+"),
        ("4+", "4+"),
        ("+", "1+"),
        ("+++", "3+"),
        ("＋＋", "2+"),
    ],
)
def test_a_word_is_read_as_one_of_the_known_results(text, word):
    assert parse_result(text) == LaboratoryValue(text, "", None, word)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("5,1", "comma may be a decimal point"),
        ("1,000", "comma may be a decimal point"),
        ("1，000", "comma may be a decimal point"),
        ("<1,000.5", "comma may be a decimal point"),
        ("NaN", "NaN and infinity"),
        ("sNaN123", "NaN and infinity"),
        ("-inf", "NaN and infinity"),
        ("Infinity", "NaN and infinity"),
        ("-", "lone dash"),
        ("+1", "after a plus sign"),
        (".5", "begins with a digit"),
        ("<", "followed by one number"),
        ("<<5", "followed by one number"),
        ("<negative", "followed by one number"),
        ("5>", "followed by one number"),
        ("2-3", "range"),
        ("2 - 3", "range"),
        ("5.1 mmol/L", "unit and flag"),
        ("5.1 H", "unit and flag"),
        ("5.", "unit and flag"),
        ("1.2.3", "unit and flag"),
        ("10²", "unit and flag"),
        ("0x1F", "unit and flag"),
        ("1_000", "unit and flag"),
        ("5+", "unit and flag"),
        ("++++++", "unknown result"),
        ("hemolyzed", "unknown result"),
        ("ND", "unknown result"),
        ("弱阳性", "unknown result"),
        ("٥", "unknown result"),
        ("\x00", "unknown result"),
        ("1234567890123456", "15 significant digits"),
        ("0.1234567890123456", "15 significant digits"),
        ("1e99", "size that can be measured"),
        ("1e-99", "size that can be measured"),
        ("1" * 41, "at most 40 characters"),
        (None, "must be text"),
        (5.1, "must be text"),
    ],
)
def test_a_result_that_may_be_misread_is_refused_with_its_reason(text, reason):
    with pytest.raises(LaboratoryValueError, match=reason):
        parse_result(text)


@given(st.text(max_size=45) | st.text("0123456789.,eE+-<>= naif阴性", max_size=45))
def test_any_text_is_a_number_or_a_known_word_or_refused(text):
    try:
        value = parse_result(text)
    except LaboratoryValueError:
        return
    assert (value.number is None) is bool(value.word)
    assert value.number is None or value.number.is_finite()
    assert value.comparator in COMPARATORS


@given(st.decimals(-(10**6), 10**6, places=4), st.sampled_from(COMPARATORS))
def test_a_number_written_out_is_read_back(number, comparator):
    assume(not (number.is_zero() and number.is_signed()))
    value = parse_result(f"{comparator}{number:f}")
    assert (value.comparator, value.number) == (comparator, number)


@pytest.mark.parametrize(
    ("text", "low", "high", "expected"),
    [
        ("9.9", "10", "20", "LOW"),
        ("10", "10", "20", "NORMAL"),
        ("20", "10", "20", "NORMAL"),
        ("20.1", "10", "20", "HIGH"),
        ("20.1", "10", None, "NORMAL"),
        ("9.9", None, "20", "NORMAL"),
        ("15", None, None, ""),
        ("<20", "10", None, ""),
        ("<20", "10", "30", ""),
        ("<20", None, "30", "NORMAL"),
        ("<20", None, "20", "NORMAL"),
        ("<20", "20", None, "LOW"),
        ("<=20", "20", None, ""),
        ("<10", "10", "20", "LOW"),
        (">50", None, "40", "HIGH"),
        (">40", None, "40", "HIGH"),
        (">=40", None, "40", ""),
        (">30", None, "40", ""),
        (">30", "30", None, "NORMAL"),
        (">=30", "30", None, "NORMAL"),
        (">20", "30", None, ""),
        ("<2", "0", "20", "NORMAL"),
        ("<25", "0", "20", ""),
        ("-1", "0", "20", "LOW"),
        ("<0", "0", "20", "LOW"),
        ("<2", "-3", "3", ""),
    ],
)
def test_a_result_is_flagged_only_as_far_as_it_is_certain(text, low, high, expected):
    assert flag(parse_result(text), low and Decimal(low), high and Decimal(high)) == expected


@given(
    st.integers(-4, 12),
    st.sampled_from(COMPARATORS),
    st.integers(1, 5) | st.none(),
    st.integers(5, 9) | st.none(),
)
def test_a_flag_is_given_exactly_when_every_possible_value_has_it(number, comparator, low, high):
    """Against a plain enumeration in steps of one half; low is above zero, where nothing is presumed."""
    halves = [Decimal(n) / 2 for n in range(-40, 60)]
    meaning = {
        "": lambda x: x == number,
        "<": lambda x: x < number,
        "<=": lambda x: x <= number,
        ">": lambda x: x > number,
        ">=": lambda x: x >= number,
    }
    bounds = [None if bound is None else Decimal(bound) for bound in (low, high)]
    flags = {flag(parse_result(str(x)), *bounds) for x in halves if meaning[comparator](x)}
    expected = flags.pop() if len(flags) == 1 else ""
    assert flag(parse_result(f"{comparator}{number}"), *bounds) == expected


@pytest.mark.parametrize(
    ("text", "normal_word", "expected"),
    [
        ("negative", "", ""),
        ("negative", "NEGATIVE", "NORMAL"),
        ("trace", "NEGATIVE", "ABNORMAL"),
        ("1+", "NEGATIVE", "ABNORMAL"),
        ("positive", "NEGATIVE", "ABNORMAL"),
        ("positive", "POSITIVE", "NORMAL"),
        ("2+", "POSITIVE", "NORMAL"),
        ("trace", "POSITIVE", ""),
        ("negative", "POSITIVE", "ABNORMAL"),
        ("5.1", "NEGATIVE", ""),
    ],
)
def test_a_word_is_normal_only_when_it_is_the_expected_one(text, normal_word, expected):
    assert flag(parse_result(text), None, None, normal_word=normal_word) == expected


def test_a_word_is_not_flagged_by_a_range_of_numbers():
    assert flag(parse_result("negative"), Decimal(0), Decimal(5)) == ""


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValueError, match="low must not be above high"):
        flag(parse_result("5"), Decimal(10), Decimal(1))


@pytest.mark.parametrize("name", ["low", "high"])
def test_a_bound_that_is_no_number_is_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        flag(parse_result("5"), **{"low": None, "high": None, name: Decimal("NaN")})


def test_an_unknown_normal_word_is_refused():
    with pytest.raises(ValueError, match="normal_word"):
        flag(parse_result("negative"), None, None, normal_word="CLEAR")
