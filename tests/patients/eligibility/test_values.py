"""Laboratory values: unit, range, comparator, which of several counts, and what was given before."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.models import ConcomitantMedication, EcogAssessment, LabSample, Subject
from tests.patients.eligibility.conftest import judged, line_of, verdict_of, words_of
from tests.screening import Clinic


@pytest.mark.parametrize(
    ("test", "value", "unit", "code", "verdict"),
    [
        ("PLAT", ">100", "10*9/L", "I7.1b", "MET"),
        ("PLAT", ">=100", "10*9/L", "I7.1b", "MET"),
        ("PLAT", "<100", "10*9/L", "I7.1b", "NOT_MET"),
        ("PLAT", "<=100", "10*9/L", "I7.1b", "UNDETERMINED"),
        ("PLAT", ">99", "10*9/L", "I7.1b", "UNDETERMINED"),
        ("PT", ">14", "s", "E6a", "MET"),
        ("PT", ">=14", "s", "E6a", "UNDETERMINED"),
        ("PT", "<=14", "s", "E6a", "NOT_MET"),
        ("TSH", "<0.01", "m[IU]/L", "I7.2a", "MET"),
        ("T4FR", "<12", "pmol/L", "I7.2b", "NOT_MET"),
        ("CREAT", "<72", "umol/L", "I7.4b", "MET"),  # less creatinine, more clearance
        ("CREAT", ">72", "umol/L", "I7.4b", "UNDETERMINED"),
        ("HBVDNA", "<500", "[IU]/mL", "E7", "UNDETERMINED"),
        ("HBVDNA", "<400", "[IU]/mL", "E7", "NOT_MET"),
        ("HBVDNA", "positive", "", "E7", "UNDETERMINED"),
        ("HIVAB", "trace", "", "E10", "UNDETERMINED"),
        ("HIVAB", "1+", "", "E10", "MET"),
    ],
)
def test_a_result_with_a_comparator_decides_only_what_is_certain(
    clinic: Clinic, test: str, value: str, unit: str, code: str, verdict: str
) -> None:
    assert verdict_of(clinic.screened(results={test: (value, unit)}), code) == verdict


def test_international_units_are_converted_by_the_factor_of_the_study(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    subject = clinic.screened(results={"HBVDNA": ("380", "[IU]/mL")})
    assert words_of(subject, "E7") == "Hepatitis B Virus DNA 1900 copies/mL is not above 2000 copies/mL"
    decide(hbv_copies_per_iu="5.6")
    assert verdict_of(subject, "E7") == "MET"


def test_hcv_rna_is_compared_in_the_unit_that_the_study_chose(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    subject = clinic.screened(results={"HCVRNA": ("1500", "[IU]/mL")})
    assert words_of(subject, "E7b") == (
        "cannot be determined: no conversion of Hepatitis C Virus RNA from IU/mL to copies/mL"
    )
    decide(hcv_rna_unit="[IU]/mL")
    assert verdict_of(subject, "E7b") == "MET"


def test_hepatitis_b_and_c_exclude_singly_or_only_together(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    high_b = {"HBVDNA": ("5000", "{copies}/mL")}
    alone = clinic.screened(results=high_b, answers={"E7": "Y"})
    assert len(judged(alone).refusals["E7"]) == 2  # by the answer and by the data
    decide(hbv_hcv_reading="AND")
    assert judged(alone).findings == ()
    assert "excludes only together with E7b" in words_of(alone, "E7")
    assert line_of(alone, "E7").answer_of_data == "Y"  # the question itself is still answered yes
    unknown = clinic.screened(results={**high_b, "HCVRNA": None}, answers={"E7": "Y"})
    assert verdict_of(unknown, "E7") == "UNDETERMINED"
    both = clinic.screened(
        results={**high_b, "HCVRNA": ("5000", "{copies}/mL")}, answers={"E7": "Y", "E7b": "Y"}
    )
    assert set(judged(both).refusals) == {"E7", "E7b"}


def test_a_low_tsh_fails_only_where_the_study_says_so(clinic: Clinic, decide: Callable[..., None]) -> None:
    subject = clinic.screened(results={"TSH": ("0.26", "m[IU]/L")})
    assert verdict_of(subject, "I7.2a") == "MET"
    decide(i7_tsh_lower_limit_applies=True)
    assert verdict_of(subject, "I7.2a") == "NOT_MET"


def test_free_or_total_hormones_count_as_the_study_reads_the_record(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    free_only = clinic.screened()
    total = {"T3FR": None, "T4FR": None, "T3": ("2.0", "nmol/L"), "T4": ("100", "nmol/L")}
    total_only = clinic.screened(results=total)
    mixed = clinic.screened(results={"T4FR": None, "T4": ("60", "nmol/L")})
    found = [verdict_of(subject, "I7.2b") for subject in (free_only, total_only, mixed)]
    assert found == ["MET", "MET", "NOT_MET"]
    decide(i7_t3_t4_form="FREE")
    found = [verdict_of(subject, "I7.2b") for subject in (free_only, total_only, mixed)]
    assert found == ["MET", "UNDETERMINED", "UNDETERMINED"]
    decide(i7_t3_t4_form="TOTAL")
    found = [verdict_of(subject, "I7.2b") for subject in (free_only, total_only, mixed)]
    assert found == ["UNDETERMINED", "MET", "NOT_MET"]


def test_a_missing_range_or_unit_is_never_taken_for_normal(clinic: Clinic) -> None:
    subject = clinic.screened(results={"ALT": None, "HGB": ("138", "")})
    clinic.sample(subject, {"ALT": ("30", "U/L")}, on="2018-12-31")  # before the laboratory gave ranges
    assert (
        words_of(subject, "I7.3b")
        == "cannot be determined: no upper limit of normal for Alanine Aminotransferase"
    )
    assert words_of(subject, "I7.1c") == "cannot be determined: no unit of Hemoglobin on 2021-03-01"
    assert {"I7.3b", "I7.1c"} <= set(judged(subject).refusals)


def test_the_prothrombin_time_may_be_read_as_prolongation_over_the_control(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    subject = clinic.screened(results={"PT": ("16", "s")})
    assert verdict_of(subject, "E6a") == "MET"
    decide(e6_pt_reading="PROLONGATION")
    assert words_of(subject, "E6a") == "cannot be determined: no control of Prothrombin Time on 2021-03-01"
    with_control = clinic.screened(results={"PT": ("16", "s"), "PTCTL": ("12", "s")})
    assert words_of(with_control, "E6a") == "Prothrombin Time over control 4 s is not above 14 s"


def test_the_child_pugh_score_may_take_the_prolongation_of_the_prothrombin_time(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    """4 seconds over the control are 2 points, with albumin of 30 g/L one too many for class A."""
    results = {"ALB": ("30", "g/L"), "PT": ("16", "s"), "PTCTL": ("12", "s")}
    subject = clinic.screened(results=results)
    assert words_of(subject, "I4") == "Child-Pugh class A (score 6) is A"
    decide(child_pugh_coagulation="PT")
    assert words_of(subject, "I4") == "Child-Pugh class B (score 7) is not A"
    without = clinic.screened(results=results | {"PTCTL": None})
    assert verdict_of(without, "I4") == "UNDETERMINED"
    assert "no prothrombin time over control" in words_of(without, "I4")


def test_the_last_value_counts_unless_the_study_says_any_or_the_worst(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    falling = clinic.screened(results={"PLAT": ("120", "10*9/L")})
    clinic.sample(falling, {"PLAT": ("90", "10*9/L")}, on="2021-03-08")
    rising = clinic.screened(results={"PLAT": ("90", "10*9/L")})
    clinic.sample(rising, {"PLAT": ("120", "10*9/L")}, on="2021-03-08")
    assert [verdict_of(each, "I7.1b") for each in (falling, rising)] == ["NOT_MET", "MET"]
    decide(eligibility_value="ANY")
    assert [verdict_of(each, "I7.1b") for each in (falling, rising)] == ["MET", "MET"]
    decide(eligibility_value="WORST")
    assert [verdict_of(each, "I7.1b") for each in (falling, rising)] == ["NOT_MET", "NOT_MET"]
    assert {value.value for value in line_of(falling, "I7.1b").evidence} == {"120", "90"}


def test_the_worst_of_an_exclusion_is_the_value_that_excludes(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    subject = clinic.screened(results={"PT": ("15", "s")})
    clinic.sample(subject, {"PT": ("12", "s")}, on="2021-03-08")
    assert verdict_of(subject, "E6a") == "NOT_MET"
    decide(eligibility_value="WORST")
    assert verdict_of(subject, "E6a") == "MET"
    decide(eligibility_value="ANY")
    assert verdict_of(subject, "E6a") == "NOT_MET"


def test_a_day_on_which_only_a_part_was_measured_has_no_value_of_the_whole(
    clinic: Clinic, decide: Callable[..., None]
) -> None:
    """Weight on 1 March, creatinine on 8 and 9 March: two clearances, not three."""
    decide(eligibility_value="WORST")
    subject = clinic.screened(results={"CREAT": None})
    clinic.sample(subject, {"CREAT": ("72", "umol/L")}, on="2021-03-08")
    clinic.sample(subject, {"CREAT": ("80", "umol/L")}, on="2021-03-09")
    assert verdict_of(subject, "I7.4b") == "MET"
    assert words_of(subject, "I7.4b").endswith("(every value counts; 2 found)")
    clinic.sample(subject, {"CREAT": ("120", "umol/L")}, on="2021-03-07")
    assert verdict_of(subject, "I7.4b") == "NOT_MET"


def test_of_two_results_of_one_day_the_later_counts_and_without_times_both_must_agree(clinic: Clinic) -> None:
    timed = clinic.screened(results={"PLAT": None})
    clinic.sample(timed, {"PLAT": ("90", "10*9/L")}, collected_at="14:00")
    clinic.sample(timed, {"PLAT": ("120", "10*9/L")}, collected_at="09:00")
    assert verdict_of(timed, "I7.1b") == "NOT_MET"
    untimed = clinic.screened()
    clinic.sample(untimed, {"PLAT": ("90", "10*9/L")})
    assert words_of(untimed, "I7.1b") == (
        "cannot be determined: whether Platelets 184 or 90 ×10⁹/L is at least 100 ×10⁹/L"
    )
    agreeing = clinic.screened()
    clinic.sample(agreeing, {"PLAT": ("150", "10*9/L")})
    assert verdict_of(agreeing, "I7.1b") == "MET"


def test_two_grades_of_performance_on_one_day_leave_it_open(clinic: Clinic) -> None:
    subject = clinic.screened()
    visit = clinic.visit(subject)
    clinic.enter(EcogAssessment, subject, {"assessed_on": "2021-03-01", "grade": "2"}, visit=visit)
    assert verdict_of(subject, "I3") == "UNDETERMINED"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            {"started": "2021-02-20", "ended": "2021-02-20", "ongoing": "N"},
            "within 14 days before: red cells",
        ),
        (
            {"started": "2021-02-15", "ended": "2021-02-15", "ongoing": "N"},
            "within 14 days before: red cells",
        ),
        ({"started": "2021-02-14", "ended": "2021-02-14", "ongoing": "N"}, ""),
        (
            {"started": "2021-02", "ended": "2021-02", "ongoing": "N"},
            "perhaps within 14 days before: red cells",
        ),
        ({"started": "2020-12", "ongoing": "Y"}, "within 14 days before: red cells"),
        ({"started": "2021-03-02", "ended": "2021-03-02", "ongoing": "N"}, ""),
    ],
)
def test_a_transfusion_before_a_qualifying_hemoglobin_is_shown_beside_it_and_never_judged(
    clinic: Clinic, given: dict[str, Any], shown: str
) -> None:
    subject = clinic.screened()
    transfusion = {"medication": "red cells", "category": "RED CELL TRANSFUSION", "indication": "anemia"}
    clinic.enter(ConcomitantMedication, subject, transfusion | given)
    [hemoglobin] = line_of(subject, "I7.1c").evidence
    said = [remark for remark in hemoglobin.remarks if "before: " in remark]
    assert said[0].startswith(shown) if shown else said == [], said
    assert judged(subject).findings == ()


def test_only_what_can_lift_a_value_is_shown_beside_it(clinic: Clinic, decide: Callable[..., None]) -> None:
    subject = clinic.screened()
    growth_factor = {"medication": "filgrastim", "category": "G-CSF", "indication": "neutropenia"}
    dates = {"started": "2021-02-20", "ended": "2021-02-22", "ongoing": "N"}
    clinic.enter(ConcomitantMedication, subject, growth_factor | dates)
    assert "filgrastim" in str(line_of(subject, "I7.1a").evidence)
    assert "filgrastim" not in str(line_of(subject, "I7.1c").evidence)
    decide(support_before_value_days=3)
    assert "filgrastim" not in str(line_of(subject, "I7.1a").evidence)


def test_an_old_value_is_told_from_a_fresh_one(clinic: Clinic, decide: Callable[..., None]) -> None:
    subject = clinic.screened()
    [platelets] = line_of(subject, "I7.1b").evidence
    assert platelets.remarks[0].endswith("days old; at most 7 at the first dose")
    [hiv] = line_of(subject, "E10").evidence
    assert hiv.remarks == ()  # virology may be as old as the screening window
    decide(screening_laboratory_window_days=100000)
    [platelets] = line_of(subject, "I7.1b").evidence
    assert platelets.remarks == ()


def test_a_sample_without_a_day_counts_for_nothing(clinic: Clinic) -> None:
    subject: Subject = clinic.screened(results={"PLAT": None})
    visit = clinic.visit(subject)
    rows = {"results": [{"test": "PLAT", "value": "184", "unit": "10*9/L"}]}
    sample = clinic.enter(LabSample, subject, {"laboratory": "ZS-LAB"}, visit=visit, rows=rows)
    assert sample.collected_on is None
    assert verdict_of(subject, "I7.1b") == "UNDETERMINED"
