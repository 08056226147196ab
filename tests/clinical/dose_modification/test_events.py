"""Rows about adverse events, and what they leave behind."""

from decimal import Decimal

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.clinical.dose_modification.table import (
    EVENTS,
    LENVATINIB,
    OXALIPLATIN,
    codes,
    day,
    decided,
    event,
    event_rule,
    given,
    result,
)
from trials.clinical.dose_level import Rhythm
from trials.clinical.dose_modification import Action, LevelGiven, Limits, Reduction, ResultTrigger, Rule
from trials.clinical.partial_date import Truth


def lenvatinib(later, *events, levels=((0, 0),), rules=EVENTS):
    return decided(rules, LENVATINIB, later, events=events, given=given(*levels))


def test_without_an_event_the_planned_dose_is_given():
    found = lenvatinib(10)
    assert (found.action, found.amount, found.rhythm) == (Action.GIVE, 12, Rhythm.DAILY)


@pytest.mark.parametrize(("grade", "action"), [(1, "GIVE"), (2, "GIVE"), (3, "HOLD"), (4, "STOP")])
def test_the_grade_of_an_event_that_goes_on_decides(grade, action):
    assert lenvatinib(10, event(grade, 5)).action == action


def test_of_two_events_the_stricter_row_decides():
    found = lenvatinib(10, event(3, 5), event(4, 8, label="event 2"))
    assert (found.action, codes(found.hits), codes(found.others)) == (Action.STOP, {"G4"}, {"G3"})


def test_a_term_is_found_in_any_case():
    assert lenvatinib(10, event(1, 5, term="STROKE")).action is Action.STOP


def test_after_a_held_event_the_drug_comes_back_one_level_lower():
    during, after = lenvatinib(15, event(3, 10, 20)), lenvatinib(20, event(3, 10, 20))
    assert (during.action, during.amount) == (Action.HOLD, 0)
    assert (after.action, after.amount, after.level) == (Action.REDUCE, 8, 1)
    assert codes(after.hits) == {"G3"}


def test_a_reduction_that_was_made_is_not_asked_for_again():
    found = lenvatinib(40, event(3, 10, 20), levels=((0, 0), (21, 1)))
    assert (found.action, found.amount, found.level) == (Action.GIVE, 8, 1)


def test_a_second_event_at_the_lower_level_reduces_further():
    events = (event(3, 10, 20), event(3, 30, 35, label="event 2"))
    found = lenvatinib(40, *events, levels=((0, 0), (21, 1)))
    assert (found.action, found.amount, found.level) == (Action.REDUCE, 4, 2)


def test_two_events_at_one_level_reduce_once():
    found = lenvatinib(40, event(3, 10, 20), event(3, 12, 15, label="event 2"))
    assert found.level == 1


def test_a_dose_that_was_raised_again_does_not_raise_the_expected_one():
    assert lenvatinib(60, levels=((0, 0), (21, 2), (40, 0))).amount == 4


def test_below_the_last_level_the_drug_is_stopped():
    found = lenvatinib(40, event(3, 35, 38), levels=((0, 0), (10, 3)))
    assert (found.action, found.amount, codes(found.hits)) == (Action.STOP, 0, {"G3"})


def test_the_level_every_other_day_is_told_with_its_rhythm():
    found = lenvatinib(40, levels=((0, 0), (10, 3)))
    assert (found.amount, found.rhythm) == (4, Rhythm.EVERY_OTHER_DAY)


def test_a_dose_that_is_no_level_leaves_the_expected_dose_undetermined():
    unknown = [*given((0, 0)), LevelGiven(day(10), None, "10 mg QD from 2021-03-11")]
    found = decided(EVENTS, LENVATINIB, 20, given=unknown)
    assert (found.action, found.amount, found.certain) == (Action.GIVE, None, False)
    assert found.missing == ("level of the table for 10 mg QD from 2021-03-11",)


def test_an_event_before_the_first_dose_leaves_nothing_behind():
    assert lenvatinib(20, event(3, -10, -2)).action is Action.GIVE
    assert lenvatinib(20, event(4, -10, -2)).action is Action.GIVE


