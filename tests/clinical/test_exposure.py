import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clinical.reference import rows
from trials.clinical.dose_level import Rhythm
from trials.clinical.exposure import (
    Administration,
    Period,
    amount_taken,
    courses,
    cyclic_exposure,
    daily_exposure,
)
from trials.clinical.undetermined import Undetermined

START = date(2021, 3, 1)
PLAN = re.compile(r"([\d.]+) mg(/m2)?((?:[ ,]*D\d+)+) q(\d+)d")
STRETCH = re.compile(r"([\d.]+) mg(?: (QOD))? x(\d+) d")


def day(later):
    return START + timedelta(days=later)


def cyclic(row):
    """The exposure of a row such as “85 mg/m2 D1 q21d”, in mg/m2 where the plan is."""
    amount, surface, days, cycle = PLAN.fullmatch(row["planned"]).groups()
    treatment_days = [int(each) for each in re.findall(r"D(\d+)", days)]
    divisor = Decimal(row["bsa"]) if surface else Decimal(1)
    doses = [Decimal(each) / divisor for each in row["actual_doses_mg"].split(";")]
    given_on = [day(int(each)) for each in row["days"].split(";")]
    order = courses([(each, None) for each in given_on], treatment_days=treatment_days, cycle_days=int(cycle))
    given = [Administration(*each) for each in zip(given_on, doses, order, strict=True)]
    planned = Decimal(amount) * len(treatment_days)
    return cyclic_exposure(given, planned_per_cycle=planned, cycle_days=int(cycle))


def daily(row):
    """The exposure of a row such as “12 mg x20 d; 0 mg x5 d” of a daily drug."""
    amount, _mg, rhythm = row["planned"].split()
    begins, periods = START, []
    for dose, other, days in STRETCH.findall(row["actual_doses_mg"]):
        ends = begins + timedelta(days=int(days) - 1)
        periods.append(Period(begins, ends, Decimal(dose), Rhythm(other or "QD")))
        begins = ends + timedelta(days=1)
    per_day = Decimal(amount) / (2 if rhythm == "QOD" else 1)
    return daily_exposure(periods, planned_per_day=per_day)


@pytest.mark.parametrize("row", rows("relative_dose_intensity_expected.csv"))
def test_relative_dose_intensity_agrees_with_the_reference(row):
    found = cyclic(row) if PLAN.fullmatch(row["planned"]) else daily(row)
    shown = {
        "cumulative(mg/m2 or mg)": found.cumulative,
        "duration_days(last start + cycle length)": Decimal(found.days),
        "actual_intensity_per_week": found.per_week,
        "planned_intensity_per_week": found.planned_per_week,
        "expected_rdi": found.relative,
    }
    for column, value in shown.items():
        expected = Decimal(row[column])
        assert value.quantize(expected) == expected, column


def gemcitabine(*doses):
    """Doses as (days after the start, mg/m2, course)."""
    given = [
        Administration(day(later), amount and Decimal(amount), course) for later, amount, course in doses
    ]
    return cyclic_exposure(given, planned_per_cycle=Decimal(2000), cycle_days=21)


def test_the_duration_counts_from_course_to_course_and_not_to_day_8():
    found = gemcitabine((0, "1000", 1), (7, "1000", 1), (21, "1000", 2), (28, "1000", 2))
    assert (found.days, found.courses, found.relative) == (42, 2, 1)
    assert (found.first, found.last) == (day(0), day(28))


def test_an_omitted_day_8_lowers_the_intensity_and_not_the_duration():
    found = gemcitabine((0, "1000", 1), (7, "0", 1), (21, "1000", 2), (28, "1000", 2))
    assert (found.days, found.relative) == (42, Decimal("0.75"))


def test_a_course_in_which_nothing_was_given_is_none():
    found = gemcitabine((0, "1000", 1), (7, "1000", 1), (21, "0", 2), (28, "0", 2))
    assert (found.days, found.courses, found.relative) == (21, 1, 1)


def test_a_delay_lowers_the_intensity():
    found = gemcitabine((0, "1000", 1), (7, "1000", 1), (28, "1000", 2), (35, "1000", 2))
    assert abs(found.relative - Decimal(6) / 7) < Decimal("1e-20")


def test_a_dose_of_unknown_amount_is_not_counted_as_nothing():
    assert gemcitabine((0, "1000", 1), (7, None, 1)) == Undetermined(("dose given on 2021-03-08",))


def test_without_a_dose_there_is_no_exposure():
    assert gemcitabine((0, "0", 1)) == Undetermined(("dose that was given",))
    assert daily_exposure([], planned_per_day=Decimal(12)) == Undetermined(("dose that was taken",))


def lenvatinib(*periods):
    """Periods as (first, last, mg) in days after the start."""
    taken = [
        Period(day(first), None if last is None else day(last), amount and Decimal(amount), Rhythm.DAILY)
        for first, last, amount in periods
    ]
    return daily_exposure(taken, planned_per_day=Decimal(12))


def test_an_interruption_counts_as_nothing_taken():
    found = lenvatinib((0, 9, "12"), (10, 19, "0"), (20, 29, "12"))
    assert (found.cumulative, found.days) == (240, 30)
    assert found.courses is None


def test_an_interruption_after_the_last_dose_is_no_part_of_the_treatment():
    found = lenvatinib((0, 9, "12"), (10, 19, "0"))
    assert (found.days, found.last, found.relative) == (10, day(9), 1)


