"""The grades of laboratory results, row by row and rule by rule, in both versions and unit systems."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clinical import ctcae_rules
from tests.clinical.reference import rows
from trials.clinical.ctcae import VERSIONS, BaselineFlag, Convention, Direction, criterion_of, grade
from trials.clinical.ctcae.criterion import Of

D = Decimal
STEP = D("0.01")
GRADED = rows("ctcae_lab_grading.csv")


def decimal(text: str) -> Decimal | None:
    return D(text) if text else None


def ident(row: dict[str, str]) -> str:
    return "-".join(row[name] for name in ("ctcae_version", "unit_system", "term", "unit"))


@pytest.mark.parametrize("row", GRADED, ids=lambda row: f"{ident(row)}-{row['source_testnum']}")
def test_a_result_has_the_grade_of_the_reference(row):
    found = grade(
        row["term"],
        decimal(row["value"]),
        version=row["ctcae_version"],
        unit=row["unit"] or None,
        low=decimal(row["lln"]),
        high=decimal(row["uln"]),
        baseline=decimal(row["baseline"]),
        baseline_flag=row["baseline_indicator"] or None,
        percent_change=decimal(row["pct_change"]),
    )
    assert found.grade == (int(row["expected_grade"]) if row["expected_grade"] else None), str(found)
    assert (found.cannot is None) == (found.grade is not None)
    assert bool(found.rule) == (found.grade is not None)


@pytest.mark.parametrize("row", ctcae_rules.CRITERIA, ids=ident)
def test_the_tables_say_what_the_published_criteria_say(row):
    for values in circumstances_of(row):
        for flag in ("LOW", "NORMAL", "HIGH"):
            for value in near_limits(row, values):
                known = values | {"x": value}
                found = grade(
                    row["term"],
                    value,
                    version=row["ctcae_version"],
                    unit=row["unit"] or None,
                    low=known["LLN"],
                    high=known["ULN"],
                    baseline=known["BASE"],
                    baseline_flag=flag,
                    percent_change=known["PCHG"],
                )
                assert found.grade == published(row, known, flag), (str(found), known, flag)


def published(row: dict[str, str], values: dict[str, Any], flag: str) -> int | None:
    if row["term"] == "Creatinine clearance decreased" and values["x"] < 10:
        return None  # as its note says
    return ctcae_rules.expected(row, values, flag)


def circumstances_of(row: dict[str, str]) -> list[dict[str, Any]]:
    """Limits of normal and baseline of several sizes; missing where the rules expect them to be at times."""
    missing = ctcae_rules.may_be_missing(row)
    found = []
    for lower, upper, baseline, change in (("3.5", "5.1", "4.7", "-51"), ("40", "100", "130", "-25")):
        values = {"LLN": D(lower), "ULN": D(upper), "BASE": D(baseline), "PCHG": D(change)}
        if "PCHG" in row["variables"]:
            values["BASE"] = None
        else:
            values["PCHG"] = None
        found += [values, *(values | {name: None} for name in sorted(missing) if values[name] is not None)]
    return found


def near_limits(row: dict[str, str], values: dict[str, Any]) -> list[Decimal]:
    """Results on each limit of a criterion, and a step to either side."""
    factors = ctcae_rules.numbers(row)
    known = [values[name] for name in ("LLN", "ULN", "BASE") if values[name] is not None]
    limits = factors + [factor * value for factor in factors for value in known]
    limits += [value + factor for factor in factors for value in known if factor in (2, 4, 20, 40)]
    return [value for limit in sorted(set(limits)) for value in (limit - STEP, limit, limit + STEP)]


@pytest.mark.parametrize("row", ctcae_rules.CRITERIA, ids=ident)
def test_no_published_criterion_is_left_out(row):
    found = criterion_of(row["term"], row["ctcae_version"])
    assert found is not None
    assert found.direction == {"L": Direction.LOW, "H": Direction.HIGH}[row["direction"]]
    wanted = row["unit"].casefold().replace("^", "*").replace("1/ul", "/ul")
    units = {unit.casefold() for unit in found.by_unit}
    assert wanted in units or (not wanted and units <= {"any", "1"})


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (("5.0", "Hyponatremia"), "between 129 and 130"),
        (("6.0", "Creatinine clearance decreased"), "between 25 and 26"),
    ],
)
def test_a_hole_of_ctcae_is_named_in_the_table(row, note):
    version, term = row
    assert note in criterion_of(term, version).note


# ---- what holds for every criterion

CRITERIA = [
    pytest.param(version, criterion, unit, id=f"{version}-{criterion.term}-{unit}")
    for version, criteria in VERSIONS.items()
    for criterion in criteria.values()
    for unit in criterion.by_unit
]


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


amounts = st.decimals("0.05", "600", places=2)


@pytest.mark.parametrize(("version", "criterion", "unit"), CRITERIA)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_worse_result_never_has_a_lower_grade(version, criterion, unit, data):
    limits = data.draw(st.lists(amounts, min_size=2, max_size=2).map(sorted))
    circumstances = {
        "low": data.draw(optional(st.just(limits[0]))),
        "high": data.draw(optional(st.just(limits[1]))),
        "baseline": data.draw(optional(amounts)),
        "baseline_flag": data.draw(optional(st.sampled_from(list(BaselineFlag)))),
        "symptoms": data.draw(optional(st.booleans())),
        "anticoagulated": data.draw(optional(st.booleans())),
        "convention": data.draw(st.sampled_from(list(Convention))),
    }
    code = None if unit == "any" else unit
    better_to_worse = sorted(
        {*around(criterion, unit, circumstances), *data.draw(st.lists(amounts, max_size=5))},
        reverse=criterion.direction is Direction.LOW,
    )
    grades = [
        grade(criterion.term, value, version=version, unit=code, **circumstances).grade
        for value in better_to_worse
    ]
    known = [each for each in grades if each is not None]
    assert known == sorted(known)


def around(criterion: Any, unit: str, circumstances: dict[str, Any]) -> list[Decimal]:
    values = {
        Of.NUMBER: D(1),
        Of.LLN: circumstances["low"],
        Of.ULN: circumstances["high"],
        Of.BASELINE: circumstances["baseline"],
    }
    limits = [limit for grades in criterion.by_unit[unit] for arm in grades for limit in arm.limits]
    known = [limit.threshold(values[limit.of]) for limit in limits if values.get(limit.of) is not None]
    return [value for each in known for value in (each, each + STEP, max(each - STEP, D(0)))] or [D(1)]


@pytest.mark.parametrize(("version", "criterion", "unit"), CRITERIA)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_result_with_a_comparator_has_the_grade_of_all_it_may_stand_for(version, criterion, unit, data):
    circumstances = {"low": D(40), "high": D(50), "baseline": D(45), "baseline_flag": "NORMAL"}
    code = None if unit == "any" else unit
    number = data.draw(st.sampled_from(around(criterion, unit, circumstances)) | amounts)
    comparator = data.draw(st.sampled_from(["<", "<=", ">", ">="]))
    whole = grade(criterion.term, number, comparator=comparator, version=version, unit=code, **circumstances)
    step = data.draw(st.decimals("0", "5", places=3))
    one = number * (1 - step / 5) if comparator.startswith("<") else number * (1 + step)
    if one == number and comparator in ("<", ">"):
        one = number * (D("0.999") if comparator == "<" else D("1.001"))
    exact = grade(criterion.term, one, version=version, unit=code, **circumstances)
    assert whole.grade is None or whole.grade == exact.grade
    if exact.grade is not None and whole.possible:
        assert exact.grade in whole.possible


def test_a_result_below_the_lowest_limit_is_graded_with_its_comparator():
    assert grade("Anemia", D(60), comparator="<", version="5.0", unit="g/L").grade == 3


def test_a_result_whose_comparator_spans_two_grades_is_not_graded():
    found = grade("Anemia", D(90), comparator="<", version="5.0", unit="g/L", low=D(130))
    assert found.grade is None
    assert found.possible == (2, 3)
    assert found.cannot.sentence() == "cannot be determined: no exact result instead of <90"


# ---- what is missing is named


def test_a_limit_of_normal_is_missed_only_where_the_grade_depends_on_it():
    assert grade("Anemia", D(79), version="5.0", unit="g/L").grade == 3
    found = grade("Anemia", D(100), version="5.0", unit="g/L")
    assert found.cannot.missing == ("lower limit of normal",)
    assert found.possible == (0, 1)


def test_a_missing_result_is_not_grade_0():
    found = grade("Anemia", None, version="5.0", unit="g/L", low=D(130))
    assert (found.grade, found.cannot.missing) == (None, ("result",))


def test_a_missing_unit_is_not_assumed():
    found = grade("Anemia", D(9), version="5.0", low=D(13))
    assert found.cannot.missing == ("unit",)


def test_an_unknown_unit_is_named():
    found = grade("Anemia", D(9), version="5.0", unit="mmol/L", low=D(8))
    assert found.cannot.missing == ("criterion for results in mmol/L",)


def test_a_term_without_numeric_criterion_in_the_version_is_named():
    found = grade("Platelet count decreased", D(9), version="6.0", unit="10*9/L")
    assert "Platelet count decreased" in found.cannot.sentence()


@pytest.mark.parametrize("version", ["4.03", "5", ""])
def test_an_unknown_version_is_an_error(version):
    with pytest.raises(ValueError, match="version must be one of 5.0, 6.0"):
        grade("Anemia", D(90), version=version, unit="g/L")


def test_an_unknown_flag_of_baseline_is_an_error():
    with pytest.raises(ValueError, match="baseline_flag"):
        grade("Anemia", D(90), version="5.0", unit="g/L", baseline_flag="ABNORMAL")


def test_a_raised_baseline_without_its_value_leaves_the_grade_open():
    found = grade(
        "Alanine aminotransferase increased", D(130), version="5.0", high=D(40), baseline_flag="HIGH"
    )
    assert (found.grade, found.cannot.missing) == (None, ("baseline value",))


def test_a_normal_result_after_an_unknown_baseline_is_grade_0():
    # No multiple of a raised baseline lies at or below the upper limit of normal.
    assert grade("Alanine aminotransferase increased", D(40), version="5.0", high=D(40)).grade == 0


def test_a_raised_result_after_an_unknown_baseline_is_not_graded_as_if_baseline_were_normal():
    found = grade("Alanine aminotransferase increased", D(130), version="5.0", high=D(40))
    assert found.grade is None
    assert "baseline value with its limits of normal" in found.cannot.missing
    at_screening = grade(
        "Alanine aminotransferase increased", D(130), version="5.0", high=D(40), baseline_flag="NONE_YET"
    )
    assert at_screening.grade == 2


def test_a_raised_baseline_is_the_measure_even_without_an_upper_limit():
    found = grade(
        "Alanine aminotransferase increased",
        D(400),
        version="5.0",
        baseline=D(100),
        baseline_flag="HIGH",
    )
    assert (found.grade, found.rule) == (2, "above 3 x baseline, baseline was above normal")


def test_creatinine_is_graded_by_baseline_alone_where_its_upper_limit_is_missing():
    assert grade("Creatinine increased", D(151), version="5.0", baseline=D(50)).grade == 3
    assert grade("Creatinine increased", D(75), version="5.0", baseline=D(50)).cannot is not None


def test_creatinine_of_version_6_is_graded_by_its_upper_limit_alone_where_there_is_no_baseline():
    creatinine = {"version": "6.0", "high": D(42)}
    assert grade("Creatinine increased", D(42), **creatinine).grade == 0
    assert grade("Creatinine increased", D(64), **creatinine).grade == 2
    low = grade("Creatinine increased", D(42), baseline_flag="LOW", **creatinine)
    assert low.cannot.missing == ("baseline value",)
    without_range = grade("Creatinine increased", D(42), baseline=D(20), **creatinine)
    assert without_range.cannot.missing == ("baseline value with its limits of normal",)


def test_creatinine_clearance_below_10_is_no_grade_of_its_own():
    found = grade("Creatinine clearance decreased", D(9), version="6.0", unit="mL/min")
    assert found.cannot.sentence() == "cannot be determined: no grade for a result below 10 mL/min"


# ---- worst case and collected answers

COLLECTED = {"convention": Convention.COLLECTED}


@pytest.mark.parametrize(
    ("term", "value", "circumstances", "without", "with_symptoms"),
    [
        ("Lipase increased", "250", {"high": D(100)}, 2, 3),
        ("Lipase increased", "501", {"high": D(100)}, 3, 4),
        ("Serum amylase increased", "250", {"high": D(100)}, 2, 3),
        ("Hypokalemia", "3.2", {"unit": "mmol/L", "low": D("3.5")}, 1, 2),
        ("Hyponatremia", "127", {"unit": "mmol/L", "low": D(135)}, 2, 3),
        ("Hyponatremia", "124", {"unit": "mmol/L", "low": D(135)}, 3, 3),
        ("Hyponatremia", "124.5", {"unit": "mmol/L", "low": D(135)}, 2, 3),
        ("Hyperuricemia", "500", {"high": D(420)}, 1, 3),
    ],
)
def test_without_symptoms_the_grade_is_lower_and_unknown_symptoms_leave_it_open(
    term, value, circumstances, without, with_symptoms
):
    def graded(**more: Any) -> Any:
        return grade(term, D(value), version="5.0", **circumstances, **more)

    assert graded(symptoms=False, **COLLECTED).grade == without
    assert graded(symptoms=True, **COLLECTED).grade == with_symptoms
    assert graded().grade == graded(symptoms=False).grade == with_symptoms  # the worst case
    unknown = graded(**COLLECTED)
    if without == with_symptoms:
        assert unknown.grade == without
    else:
        assert unknown.possible == (without, with_symptoms)
        assert unknown.cannot.missing == ("answer whether there were signs or symptoms",)


def test_without_anticoagulation_inr_is_not_compared_with_baseline():
    inr = {"version": "5.0", "unit": "{INR}"}
    assert grade("INR increased", D("1.2"), baseline=D("1.0"), **inr).grade == 1
    assert (
        grade("INR increased", D("1.2"), baseline=D("1.0"), anticoagulated=False, **inr, **COLLECTED).grade
        == 0
    )
    assert grade("INR increased", D("1.2"), anticoagulated=False, **inr, **COLLECTED).grade == 0
    assert grade("INR increased", D("1.2"), **inr).cannot.missing == ("baseline value",)


# ---- numbers


def test_results_that_came_through_floating_point_are_compared_with_15_digits():
    through_float = D(0.1 + 0.2)  # 0.3000000000000000444
    assert through_float != D("0.3")
    assert grade("Hypomagnesemia", through_float, version="5.0", unit="mmol/L").grade == 3
    assert grade("Hypomagnesemia", D("0.3"), version="5.0", unit="mmol/L").grade == 3
    tripled = D(3 * 1.1)  # 3.3000000000000002665
    circumstances = {"version": "5.0", "baseline_flag": "NORMAL"}
    assert grade("Alanine aminotransferase increased", tripled, high=D("1.1"), **circumstances).grade == 1


def test_a_float_is_refused():
    with pytest.raises(TypeError, match="must be a Decimal"):
        grade("Anemia", 90.0, version="5.0", unit="g/L")


@pytest.mark.parametrize("value", ["2.0000000000000000001", "1e15", "0"])
def test_a_change_of_any_size_from_baseline_is_compared(value):
    graded = grade("Fibrinogen decreased", D(value), version="5.0", unit="g/L", low=D(1), baseline=D(2))
    assert graded.grade == (4 if value == "0" else 0)
    gained = grade("Weight gain", D(value), version="5.0", unit="kg", baseline=D("1e-9"))
    assert gained.grade == (0 if value == "0" else 3)


def test_units_are_read_in_either_case_and_with_either_sign_of_power():
    for unit in ("10*9/L", "10^9/L", "10*9/l", " 10*9/L "):
        assert grade("Neutrophil count decreased", D("0.9"), version="5.0", unit=unit).grade == 3
    assert grade("CD4 lymphocytes decreased", D(190), version="5.0", unit="/uL").grade == 3
    assert grade("CD4 lymphocytes decreased", D(190), version="5.0", unit="1/uL").grade == 3


def test_the_rule_names_the_limit_that_decided():
    found = grade("Blood bilirubin increased", D(60), version="5.0", high=D(21), baseline_flag="NORMAL")
    assert str(found) == (
        "Blood bilirubin increased (CTCAE 5.0): grade 2, above 1.5 x ULN, baseline was not above normal"
    )
    normal = grade("Anemia", D(140), version="5.0", unit="g/L", low=D(130))
    assert normal.rule == "not below LLN"
    high = grade("Hemoglobin increased", D(190), version="5.0", unit="g/L", high=D(165))
    assert high.rule == "above ULN + 20 g/L"


def test_fibrinogen_is_graded_by_its_fall_from_baseline_too():
    known = {"version": "5.0", "unit": "g/L", "low": D(2)}
    assert grade("Fibrinogen decreased", D("1.9"), **known).grade == 1
    fallen = grade("Fibrinogen decreased", D("1.9"), baseline=D(4), **known)
    assert (fallen.grade, fallen.rule) == (3, "below LLN and fallen by at least 50 % from baseline")
    assert grade("Fibrinogen decreased", D(2), baseline=D(8), **known).grade == 0
