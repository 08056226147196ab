"""Laboratory results against adverse events, in both directions; Hy's law."""

from typing import Any

import pytest

from patients.actions.queries import accept_reason
from patients.models import (
    AdverseEvent,
    DailyDosePeriod,
    Demographics,
    LabSample,
    MedicalHistory,
    Query,
    Subject,
)
from tests.factories import person
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.checks.laboratory_work import add_tests, sampled, set_study
from tests.patients.conftest import correct
from trials.models import Role, Study, User

CHECKS_TESTED_HERE = {"EC10", "EC11", "EC41"}
SEVERE_ANEMIA = ("HGB", "75", "g/L")  # below 80 g/L: grade 3 in v5.0
MILD_ANEMIA = ("HGB", "110", "g/L")
NEUTROPENIA = ("NEUT", "0.8", "10*9/L")  # grade 3
ANEMIA = {"term": "Anemia", "ctcae_term": "Anemia", "grade": "3", "started": "2021-04-10"}


@pytest.fixture
def take(coordinator: User, casebook: Subject, study: Study, fill: Any) -> Any:
    """`take(day, *results, **answers)`: a sample of a man of 59 in arm A, first dosed on March 8."""
    add_tests(study)
    set_study(study, ctcae_version="5.0", hys_law_window_days=30, hys_law_baseline_multiples=True)
    fill(DailyDosePeriod, {"drug": "LENVATINIB", "started": "2021-03-08", "dose": "12", "frequency": "QD"})

    def run(day: str, *results: tuple[str, ...], **answers: Any) -> LabSample:
        return sampled(coordinator, casebook, day, *results, **answers)

    return run


@pytest.fixture
def man(take: Any, fill: Any) -> Any:
    """The same with his sex and age, by which ranges of hemoglobin are chosen."""
    fill(Demographics, {"birth": "1961-05", "age": 59, "sex": "M"})
    return take


def test_a_result_of_grade_3_asks_for_an_adverse_event_of_its_term(man: Any, fill: Any) -> None:
    sample = man("2021-04-12", SEVERE_ANEMIA)
    assert fields_asked(sample, "EC10") == {"value"}
    assert "grade 3" in Query.objects.get(check_id="EC10").message
    fill(AdverseEvent, ANEMIA | {"ctcae_term": "Fatigue"})
    assert asked(sample, "EC10") == 1
    fill(AdverseEvent, ANEMIA)
    assert asked(sample, "EC10") == 0


@pytest.mark.parametrize(
    ("days", "asks"),
    [
        ({"started": "2021-04-13"}, 1),
        ({"started": "2021-04-01", "ended": "2021-04-11"}, 1),
        ({"started": "2021-04"}, 0),
        ({"started": "2021-04-01", "ended": "2021-04"}, 0),
        ({"started": None}, 0),
    ],
)
def test_only_an_event_that_may_cover_the_day_explains_a_result(
    days: dict[str, Any], asks: int, man: Any, fill: Any
) -> None:
    fill(AdverseEvent, ANEMIA | days)
    assert asked(man("2021-04-12", SEVERE_ANEMIA), "EC10") == asks


def test_a_mild_result_asks_for_no_event(man: Any) -> None:
    assert asked(man("2021-04-12", MILD_ANEMIA, ("ALT", "60", "U/L")), "EC10") == 0


def test_an_event_that_names_the_test_explains_its_results(man: Any, fill: Any) -> None:
    fill(AdverseEvent, ANEMIA | {"ctcae_term": "Febrile neutropenia", "laboratory_test": "NEUT"})
    assert asked(man("2021-04-12", NEUTROPENIA), "EC10") == 0


@pytest.mark.parametrize(("significant", "asks"), [("Y", 1), ("N", 0), (None, 0)])
def test_a_result_judged_clinically_significant_asks_for_an_event_whatever_its_grade(
    significant: str | None, asks: int, man: Any, coordinator: User, fill: Any
) -> None:
    sample = man("2021-04-12", MILD_ANEMIA)
    judged = {"results": [{"repeat": 1, "clinically_significant": significant}]}
    correct(coordinator, sample, rows=judged)
    assert asked(sample, "EC10") == asks
    fill(AdverseEvent, ANEMIA | {"grade": "1"})
    assert asked(sample, "EC10") == 0


def test_an_event_of_the_other_direction_explains_nothing(man: Any, coordinator: User, fill: Any) -> None:
    sample = man("2021-04-12", MILD_ANEMIA)
    correct(coordinator, sample, rows={"results": [{"repeat": 1, "clinically_significant": "Y"}]})
    fill(AdverseEvent, ANEMIA | {"ctcae_term": "Hemoglobin increased"})
    assert asked(sample, "EC10") == 1


@pytest.mark.parametrize(("day", "asks"), [("2021-03-01", 0), ("2021-03-08", 0), ("2021-03-09", 1)])
def test_medical_history_explains_a_result_of_baseline_only(day: str, asks: int, man: Any, fill: Any) -> None:
    fill(MedicalHistory, {"term": "Anemia", "ongoing": "Y"})
    assert asked(man(day, SEVERE_ANEMIA), "EC10") == asks


def test_a_result_without_a_range_or_unit_has_no_grade_and_asks_for_nothing(man: Any) -> None:
    assert asked(man("2021-04-12", ("HGB", "75")), "EC10") == 0


# ------------------------------------------------------------ from the event to the results


def test_an_event_of_a_laboratory_term_asks_for_a_result_in_its_days(man: Any, fill: Any) -> None:
    event = fill(AdverseEvent, ANEMIA | {"ended": "2021-04-20", "ongoing": "N"})
    assert fields_asked(event, "EC11") == {"ctcae_term"}
    man("2021-04-21", SEVERE_ANEMIA)
    assert asked(event, "EC11") == 1
    man("2021-04-20", SEVERE_ANEMIA)
    assert asked(event, "EC11") == 0