def test_an_event_that_stops_the_drug_stops_it_for_good():
    assert lenvatinib(90, event(4, 10, 20)).action is Action.STOP


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"grade": None}, "grade of event 1"),
        ({"term": None, "grade": 1}, "CTCAE term of event 1"),
        ({"began": None}, "start of event 1"),
        ({"related": Truth.UNKNOWN}, "relation to the drug of event 1"),
        ({"ongoing": None}, "end of event 1"),
        ({"began": "2021-03", "grade": 3}, "start of event 1"),
        ({"ended": "2021-03", "began": 5}, "end of event 1"),
        ({"ended": 8, "began": 5, "ongoing": True}, "end of event 1"),
    ],
)
def test_what_is_not_known_of_an_event_is_named_and_never_taken_for_harmless(changes, missing):
    found = lenvatinib(10, event(**{"grade": 3, "began": 5} | changes))
    assert found.action is not Action.GIVE
    assert any(name.endswith(missing) for name in found.missing)


def test_an_event_that_the_drug_did_not_cause_changes_nothing():
    assert lenvatinib(10, event(3, 5, related=Truth.NO)).action is Action.GIVE


def test_a_row_may_ask_for_an_event_whatever_its_cause():
    rules = [event_rule(Action.HOLD, "ANY", {3}, related=False)]
    assert lenvatinib(10, event(3, 5, related=Truth.NO), rules=rules).action is Action.HOLD


IMMUNE = [event_rule(Action.HOLD, "IMMUNE", {3}, ["Diarrhea"], asks="immune_related")]


@pytest.mark.parametrize(("answer", "action"), [(Truth.YES, Action.HOLD), (Truth.NO, Action.GIVE)])
def test_a_row_that_asks_a_question_takes_only_events_of_which_it_was_answered_yes(answer, action):
    found = lenvatinib(10, event(3, 5, answers={"immune_related": answer}), rules=IMMUNE)
    assert (found.action, found.certain) == (action, True)


def test_a_question_that_was_not_answered_leaves_its_row_undetermined():
    found = lenvatinib(10, event(3, 5), rules=IMMUNE)
    assert found.action is None
    assert found.missing == ("answer to “Immune-related?” of event 1",)


def test_a_question_about_an_event_of_another_grade_or_term_is_not_waited_for():
    others = event(2, 5), event(3, 5, term="Fatigue", label="event 2")
    assert lenvatinib(10, *others, rules=IMMUNE).action is Action.GIVE


def test_a_question_that_was_not_answered_leaves_a_milder_row_at_least():
    rules = [*IMMUNE, event_rule(Action.REDUCE, "TIRED", {3}, ["Fatigue"], Reduction(levels=1))]
    found = lenvatinib(10, event(3, 5), event(3, 5, term="Fatigue", label="event 2"), rules=rules)
    assert (found.action, found.certain) == (Action.REDUCE, False)
    assert found.lacking == "event 1 is unfinished: no answer to “Immune-related?”"


def test_everything_that_an_unfinished_event_lacks_is_said_together_and_once():
    found = lenvatinib(10, event(None, 5, term=None, related=Truth.UNKNOWN, label="adverse event 3 (Cough)"))
    assert found.lacking == (
        "adverse event 3 (Cough) is unfinished: no grade, no relation to the drug, no CTCAE term"
    )


def test_a_date_that_is_there_in_part_is_not_said_to_be_missing():
    found = lenvatinib(10, event(3, "2021-03"))
    assert found.lacking == "event 1 is unfinished: no exact start"


def test_a_row_may_leave_terms_out():
    rules = [event_rule(Action.STOP, "OTHER", {4}, other_than=frozenset({"Lipase increased"}))]
    lipase, other = event(4, 5, term="Lipase increased"), event(4, 5, term="Diarrhea")
    assert lenvatinib(10, lipase, rules=rules).action is Action.GIVE
    assert lenvatinib(10, other, rules=rules).action is Action.STOP


RECURRENT = [
    event_rule(Action.HOLD, "FIRST", {3}, ["Colitis"]),
    event_rule(Action.STOP, "AGAIN", {3}, ["Colitis"], occurrence=2),
]


def test_the_second_event_of_a_kind_may_stop_what_the_first_one_held():
    first, second = event(3, 5, 15, term="Colitis"), event(3, 40, term="Colitis", label="event 2")
    assert lenvatinib(10, first, rules=RECURRENT).action is Action.HOLD
    assert lenvatinib(45, first, second, rules=RECURRENT).action is Action.STOP


def test_an_uncertain_first_event_makes_the_second_uncertain():
    first = event(None, 5, 15, term="Colitis")
    second = event(3, 40, term="Colitis", label="event 2")
    found = lenvatinib(45, first, second, rules=RECURRENT)
    assert (found.action, found.certain) == (Action.HOLD, False)


