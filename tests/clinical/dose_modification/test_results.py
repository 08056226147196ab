"""Rows about laboratory results."""

from decimal import Decimal

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.clinical.dose_modification.table import (
    COUNTS,
    GEMCITABINE,
    codes,
    counts,
    decided,
    given,
    limits,
    result,
)
from trials.clinical.dose_modification import TIMES_ULN, Action, Reduction, ResultTrigger, Rule
from trials.clinical.reading import Reading


def gemcitabine(*results, later=7, **known):
    return decided(COUNTS, GEMCITABINE, later, results=results, **known)


@pytest.mark.parametrize(
    ("neutrophils", "platelets", "action", "amount", "rows"),
    [
        ("1.0", "100", Action.GIVE, 1000, set()),
        ("0.99", "100", Action.REDUCE, 750, {"N-75"}),
        ("1.0", "99", Action.REDUCE, 750, {"P-75"}),
        ("0.5", "50", Action.REDUCE, 750, {"N-75", "P-75"}),
        ("0.49", "100", Action.OMIT, 0, {"N-OMIT"}),
        ("0.7", "49", Action.OMIT, 0, {"P-OMIT"}),
        ("9", "49.9", Action.OMIT, 0, {"P-OMIT"}),
    ],
)
def test_of_all_rows_that_apply_the_strictest_decides(neutrophils, platelets, action, amount, rows):
    found = gemcitabine(result("NEUT", neutrophils, 7), result("PLAT", platelets, 6))
    assert (found.action, found.amount, codes(found.hits)) == (action, amount, rows)
    assert found.certain


def test_the_rows_that_are_less_strict_are_told_too():
    found = gemcitabine(result("NEUT", "0.7", 7), result("PLAT", "49", 7))
    assert codes(found.others) == {"N-75"}
    assert found.hits[0].words == "plat 49 ×10⁹/L on 2021-03-08"


def test_without_a_count_nothing_is_given_by_default():
    found = gemcitabine(result("PLAT", "150", 7))
    assert (found.action, found.amount) == (None, None)
    assert found.missing == ("neut within 3 days up to 2021-03-08",)


@pytest.mark.parametrize(("taken", "action"), [(4, Action.GIVE), (3, None), (8, None)])
def test_a_count_that_is_too_old_or_of_a_later_day_is_none(taken, action):
    found = gemcitabine(result("NEUT", "2", taken), result("PLAT", "150", 7))
    assert found.action is action


def test_a_strict_row_decides_although_another_count_is_missing():
    found = gemcitabine(result("PLAT", "49", 7))
    assert (found.action, found.certain, found.missing) == (Action.OMIT, True, ())


def test_what_is_missing_could_ask_for_more_than_a_reduction():
    found = gemcitabine(result("PLAT", "60", 7))
    assert (found.action, found.amount, found.certain) == (Action.REDUCE, 750, False)
    assert found.missing == ("neut within 3 days up to 2021-03-08",)


def test_the_newest_count_decides_and_of_one_day_the_worst():
    newest = gemcitabine(result("NEUT", "0.2", 5), result("NEUT", "2", 7), result("PLAT", "150", 7))
    same = gemcitabine(result("NEUT", "2", 7), result("NEUT", "0.2", 7), result("PLAT", "150", 7))
    assert (newest.action, same.action) == (Action.GIVE, Action.OMIT)


@pytest.mark.parametrize(
    ("number", "comparator", "action"),
    [("0.5", "<", Action.OMIT), ("0.6", "<", None), ("2", ">", Action.GIVE), ("0.9", ">", None)],
)
def test_a_count_with_a_comparator_counts_for_what_is_certain(number, comparator, action):
    found = gemcitabine(result("NEUT", number, 7, comparator=comparator), result("PLAT", "150", 7))
    assert found.action is action


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"unit": "10*6/L"}, "number of neut on 2021-03-08 in ×10⁹/L"),
        ({"number": None}, "number of neut on 2021-03-08"),
    ],
)
def test_a_result_without_a_number_in_the_unit_of_the_row_is_not_taken_for_normal(changed, missing):
    neutrophils = result(**{"test": "NEUT", "number": "2", "later": 7} | changed)
    found = gemcitabine(neutrophils, result("PLAT", "150", 7))
    assert (found.action, found.missing) == (None, (missing,))


