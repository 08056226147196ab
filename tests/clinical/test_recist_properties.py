"""What must hold of every set of lesions and every sequence of assessments."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.clinical.recist_cases import DAY_0
from trials.clinical.recist.best_response import response_history
from trials.clinical.recist.counting import AfterCompleteResponse, Assessment, Rules
from trials.clinical.recist.course import ProgressionDate, Scans, Settings, course
from trials.clinical.recist.lesion import Lesion, Measurement, Role, SizeState
from trials.clinical.recist.non_target_response import NonTargetState
from trials.clinical.recist.overall_response import NewLesion
from trials.clinical.recist.response import BEST_FIRST, Response

SIZES = st.decimals(0, 120, places=1)
MEASUREMENTS = st.one_of(
    SIZES.map(Measurement),
    st.sampled_from([Measurement(state=state) for state in SizeState]),
    st.none(),
)
STATES = st.sampled_from([*NonTargetState, None])
ANSWERS = st.sampled_from([*NewLesion, None])
RULES = st.builds(
    Rules,
    confirmation_days=st.integers(0, 60),
    not_evaluable_between=st.integers(0, 2),
    stable_between=st.booleans(),
    stable_minimum_days=st.integers(0, 90),
    after_complete_response=st.sampled_from(AfterCompleteResponse),
)
RESPONSES = st.sampled_from([each for each in BEST_FIRST if each is not Response.MISSING])
SEQUENCES = st.lists(
    st.builds(
        Assessment,
        on=st.integers(0, 400).map(lambda days: DAY_0 + timedelta(days=days)),
        response=RESPONSES,
    ),
    max_size=8,
)


@st.composite
def subjects(draw):
    """Lesions, baseline and up to five assessments of one subject, complete or not."""
    targets = [
        Lesion(f"T{number}", Role.TARGET, node=draw(st.booleans()))
        for number in range(draw(st.integers(0, 4)))
    ]
    others = [Lesion(f"NT{number}", Role.NON_TARGET) for number in range(draw(st.integers(0, 2)))]
    start = {each.label: Measurement(draw(st.decimals(10, 100, places=1))) for each in targets}
    baseline = Scans("baseline", DAY_0, DAY_0, start, {each.label: NonTargetState.PRESENT for each in others})
    assessments = []
    for number in range(draw(st.integers(1, 5))):
        measurements = {each.label: draw(MEASUREMENTS) for each in targets}
        first = DAY_0 + timedelta(weeks=6 * (number + 1))
        assessments.append(
            Scans(
                f"week {6 * (number + 1)}",
                first,
                first + timedelta(days=draw(st.integers(0, 9))),
                {
                    label: measurement
                    for label, measurement in measurements.items()
                    if measurement is not None
                },
                {each.label: draw(STATES) for each in others},
                draw(ANSWERS),
            )
        )
    return [*targets, *others], baseline, assessments


def settings():
    return st.builds(Settings, progression_date=st.sampled_from(ProgressionDate), rules=RULES)


@given(subjects(), settings(), st.randoms(use_true_random=False))
def test_the_order_of_lesions_and_assessments_never_matters(subject, chosen, random):
    lesions, baseline, assessments = subject
    expected = course(lesions, baseline, assessments, chosen, reference=DAY_0)
    random.shuffle(lesions)
    random.shuffle(assessments)
    turned = [
        Scans(
            each.label,
            each.first_on,
            each.last_on,
            dict(reversed(each.measurements.items())),
            dict(reversed(each.non_targets.items())),
            each.new_lesions,
        )
        for each in assessments
    ]
    found = course(lesions, baseline, turned, chosen, reference=DAY_0)
    assert found.time_points == expected.time_points
    assert found.history == expected.history


@given(subjects(), settings(), st.data())
def test_a_new_lesion_always_gives_progression(subject, chosen, data):
    lesions, baseline, assessments = subject
    place = data.draw(st.integers(0, len(assessments) - 1))
    seen_on = assessments[place].last_on
    lesion = Lesion("N1", Role.NEW, identified_on=seen_on, certain=True)
    found = course([*lesions, lesion], baseline, assessments, chosen, reference=DAY_0)
    assert all(point.overall.response is Response.PD for point in found.time_points[place:])
    assert found.history.progression.on <= seen_on


@given(subjects(), settings(), SIZES, SIZES, st.data())
def test_growing_a_lesion_never_improves_the_response(subject, chosen, smaller, growth, data):
    lesions, baseline, assessments = subject
    targets = [each for each in lesions if each.role is Role.TARGET]
    if not targets:
        return
    place = data.draw(st.integers(0, len(assessments) - 1))
    label = data.draw(st.sampled_from(targets)).label

    def with_size(mm: Decimal):
        changed = list(assessments)
        old = changed[place]
        changed[place] = Scans(
            old.label,
            old.first_on,
            old.last_on,
            {**old.measurements, label: Measurement(mm)},
            old.non_targets,
            old.new_lesions,
        )
        return course(lesions, baseline, changed, chosen, reference=DAY_0).time_points[place]

    before, after = with_size(smaller), with_size(smaller + growth)
    assert rank(after.target.response) >= rank(before.target.response)
    assert rank(after.overall.response) >= rank(before.overall.response)


def rank(response: Response) -> int:
    """From good to bad; what is not evaluable may still turn out to be progression, so it comes before."""
    order = (
        Response.NA,
        Response.NED,
        Response.CR,
        Response.PR,
        Response.SD,
        Response.NON_CR_NON_PD,
        Response.NE,
        Response.PD,
    )
    return order.index(response)


@given(subjects(), settings())
def test_a_nadir_is_never_above_an_earlier_complete_sum(subject, chosen):
    lesions, baseline, assessments = subject
    found = course(lesions, baseline, assessments, chosen, reference=DAY_0)
    sums = [found.baseline_sum.mm]
    for point in found.time_points:
        known = [mm for mm in sums if mm is not None]
        assert (point.nadir.mm if point.nadir else None) == min(known, default=None)
        sums.append(point.sum.mm)


@given(SEQUENCES, SEQUENCES, RULES)
def test_adding_time_points_after_progression_never_changes_the_best_response(seen, later, rules):
    last = max((each.on for each in seen), default=DAY_0)
    progression = Assessment(last + timedelta(days=1), Response.PD)
    after = [
        Assessment(progression.on + timedelta(days=1 + (each.on - DAY_0).days), each.response)
        for each in later
    ]
    without = response_history([*seen, progression], rules, reference=DAY_0)
    found = response_history([*seen, progression, *after], rules, reference=DAY_0)
    assert (found.unconfirmed, found.confirmed) == (without.unconfirmed, without.confirmed)
    assert (found.first, found.first_confirmed) == (without.first, without.first_confirmed)
    assert found.progression == without.progression


@given(SEQUENCES, RULES)
def test_the_confirmed_best_response_is_never_better_than_the_unconfirmed(seen, rules):
    found = response_history(seen, rules, reference=DAY_0)
    assert BEST_FIRST.index(found.confirmed.response) >= BEST_FIRST.index(found.unconfirmed.response)


@given(SEQUENCES, RULES)
def test_a_confirmed_response_lies_long_enough_before_what_confirms_it(seen, rules):
    found = response_history(seen, rules, reference=DAY_0)
    for met in (found.confirmed, found.first_confirmed):
        if met is not None and met.confirmed_on is not None:
            assert (met.confirmed_on - met.on).days >= rules.confirmation_days
    assert (found.first_confirmed is not None) == (found.confirmed.response in (Response.CR, Response.PR))


@given(SEQUENCES, RULES, st.randoms(use_true_random=False))
def test_the_order_in_which_assessments_are_given_never_matters(seen, rules, random):
    expected = response_history(seen, rules, reference=DAY_0)
    random.shuffle(seen)
    assert response_history(seen, rules, reference=DAY_0) == expected