def test_days_of_which_nothing_is_recorded_are_not_taken_for_an_interruption():
    missing = lenvatinib((0, 9, "12"), (15, 19, "12"))
    assert missing == Undetermined(("dose from 2021-03-11 to 2021-03-15",))


def test_two_doses_for_the_same_days_contradict_each_other():
    missing = lenvatinib((0, 9, "12"), (9, 19, "8"))
    assert missing == Undetermined(("single dose from 2021-03-10 to 2021-03-10",))


def test_a_dose_of_which_nobody_said_how_often_is_not_taken_for_a_daily_one():
    periods = [
        Period(day(0), day(9), Decimal(12), Rhythm.DAILY),
        Period(day(10), day(14), Decimal(0), None),
        Period(day(15), day(19), Decimal(8), None),
    ]
    missing = Undetermined(("frequency of the dose taken from 2021-03-16",))
    assert daily_exposure(periods, planned_per_day=Decimal(12)) == missing
    assert amount_taken(periods, first=day(0), last=day(19)) == missing
    assert amount_taken(periods[:2], first=day(0), last=day(14)) == 120


@pytest.mark.parametrize(
    ("last", "amount", "missing"),
    [(None, "8", "last day of the dose taken from 2021-03-11"), (19, None, "dose taken from 2021-03-11")],
)
def test_an_open_end_or_an_unknown_dose_determines_nothing(last, amount, missing):
    assert lenvatinib((0, 9, "12"), (10, last, amount)) == Undetermined((missing,))


def test_a_dose_every_other_day_is_taken_on_the_first_day_of_its_period():
    period = Period(day(0), day(4), Decimal(4), Rhythm.EVERY_OTHER_DAY)
    assert daily_exposure([period], planned_per_day=Decimal(4)).cumulative == 12


@pytest.mark.parametrize(
    ("given", "treatment_days", "expected"),
    [
        ([(0, 1), (7, 1), (21, 2), (28, 2)], (1, 8), [1, 1, 2, 2]),
        ([(0, 1), (21, 1)], (1, 8), [1, 1]),
        ([(0, 1), (7, None), (21, None), (28, None)], (1, 8), [1, 1, 2, 2]),
        ([(0, None), (7, 9)], (1, 8), [1, 1]),
        ([(0, 1), (14, None)], (1, 8), [1, 2]),
        ([(0, None), (11, None), (21, None)], (1,), [1, 2, 2]),
        ([(0, 1), (9, None)], (1,), [1, 1]),
    ],
)
def test_courses_follow_the_cycles_and_outside_them_the_days(given, treatment_days, expected):
    found = courses(
        [(day(later), cycle) for later, cycle in given], treatment_days=treatment_days, cycle_days=21
    )
    assert found == expected


@pytest.mark.parametrize(("planned", "cycle"), [("0", 21), ("-1", 21), ("85", 0)])
def test_a_plan_of_nothing_is_refused(planned, cycle):
    with pytest.raises(ValueError, match="planned_per_cycle|cycle_days"):
        cyclic_exposure([], planned_per_cycle=Decimal(planned), cycle_days=cycle)


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="last day"):
        Period(day(1), day(0), Decimal(12), Rhythm.DAILY)


stretches = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from([0, 4, 8, 12]), st.sampled_from(["QD", "QOD"])),
    min_size=1,
    max_size=8,
)


def periods_of(drawn):
    later, periods = 0, []
    for days, amount, rhythm in drawn:
        periods.append(Period(day(later), day(later + days - 1), Decimal(amount), Rhythm(rhythm)))
        later += days
    return periods


@given(stretches)
def test_who_never_takes_more_than_planned_has_a_relative_intensity_of_at_most_one(drawn):
    found = daily_exposure(periods_of(drawn), planned_per_day=Decimal(12))
    if isinstance(found, Undetermined):
        assert not any(amount for _days, amount, _rhythm in drawn)
    else:
        assert 0 < found.relative <= 1


@given(stretches, st.randoms())
def test_the_order_of_the_periods_never_matters(drawn, random):
    periods = periods_of(drawn)
    shuffled = list(periods)
    random.shuffle(shuffled)
    plan = {"planned_per_day": Decimal(12)}
    assert daily_exposure(shuffled, **plan) == daily_exposure(periods, **plan)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8), st.integers(2, 10))
def test_a_smaller_share_of_every_dose_is_the_same_share_of_the_intensity(amounts, share):
    def relative(divisor):
        given = [
            Administration(day(21 * number), Decimal(amount) / divisor, number)
            for number, amount in enumerate(amounts)
        ]
        return cyclic_exposure(given, planned_per_cycle=Decimal(1000), cycle_days=21).relative

    assert abs(relative(share) * share - relative(1)) < Decimal("1e-15")


def test_the_amount_between_two_days_needs_a_dose_for_each_of_them():
    week = Period(day(0), day(6), Decimal(8), Rhythm.DAILY)
    assert amount_taken([week], first=day(0), last=day(6)) == 56
    assert amount_taken([week], first=day(-1), last=day(7)) == Undetermined(
        ("dose from 2021-02-28 to 2021-02-28", "dose from 2021-03-08 to 2021-03-08")
    )
    assert amount_taken([], first=day(0), last=day(1)) == Undetermined(
        ("dose from 2021-03-01 to 2021-03-02",)
    )


def test_an_amount_from_a_later_to_an_earlier_day_is_refused():
    with pytest.raises(ValueError, match="last day"):
        amount_taken([], first=day(1), last=day(0))