def test_a_row_of_another_day_of_the_cycle_does_not_apply():
    start = counts("NEUT", Action.HOLD, "START", cycle_day=1, below="1.5")
    neutrophils = [result("NEUT", "1.2", 7)]
    first, eighth, unknown = (
        decided([start], GEMCITABINE, 7, results=neutrophils, cycle_day=each) for each in (1, 8, None)
    )
    assert (first.action, eighth.action, unknown.action) == (Action.HOLD, Action.GIVE, None)
    assert unknown.missing == ("day of the cycle",)


def liver(action, code, baseline=None, **bounds):
    where = limits(**baseline) if baseline else None
    trigger = ResultTrigger("ALT", "ALT", 7, limits(**bounds), unit=TIMES_ULN, baseline=where)
    return Rule(code, action, trigger, code)


HEPATITIS = [
    liver(Action.HOLD, "NORMAL-HOLD", {"at_most": "1"}, above="3", at_most="8"),
    liver(Action.STOP, "NORMAL-STOP", {"at_most": "1"}, above="8"),
    liver(Action.HOLD, "RAISED-HOLD", {"above": "1", "at_most": "3"}, above="5", at_most="10"),
    liver(Action.STOP, "RAISED-STOP", {"above": "1", "at_most": "3"}, above="10"),
]


def hepatitis(number, baseline, later=21, history=(), **more):
    alt = result("ALT", number, later, unit="U/L", **({"uln": Decimal(50)} | more))
    baselines = {"ALT": [None if baseline is None else Reading(Decimal(baseline))]}
    known = {"results": [*history, alt], "baselines": baselines, "given": given((0, 0))}
    return decided(HEPATITIS, GEMCITABINE, later, **known)


@pytest.mark.parametrize(
    ("alt", "baseline", "action"),
    [
        ("150", "0.8", Action.GIVE),
        ("150.1", "1", Action.HOLD),
        ("400", "1", Action.HOLD),
        ("400.1", "1", Action.STOP),
        ("250", "2.5", Action.GIVE),
        ("250.1", "2.5", Action.HOLD),
        ("500", "3", Action.HOLD),
        ("500.1", "1.1", Action.STOP),
    ],
)
def test_hepatitis_is_judged_by_the_baseline(alt, baseline, action):
    assert hepatitis(alt, baseline).action is action


def test_without_a_baseline_only_what_every_row_says_is_certain():
    assert hepatitis("100", None).action is Action.GIVE
    assert hepatitis("200", None).missing == ("baseline of ALT",)


def test_a_baseline_that_no_row_knows_leaves_the_action_undetermined():
    found = hepatitis("60", "3.5")
    assert (found.action, found.missing) == (None, ("row of the table for the baseline of ALT",))


def test_without_an_upper_limit_of_normal_a_multiple_cannot_be_told():
    found = hepatitis("400", "1", uln=None)
    assert (found.action, found.missing) == (None, ("upper limit of normal of ALT on 2021-03-22",))


def test_a_drug_that_was_to_be_stopped_stays_stopped_when_the_result_recovers():
    found = hepatitis("40", "1", history=[result("ALT", "401", 5, unit="U/L", uln=Decimal(50))])
    assert (found.action, codes(found.hits)) == (Action.STOP, {"NORMAL-STOP"})


def test_a_result_of_the_day_of_the_first_dose_or_before_stops_nothing_later():
    before = [result("ALT", "401", later, unit="U/L", uln=Decimal(50)) for later in (-3, 0)]
    assert hepatitis("40", "1", history=before).action is Action.GIVE


