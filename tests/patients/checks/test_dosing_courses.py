"""Checks of when doses are given: start of treatment, days of a course, number of courses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from patients.actions.randomize import randomize
from patients.models import DailyDosePeriod, ProtocolDeviation, Query
from tests.factories import make_list
from tests.patients.checks.asking import asked, fields_asked
from tests.patients.conftest import correct
from tests.patients.dosing.conftest import in_a, in_b, ward
from tests.patients.dosing.ward import Ward
from trials.audit import clock

__all__ = ["in_a", "in_b", "ward"]
pytestmark = pytest.mark.usefixtures("registered_once")
CHECKS_TESTED_HERE = {"EC04b", "EC04c", "EC17a", "EC17b", "EC17c", "EC17d"}
OXALIPLATIN, GEMCITABINE = "143.08", "1683.25"


# ---------------------------------------------------------------- start of treatment
def test_a_dose_on_the_day_of_randomization_is_not_questioned_and_one_before_it_is(in_a: Ward) -> None:
    visit = in_a.visit_on("C1D1", 0)
    assert asked(in_a.infuse("TORIPALIMAB", 0, "240", visit=visit), "EC04b") == 0
    assert fields_asked(in_a.infuse("TORIPALIMAB", -1, "240"), "EC04b") == {"given_on"}
    assert fields_asked(in_a.take(-1, 3, "12"), "EC04b") == {"started"}


def test_a_dose_that_was_left_out_before_randomization_is_no_dose(in_a: Ward) -> None:
    assert asked(in_a.infuse("TORIPALIMAB", -1, "0", given="N"), "EC04b") == 0


def test_a_dose_of_a_subject_who_is_not_randomized_is_questioned(ward: Any) -> None:
    somebody = ward("A")
    with clock.simulated(datetime(2021, 3, 8, 2, tzinfo=UTC)):
        other = somebody.screened()
    answers = {"drug": "LENVATINIB", "started": "2021-03-08", "dose": "12", "frequency": "QD"}
    assert asked(somebody.enter(DailyDosePeriod, other, answers), "EC04b") == 1
    make_list(somebody.study, "A", name="list 2")
    with clock.simulated(datetime(2021, 3, 8, 2, tzinfo=UTC)):
        randomize(actor=somebody.coordinator, subject=other)
    assert asked(somebody.enter(DailyDosePeriod, other, answers | {"started": "2021-03-09"}), "EC04b") == 0


@pytest.mark.parametrize(("later", "asks"), [(7, 0), (8, 1)])
def test_the_first_dose_is_due_within_the_days_that_the_study_sets(later: int, asks: int, in_a: Ward) -> None:
    assert asked(in_a.take(later, None, "12"), "EC04c") == asks


def test_only_the_first_dose_is_late_and_no_longer_when_an_earlier_one_is_entered(in_a: Ward) -> None:
    visit = in_a.visit_on("C1D1", 9)
    late = in_a.infuse("TORIPALIMAB", 9, "240", visit=visit)
    period = in_a.take(9, None, "12")
    assert (asked(late, "EC04c"), asked(period, "EC04c")) == (1, 0)
    assert ProtocolDeviation.objects.filter(rule="EC04c", status="DRAFT").count() == 1
    correct(in_a.coordinator, period, started="2021-03-10")
    assert (asked(late, "EC04c"), asked(period, "EC04c")) == (0, 0)
    assert ProtocolDeviation.objects.filter(rule="EC04c", status="DRAFT").count() == 0


# ---------------------------------------------------------------- courses
def test_a_ninth_course_that_was_given_is_recorded_questioned_and_drafted_as_a_deviation(in_b: Ward) -> None:
    for number in range(8):
        eighth = in_b.infuse("GEMCITABINE", 21 * number, GEMCITABINE)
    ninth = in_b.infuse("GEMCITABINE", 21 * 8, GEMCITABINE)
    second_dose = in_b.infuse("GEMCITABINE", 21 * 8 + 7, GEMCITABINE)
    assert [asked(dose, "EC17a") for dose in (eighth, ninth, second_dose)] == [0, 1, 0]
    assert "the protocol allows 8 courses" in Query.objects.get(check_id="EC17a").message
    assert ProtocolDeviation.objects.get(rule="EC17a").category == "DOSING"


def test_a_drug_without_a_last_course_is_given_on_and_on(in_a: Ward) -> None:
    doses = [in_a.infuse("TORIPALIMAB", 21 * number, "240") for number in range(10)]
    assert [asked(dose, "EC17a") for dose in doses] == [0] * 10


@pytest.mark.parametrize(("later", "asks"), [(4, 1), (5, 0), (7, 0), (9, 0), (10, 1)])
def test_gemcitabine_is_given_again_on_day_8_within_its_window(later: int, asks: int, in_b: Ward) -> None:
    in_b.infuse("GEMCITABINE", 0, GEMCITABINE, visit=in_b.visit_on("C1D1", 0))
    again = in_b.infuse("GEMCITABINE", later, GEMCITABINE, visit=in_b.visit_on("C1D8", later))
    assert asked(again, "EC17b") == asks


def test_day_8_counts_from_the_day_1_that_took_place_also_where_that_was_left_out(in_b: Ward) -> None:
    first = in_b.visit_on("C1D1", 2)
    in_b.infuse("GEMCITABINE", 2, "0", visit=first, given="N", difference="LABORATORY")
    again = in_b.infuse("GEMCITABINE", 9, GEMCITABINE, visit=in_b.visit_on("C1D8", 9))
    assert asked(again, "EC17b") == 0


def test_oxaliplatin_is_given_on_day_1_alone(in_b: Ward) -> None:
    in_b.infuse("OXALIPLATIN", 0, OXALIPLATIN, visit=in_b.visit_on("C1D1", 0))
    again = in_b.infuse("OXALIPLATIN", 7, OXALIPLATIN, visit=in_b.visit_on("C1D8", 7))
    assert asked(again, "EC17b") == 1


def test_a_second_dose_for_one_day_of_a_course_is_questioned(in_b: Ward) -> None:
    visit = in_b.visit_on("C1D1", 0)
    first = in_b.infuse("GEMCITABINE", 0, "800", visit=visit)
    second = in_b.infuse("GEMCITABINE", 1, "800", visit=visit)
    assert (asked(first, "EC17b"), asked(second, "EC17b")) == (0, 1)


@pytest.mark.parametrize(("later", "asks"), [(17, 1), (18, 0), (21, 0), (40, 0)])
def test_the_next_course_begins_a_cycle_later_less_the_window(later: int, asks: int, in_b: Ward) -> None:
    in_b.infuse("OXALIPLATIN", 0, OXALIPLATIN, visit=in_b.cycle(1, 0))
    again = in_b.infuse("OXALIPLATIN", later, OXALIPLATIN, visit=in_b.cycle(2, later))
    assert asked(again, "EC17c") == asks


def test_a_course_that_began_early_is_asked_about_at_its_first_dose_alone(in_b: Ward) -> None:
    in_b.infuse("GEMCITABINE", 0, GEMCITABINE, visit=in_b.cycle(1, 0))
    early = in_b.infuse("GEMCITABINE", 15, GEMCITABINE, visit=in_b.cycle(2, 15))
    on_day_8 = in_b.infuse("GEMCITABINE", 22, GEMCITABINE, visit=in_b.visit_on("C2D8", 22))
    assert (asked(early, "EC17c"), asked(on_day_8, "EC17c")) == (1, 0)


@pytest.mark.parametrize(
    ("courses", "reason", "asks"), [(5, "COMPLETED", 1), (6, "COMPLETED", 0), (5, "ADVERSE EVENT", 0)]
)
def test_who_had_fewer_than_six_courses_did_not_complete_them(
    courses: int, reason: str, asks: int, in_b: Ward
) -> None:
    for number in range(courses):
        in_b.infuse("GEMCITABINE", 21 * number, GEMCITABINE)
    assert asked(in_b.ends("GEMCITABINE", 21 * courses, reason), "EC17d") == asks


def test_a_course_entered_later_answers_the_question_about_the_end(in_b: Ward) -> None:
    for number in range(5):
        in_b.infuse("OXALIPLATIN", 21 * number, OXALIPLATIN)
    ended = in_b.ends("OXALIPLATIN", 150)
    assert asked(ended, "EC17d") == 1
    in_b.infuse("OXALIPLATIN", 105, OXALIPLATIN)
    assert asked(ended, "EC17d") == 0