def test_an_event_of_another_kind_is_no_recurrence():
    first, second = event(3, 5, 15, term="Pneumonitis"), event(3, 40, term="Colitis", label="event 2")
    assert lenvatinib(45, first, second, rules=RECURRENT).action is Action.HOLD


PERSISTENT = [event_rule(Action.REDUCE, "G2", {2}, reduction=Reduction(levels=1), lasting_days=21)]


@pytest.mark.parametrize(
    ("began", "ended", "later", "amount"),
    [(0, None, 20, 85), (0, None, 21, 65), (0, 20, 42, 85), (0, 21, 42, 65), ("2021-03", None, 40, None)],
)
def test_an_event_counts_as_lasting_from_a_number_of_days_on(began, ended, later, amount):
    neuropathy = event(2, began, ended, term="Peripheral sensory neuropathy")
    found = decided(PERSISTENT, OXALIPLATIN, later, events=[neuropathy], given=given((0, 0)))
    assert found.amount == amount


NADIR = [
    Rule(
        "NADIR",
        Action.REDUCE,
        ResultTrigger("PLAT", "platelets", 3, Limits(below=Decimal(50)), unit="10*9/L"),
        "nadir",
        reduction=Reduction(levels=1),
    )
]


def oxaliplatin(later, *results, levels=((0, 0),)):
    return decided(NADIR, OXALIPLATIN, later, results=results, given=given(*levels))


def test_a_nadir_between_two_courses_reduces_the_next_one():
    recovered = oxaliplatin(21, result("PLAT", "40", 10), result("PLAT", "150", 21))
    assert (recovered.action, recovered.amount) == (Action.REDUCE, 65)


def test_a_nadir_reduces_once_and_not_at_every_later_course():
    found = oxaliplatin(42, result("PLAT", "40", 10), result("PLAT", "150", 42), levels=((0, 0), (21, 1)))
    assert (found.action, found.amount) == (Action.GIVE, 65)


def test_a_low_count_on_the_day_of_a_dose_belongs_to_the_dose_before():
    found = oxaliplatin(42, result("PLAT", "40", 21), levels=((0, 0), (21, 1)))
    assert found.level == 1


@pytest.mark.parametrize(
    "build",
    [
        lambda: Reduction(),
        lambda: Reduction(levels=1, percent=Decimal(75)),
        lambda: Reduction(percent=Decimal(100)),
        lambda: Reduction(levels=-1),
        lambda: Limits(),
        lambda: Limits(above=Decimal(1), at_least=Decimal(1)),
        lambda: Limits(below=Decimal(1), at_most=Decimal(1)),
        lambda: Limits(above=Decimal(2), below=Decimal(1)),
        lambda: event_rule(Action.REDUCE, "R", {3}),
        lambda: event_rule(Action.GIVE, "R", {3}),
        lambda: event_rule(Action.STOP, "R", {3}, resume_levels=1),
        lambda: event_rule(Action.STOP, "R", {6}),
        lambda: event_rule(Action.STOP, "R", set()),
        lambda: event_rule(Action.STOP, "R", {3}, occurrence=0),
        lambda: event_rule(Action.STOP, "R", {3}, asks="is_it_bad"),
        lambda: ResultTrigger("PLAT", "platelets", 3, Limits(below=Decimal(1))),
        lambda: ResultTrigger("PLAT", "platelets", -1, Limits(below=Decimal(1)), unit="10*9/L"),
    ],
)
def test_a_row_that_says_nothing_or_two_things_is_refused(build):
    with pytest.raises(ValueError, match="[a-z]"):
        build()


events_drawn = st.lists(
    st.builds(
        lambda grade, began, days, label: event(grade, began, began + days, label=f"event {label}"),
        st.sampled_from([1, 2, 3, 4, None]),
        st.integers(-5, 30),
        st.integers(1, 20),
        st.integers(1, 99),
    ),
    max_size=4,
    unique_by=lambda each: each.label,
)


@drawn(events_drawn, st.randoms())
def test_the_order_of_events_and_rows_never_matters(events, random):
    shuffled, rules = list(events), list(EVENTS)
    random.shuffle(shuffled)
    random.shuffle(rules)
    one, other = lenvatinib(25, *events), lenvatinib(25, *shuffled, rules=rules)
    assert (one.action, one.amount, one.certain) == (other.action, other.amount, other.certain)


@drawn(events_drawn)
def test_one_more_event_never_makes_the_action_milder(events):
    before = lenvatinib(25, *events)
    after = lenvatinib(25, *events, event(3, 24, label="event 100"))
    assert after.action is not None
    assert before.action is None or after.action.strictness >= before.action.strictness