def test_a_grade_may_decide_in_place_of_a_number():
    trigger = ResultTrigger("PLAT", "platelets", 3, limits(at_least="3"), term="Platelet count decreased")
    rows = [Rule("G3", Action.HOLD, trigger, "G3")]
    graded = [{"Platelet count decreased": grade} for grade in (2, 3, 4, None)]
    found = [decided(rows, GEMCITABINE, 7, results=[result("PLAT", "40", 7, grades=each)]) for each in graded]
    assert [each.action for each in found] == [Action.GIVE, Action.HOLD, Action.HOLD, None]
    assert found[3].missing == ("grade of platelets on 2021-03-08",)
    assert found[1].hits[0].words == "platelets: grade 3 (40 ×10⁹/L on 2021-03-08)"


def test_a_grade_without_a_number_in_the_unit_of_the_test_is_told_alone():
    trigger = ResultTrigger("PLAT", "platelets", 3, limits(at_least="3"), term="Platelet count decreased")
    graded = result("PLAT", None, 7, grades={"Platelet count decreased": 4})
    found = decided([Rule("G3", Action.HOLD, trigger, "G3")], GEMCITABINE, 7, results=[graded])
    assert found.hits[0].words == "platelets: grade 4 on 2021-03-08"


def test_what_stands_in_place_of_a_number_is_said_once_for_result_and_baseline():
    fault = "the ALT of C1D1 (30) has no unit"
    found = decided(
        [liver(Action.HOLD, "NORMAL", {"at_most": "1"}, above="3")],
        GEMCITABINE,
        7,
        results=[result("ALT", None, 7, unit="U/L", fault=fault)],
        baselines={"ALT": [None]},
        baseline_faults={"ALT": fault},
    )
    assert (found.action, found.lacking) == (None, fault)


def test_a_test_that_is_not_required_is_named_and_holds_nothing_up():
    trigger = ResultTrigger(
        "PROTEXR", "24-hour protein", 21, limits(at_least="2"), "g/(24.h)", required=False
    )
    rows = [Rule("PROTEIN", Action.HOLD, trigger, "protein")]
    found = decided(rows, GEMCITABINE, 7)
    assert (found.action, found.certain) == (Action.GIVE, True)
    assert found.not_looked_at == ("24-hour protein within 21 days up to 2021-03-08",)
    held = decided(rows, GEMCITABINE, 7, results=[result("PROTEXR", "2", 7, unit="g/(24.h)")])
    assert held.action is Action.HOLD


def test_a_drug_without_rows_is_not_given_by_default():
    found = decided([], GEMCITABINE, 0)
    assert (found.action, found.missing) == (None, ("row of the table for this drug",))


counted = st.decimals("0", "3", places=2)


@drawn(counted, counted, st.integers(0, 200))
def test_a_lower_count_never_asks_for_more(one, other, platelets):
    low, high = sorted((one, other))
    worse, better = (
        gemcitabine(result("NEUT", str(each), 7), result("PLAT", str(platelets), 7)) for each in (low, high)
    )
    assert worse.action.strictness >= better.action.strictness
    assert worse.amount <= better.amount


@drawn(st.integers(0, 200), st.lists(st.tuples(counted, st.integers(0, 9)), max_size=4))
def test_an_action_that_is_certain_stays_what_it_is_whatever_else_is_found(platelets, neutrophils):
    known = result("PLAT", str(platelets), 7)
    part = gemcitabine(known)
    whole = gemcitabine(known, *(result("NEUT", str(number), later) for number, later in neutrophils))
    if part.certain:
        assert whole.action is part.action
    elif part.action is not None and whole.action is not None:
        assert whole.action.strictness >= part.action.strictness


def test_a_reduction_to_an_amount_and_one_to_a_percentage_give_the_lower_dose():
    amount = counts("PLAT", Action.REDUCE, "AMOUNT", Reduction(amount=Decimal(800)), below="100")
    found = decided(
        [*COUNTS, amount], GEMCITABINE, 7, results=[result("NEUT", "2", 7), result("PLAT", "60", 7)]
    )
    assert (found.amount, codes(found.hits)) == (750, {"P-75", "AMOUNT"})
