"""Laboratory results: kept as typed, read by the server, judged by the range of the day, never guessed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from patients.actions.save_form import change_form, mark_entered_in_error
from patients.models import Demographics, LabResult, LabSample, Query, QueryState
from tests.factories import save
from trials.actions.errors import Refused
from trials.models import Laboratory, LabTest, LabUnit, ReferenceRange, Study, User


def only(sample: LabSample) -> LabResult:
    return sample.results.get()


def open_queries(sample: LabSample) -> set[str]:
    found = Query.objects.filter(form="LB", record_id=sample.pk, state=QueryState.OPEN)
    return set(found.values_list("check_id", flat=True))


def add_range(study: Study, test: str, unit: str, **limits: Any) -> ReferenceRange:
    laboratory = Laboratory.objects.get(code="ZS-LAB")
    values = {"low": Decimal(1), "high": Decimal(2), "valid_from": date(2019, 1, 1)} | limits
    row = ReferenceRange(
        study=study, laboratory=laboratory, test=LabTest.objects.get(code=test), unit=unit, **values
    )
    return save(study.chain, row)


@pytest.mark.parametrize(
    ("typed", "comparator", "number", "word"),
    [
        ("5.1", None, Decimal("5.1"), None),
        ("<20", "<", Decimal(20), None),
        (">= 1000", ">=", Decimal(1000), None),
        ("2+", None, None, "2+"),
        ("negative", None, None, "NEGATIVE"),
        ("阴性", None, None, "NEGATIVE"),
        ("0", None, Decimal(0), None),
        ("-2.5", None, Decimal("-2.5"), None),
        ("1.2x10^3", None, Decimal(1200), None),
        ("999999999", None, Decimal(999999999), None),
        ("0.00001", None, Decimal("0.00001"), None),
        ("1200000000", None, Decimal(1200000000), None),
    ],
)
def test_a_result_is_kept_as_typed_and_read_beside_it(
    sample: Any, typed: str, comparator: str | None, number: Decimal | None, word: str | None
) -> None:
    result = only(sample(("UPROT", typed)))
    assert (result.value, result.comparator, result.number, result.word) == (typed, comparator, number, word)


@pytest.mark.parametrize(
    "typed",
    ["5,1", "5.1 U/L", "high", "NaN", "2-3", "+1", "1e99", "10000000000", "0.0000001", "12345678901234567"],
)
def test_a_text_that_is_no_result_is_refused_at_its_row(sample: Any, typed: str) -> None:
    with pytest.raises(Refused) as refusal:
        sample(("ALT", "10", "U/L"), ("HGB", typed, "g/L"))
    [first, second] = refusal.value.errors["results"]
    assert first == {}
    assert list(second) == ["value"]


def test_a_result_of_no_test_is_refused(sample: Any) -> None:
    with pytest.raises(Refused) as refusal:
        sample((None, "10", "U/L"))
    assert refusal.value.errors == {"results": [{"test": ["is required for every result"]}]}


def test_a_unit_that_the_test_does_not_have_is_refused_and_the_known_ones_are_named(sample: Any) -> None:
    with pytest.raises(Refused) as refusal:
        sample(("HGB", "140", "mg/dL"))
    assert refusal.value.errors == {
        "results": [{"unit": ["is not a unit of this test; known: g/L, g/dL"]}]
    } or ("known: g/L, g/dL" in str(refusal.value) or "known: g/dL, g/L" in str(refusal.value))


# ---------------------------------------------------------------- ranges and flags


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        ("8.9", "LOW"),
        ("9", "NORMAL"),
        ("50", "NORMAL"),
        ("50.1", "HIGH"),
        ("<9", "LOW"),
        ("<20", None),
        (">50", "HIGH"),
        ("negative", None),
    ],
)
def test_a_result_is_flagged_by_its_range_only_as_far_as_it_is_certain(
    sample: Any, man_of_59: Demographics, value: str, flag: str | None
) -> None:
    result = only(sample(("ALT", value, "U/L")))
    assert result.flag == flag
    assert (result.range_low, result.range_high) == (9, 50)


@pytest.mark.parametrize(
    ("typed", "flag"), [("negative", "NORMAL"), ("2+", "ABNORMAL"), ("trace", "ABNORMAL")]
)
def test_a_word_is_flagged_by_the_normal_word_of_its_test(sample: Any, typed: str, flag: str) -> None:
    assert only(sample(("UPROT", typed))).flag == flag


def test_the_range_of_the_subjects_sex_applies(sample: Any, man_of_59: Demographics) -> None:
    assert only(sample(("HGB", "120", "g/L"))).flag == "LOW"


def test_the_same_value_is_normal_in_a_woman(sample: Any, enter: Any) -> None:
    enter(Demographics, birth="1961-05", age=59, sex="F")
    assert only(sample(("HGB", "120", "g/L"))).flag == "NORMAL"


def test_without_a_sex_no_range_of_a_sex_is_chosen_and_a_query_asks(sample: Any) -> None:
    form = sample(("HGB", "120", "g/L"))
    result = only(form)
    assert (result.flag, result.range_low, result.reference_range) == (None, None, None)
    assert "EC08a" in open_queries(form)


def test_demographics_entered_later_flag_what_was_waiting_for_them(sample: Any, enter: Any) -> None:
    form = sample(("HGB", "120", "g/L"))
    enter(Demographics, birth="1961-05", age=59, sex="M")
    form.refresh_from_db()
    assert only(form).flag == "LOW"
    assert form.version == 2
    assert "EC08a" not in open_queries(form)


def test_a_wrong_sex_corrected_flags_the_results_anew(
    sample: Any, coordinator: User, man_of_59: Demographics
) -> None:
    form = sample(("HGB", "120", "g/L"))
    change_form(actor=coordinator, record=man_of_59, version=1, reason="misread", data={"sex": "F"})
    assert only(form).flag == "NORMAL"


def test_the_range_that_was_valid_on_the_day_applies(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    old = ReferenceRange.objects.get(test__code="ALT")
    old.valid_to = date(2021, 2, 28)
    save(study.chain, old)
    add_range(study, "ALT", "U/L", low=Decimal(5), high=Decimal(35), valid_from=date(2021, 3, 1))
    assert only(sample(("ALT", "40", "U/L"), on="2021-02-28")).flag == "NORMAL"
    assert only(sample(("ALT", "40", "U/L"), on="2021-03-01")).flag == "HIGH"


def test_the_range_of_the_subjects_age_applies_only_where_it_is_certain(
    sample: Any, study: Study, enter: Any
) -> None:
    for low, high, limit in ((0, 59, "10"), (60, 150, "20")):
        add_range(study, "UPROT", "", age_from=low, age_to=high, low=Decimal(0), high=Decimal(limit))
    enter(Demographics, birth="1961", age=59, sex="M")  # 59 or 60 on the day of the sample
    form = sample(("UPROT", "15"))
    assert only(form).flag is None
    assert "EC08a" in open_queries(form)


def test_a_birth_after_the_sample_decides_nothing_and_breaks_nothing(
    sample: Any, study: Study, enter: Any
) -> None:
    add_range(study, "UPROT", "", age_from=18, age_to=150)
    enter(Demographics, birth="2021-06", age=59, sex="M")
    form = sample(("UPROT", "15"))
    assert only(form).flag is None
    assert "EC08a" in open_queries(form)


def test_two_ranges_that_contradict_each_other_decide_nothing(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    add_range(study, "ALT", "U/L", valid_from=date(2020, 1, 1))
    assert only(sample(("ALT", "1.5", "U/L"))).flag is None


@pytest.mark.parametrize(
    ("value", "flag"), [("12.9", "LOW"), ("13", "NORMAL"), ("17.5", "NORMAL"), ("17.6", "HIGH")]
)
def test_limits_in_another_unit_are_converted_where_the_laboratory_has_none_in_the_unit_of_the_result(
    sample: Any, man_of_59: Demographics, value: str, flag: str
) -> None:
    result = only(sample(("HGB", value, "g/dL")))
    assert (result.flag, result.range_low, result.range_high) == (flag, 13, Decimal("17.5"))
    assert result.reference_range is not None
    assert result.reference_range.unit == "g/L"


def test_a_range_in_the_unit_of_the_result_goes_before_one_that_is_converted(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    add_range(study, "HGB", "g/dL", low=Decimal(12), high=Decimal(16))
    assert only(sample(("HGB", "12.5", "g/dL"))).flag == "NORMAL"


def test_a_range_in_the_unit_that_does_not_apply_is_not_replaced_by_a_converted_one(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    add_range(study, "HGB", "g/dL", low=Decimal(12), high=Decimal(16), age_from=70)
    assert only(sample(("HGB", "12.5", "g/dL"))).reference_range is None


def test_mass_and_substance_are_converted_by_the_factor_of_the_test(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    creatinine(study, "umol/L", "mg/dL")
    add_range(study, "CREAT", "umol/L", low=Decimal("44.2"), high=Decimal("106.08"))
    result = only(sample(("CREAT", "1.3", "mg/dL")))
    assert (result.flag, result.range_low, result.range_high) == ("HIGH", Decimal("0.5"), Decimal("1.2"))


def test_between_two_other_units_of_which_none_is_preferred_no_range_is_chosen(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    creatinine(study, "umol/L", "mg/dL", "mg/L", "ug/mL")
    add_range(study, "CREAT", "mg/L", low=Decimal(5), high=Decimal(12))
    assert only(sample(("CREAT", "1.3", "mg/dL"))).range_high == Decimal("1.2")
    add_range(study, "CREAT", "ug/mL", low=Decimal(5), high=Decimal(13))
    assert only(sample(("CREAT", "1.3", "mg/dL"))).range_high is None


def test_limits_that_would_not_survive_the_conversion_are_unknown(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    creatinine(study, "pg/mL", "g/L")
    add_range(study, "CREAT", "pg/mL", low=Decimal(5), high=Decimal(1200))
    form = sample(("CREAT", "1", "g/L"))
    assert only(form).reference_range is None
    assert "EC08a" in open_queries(form)


def creatinine(study: Study, *units: str) -> LabTest:
    """A test of creatinine whose preferred unit is the first of these."""
    test = LabTest(study=study, code="CREAT", name="Creatinine", panel="CHEMISTRY", unit=units[0], order=90)
    save(study.chain, test)
    save(study.chain, *[LabUnit(study=study, test=test, code=unit) for unit in units])
    return test


def test_a_missing_range_raises_a_query_and_never_refuses(
    sample: Any, study: Study, man_of_59: Demographics
) -> None:
    creatinine(study, "umol/L")
    form = sample(("CREAT", "80", "umol/L"))
    assert only(form).flag is None
    assert "EC08a" in open_queries(form)


def test_a_missing_unit_is_questioned_and_none_is_assumed(sample: Any, man_of_59: Demographics) -> None:
    form = sample(("ALT", "10"))
    assert only(form).unit is None
    assert {"EC08a", "EC08b"} <= open_queries(form)


def test_a_correction_closes_the_query_that_it_answers(
    sample: Any, coordinator: User, man_of_59: Demographics
) -> None:
    form = sample(("ALT", "10"))
    rows = {"results": [{"repeat": 1, "unit": "U/L"}]}
    change_form(actor=coordinator, record=form, version=1, reason="unit was left out", data={}, rows=rows)
    assert open_queries(form) == set()
    assert Query.objects.filter(record_id=form.pk, state=QueryState.CLOSED).count() == 2


def test_a_result_voided_has_no_query_left(sample: Any, coordinator: User, man_of_59: Demographics) -> None:
    form = sample(("ALT", "10"), ("HGB", "140", "g/L"))
    rows = {"results": [{"repeat": 1, "entered_in_error": True}]}
    change_form(actor=coordinator, record=form, version=1, reason="wrong tube", data={}, rows=rows)
    assert open_queries(form) == set()


def test_a_day_corrected_on_the_form_chooses_the_range_anew(
    sample: Any, coordinator: User, study: Study, man_of_59: Demographics
) -> None:
    old = ReferenceRange.objects.get(test__code="ALT")
    old.valid_to = date(2021, 2, 28)
    save(study.chain, old)
    form = sample(("ALT", "40", "U/L"))
    assert only(form).flag is None
    change_form(
        actor=coordinator, record=form, version=1, reason="misread", data={"collected_on": "2021-02-28"}
    )
    assert only(form).flag == "NORMAL"


def test_an_abnormal_result_asks_for_its_significance_until_it_is_answered(
    sample: Any, coordinator: User, man_of_59: Demographics
) -> None:
    form = sample(("ALT", "80", "U/L"))
    assert open_queries(form) == {"EC09"}
    rows = {"results": [{"repeat": 1, "clinically_significant": "N"}]}
    change_form(actor=coordinator, record=form, version=1, reason="judged", data={}, rows=rows)
    assert open_queries(form) == set()


def test_a_voided_demographics_form_takes_its_flags_back(
    sample: Any, coordinator: User, man_of_59: Demographics
) -> None:
    form = sample(("HGB", "120", "g/L"))
    mark_entered_in_error(actor=coordinator, record=man_of_59, version=1, reason="of another person")
    assert only(form).flag is None