@pytest.mark.parametrize(
    ("grade", "results", "fields"),
    [
        ("3", [SEVERE_ANEMIA], set()),
        ("2", [SEVERE_ANEMIA], {"grade"}),
        ("3", [MILD_ANEMIA], {"grade"}),
        ("3", [MILD_ANEMIA, SEVERE_ANEMIA], set()),
        ("4", [SEVERE_ANEMIA], set()),
    ],
    ids=["same", "too low", "too high", "the worst counts", "life-threatening is no number"],
)
def test_the_grade_of_an_event_is_that_of_its_worst_result(
    grade: str, results: list[Any], fields: set[str], man: Any, fill: Any
) -> None:
    for day, result in enumerate(results, start=11):
        man(f"2021-04-{day}", result)
    event = fill(AdverseEvent, ANEMIA | {"grade": grade, "ended": "2021-04-20"})
    assert fields_asked(event, "EC11") == fields


def test_a_result_that_cannot_be_graded_contradicts_no_grade(take: Any, fill: Any) -> None:
    # Sex is not recorded, so that no range of hemoglobin applies: grade 0 or 1 cannot be told apart.
    take("2021-04-12", ("HGB", "105", "g/L"))
    assert asked(fill(AdverseEvent, ANEMIA | {"grade": "1"}), "EC11") == 0
    assert asked(fill(AdverseEvent, ANEMIA | {"grade": "3"}), "EC11") == 1


def test_the_day_on_which_an_event_got_worse_belongs_to_the_worse_record(man: Any, fill: Any) -> None:
    mild = fill(AdverseEvent, ANEMIA | {"grade": "1", "ended": "2021-04-15", "ongoing": "N"})
    man("2021-04-11", MILD_ANEMIA)
    man("2021-04-15", SEVERE_ANEMIA)
    assert fields_asked(mild, "EC11") == {"grade"}
    worse = fill(AdverseEvent, ANEMIA | {"started": "2021-04-15", "ongoing": "Y", "worsened_from": 1})
    assert (asked(mild, "EC11"), asked(worse, "EC11")) == (0, 0)


def test_an_event_that_names_a_test_asks_for_a_result_of_it(man: Any, fill: Any) -> None:
    low_thyroid = ANEMIA | {"ctcae_term": "Hypothyroidism", "grade": "2", "laboratory_test": "TSH"}
    event = fill(AdverseEvent, low_thyroid)
    assert fields_asked(event, "EC11") == {"ctcae_term"}
    man("2021-04-12", ("TSH", "12", "m[IU]/L"))
    assert asked(event, "EC11") == 0


def test_an_event_that_no_laboratory_grades_asks_for_no_result(man: Any, fill: Any) -> None:
    assert asked(fill(AdverseEvent, ANEMIA | {"ctcae_term": "Fatigue"}), "EC11") == 0
    assert asked(fill(AdverseEvent, ANEMIA | {"started": None}), "EC11") == 0


# ------------------------------------------------------------ Hy's law

INJURY = (("ALT", "200", "U/L"), ("AST", "30", "U/L"), ("BILI", "45", "umol/L"), ("ALP", "100", "U/L"))


def test_raised_transaminases_with_raised_bilirubin_raise_the_alert_at_the_bilirubin(take: Any) -> None:
    sample = take("2021-04-12", *INJURY)
    query = Query.objects.get(check_id="EC41")
    assert (query.record_id, query.field) == (sample.pk, "value")
    assert query.message == (
        "Alert, Hy's law by multiples of the upper limit of normal: bilirubin 2.25 times on 2021-04-12, "
        "ALT 4 times on 2021-04-12, ALP 0.8 times on 2021-04-12. Is there another cause?"
    )


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        (("ALT", "150", "U/L"), 0),  # exactly 3 x ULN of 50
        (("BILI", "40", "umol/L"), 0),  # exactly 2 x ULN of 20
        (("ALP", "250", "U/L"), 0),  # exactly 2 x ULN of 125: cholestasis
        (("ALP", "249", "U/L"), 1),
    ],
)
def test_at_the_limits_there_is_no_alert(changed: tuple[str, ...], asks: int, take: Any) -> None:
    results = [changed if each[0] == changed[0] else each for each in INJURY]
    assert asked(take("2021-04-12", *results), "EC41") == asks


@pytest.mark.parametrize(("day", "asks"), [("2021-05-12", 1), ("2021-05-13", 0)])
def test_results_within_30_days_of_each_other_belong_together(day: str, asks: int, take: Any) -> None:
    normal = (("AST", "30", "U/L"), ("ALP", "100", "U/L"))
    first = take("2021-04-12", INJURY[0], *normal)
    second = take(day, ("BILI", "45", "umol/L"))
    assert (asked(first, "EC41"), asked(second, "EC41")) == (0, asks)


def test_an_alert_that_was_explained_is_not_raised_anew_by_a_later_one(take: Any, study: Study) -> None:
    sample = take("2021-04-12", *INJURY)
    stent = "Obstruction by the tumor; a stent was placed"
    manager = person(Role.DATA_MANAGER, study)
    accept_reason(actor=manager, query=Query.objects.get(check_id="EC41"), reason=stent)
    later = take("2021-04-19", *INJURY)
    assert (asked(sample, "EC41"), asked(later, "EC41")) == (0, 1)


def test_a_corrected_result_takes_the_alert_back(take: Any, coordinator: User) -> None:
    sample = take("2021-04-12", *INJURY)
    assert asked(sample, "EC41") == 1
    correct(coordinator, sample, rows={"results": [{"repeat": 1, "value": "20"}]})
    assert asked(sample, "EC41") == 0
