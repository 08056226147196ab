"""Checks of laboratory results that read more than one sample."""

from typing import Any

import pytest

from patients.actions.save_form import mark_entered_in_error
from patients.models import ConcomitantMedication, DailyDosePeriod, LabSample, Query, QueryState, Subject
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.laboratory_work import add_tests, sampled, set_study
from trials.models import Site, Study, User

CHECKS_TESTED_HERE = {"EC06", "EC07", "EC42", "HB01"}
ALT, HGB = ("ALT", "20", "U/L"), ("HGB", "140", "g/L")


@pytest.fixture
def take(coordinator: User, casebook: Subject) -> Any:
    """`take(day, *results)`: a sample of the randomized subject."""

    def run(day: str, *results: tuple[str, ...], **more: Any) -> LabSample:
        return sampled(coordinator, casebook, day, *results, **more)

    return run


@pytest.fixture
def first_dose(fill: Any) -> Any:
    def run(day: str) -> DailyDosePeriod:
        return fill(DailyDosePeriod, {"drug": "LENVATINIB", "started": day, "dose": "12", "frequency": "QD"})

    return run


@pytest.fixture
def week(study: Study, casebook: Subject) -> None:
    set_study(study, screening_laboratory_window_days=7)


@pytest.mark.parametrize(("dosed_on", "asks"), [("2021-03-08", 0), ("2021-03-09", 1)])
def test_a_screening_result_older_than_a_week_at_the_first_dose_is_questioned(
    dosed_on: str, asks: int, week: None, take: Any, first_dose: Any
) -> None:
    sample = take("2021-03-01", ALT)
    assert asked(sample, "EC06") == 0
    first_dose(dosed_on)
    assert asked(sample, "EC06") == asks


def test_a_result_that_was_repeated_before_the_first_dose_is_no_longer_old(
    week: None, take: Any, first_dose: Any
) -> None:
    sample = take("2021-03-01", ALT, HGB)
    first_dose("2021-03-10")
    take("2021-03-09", ALT)
    query = Query.objects.get(record_id=sample.pk, check_id="EC06", state=QueryState.OPEN)
    assert "Hemoglobin" in query.message
    assert "Alanine" not in query.message
    take("2021-03-10", HGB)
    assert asked(sample, "EC06") == 0


def test_a_result_after_the_first_dose_renews_nothing(week: None, take: Any, first_dose: Any) -> None:
    sample = take("2021-03-01", ALT)
    first_dose("2021-03-10")
    take("2021-03-11", ALT)
    assert asked(sample, "EC06") == 1


def test_a_sample_of_a_treatment_visit_has_no_age(week: None, take: Any, first_dose: Any) -> None:
    sample = take("2021-03-01", ALT, visit="C1D1")
    first_dose("2021-03-20")
    assert asked(sample, "EC06") == 0


@pytest.mark.parametrize(("panels", "asks"), [(["CHEMISTRY"], 1), (["HEMATOLOGY"], 0), (None, 1)])
def test_only_the_panels_that_the_study_names_grow_old(
    panels: list[str] | None, asks: int, week: None, study: Study, take: Any, first_dose: Any
) -> None:
    set_study(study, screening_laboratory_window_panels=panels)
    sample = take("2021-03-01", ALT)
    first_dose("2021-03-20")
    assert asked(sample, "EC06") == asks


def test_a_study_without_the_setting_asks_for_no_age(take: Any, first_dose: Any) -> None:
    sample = take("2021-03-01", ALT)
    first_dose("2021-03-20")
    assert asked(sample, "EC06") == 0


@pytest.mark.parametrize(
    ("result", "asks"),
    [
        (("HGB", "12", "g/L"), 1),
        (("HGB", "12", "g/dL"), 0),
        (("HGB", "<300", "g/L"), 0),
        (("HGB", "12"), 0),
        (("UPROT", "2+"), 0),
    ],
)
def test_a_number_that_fits_another_unit_is_questioned(result: tuple[str, ...], asks: int, take: Any) -> None:
    assert asked(take("2021-03-01", result), "EC07") == asks


@pytest.fixture
def more_tests(study: Study, site: Site) -> None:
    add_tests(study)
    protein = {"test": "PROT", "from_word": "2+", "needs": "PROTEXR", "days_before": 1, "days_after": 14}
    thyrotropin = {"test": "TSH", "flag": "HIGH", "needs": "T4FR", "days_before": 7, "days_after": 7}
    set_study(study, follow_up_tests=[protein, thyrotropin])


PROTEIN = ("PROT", "2+")
IN_24_HOURS = ("PROTEXR", "1.2", "g/(24.h)")
HIGH_TSH = ("TSH", "9", "m[IU]/L")
FT4 = ("T4FR", "15", "pmol/L")


@pytest.mark.parametrize(
    ("result", "further", "asks"),
    [
        (PROTEIN, None, 1),
        (("PROT", "1+"), None, 0),
        (("PROT", "trace"), None, 0),
        (PROTEIN, ("2021-03-15", IN_24_HOURS), 0),
        (PROTEIN, ("2021-03-16", IN_24_HOURS), 1),
        (PROTEIN, ("2021-03-15", ("PROTEXR", "")), 1),
        (HIGH_TSH, None, 1),
        (("TSH", "4.2", "m[IU]/L"), None, 0),
        (HIGH_TSH, ("2021-03-01", FT4), 0),
        (HIGH_TSH, ("2021-02-22", FT4), 0),
        (HIGH_TSH, ("2021-03-09", FT4), 1),
    ],
)
def test_protein_in_urine_and_a_high_tsh_ask_for_a_further_test(
    result: tuple[str, ...], further: Any, asks: int, more_tests: None, take: Any
) -> None:
    sample = take("2021-03-01", result)
    if further is not None:
        take(further[0], further[1])
    assert asked(sample, "EC42") == asks


def test_a_further_test_in_the_same_sample_answers(more_tests: None, take: Any) -> None:
    assert fields_asked(take("2021-03-01", HIGH_TSH, FT4), "EC42") == set()


def test_a_further_test_entered_in_error_answers_no_more(
    more_tests: None, take: Any, coordinator: User
) -> None:
    sample = take("2021-03-01", HIGH_TSH)
    other = take("2021-03-02", FT4)
    assert asked(sample, "EC42") == 0
    mark_entered_in_error(actor=coordinator, record=other, version=1, reason="of another subject")
    assert fields_asked(sample, "EC42") == {"value"}


def test_a_carrier_of_hepatitis_b_who_is_treated_takes_an_antiviral(
    more_tests: None, take: Any, first_dose: Any, fill: Any
) -> None:
    carrier = take("2021-03-01", ("HBSAG", "positive"))
    other = take("2021-03-01", ("HBSAG", "negative"))
    assert asked(carrier, "HB01") == 0
    first_dose("2021-03-08")
    assert (fields_asked(carrier, "HB01"), asked(other, "HB01")) == ({"value"}, 0)
    fill(ConcomitantMedication, {"medication": "Entecavir", "started": "2019", "category": "OTHER"})
    assert asked(carrier, "HB01") == 1
    fill(ConcomitantMedication, {"medication": "Entecavir", "started": "2019", "category": "HBV PROPHYLAXIS"})
    assert asked(carrier, "HB01") == 0
