"""Dates known in part and records that contradict each other: never a guess."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clinical.endpoint_histories import day, died, happened, history, resected, scan, therapy
from trials.clinical.endpoints.history import Happening, UndatedAssessment
from trials.clinical.endpoints.overall_survival import overall_survival
from trials.clinical.endpoints.possible import doubts, histories
from trials.clinical.endpoints.progression_free_survival import progression_free_survival
from trials.clinical.endpoints.result import Outcome
from trials.clinical.endpoints.rules import Censoring, Handling, Rules

FDA, EMA = Rules(), Rules(censoring=Censoring.EMA)
STABLE = (scan(43, "SD"), scan(85, "SD"))  # 2021-02-12, 2021-03-26


def test_a_death_known_to_the_month_leaves_survival_open_between_its_first_and_last_day():
    found = overall_survival(history(death=died("2021-05")), FDA)
    assert (found.outcome, found.time) == (Outcome.UNDETERMINED, None)
    assert [found.earliest.on.isoformat(), found.latest.on.isoformat()] == ["2021-05-01", "2021-05-31"]
    assert found.missing == ("certain day or response: the death (2021-05)",)
    assert "Not known for certain: the death (2021-05)." in found.words


def test_signs_of_life_narrow_the_days_on_which_a_death_is_possible():
    known = history(death=died("2021-05"), alive=(happened("2021-05-20", "a visit"),))
    assert overall_survival(known, FDA).earliest.on.isoformat() == "2021-05-20"


def test_a_death_known_to_the_month_leaves_a_progression_before_it_certain():
    found = progression_free_survival(history(assessments=(scan(43, "PD"),), death=died("2021-05")), FDA)
    assert (found.outcome, found.time.days) == (Outcome.EVENT, 43)


def test_a_death_known_to_the_month_after_a_certain_gap_is_censored_all_the_same():
    found = progression_free_survival(history(assessments=STABLE, death=died("2021-09")), FDA)
    assert (found.outcome, found.time.days) == (Outcome.CENSORED, 85)
    assert "the answer is the same whatever it may be" in found.words
    assert progression_free_survival(history(assessments=STABLE, death=died("2021-09")), EMA).time is None


def test_a_death_whose_month_lies_about_the_end_of_a_window_may_be_event_or_censored():
    # The window of the second missed assessment closes on 2021-06-25.
    found = progression_free_survival(history(assessments=STABLE, death=died("2021-06")), FDA)
    assert found.outcome is Outcome.UNDETERMINED
    assert (found.earliest.outcome, found.earliest.on) == (Outcome.CENSORED, day(85))
    assert (found.latest.outcome, found.latest.on.isoformat()) == (Outcome.EVENT, "2021-06-25")


def test_a_death_known_to_the_month_of_the_cutoff_may_lie_on_either_side():
    known = history(death=died("2021-05"), alive=(happened("2021-04-30", "a visit"),))
    found = overall_survival(replace(known, cutoff=day(135)), FDA)  # 2021-05-15
    assert found.outcome is Outcome.UNDETERMINED
    assert (found.earliest.outcome, found.earliest.on.isoformat()) == (Outcome.EVENT, "2021-05-01")
    assert (found.latest.outcome, found.latest.on.isoformat()) == (Outcome.CENSORED, "2021-05-15")


@pytest.mark.parametrize("when", ["2020-12", None])
def test_a_baseline_scan_or_the_end_of_contact_may_be_known_in_part_at_a_cutoff(when):
    known = history(assessments=STABLE, baseline=happened(when, "the baseline scan"), cutoff=day(200))
    assert progression_free_survival(known, FDA).time.days == 85
    lost = replace(known, lost=happened("2021-06", "lost to follow-up"))
    assert "Contact ended: lost to follow-up (2021-06)." in progression_free_survival(lost, FDA).words
    assert "Contact ended" not in progression_free_survival(replace(lost, cutoff=day(100)), FDA).words


def test_a_death_without_any_date_has_no_latest_day():
    found = overall_survival(history(death=died(None), alive=(happened(100, "a visit"),)), FDA)
    assert (found.outcome, found.earliest.on, found.latest) == (Outcome.UNDETERMINED, day(100), None)
    bounded = overall_survival(
        history(death=died(None), alive=(happened(100, "a visit"),), cutoff=day(200)), FDA
    )
    assert bounded.latest.on == day(200)


def test_the_day_on_which_a_death_was_known_bounds_the_days_on_which_it_is_possible():
    told = happened("2021-05-10", "the day on which it was known")
    assert overall_survival(history(death=died("2021-05"), death_known=told), FDA).latest.on == day(130)
    undated = history(death=died(None), death_known=told, alive=(happened(100, "a visit"),))
    assert [overall_survival(undated, FDA).earliest.on, overall_survival(undated, FDA).latest.on] == [
        day(100),
        day(130),
    ]


def test_a_contact_known_to_the_month_shows_the_subject_alive_on_its_first_day():
    found = overall_survival(history(alive=(happened("2021-05", "a contact"),)), FDA)
    assert (found.outcome, found.time.on.isoformat()) == (Outcome.CENSORED, "2021-05-01")


@pytest.mark.parametrize(
    ("when", "outcome"),
    [("2021-04", Outcome.CENSORED), ("2021-05", Outcome.UNDETERMINED), ("2021-06", Outcome.EVENT)],
)
def test_new_therapy_known_to_the_month_counts_where_every_day_of_it_gives_the_same(when, outcome):
    # Progression on 2021-05-07.
    known = history(assessments=(*STABLE, scan(127, "PD")), new_therapies=(therapy(when),))
    assert progression_free_survival(known, FDA).outcome is outcome


def test_a_day_that_was_only_tried_is_never_told():
    known = history(assessments=(*STABLE, scan(127, None)), new_therapies=(therapy("2021-04"),))
    found = progression_free_survival(known, FDA)
    assert (found.outcome, found.time.days) == (Outcome.CENSORED, 85)
    assert "New anticancer therapy (2021-04), before any event." in found.words
    assert "progression (" not in found.words
    assert "2021-04-" not in found.words


def test_a_response_that_cannot_be_determined_leaves_progression_open():
    open_one = history(assessments=(scan(43, "SD"), scan(85, None), scan(127, "PD")))
    found = progression_free_survival(open_one, FDA)
    assert found.outcome is Outcome.UNDETERMINED
    assert (found.earliest.on, found.latest.on) == (day(85), day(127))
    after = history(assessments=(scan(43, "PD"), scan(85, None)))
    assert progression_free_survival(after, FDA).time.days == 43


def test_scans_known_to_the_same_month_were_made_on_one_day():
    found = progression_free_survival(history(assessments=(scan("2021-02", "PD"),)), FDA)
    assert [found.earliest.on.isoformat(), found.latest.on.isoformat()] == ["2021-02-01", "2021-02-28"]


CONTRADICTIONS = [
    ("death before a visit", {"death": died(50), "alive": (happened(60, "a visit"),)}, "lies before a visit"),
    (
        "death before a scan",
        {"assessments": (scan(43, "SD"),), "death": died(40)},
        "lies before a tumor assess",
    ),
    (
        "death after it was known",
        {"death": died(50), "death_known": happened(49, "the day on which it was known")},
        "lies after the day on which",
    ),
    ("death before randomization", {"death": died("2020-12")}, "lies before randomization"),
]


@pytest.mark.parametrize(("what", "known", "words"), CONTRADICTIONS, ids=[row[0] for row in CONTRADICTIONS])
@pytest.mark.parametrize("endpoint", [progression_free_survival, overall_survival])
def test_records_that_contradict_each_other_are_named_and_decide_nothing(endpoint, what, known, words):
    found = endpoint(history(**known), FDA)
    assert (found.outcome, found.time, found.missing) == (Outcome.UNDETERMINED, None, ("records that agree",))
    assert words in found.words
    step = next(step for step in found.steps if step.words.startswith("Contradiction"))
    assert "the death" in step.sources


def test_a_contradiction_about_the_death_does_not_touch_a_progression_before_it():
    known = history(assessments=(scan(43, "PD"),), death=died(50), alive=(happened(60, "a visit"),))
    assert progression_free_survival(known, FDA).time.days == 43


def test_new_therapy_before_randomization_is_a_contradiction_and_its_possible_days_are_left_out():
    assert (
        "lies before randomization"
        in progression_free_survival(history(new_therapies=(therapy("2020-12-24"),)), FDA).words
    )
    partly = history(assessments=STABLE, new_therapies=(therapy("2021"),))
    assert progression_free_survival(partly, FDA).earliest.on == day(1)


def test_many_dates_known_to_the_year_are_tried_where_an_answer_can_turn():
    therapies = tuple(therapy("2021") for _ in range(2))
    found = progression_free_survival(
        history(assessments=(*STABLE, scan(127, "PD")), new_therapies=therapies), FDA
    )
    assert (found.earliest.on, found.latest.on) == (day(1), day(127))


def test_more_doubt_than_can_be_tried_is_said():
    therapies = tuple(therapy("2021") for _ in range(12))
    found = progression_free_survival(history(new_therapies=therapies), FDA)
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ("dates that are complete",))


days = st.integers(2, 260)
scans = st.lists(
    st.tuples(st.integers(2, 260), st.sampled_from(["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"])),
    max_size=6,
    unique_by=lambda each: each[0],
)
known_histories = st.builds(
    lambda seen, dead, began, cut, stopped: history(
        assessments=tuple(scan(*each) for each in seen),
        death=died(dead) if dead and dead >= max((each[0] for each in seen), default=0) else None,
        new_therapies=tuple(therapy(each) for each in began),
        resections=tuple(resected(each) for each in cut),
        discontinuation=happened(stopped, "the end of treatment") if stopped else None,
    ),
    scans,
    st.none() | st.integers(2, 300),
    st.lists(days, max_size=2),
    st.lists(days, max_size=2),
    st.none() | days,
)
rules = st.builds(Rules, censoring=st.sampled_from(Censoring), resection=st.sampled_from(Handling))


@settings(deadline=None)
@given(known_histories, rules)
def test_the_order_of_the_records_never_matters(known, rules):
    expected = progression_free_survival(known, rules)
    for name in ("assessments", "new_therapies"):
        for changed in list(permutations(getattr(known, name)))[:6]:
            assert progression_free_survival(replace(known, **{name: changed}), rules).time == expected.time


@settings(deadline=None)
@given(known_histories, st.sampled_from(Handling))
def test_the_rules_that_censor_less_never_end_follow_up_earlier(known, resection):
    fda = progression_free_survival(known, Rules(resection=resection)).time
    ema = progression_free_survival(known, Rules(censoring=Censoring.EMA, resection=resection)).time
    assert fda.on <= ema.on
    assert ema.is_event or not fda.is_event


@settings(deadline=None)
@given(known_histories, rules, st.integers(1, 300))
def test_nothing_lies_after_the_cutoff(known, rules, cutoff):
    for endpoint in (progression_free_survival, overall_survival):
        assert endpoint(replace(known, cutoff=day(cutoff)), rules).time.on <= day(cutoff)


@settings(deadline=None)  # every day of a month is tried, and each again
@given(known_histories, rules, st.sampled_from(["2021-02", "2021-05", "2021-06"]))
def test_an_open_answer_holds_every_answer_that_is_possible_and_a_determined_one_is_their_only_one(
    known, rules, month
):
    partly = replace(known, death=None, new_therapies=(*known.new_therapies, therapy(month)))
    found = progression_free_survival(partly, rules)
    each = [progression_free_survival(certain, rules).time for certain in histories(partly, doubts(partly))]
    if found.time is not None:
        assert {(time.outcome, time.on) for time in each} == {(found.outcome, found.time.on)}
    else:
        assert found.earliest.on == min(time.on for time in each)
        assert found.latest.on == max(time.on for time in each)
        assert len({(time.outcome, time.on) for time in each}) > 1


def test_therapy_begun_between_two_days_matters_only_where_a_scan_lies_between_them():
    def told(first, last):
        begun = Happening(None, "new anticancer therapy told", between=(day(first), day(last)))
        known = history(assessments=(*STABLE, scan(127, "PD")), new_therapies=(begun,))
        return progression_free_survival(known, FDA)

    between_scans = told(90, 120)
    assert (between_scans.outcome, between_scans.time.days) == (Outcome.CENSORED, 85)
    about_a_scan = told(50, 120)
    assert (about_a_scan.earliest.days, about_a_scan.latest.days) == (43, 85)
    assert f"new anticancer therapy told (from {day(50)} to {day(120)})" in about_a_scan.words


def test_scans_without_a_day_may_show_progression_on_any_day_up_to_the_cutoff():
    lost = UndatedAssessment(None, "assessment W12", ("W12",))
    known = history(assessments=STABLE, undated=(lost,), cutoff=day(100))
    found = progression_free_survival(known, FDA)
    assert (found.outcome, found.missing) == (
        Outcome.UNDETERMINED,
        ("certain day or response: assessment W12 (day unknown)",),
    )
    assert (found.earliest.days, found.earliest.outcome) == (1, Outcome.EVENT)
    assert (found.latest.days, found.latest.outcome) == (100, Outcome.CENSORED)
    assert overall_survival(known, FDA).outcome is Outcome.CENSORED


def test_a_baseline_scan_without_a_day_is_not_taken_for_none():
    lost = Happening(None, "assessment SCR", ("SCR",))
    found = progression_free_survival(history(assessments=STABLE, baseline=None, undated_baseline=lost), FDA)
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ("day of assessment SCR",))
