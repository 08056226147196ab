"""The table of laboratory tests and their CTCAE terms, and what it must agree with."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from trials.clinical.ctcae import VERSIONS, criterion_of, grade
from trials.clinical.ctcae.criterion import ANY_UNIT, NO_UNIT, Of
from trials.clinical.ctcae.laboratory_tests import FASTING, TESTS, terms_of
from trials.clinical.ctcae.other_criteria import VERSION_5 as OTHER_5
from trials.clinical.ctcae.other_criteria import VERSION_6 as OTHER_6
from trials.clinical.units import convert, convertible

D = Decimal
LABORATORY = Path(__file__).parents[2] / "fixtures/protocol/NCT04361331/laboratory.yaml"
OTHER = {each.term for each in (*OTHER_5, *OTHER_6)}
# Of the study's first panels, what CTCAE v5.0 has a numeric criterion for.
GRADED = (
    *("WBC", "NEUT", "LYM", "HGB", "PLAT", "ALT", "AST", "ALP", "GGT", "BILI", "ALB", "CREAT", "GLUC"),
    *("SODIUM", "K", "CA", "MG", "LDH", "CK", "AMYLASE", "LIPASET", "INR", "APTT"),
)


def study_tests() -> list[dict[str, object]]:
    return yaml.safe_load(LABORATORY.read_text(encoding="utf-8"))["tests"]


@pytest.mark.parametrize("code", GRADED)
def test_each_test_of_the_study_that_ctcae_grades_by_a_number_has_its_terms(code):
    assert code in {test["code"] for test in study_tests()}
    assert terms_of(code, "5.0")


@pytest.mark.parametrize("version", list(VERSIONS))
def test_every_criterion_belongs_to_a_test_and_every_term_has_a_criterion(version):
    used = {term for test in TESTS.values() for term in test.terms(version).values()}
    if version == "6.0":
        used.add(FASTING)
    assert used == {each.term for each in VERSIONS[version].values()} - OTHER


@pytest.mark.parametrize("version", list(VERSIONS))
def test_each_term_has_the_direction_under_which_its_test_names_it(version):
    for test in TESTS.values():
        for direction, term in test.terms(version).items():
            assert criterion_of(term, version).direction is direction


@pytest.mark.parametrize("version", list(VERSIONS))
@pytest.mark.parametrize("test", study_tests(), ids=lambda test: test["code"])
def test_each_unit_of_the_study_can_be_graded_or_converted_to_one_that_can(test, version):
    for term in terms_of(test["code"], version).values():
        codes = criterion_of(term, version).by_unit
        for unit in (test["unit"], *test.get("units", ())):
            graded = grade(term, D(1000), version=version, unit=unit, low=D(1), high=D(2), baseline=D(1))
            is_known = "criterion for" not in str(graded)
            assert is_known or convertible(test["code"], unit, codes)


def test_fasting_glucose_has_a_term_of_its_own_in_version_6():
    assert FASTING in terms_of("GLUC", "6.0", fasting=True).values()
    assert FASTING not in terms_of("GLUC", "6.0").values()
    assert FASTING not in terms_of("GLUC", "5.0", fasting=True).values()


def test_a_test_without_terms_has_none():
    assert terms_of("CEA", "5.0") == {}


# ---- one criterion in SI and in US units

IN_BOTH = [
    pytest.param(code, version, term, units[0], other, id=f"{version}-{term}-{other}")
    for code, test in TESTS.items()
    for version in VERSIONS
    for term in test.terms(version).values()
    for units in [list(criterion_of(term, version).by_unit)]
    for other in units[1:]
    if units[0] not in (ANY_UNIT, NO_UNIT)
]
# The criteria print rounded limits, 0.4 mmol/L of magnesium beside 0.9 mg/dL: a result nearer to a limit
# than this may have another grade in the other unit.
ROUNDING = D("0.09")


@pytest.mark.parametrize(("code", "version", "term", "si", "us"), IN_BOTH)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_grade_is_the_same_in_si_and_us_units_but_for_the_rounding_of_limits(
    code, version, term, si, us, data
):
    limits = [
        limit for arms in criterion_of(term, version).by_unit[si] for arm in arms for limit in arm.limits
    ]
    numbers = sorted({limit.factor for limit in limits if limit.of is Of.NUMBER} | {D(1)})
    value = data.draw(st.decimals(numbers[0] / 2, numbers[-1] * 2, places=4).filter(bool))
    low = data.draw(st.decimals(numbers[0], numbers[-1] * 2, places=2))
    high = data.draw(st.decimals(numbers[0], numbers[-1] * 2, places=2))

    def in_us(number: Decimal) -> Decimal:
        return convert(number, test=code, from_unit=si, to_unit=us)

    if any(
        abs(value - number) <= number * ROUNDING for number in (*numbers, low, high, high + 20, high + 40)
    ):
        return
    here = grade(term, value, version=version, unit=si, low=low, high=high)
    there = grade(term, in_us(value), version=version, unit=us, low=in_us(low), high=in_us(high))
    assert here.grade == there.grade
