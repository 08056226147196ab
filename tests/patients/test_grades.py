"""The CTCAE grades of a subject's results: baseline, units, answers, and what is missing."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.actions.enroll import enroll
from patients.derivations.grades import (
    ResultGrade,
    grades_of_sample,
    highest,
    laboratory_grades,
)
from patients.derivations.grades_told import told_of_sample
from patients.derivations.results import baseline_until
from patients.facts import Facts, Moment
from patients.models import DailyDosePeriod, Demographics, LabSample, Subject, Visit
from tests.factories import CONSENT_DAY, make_list, make_site, randomized_subject, save
from trials.audit import clock
from trials.models import (
    Laboratory,
    LabTest,
    LabUnit,
    ReferenceRange,
    Site,
    Study,
    StudySetting,
    User,
)

SCREENING, RANDOMIZED_ON, DOSED_ON = "2021-03-01", date(2021, 3, 10), date(2021, 3, 12)
ON_TREATMENT = "2021-04-01"
# code, unit, other units, lower and upper limit of normal
TESTS = (
    ("BILI", "umol/L", ("mg/dL",), "0", "20"),
    ("SODIUM", "mmol/L", (), "135", "145"),
    ("LIPASET", "U/L", (), "0", "100"),
    ("INR", "{INR}", (), "0.8", "1.2"),
    ("CA", "mmol/L", ("mg/dL",), "2.1", "2.6"),
    ("ALB", "g/L", (), "35", "52"),
    ("GLUC", "mmol/L", (), "3.9", "6.1"),
    ("CEA", "ng/mL", (), "0", "5"),
    ("PROTEXR", "g/(24.h)", (), "0", "0.15"),
)
SETTINGS = {
    "ctcae_version": "5.0",
    "ctcae_circumstances": "RECORDED_OR_WORST_CASE",
    "laboratory_baseline": "FIRST_DOSE",
}


@pytest.fixture
def study(study: Study) -> Study:
    save(study.chain, *[_setting(study, key, value) for key, value in SETTINGS.items()])
    return study


@pytest.fixture
def site(study: Study) -> Site:
    site = make_site(study)
    laboratory = Laboratory.objects.get(study=study)
    for order, (code, unit, others, low, high) in enumerate(TESTS, start=10):
        test = save(
            study.chain,
            LabTest(study=study, code=code, name=code, panel="CHEMISTRY", unit=unit, order=order),
        )
        for other in others:
            save(study.chain, LabUnit(study=study, test=test, code=other))
        limits = {"low": Decimal(low), "high": Decimal(high), "valid_from": date(2019, 1, 1)}
        save(study.chain, ReferenceRange(study=study, laboratory=laboratory, test=test, unit=unit, **limits))
    strip = {"panel": "URINALYSIS", "result_kind": "WORD", "normal_word": "NEGATIVE", "order": 99}
    save(study.chain, LabTest(study=study, code="PROT", name="Protein", **strip))
    return site


@pytest.fixture
def subject(coordinator: User, site: Site, study: Study, settings: Any) -> Subject:
    """Randomized on 10 March 2021, a man."""
    settings.DEMO = True  # the simulated clock exists only there
    make_list(study, "AAAA")
    with clock.simulated(datetime(2021, 3, 10, 2, tzinfo=UTC)):
        return randomized_subject(coordinator, site)


@pytest.fixture
def dosed(enter: Callable[..., Any]) -> DailyDosePeriod:
    period: DailyDosePeriod = enter(DailyDosePeriod, **DOSE)
    return period


DOSE = {"drug": "LENVATINIB", "started": DOSED_ON.isoformat(), "dose": "8", "frequency": "QD"}


@pytest.fixture
def visit(subject: Subject) -> Visit:
    return Visit.objects.get(subject=subject, code="SCR")


def _setting(study: Study, key: str, value: Any) -> StudySetting:
    return StudySetting(study=study, key=key, value=value, default=value, description=key)


def choose(study: Study, key: str, value: Any) -> None:
    setting = StudySetting.objects.get(study=study, key=key)
    setting.value = value
    save(study.chain, setting)


def graded(subject: Subject, term: str, moment: Moment | None = None) -> ResultGrade:
    """The grade of the newest result in a term."""
    found = laboratory_grades(Facts([subject], moment or Moment()), subject)
    return [each for each in found if each.term == term][-1]


# ---- results by their limits


def test_a_result_is_graded_in_its_term_with_its_rule_and_its_place(subject, sample):
    sample(("HGB", "95", "g/L"), on=ON_TREATMENT)
    found = graded(subject, "Anemia")
    assert (found.grade, found.graded.rule, found.day) == (2, "below 100 g/L", date(2021, 4, 1))
    assert found.words == "Anemia (CTCAE 5.0): grade 2, below 100 g/L"
    assert [(each.form, each.field, each.value) for each in found.sources] == [("LB", "value", "95")]
    assert graded(subject, "Hemoglobin increased").grade == 0


def test_limits_of_another_unit_are_converted_for_a_multiple_of_the_upper_limit_and_it_is_said(
    subject, sample, dosed
):
    sample(("BILI", "0.8", "mg/dL"), on=SCREENING)
    sample(("BILI", "3.6", "mg/dL"), on=ON_TREATMENT)  # 20 umol/L are 1.1696 mg/dL
    found = graded(subject, "Blood bilirubin increased")
    assert found.grade == 3
    assert found.words == (
        "Blood bilirubin increased (CTCAE 5.0): grade 3, above 3 x ULN, baseline was not above normal; "
        "limits of normal converted from µmol/L; baseline 0.8 mg/dL on 2021-03-01 (normal)"
    )


def test_a_result_without_range_is_graded_only_where_no_range_is_needed(subject, sample, study):
    for each in ReferenceRange.objects.filter(study=study, test__code="HGB"):
        each.valid_to = date(2020, 1, 1)
        save(study.chain, each)
    sample(("HGB", "9.4", "g/dL"), on=ON_TREATMENT)
    assert graded(subject, "Anemia").grade == 2
    assert graded(subject, "Hemoglobin increased").graded.cannot.missing == ("upper limit of normal",)


def test_a_test_without_criterion_has_no_grade(subject, sample):
    sample(("CEA", "12", "ng/mL"), on=ON_TREATMENT)
    assert laboratory_grades(Facts([subject]), subject) == []


def test_a_result_in_another_unit_is_converted_and_says_so(subject, sample, study, site):
    test = LabTest.objects.get(code="GLUC")
    save(study.chain, LabUnit(study=study, test=test, code="umol/L"))
    sample(("GLUC", "2500", "umol/L"), on=ON_TREATMENT)
    found = graded(subject, "Hypoglycemia")
    assert (found.grade, found.unit) == (2, "mmol/L")
    assert found.remarks == ("2500 µmol/L is 2.5 mmol/L",)


def test_a_result_with_a_comparator_is_graded_where_all_it_may_be_has_one_grade(subject, sample):
    sample(("SODIUM", "<120", "mmol/L"), on=ON_TREATMENT)
    assert graded(subject, "Hyponatremia").grade == 4
    sample(("SODIUM", "<129", "mmol/L"), on="2021-04-02")
    assert graded(subject, "Hyponatremia").graded.possible == (3, 4)


def test_the_version_is_that_of_the_study(subject, sample, study):
    sample(("GLUC", "15", "mmol/L"), on=ON_TREATMENT)
    assert {each.term for each in laboratory_grades(Facts([subject]), subject)} == {"Hypoglycemia"}
    choose(study, "ctcae_version", "6.0")
    assert graded(subject, "Hyperglycemia").grade == 3


@pytest.mark.parametrize(
    ("version", "missing"),
    [("4.03", "numeric criteria of CTCAE 4.03"), (None, "version of CTCAE (setting ctcae_version)")],
)
def test_without_a_known_version_nothing_is_graded_and_every_result_says_why(
    version, missing, subject, sample, study
):
    sample(("HGB", "60", "g/L"), on=ON_TREATMENT)
    choose(study, "ctcae_version", version)
    [found] = laboratory_grades(Facts([subject]), subject)
    assert (found.grade, found.graded.cannot.missing) == (None, (missing,))


# ---- baseline


def test_before_treatment_a_result_is_graded_by_the_limits_of_normal(subject, sample):
    sample(("ALT", "160", "U/L"), on=SCREENING)
    found = graded(subject, "Alanine aminotransferase increased")
    assert (found.grade, found.baseline, found.remarks) == (2, None, ("before treatment",))


def test_under_treatment_a_raised_baseline_is_the_measure(subject, sample, dosed):
    sample(("ALT", "100", "U/L"), on=SCREENING)
    sample(("ALT", "160", "U/L"), on=ON_TREATMENT)
    found = graded(subject, "Alanine aminotransferase increased")
    assert (found.grade, found.graded.rule) == (1, "at or above 1.5 x baseline, baseline was above normal")
    assert found.remarks == ("baseline 100 U/L on 2021-03-01 (high)",)
    assert [each.value for each in found.sources] == ["160", "100"]


def test_under_treatment_a_normal_baseline_leaves_the_limits_of_normal(subject, sample, dosed):
    sample(("ALT", "40", "U/L"), on=SCREENING)
    sample(("ALT", "160", "U/L"), on=ON_TREATMENT)
    assert graded(subject, "Alanine aminotransferase increased").grade == 2


def test_baseline_is_the_last_value_up_to_the_day_of_the_first_dose(subject, sample, dosed):
    sample(("ALT", "100", "U/L"), on=SCREENING)
    sample(("ALT", "60", "U/L"), on=DOSED_ON.isoformat())
    sample(("ALT", "200", "U/L"), on="2021-03-13")
    sample(("ALT", "181", "U/L"), on=ON_TREATMENT)
    found = graded(subject, "Alanine aminotransferase increased")
    assert found.baseline.row.value == "60"
    assert found.grade == 2  # above 3 x 60


def test_another_result_of_the_baseline_day_is_told_beside_the_one_that_counts(subject, sample, dosed):
    sample(("ALT", "40", "U/L"), on=SCREENING)
    sample(("ALT", "100", "U/L"), on=SCREENING)
    sample(("ALT", "160", "U/L"), on=ON_TREATMENT)
    found = graded(subject, "Alanine aminotransferase increased")
    assert found.remarks == (
        "baseline 100 U/L on 2021-03-01 (high)",
        "also measured on 2021-03-01: 40 U/L",
    )


def test_who_was_not_dosed_has_the_baseline_of_randomization(subject, sample):
    sample(("ALT", "100", "U/L"), on=RANDOMIZED_ON.isoformat())
    sample(("ALT", "60", "U/L"), on="2021-03-11")
    sample(("ALT", "160", "U/L"), on=ON_TREATMENT)
    assert graded(subject, "Alanine aminotransferase increased").baseline.row.value == "100"


def test_the_setting_takes_baseline_from_randomization(subject, sample, dosed, study):
    sample(("ALT", "100", "U/L"), on=RANDOMIZED_ON.isoformat())
    sample(("ALT", "60", "U/L"), on="2021-03-11")
    assert baseline_until(Facts([subject]), subject) == DOSED_ON
    choose(study, "laboratory_baseline", "RANDOMIZATION")
    assert baseline_until(Facts([subject]), subject) == RANDOMIZED_ON
    assert graded(subject, "Alanine aminotransferase increased").baseline.row.value == "100"


def test_without_a_baseline_a_raised_result_is_not_graded_as_if_it_had_been_normal(subject, sample, dosed):
    sample(("ALT", "160", "U/L"), on=ON_TREATMENT)
    found = graded(subject, "Alanine aminotransferase increased")
    assert found.grade is None
    assert found.remarks == ("no baseline value up to 2021-03-12",)
    sample(("ALT", "50", "U/L"), on="2021-04-02")
    assert graded(subject, "Alanine aminotransferase increased").grade == 0


def test_baseline_is_compared_in_the_unit_of_the_result(subject, sample, dosed, study):
    save(
        study.chain,
        ReferenceRange(
            study=study,
            laboratory=Laboratory.objects.get(study=study),
            test=LabTest.objects.get(code="BILI"),
            unit="mg/dL",
            high=Decimal("1.2"),
            valid_from=date(2019, 1, 1),
        ),
    )
    sample(("BILI", "2", "mg/dL"), on=SCREENING)
    sample(("BILI", "60", "umol/L"), on=ON_TREATMENT)  # 1.75 x 34.2
    found = graded(subject, "Blood bilirubin increased")
    assert (found.grade, found.remarks) == (2, ("baseline 2 mg/dL on 2021-03-01 (high)",))


def test_a_baseline_with_a_comparator_tells_only_where_it_lay(subject, sample, dosed):
    sample(("ALT", "<10", "U/L"), on=SCREENING)
    sample(("ALT", "160", "U/L"), on=ON_TREATMENT)
    assert graded(subject, "Alanine aminotransferase increased").grade is None  # low or normal is not told
    sample(("ALT", "<40", "U/L"), on=RANDOMIZED_ON.isoformat())
    assert graded(subject, "Alanine aminotransferase increased").grade is None


# ---- answers


LIPASE = ("LIPASET", "250", "U/L")


def test_unanswered_symptoms_are_taken_as_given_and_said_to_be(subject, sample):
    sample(LIPASE, on=ON_TREATMENT)
    found = graded(subject, "Lipase increased")
    assert found.grade == 3
    assert found.remarks == ("“with signs or symptoms” is taken as given: grade 2 without",)


@pytest.mark.parametrize(
    ("setting", "answer", "grade"),
    [
        ("RECORDED_OR_WORST_CASE", "N", 2),
        ("RECORDED_OR_WORST_CASE", "Y", 3),
        ("RECORDED", "N", 2),
        ("RECORDED", None, None),
        ("WORST_CASE", "N", 3),
    ],
)
def test_answered_symptoms_count_as_the_setting_says(setting, answer, grade, subject, enter, visit, study):
    choose(study, "ctcae_circumstances", setting)
    row = {"test": "LIPASET", "value": "250", "unit": "U/L", "symptoms": answer}
    enter(
        LabSample,
        visit=visit,
        collected_on=ON_TREATMENT,
        laboratory="ZS-LAB",
        rows={"results": [{name: value for name, value in row.items() if value is not None}]},
    )
    found = graded(subject, "Lipase increased")
    assert found.grade == grade
    assert ("symptoms" in [each.field for each in found.sources]) is (answer is not None)


def test_without_the_setting_nothing_is_taken_as_given(subject, sample, study):
    choose(study, "ctcae_circumstances", None)
    sample(LIPASE, on=ON_TREATMENT)
    assert graded(subject, "Lipase increased").graded.possible == (2, 3)


def test_inr_is_compared_with_baseline_only_under_anticoagulation(subject, sample, dosed):
    sample(("INR", "1.0", "{INR}"), on=SCREENING)
    sample(("INR", "1.15", "{INR}"), on=ON_TREATMENT, anticoagulated="Y")
    assert graded(subject, "INR increased").grade == 1
    sample(("INR", "1.15", "{INR}"), on="2021-04-02", anticoagulated="N")
    assert graded(subject, "INR increased").grade == 0


def test_fasting_decides_between_two_criteria_of_glucose(subject, sample, study):
    choose(study, "ctcae_version", "6.0")
    sample(("GLUC", "9.5", "mmol/L"), on=ON_TREATMENT, fasting="Y")
    found = graded(subject, "Hyperglycemia (Fasting)")
    assert (found.grade, found.sources[-1].field) == (2, "fasting")
    sample(("GLUC", "9.5", "mmol/L"), on="2021-04-02", fasting="N")
    assert graded(subject, "Hyperglycemia").grade == 0
    sample(("GLUC", "9.5", "mmol/L"), on="2021-04-03")
    unknown = graded(subject, "Hyperglycemia")
    assert (unknown.grade, unknown.graded.possible) == (None, (0, 2))
    assert unknown.graded.cannot.missing == ("answer whether the subject was fasting",)
    sample(("GLUC", "15", "mmol/L"), on="2021-04-04")
    assert graded(subject, "Hyperglycemia").grade == 3  # by either criterion


# ---- calcium and urine


def test_calcium_is_graded_corrected_for_the_albumin_of_its_sample(subject, sample):
    sample(("CA", "1.95", "mmol/L"), ("ALB", "25", "g/L"), on=ON_TREATMENT)
    found = graded(subject, "Hypocalcemia")
    assert (found.grade, found.remarks) == (0, ("corrected for albumin: 2.25 mmol/L",))
    assert [each.value for each in found.sources] == ["1.95", "25"]


def test_calcium_without_albumin_is_not_graded(subject, sample):
    sample(("ALB", "25", "g/L"), on=ON_TREATMENT)
    sample(("CA", "1.95", "mmol/L"), on=ON_TREATMENT)
    found = graded(subject, "Hypocalcemia")
    assert found.graded.cannot.missing == ("albumin of the sample, as an exact result",)


def test_calcium_in_mg_is_compared_with_its_own_range_in_mmol(subject, sample):
    sample(("CA", "12", "mg/dL"), ("ALB", "40", "g/L"), on=ON_TREATMENT)
    assert graded(subject, "Hypercalcemia").grade == 2  # 3.0 mmol/L


def test_protein_in_the_urine_is_graded_once_for_a_sample(subject, sample):
    sample(("PROT", "3+"), ("PROTEXR", "3.6", "g/(24.h)"), on=ON_TREATMENT)
    [found] = laboratory_grades(Facts([subject]), subject)
    assert (found.term, found.grade) == ("Proteinuria", 3)
    assert {each.value for each in found.sources} == {"3+", "3.6"}
    sample(("PROT", "positive"), on="2021-04-02")
    assert graded(subject, "Proteinuria").grade is None


# ---- all together


def test_results_after_the_cutoff_are_left_out(subject, sample):
    sample(("HGB", "95", "g/L"), on=ON_TREATMENT)
    sample(("HGB", "75", "g/L"), on="2021-05-01")
    assert graded(subject, "Anemia").grade == 3
    assert graded(subject, "Anemia", Moment(cutoff=date(2021, 4, 30))).grade == 2


def test_the_grades_of_one_sample_and_the_highest_of_them(subject, sample):
    sample(("HGB", "75", "g/L"), on="2021-03-20")
    form = sample(("SODIUM", "119", "mmol/L"), ("HGB", "95", "g/L"), on=ON_TREATMENT)
    facts = Facts([subject])
    found = grades_of_sample(facts, facts.forms(LabSample, subject)[-1])
    assert form.pk == found[0].result.sample.pk
    assert [(each.term, each.grade) for each in found if each.grade] == [("Hyponatremia", 4), ("Anemia", 2)]
    assert highest(found).term == "Hyponatremia"
    assert highest([]) is None


def test_many_samples_of_many_subjects_take_no_more_queries_than_few(
    subject, sample, coordinator, site, dosed
):
    def queries() -> int:
        subjects = list(Subject.objects.select_related("study", "site").order_by("pk"))
        with CaptureQueriesContext(connection) as captured:
            facts = Facts(subjects)
            for each in subjects:
                laboratory_grades(facts, each)
        return len(captured)

    sample(("HGB", "95", "g/L"), ("ALT", "160", "U/L"), on=SCREENING)
    few = queries()
    enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    for day in range(1, 9):
        sample(("HGB", "95", "g/L"), ("ALT", "160", "U/L"), on=f"2021-04-0{day}")
    assert queries() == few


def test_a_sample_tells_the_term_that_each_result_has_reached(subject, sample):
    sample(("HGB", "95", "g/L"), ("ALT", "40", "U/L"), ("SODIUM", "<129", "mmol/L"), on=ON_TREATMENT)
    facts = Facts([subject])
    [form] = facts.forms(LabSample, subject)
    told = {each.about: each for each in told_of_sample(facts, form)}
    assert {about: each.answer for about, each in told.items()} == {
        "Anemia": "grade 2",
        "Alanine aminotransferase increased": "grade 0",
        "Hyponatremia": "",
    }
    assert told["Anemia"].reason == "below 100 g/L"
    assert told["Anemia"].row.test.code == "HGB"
    assert told["Hyponatremia"].reason == (
        "cannot be determined: no exact result instead of <129 (grade 3 or 4)"
    )


def test_a_subject_without_samples_has_no_grades(subject):
    assert laboratory_grades(Facts([subject]), subject) == []
    assert Demographics.objects.filter(subject=subject).exists()
