"""Kidney, liver, calcium and QTcF over time, from captured results and measurements."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from patients.actions.save_form import change_form
from patients.derivations.liver_injury import liver_injury
from patients.derivations.organ_function import (
    child_pugh_on,
    corrected_calciums,
    creatinine_clearances,
    qtcf_changes,
    qtcf_values,
)
from patients.derivations.organ_told import told_of_organs
from patients.models import Demographics, Electrocardiogram, PhysicalExamination
from tests.patients.dosing.ward import CHEMISTRY, Ward, day
from trials.clinical.hepatic import ChildPugh
from trials.clinical.hys_law import Verdict
from trials.clinical.undetermined import Undetermined


@pytest.fixture
def admitted(ward: Callable[..., Ward]) -> Ward:
    """A man of 59 and 60 kg; creatinine 72 umol/L, everything else normal at screening."""
    return ward("A")


def examined(ward: Ward, later: int, ascites: str | None, encephalopathy: str | None) -> None:
    answers = {"examined_on": day(later).isoformat(), "ascites": ascites, "encephalopathy": encephalopathy}
    ward.enter(PhysicalExamination, ward.subject, answers, visit=ward.screening)


def recorded(ward: Ward, later: int, qt: str, **more: Any) -> None:
    answers = {"performed_on": day(later).isoformat(), "qt_interval": qt, "heart_rate": "60"} | more
    answers |= {"interpretation": "NORMAL"}
    ward.enter(Electrocardiogram, ward.subject, answers, visit=ward.screening)


# ---------------------------------------------------------------- kidney
def test_creatinine_clearance_takes_the_weight_and_age_of_its_day(admitted: Ward) -> None:
    admitted.weigh(20, "54")
    admitted.bled(21, {"CREAT": ("90", "umol/L")})
    first, later = creatinine_clearances(admitted.facts(), admitted.subject)
    # (140 - 59) x 60 / (72 x 72 / 88.4) and (140 - 59) x 54 / (72 x 90 / 88.4)
    assert round(first.value, 3) == Decimal("82.875")
    assert round(later.value, 3) == Decimal("59.67")
    assert [source.field for source in later.sources] == ["value", "weight", "birth", "sex"]
    assert later.words == f"Creatinine clearance on {day(21)}: 59.67 mL/min (Cockcroft-Gault)"


def test_creatinine_in_mg_dl_gives_the_same_clearance(admitted: Ward) -> None:
    admitted.bled(21, {"CREAT": ("1.0", "mg/dL")})
    admitted.bled(22, {"CREAT": ("88.4", "umol/L")})
    _screening, one, other = creatinine_clearances(admitted.facts(), admitted.subject)
    assert one.value == other.value


def test_the_constant_of_the_formula_is_that_of_the_study(admitted: Ward) -> None:
    admitted.decide(cockcroft_gault_umol_per_mg_dl="88")
    (found,) = creatinine_clearances(admitted.facts(), admitted.subject)
    assert round(found.value, 3) == Decimal("82.5")
    admitted.decide(cockcroft_gault_umol_per_mg_dl=None)
    (found,) = creatinine_clearances(admitted.facts(), admitted.subject)
    assert isinstance(found.value, Undetermined)


def test_a_birth_that_leaves_two_ages_leaves_two_clearances(admitted: Ward) -> None:
    person = Demographics.objects.get(subject=admitted.subject)
    told = {"birth": "1961"}
    change_form(actor=admitted.coordinator, record=person, version=1, reason="month unknown", data=told)
    (found,) = creatinine_clearances(admitted.facts(), admitted.subject)
    assert found.value == Undetermined(("single age on 2021-03-01: 59 or 60 years",))
    assert [round(each, 2) for each in found.possible] == [Decimal("82.88"), Decimal("81.85")]


def test_a_creatinine_below_a_number_gives_no_clearance(admitted: Ward) -> None:
    admitted.bled(21, {"CREAT": ("<18", "umol/L")})
    found = creatinine_clearances(admitted.facts(), admitted.subject)[-1]
    assert found.value == Undetermined(("creatinine",))


def test_two_weights_of_one_day_leave_two_clearances(admitted: Ward) -> None:
    admitted.weigh(20, "54")
    admitted.weigh(20, "60")
    admitted.bled(21, {"CREAT": ("90", "umol/L")})
    found = creatinine_clearances(admitted.facts(), admitted.subject)[-1]
    told = f"single weight of {day(20)}: 54 kg or 60 kg, two results of one day without times"
    assert found.value == Undetermined((told,))
    assert [round(each, 2) for each in found.possible] == [Decimal("59.67"), Decimal("66.30")]
    admitted.weigh(25, "54")
    admitted.weigh(25, "54.0")
    admitted.bled(26, {"CREAT": ("90", "umol/L")})
    agreed = creatinine_clearances(admitted.facts(), admitted.subject)[-1]
    assert round(agreed.value, 2) == Decimal("59.67")  # type: ignore[arg-type]


# ---------------------------------------------------------------- Child-Pugh
def test_the_score_follows_the_newest_items_of_each_day(admitted: Ward) -> None:
    admitted.bled(21, {"BILI": ("40", "umol/L"), "ALB": ("30", "g/L")})
    examined(admitted, 30, "SLIGHT", "0")
    admitted.bled(42, {"BILI": ("60", "umol/L")})
    scores = [child_pugh_on(admitted.facts(), admitted.subject, day(later)) for later in (0, 21, 42)]
    points = [each.score.points for each in scores if not isinstance(each.score, Undetermined)]
    assert points == [5, 7, 9]
    assert scores[-1].words == (
        "Child-Pugh B, 9 points: bilirubin 3, albumin 2, INR 1, ascites 2, encephalopathy 1"
    )
    assert {(source.form, source.field) for source in scores[-1].sources} == {
        ("LB", "value"),
        ("PE", "ascites"),
        ("PE", "encephalopathy"),
    }


def test_an_item_that_was_never_examined_is_not_counted_as_normal(ward: Callable[..., Ward]) -> None:
    admitted = ward("A")
    examined(admitted, 10, None, None)
    found = child_pugh_on(admitted.facts(), admitted.subject, day(10))
    assert found.score == Undetermined(("ascites", "encephalopathy"))


def test_the_study_may_take_the_prothrombin_time_over_the_range_of_its_laboratory(admitted: Ward) -> None:
    admitted.decide(child_pugh_coagulation="PT")
    facts = admitted.facts()
    # 11.9 s lies within the range: less than 4 s over any control in it.
    assert child_pugh_on(facts, admitted.subject, day(0)).score.coagulation == 1
    admitted.bled(21, {"PT": ("16", "s")})
    found = child_pugh_on(admitted.facts(), admitted.subject, day(21))
    assert found.score == Undetermined(("control of the prothrombin time: its range leaves two scores",))


def test_two_results_of_one_day_without_times_leave_the_score_open_where_it_differs(admitted: Ward) -> None:
    admitted.bled(21, {"BILI": ("40", "umol/L")})
    admitted.bled(21, {"BILI": ("45", "umol/L")})
    agreed = child_pugh_on(admitted.facts(), admitted.subject, day(21)).score
    assert isinstance(agreed, ChildPugh)
    assert agreed.bilirubin == 2
    admitted.bled(21, {"BILI": ("60", "umol/L")})
    found = child_pugh_on(admitted.facts(), admitted.subject, day(21))
    (missing,) = found.score.missing  # type: ignore[union-attr]
    assert missing.endswith(f"of {day(21)}: two results of one day without times")
    assert len([each for each in found.sources if each.form == "LB"]) == 5


def test_two_examinations_of_one_day_that_differ_leave_the_score_open(admitted: Ward) -> None:
    examined(admitted, 30, "SLIGHT", "0")
    examined(admitted, 30, "NONE", "0")
    found = child_pugh_on(admitted.facts(), admitted.subject, day(30))
    told = f"single ascites of {day(30)}: two results of one day without times"
    assert found.score == Undetermined((told,))


def test_a_prothrombin_time_without_its_range_is_not_replaced_by_the_inr(admitted: Ward) -> None:
    admitted.decide(child_pugh_coagulation="PT")
    admitted.bled(21, {"PT": ("<16", "s")})
    found = child_pugh_on(admitted.facts(), admitted.subject, day(21))
    assert found.score == Undetermined(("prothrombin time over control",))


# ---------------------------------------------------------------- calcium
def test_calcium_is_corrected_for_the_albumin_of_its_sample(admitted: Ward) -> None:
    admitted.bled(21, {"CA": ("2.10", "mmol/L"), "ALB": ("30", "g/L")})
    admitted.bled(22, {"CA": ("2.10", "mmol/L")})
    admitted.bled(23, {"CA": ("8.4", "mg/dL"), "ALB": ("3.0", "g/dL")})
    first, alone, converted = corrected_calciums(admitted.facts(), admitted.subject)
    assert first.value == Decimal("2.30")
    assert alone.value == Undetermined(("albumin",))
    assert round(converted.value, 2) == Decimal("2.30")


# ---------------------------------------------------------------- QTcF
def test_qtcf_is_the_mean_of_the_recordings_of_a_day_and_its_change_is_since_baseline(admitted: Ward) -> None:
    recorded(admitted, -5, "400")
    recorded(admitted, -5, "410")
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    recorded(admitted, 21, "470")
    recorded(admitted, 42, "480", heart_rate="120", rr_interval="1000")
    values = [each.value for each in qtcf_values(admitted.facts(), admitted.subject)]
    assert values[:2] == [405, 470]
    assert isinstance(values[2], Undetermined)
    changes = [each.value for each in qtcf_changes(admitted.facts(), admitted.subject)]
    assert changes[0] == 65
    assert isinstance(changes[1], Undetermined)


def test_without_a_baseline_there_is_no_change_of_qtcf(admitted: Ward) -> None:
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    recorded(admitted, 21, "470")
    assert qtcf_changes(admitted.facts(), admitted.subject) == []


# ---------------------------------------------------------------- Hy's law
INJURED = CHEMISTRY | {"ALT": ("300", "U/L"), "ALP": ("90", "U/L")}


def test_an_injury_of_the_liver_is_told_with_its_results(admitted: Ward) -> None:
    admitted.bled(21, INJURED)
    admitted.bled(30, {"BILI": ("60", "umol/L")})
    found = liver_injury(admitted.facts(), admitted.subject)
    assert found.by_upper_limit.verdict is Verdict.MET
    assert {source.day for source in found.sources} == {str(day(21)), str(day(30))}
    assert found.words.startswith("Hy's law: ALT or AST above 3 x ULN")
    assert found.by_baseline is None


def test_further_apart_than_the_study_says_they_are_no_injury(admitted: Ward) -> None:
    admitted.bled(21, INJURED)
    admitted.bled(30, {"BILI": ("60", "umol/L"), "ALT": ("30", "U/L"), "AST": ("30", "U/L")})
    admitted.decide(hys_law_window_days=5)
    assert liver_injury(admitted.facts(), admitted.subject).by_upper_limit.verdict is Verdict.NOT_MET


def test_raised_alkaline_phosphatase_flags_cholestasis(admitted: Ward) -> None:
    admitted.bled(21, INJURED | {"ALP": ("400", "U/L"), "BILI": ("60", "umol/L")})
    found = liver_injury(admitted.facts(), admitted.subject)
    assert found.by_upper_limit.verdict is Verdict.CHOLESTATIC
    assert found.by_upper_limit.cholestatic


def test_a_missing_bilirubin_leaves_the_law_undetermined(admitted: Ward) -> None:
    admitted.bled(60, {"ALT": ("300", "U/L")})
    found = liver_injury(admitted.facts(), admitted.subject)
    assert found.by_upper_limit.verdict is Verdict.UNDETERMINED
    assert f"BILI within 30 days of {day(60)}" in found.words


def test_multiples_of_a_raised_baseline_are_a_second_signal(ward: Callable[..., Ward]) -> None:
    admitted = ward("A", results={"ALT": ("125", "U/L")})
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    admitted.bled(21, INJURED | {"BILI": ("60", "umol/L")})
    found = liver_injury(admitted.facts(), admitted.subject)
    assert found.by_upper_limit.verdict is Verdict.MET
    assert found.by_baseline is not None
    assert found.by_baseline.verdict is Verdict.NOT_MET  # 300 is 2.4 times 125
    assert found.unclear_baselines == ("no ALP before treatment",)
    admitted.decide(hys_law_baseline_multiples=False)
    assert liver_injury(admitted.facts(), admitted.subject).by_baseline is None


@pytest.mark.parametrize(
    ("baselines", "why"),
    [
        ([("30", "U/L"), ("125", "U/L")], "is 30 U/L and 125 U/L, without times that say which came last"),
        ([("125", "U/L"), ("30", "U/L")], "is 125 U/L and 30 U/L, without times that say which came last"),
        ([("125", None)], "(125) has no unit"),
    ],
)
def test_an_unclear_baseline_leaves_the_second_signal_undetermined_and_is_told(
    admitted: Ward, baselines: list[tuple[str, str]], why: str
) -> None:
    for value in baselines:
        admitted.bled(-1, {"ALT": value})
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    sample = admitted.bled(21, INJURED | {"BILI": ("60", "umol/L"), "AST": ("31", "U/L")})
    found = liver_injury(admitted.facts(), admitted.subject)
    assert found.by_upper_limit.verdict is Verdict.MET
    assert found.by_baseline is not None
    assert found.by_baseline.verdict is Verdict.UNDETERMINED
    assert found.unclear_baselines[0].endswith(why)
    [told] = [each for each in told_of_organs(admitted.facts(), sample) if each.about == "Hy's law"]
    assert "by multiples of baseline: cannot be determined" in told.reason
    assert why in told.reason


def test_a_result_within_three_times_its_limit_is_no_injury_whatever_baseline_was(admitted: Ward) -> None:
    admitted.bled(-1, {"ALT": ("30", "U/L")})
    admitted.bled(-1, {"ALT": ("125", "U/L")})
    admitted.infuse("TORIPALIMAB", 0, "240", admitted.cycle(1, 0))
    admitted.bled(21, INJURED | {"ALT": ("140", "U/L"), "AST": ("31", "U/L"), "BILI": ("60", "umol/L")})
    found = liver_injury(admitted.facts(), admitted.subject)
    assert (found.by_upper_limit.verdict, found.by_baseline) == (Verdict.NOT_MET, None)


def test_facts_after_the_cutoff_are_no_injury_yet(admitted: Ward) -> None:
    admitted.bled(21, INJURED | {"BILI": ("60", "umol/L")})
    before = liver_injury(admitted.facts(cutoff=day(20)), admitted.subject)
    assert before.by_upper_limit.verdict is Verdict.NOT_MET
