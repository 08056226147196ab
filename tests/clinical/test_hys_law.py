from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clinical.reference import rows
from trials.clinical.hys_law import Analyte, LiverResult, Verdict, hys_law
from trials.clinical.reading import Reading

DAY = date(2021, 3, 1)
COLUMNS = {
    Analyte.ALT: "alt_x_uln",
    Analyte.AST: "ast_x_uln",
    Analyte.BILIRUBIN: "bili_x_uln",
    Analyte.ALP: "alp_x_uln",
}


def result(code: str, times: str | None, later: int = 0) -> LiverResult:
    """`times` may begin with a comparator; None: measured, without a multiple."""
    number = None if times is None else times.lstrip("<>=")
    comparator = "" if times is None else times[: len(times) - len(number)]
    reading = None if times is None else Reading(Decimal(number), comparator)
    return LiverResult(Analyte(code), DAY + timedelta(days=later), reading, key=(code, later))


def judged(*results, window=30):
    return hys_law([result(*each) for each in results], window_days=window)


RAISED = (("ALT", "5"), ("AST", "4"), ("BILI", "2.5"), ("ALP", "1"))


@pytest.mark.parametrize("row", rows("hys_law_cases.csv"))
def test_one_sample_gives_the_verdict_of_the_reference(row):
    found = [result(code.value, row[column]) for code, column in COLUMNS.items() if row[column]]
    assert hys_law(found, window_days=30).verdict == row["expected"]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (("5", "5", "2.5", "1"), "Y"),
        (("3.01", "1", "2.01", "1.99"), "Y"),
        (("1", "3.01", "2.01", "1.99"), "Y"),
        (("3", "3", "9", "1"), "N"),
        (("9", "9", "2", "1"), "N"),
        (("9", "9", "2.1", "2"), "N*"),
        ((None, "5", "2.5", "1"), "Y"),
        (("2", None, "2.5", "1"), "?"),
        (("5", "5", "2.5", None), "?"),
        ((None, None, "2", None), "N"),
        (("3", "3", None, None), "N"),
        (("3", None, None, None), "?"),
        ((None, None, None, "1"), "?"),
        (("5", None, "2.5", "3"), "N*"),
    ],
)
def test_a_missing_result_matters_only_where_it_could_change_the_verdict(values, verdict):
    found = [result(code.value, text) for code, text in zip(COLUMNS, values, strict=True) if text]
    assert hys_law(found, window_days=30).verdict == verdict


def test_results_of_different_days_within_the_window_belong_together():
    assert judged(("ALT", "5"), ("AST", "1"), ("BILI", "2.5", 30), ("ALP", "1")).verdict is Verdict.MET


def test_results_further_apart_than_the_window_do_not():
    apart = judged(*[(code, "1", later) for code in ("ALT", "AST", "BILI") for later in (0, 31)])
    assert apart.verdict is Verdict.NOT_MET
    raised = judged(
        ("ALT", "5"), ("AST", "1"), ("BILI", "1"), ("ALT", "1", 31), ("AST", "1", 31), ("BILI", "3", 31)
    )
    assert raised.verdict is Verdict.NOT_MET


def test_bilirubin_may_rise_before_the_transaminases():
    assert judged(("BILI", "2.5"), ("ALT", "5", 10), ("AST", "1", 10), ("ALP", "1", 2)).verdict is Verdict.MET


def test_a_raised_transaminase_without_bilirubin_within_the_window_names_what_is_missing():
    found = judged(("ALT", "5"), ("AST", "5"), ("BILI", "1", 31), ("ALT", "1", 31), ("AST", "1", 31))
    assert found.verdict is Verdict.UNDETERMINED
    assert found.missing == ("BILI within 30 days of 2021-03-01",)


def test_a_result_without_a_range_is_not_taken_for_normal():
    found = judged(("ALT", None), ("AST", "1"), ("BILI", "2.5"), ("ALP", "1"))
    assert (found.verdict, found.missing) == (Verdict.UNDETERMINED, ("multiple of ALT on 2021-03-01",))


@pytest.mark.parametrize(
    ("alt", "verdict"), [(">2", "?"), (">3", "Y"), (">=3", "?"), (">=3.1", "Y"), ("<3", "N"), ("<4", "?")]
)
def test_a_result_with_a_comparator_counts_for_what_is_certain(alt, verdict):
    assert judged(("ALT", alt), ("AST", "1"), ("BILI", "2.5"), ("ALP", "1")).verdict == verdict


def test_the_alkaline_phosphatase_nearest_to_the_onset_decides():
    near = judged(*RAISED[:3], ("ALP", "1", 2), ("ALP", "5", 9))
    late = judged(*RAISED[:3], ("ALP", "5", 2), ("ALP", "1", 9))
    assert (near.verdict, late.verdict) == (Verdict.MET, Verdict.CHOLESTATIC)


def test_a_cholestatic_finding_is_flagged_beside_what_is_undetermined_elsewhere():
    found = judged(*RAISED[:3], ("ALP", "5"), ("ALT", "5", 100))
    assert (found.verdict, found.cholestatic) == (Verdict.UNDETERMINED, True)


def test_an_alert_names_the_results_it_rests_on():
    found = judged(*RAISED, ("ALT", "1", 90), ("AST", "1", 90), ("BILI", "1", 90))
    assert {each.key for each in found.results} == {("ALT", 0), ("AST", 0), ("BILI", 0), ("ALP", 0)}


def test_without_any_result_nothing_is_determined():
    assert hys_law([], window_days=30).verdict is Verdict.UNDETERMINED


def test_a_negative_window_is_refused():
    with pytest.raises(ValueError, match="window_days"):
        judged(*RAISED, window=-1)


results_drawn = st.lists(
    st.builds(
        result,
        st.sampled_from(["ALT", "AST", "BILI", "ALP"]),
        st.sampled_from(["0.5", "2", "2.5", "3", "6", "<3", ">2", None]),
        st.integers(0, 60),
    ),
    max_size=12,
)


@given(results_drawn, st.randoms())
def test_the_order_of_the_results_never_matters(results, random):
    shuffled = list(results)
    random.shuffle(shuffled)
    assert hys_law(shuffled, window_days=30).verdict is hys_law(results, window_days=30).verdict


@given(results_drawn)
def test_a_further_result_never_takes_an_alert_back_unless_it_is_an_alkaline_phosphatase(results):
    whole = hys_law([*results, result("ALT", "1", 0)], window_days=30)
    if hys_law(results, window_days=30).verdict is Verdict.MET:
        assert whole.verdict is Verdict.MET


@given(results_drawn, st.integers(0, 60))
def test_a_wider_window_never_loses_an_alert_whose_onset_has_its_own_alkaline_phosphatase(results, window):
    own = [*results, *(result("ALP", "1", later) for later in range(61))]
    low = [each for each in own if each.analyte is not Analyte.ALP or each.times == Reading(Decimal(1))]
    if hys_law(low, window_days=window).verdict is Verdict.MET:
        assert hys_law(low, window_days=window + 5).verdict is Verdict.MET
