import pytest

from tests.clinical.endpoint_histories import PLANNED, RANDOMIZED, day
from trials.clinical.endpoints.response_rate import disease_control_rate, objective_response_rate
from trials.clinical.endpoints.schedule import Recurrence, missed_before, planned_assessments
from trials.clinical.recist.response import Response


def missed(last, event, *, seen):
    found = missed_before(PLANNED, RANDOMIZED, day(last) if last else None, day(event), seen)
    return [(each.on - RANDOMIZED).days + 1 for each in found]


@pytest.mark.parametrize(
    ("last", "event", "expected"),
    [
        (None, 43, []),
        (None, 85, [43]),
        (None, 127, [43, 85]),
        (85, 127, []),
        (85, 211, [127, 169]),
        (92, 211, [127, 169]),  # the last day of the window of day 85
        (105, 211, [127, 169]),  # unscheduled, nearer to day 85
        (110, 211, [169]),  # unscheduled, nearer to day 127
        (20, 127, [43, 85]),  # nearer to the baseline
        (85, 100, []),
    ],
)
def test_the_planned_assessments_between_two_scans_are_missed(last, event, expected):
    assert missed(last, event, seen=True) == expected


@pytest.mark.parametrize(
    ("last", "event", "expected"),
    [
        (85, 134, []),
        (85, 135, [127]),
        (85, 176, [127]),
        (85, 177, [127, 169]),
        (None, 50, []),
        (None, 51, [43]),
    ],
)
def test_before_a_death_those_are_missed_whose_window_had_closed(last, event, expected):
    assert missed(last, event, seen=False) == expected


def test_an_assessment_that_does_not_recur_is_planned_once():
    assert len(planned_assessments([Recurrence(43, None)], RANDOMIZED, day(400))) == 1
    assert planned_assessments([], RANDOMIZED, day(400)) == ()


@pytest.mark.parametrize(
    "wrong", [{"every_days": 0}, {"every_days": -1}, {"days_before": -1}, {"days_after": -1}]
)
def test_a_recurrence_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)) if "every_days" in wrong else "window"):
        Recurrence(**{"first_day": 43, "every_days": 42} | wrong)


BEST = [
    Response.CR,
    Response.PR,
    Response.SD,
    Response.NON_CR_NON_PD,
    Response.NED,
    Response.PD,
    Response.NE,
    None,
]


def test_who_is_not_evaluable_or_undetermined_has_not_responded():
    rate = objective_response_rate(BEST)
    assert (rate.count, rate.total, rate.undetermined) == (2, 8, 1)
    assert disease_control_rate(BEST).count == 5
